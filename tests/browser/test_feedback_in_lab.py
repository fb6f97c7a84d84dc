"""The feedback as a person reads and uses it, in a real JupyterLab."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.jupyter import Lab

VIEW = """
import asyncio
import ipywidgets
from mockmate_nb import LLM, Interview, InterviewSetup, aio, run
from mockmate_nb.interview.history import open_history
from mockmate_nb.streams.log import open_log
from mockmate_nb.view.feedback_view import FeedbackView
from mockmate_nb.view.rating import RatingRow

plan = InterviewSetup(resume_summary="Python.", job_description="Backend engineer.", question_count=2)
interview = Interview(plan, LLM("practice", pace=0), log=open_log("memory:"), history=open_history("memory:"))
run(interview.start())
run(interview.respond("I told them it was late, because a queue grew to 2 million orders."))
run(interview.end())

async def follow(reader):
    await reader.launch()
    view.show(interview)
    async for event in reader:
        view.live(event)
    view.show(interview)

view, rating = FeedbackView(), RatingRow()
view.on_explain(lambda text: asyncio.run_coroutine_threadsafe(follow(interview.explain(text)), aio.loop()))
view.on_again(lambda *said: asyncio.run_coroutine_threadsafe(follow(interview.answer_again(*said)), aio.loop()))
view.show(interview)
desk = ipywidgets.VBox([rating, view])
desk
"""
OVER = """root => {
    for (const fold of root.querySelectorAll("details")) fold.open = true;
    const edge = root.getBoundingClientRect().right + 1;
    return [...root.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > edge).map(e => e.outerHTML);
}"""
SECOND = (
    "At the shop our order queue grew to 2 million every evening. I profiled the consumer and found a lock, because "
    "two workers shared one connection. I rewrote it in batches, which cut p95 from 900 ms to 210 ms. I dropped the "
    "idea of more brokers, because they cost more and hid the cause."
)


async def test_what_is_unfolded_stays_so_while_one_asks_and_answers_again(lab: Lab) -> None:
    await lab.open([VIEW.strip()])
    await lab.run_all()
    page = lab.page
    questions = page.locator("details.mockmate-question")
    await expect(questions).to_have_count(2)
    await questions.nth(1).locator("summary").first.click()
    await page.get_by_role("button", name="Answer a question again").click()
    await page.get_by_label("Your second answer").fill(SECOND)
    await page.get_by_role("button", name="Compare with the first").click()
    await expect(page.locator(".mockmate-attempt-card")).to_contain_text(SECOND)
    await expect(page.get_by_label("Your second answer")).to_have_value("")
    await page.get_by_role("button", name="Ask about the feedback").click()
    await page.get_by_role("button", name="Why this score?").click()
    line = page.get_by_label("Your question about the feedback")
    await expect(page.locator(".mm-stream-bubble[data-state=complete]")).to_have_count(1)
    await line.fill("What about the figures?")
    await line.press("Enter")
    await expect(page.locator(".mm-stream-bubble[data-state=complete]")).to_have_count(2)
    await expect(line).to_have_value("")
    said = await lab.kernel("print(interview.asides[-1].text)")
    await expect(page.locator(".mm-stream-text").last).to_have_text(said.strip())
    for number in range(2):
        await expect(questions.nth(number)).to_have_attribute("open", "")
    assert lab.errors == []


@pytest.mark.parametrize("key", ["Enter", "Space"])
async def test_an_answer_can_be_rated_by_the_keyboard(lab: Lab, key: str) -> None:
    await lab.open([VIEW.strip()])
    await lab.run_all()
    point = lab.page.get_by_role("button", name="4 of 5: strong")
    await point.focus()
    await point.press(key)
    await expect(point).to_have_attribute("aria-pressed", "true")
    assert (await lab.kernel("print(rating.value)")).strip() == "4"
    await lab.kernel("rating.clear()")
    await expect(point).to_have_attribute("aria-pressed", "false")


async def test_the_feedback_fits_a_narrow_screen(lab: Lab) -> None:
    await lab.open([VIEW.strip()])
    await lab.run_all()
    await lab.page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    await lab.page.set_viewport_size({"width": 520, "height": 900})
    width = await lab.page.locator(".mockmate-feedback").first.evaluate("e => e.clientWidth")
    assert 340 < width < 420
    await lab.page.get_by_role("button", name="Answer a question again").click()
    for part in await lab.page.locator(".mockmate-feedback").all():
        assert await part.evaluate(OVER) == []
