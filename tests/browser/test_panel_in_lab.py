"""A whole interview as a person holds it, in a real JupyterLab."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.browser.jupyter import Lab, Server, open_lab

PANEL = """
from mockmate_nb import InterviewPanel, LLM
from mockmate_nb.interview.samples import sample
mine = sample("{language}")
def made():
    return InterviewPanel(LLM("practice", pace={pace}), language="{language}", resume=mine.resume, job=mine.job)
panel = made()
panel
"""
ANSWER = (
    "At the shop our order pipeline fell behind every evening. I profiled the consumer, found lock contention and "
    "rewrote it in batches, which cut p95 from 900 ms to 210 ms. I dropped the idea of more brokers, because they "
    "cost more and hid the cause."
)
FITTING = (
    "I look first at what the change is for and at what breaks if it is wrong; style comes last. At Fernhill I once "
    "approved a tidy change of 900 lines within an hour, and a retry without a limit in it took our gateway down for "
    "40 minutes. Since then I read the tests first, then the one path that can hurt. I ask for pieces of 200 lines "
    "instead of one large change, because nobody reads 900 lines with care, although it takes more rounds."
)
WAIT = 30_000
TWO_WORDS = re.compile(r"\w+ \w+")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def form(server: Server, browser: Browser) -> AsyncIterator[Lab]:
    """A panel that nobody has started, for tests that only look."""
    async with open_lab(server, browser) as lab:
        await open_panel(lab)
        yield lab


async def open_panel(lab: Lab, *, pace: int = 50, language: str = "en") -> None:
    await lab.open([PANEL.format(pace=pace, language=language).strip()])
    await lab.run_all()
    await expect(lab.page.locator(".mockmate-panel")).to_be_visible()


def button(lab: Lab, name: str) -> Locator:
    return lab.page.locator(".mockmate-panel").get_by_role("button", name=name, exact=True)


def bubble(lab: Lab, at: int) -> Locator:
    return lab.page.locator(".mockmate-panel [role=log]").nth(at)


async def told(lab: Lab, text: str) -> None:
    await expect(lab.page.locator(".mockmate-status")).to_contain_text(text, timeout=WAIT)


async def answer(lab: Lab, text: str) -> None:
    await lab.page.locator(".mockmate-panel textarea:visible").fill(text)
    await button(lab, "Send answer").click()


async def text_of(lab: Lab, at: int) -> str:
    return (await bubble(lab, at).inner_text()).strip()


async def test_a_whole_interview(lab: Lab, shots: Path) -> None:
    await open_panel(lab)
    await lab.screenshot(shots / "form.png")
    await button(lab, "Start the interview").click()
    lengths = []
    for _ in range(200):
        if await bubble(lab, 0).count():
            lengths.append(len(await text_of(lab, 0)))
        if "Your turn." in (await lab.page.locator(".mockmate-panel").inner_text()):
            break
        await asyncio.sleep(0.02)
    grown = sorted(set(lengths))
    assert lengths == sorted(lengths), "text grows, it never shrinks"
    assert len(grown) > 5, "it grows in place, piece by piece"
    await told(lab, "Your turn.")
    await told(lab, "no AI")
    said = await lab.kernel("print(panel.interview.turns[0].text)")
    assert await text_of(lab, 0) == said.strip()

    await answer(lab, FITTING)
    await expect(bubble(lab, 1)).to_contain_text("style comes last", timeout=WAIT)
    await expect(bubble(lab, 2)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await asyncio.sleep(0.25)
    await lab.screenshot(shots / "interview.png")
    await lab.theme("dark")
    await lab.screenshot(shots / "interview-dark.png")
    await lab.theme("light")
    await told(lab, "Your turn.")
    await button(lab, "End and see feedback").click()
    await told(lab, "The interview is over")
    feedback = lab.page.locator(".mockmate-panel .mockmate-feedback").first
    await expect(feedback).to_contain_text("Practice, not a hiring verdict")
    await expect(feedback).to_contain_text("of 5")
    await lab.screenshot(shots / "feedback.png")
    await lab.theme("dark")
    await lab.screenshot(shots / "feedback-dark.png")
    await lab.theme("light")
    assert lab.errors == []


@pytest.mark.parametrize(
    "name",
    [
        "Your résumé",
        "The job description",
        "Language",
        "Format",
        "Level",
        "Interviewer",
        "Questions",
        "Model",
    ],
)
async def test_every_field_has_a_name(form: Lab, name: str) -> None:
    field = form.page.locator(".mockmate-panel").get_by_label(name, exact=True)
    await expect(field).to_be_visible()


async def test_a_double_click_is_one_click(lab: Lab) -> None:
    await open_panel(lab)
    await button(lab, "Start the interview").dblclick()
    await told(lab, "Your turn.")
    assert await lab.page.locator(".mockmate-panel [role=log]").count() == 1
    said = await lab.kernel("print(panel.interview.turns[0].text)")
    assert await text_of(lab, 0) == said.strip()
    await lab.page.get_by_label("Your answer", exact=True).fill(FITTING)
    await button(lab, "Send answer").dblclick()
    await expect(bubble(lab, 2)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await told(lab, "Your turn.")
    assert await lab.page.locator(".mockmate-error").count() == 0
    assert lab.errors == []


async def test_stop_in_mid_question_then_continue(lab: Lab) -> None:
    await open_panel(lab, pace=15)
    await button(lab, "Start the interview").click()
    await expect(bubble(lab, 0)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await button(lab, "Stop").click()
    await told(lab, "Stopped.")
    partial = (await lab.kernel("print(panel.interview.turns[0].text)")).strip()
    assert partial
    assert (await text_of(lab, 0)).startswith(partial)
    await asyncio.sleep(0.3)
    assert (await text_of(lab, 0)).startswith(partial), "no chunk arrives after a stop"
    await button(lab, "Continue").click()
    await told(lab, "Your turn.")
    whole = await text_of(lab, 0)
    assert whole.startswith(partial)
    assert whole == (await lab.kernel("print(panel.interview.turns[0].text)")).strip()
    assert lab.errors == []


async def test_stop_takes_effect_while_a_cell_awaits(lab: Lab) -> None:
    await open_panel(lab, pace=15)
    await lab.page.evaluate("() => { jupyterapp.commands.execute('notebook:insert-cell-below') }")
    await lab.page.evaluate(
        "() => { const n = jupyterapp.shell.currentWidget.content;"
        " n.activeCell.model.sharedModel.setSource('import asyncio; await asyncio.sleep(20)') }"
    )
    await button(lab, "Start the interview").click()
    await expect(bubble(lab, 0)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await lab.run_cell(1, wait=False)
    await button(lab, "Stop").click()
    await expect(lab.page.locator(".mockmate-status")).to_contain_text("Stopped.", timeout=10_000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("panel.form.resume.value = ''", "Your résumé: there is no text in it."),
        (
            "panel.form.job.value = 'x' * 1_000_000",
            "The job description: it has 1,000,000 characters",
        ),
    ],
    ids=["no résumé", "a megabyte of job"],
)
async def test_what_cannot_be_used_is_said_and_nothing_starts(lab: Lab, change: str, words: str) -> None:
    await open_panel(lab, pace=0)
    await lab.kernel(change)
    await button(lab, "Start the interview").click()
    await expect(lab.page.locator(".mockmate-error")).to_contain_text(words, timeout=WAIT)
    await expect(button(lab, "Start the interview")).to_be_visible()
    assert (await lab.kernel("print(panel.interview)")).strip() == "None"


async def test_a_killed_kernel_loses_nothing(lab: Lab) -> None:
    await open_panel(lab, pace=15)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    await answer(lab, ANSWER)
    await expect(bubble(lab, 2)).to_contain_text(TWO_WORDS, timeout=WAIT)
    shown = [await text_of(lab, at) for at in range(3)]
    await lab.page.evaluate(
        "() => { jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'import os; os.kill(os.getpid(), 9)'}) }"
    )
    await asyncio.sleep(1)
    dialog = lab.page.locator(".jp-Dialog button.jp-mod-accept")
    if await dialog.count():
        await dialog.click()
    await lab.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    await lab.run_all()
    await button(lab, "Take up the last interview").click()
    await told(lab, "Your turn.")
    again = [await text_of(lab, at) for at in range(3)]
    assert again[:2] == shown[:2]
    assert again[2].startswith(shown[2].rstrip())


async def test_hostile_text_shows_as_text(lab: Lab) -> None:
    await open_panel(lab, pace=0)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    hostile = (
        "<img src=x onerror=\"document.title='owned'\"> </textarea><script>document.title='owned'</script>"
    )
    await answer(lab, f"{hostile} {ANSWER}")
    await told(lab, "Your turn.")
    await button(lab, "End and see feedback").click()
    await told(lab, "The interview is over")
    await expect(bubble(lab, 1)).to_contain_text("<img src=x")
    assert await lab.page.title() != "owned"
    assert await lab.page.locator(".mockmate-panel img, .mockmate-panel script").count() == 0


async def test_chinese(lab: Lab, shots: Path) -> None:
    await open_panel(lab, pace=0, language="zh")
    await button(lab, "开始面试").click()
    await told(lab, "请作答。")
    await lab.page.locator(".mockmate-panel textarea:visible").fill(
        "我先定位瓶颈，再改成批处理，延迟从 900 毫秒降到 210 毫秒。"
    )
    await button(lab, "提交回答").click()
    await expect(bubble(lab, 2)).to_contain_text("？", timeout=WAIT)
    await told(lab, "请作答。")
    await button(lab, "结束并查看反馈").click()
    await told(lab, "面试结束")
    await lab.screenshot(shots / "chinese.png")
    await expect(lab.page.locator(".mockmate-panel .mockmate-feedback").first).to_contain_text(
        "这是练习，不是录用结论"
    )
    assert lab.errors == []


async def test_ctrl_enter_sends_and_a_slash_asks_for_a_hint(lab: Lab) -> None:
    await open_panel(lab, pace=0)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    box = lab.page.get_by_label("Your answer", exact=True)
    await box.fill("/hi")
    await box.press("Enter")
    await expect(lab.page.locator(".mockmate-hint")).to_contain_text("A hint:")
    await expect(box).to_have_value("")
    await box.fill(FITTING)
    await box.press("Control+Enter")
    await expect(bubble(lab, 2)).to_contain_text(TWO_WORDS, timeout=WAIT)
    assert (await lab.kernel("print(panel.interview.turns[0].answer)")).strip() == FITTING
    assert lab.errors == []


async def test_a_draft_is_there_after_a_reload_and_after_a_restart(lab: Lab) -> None:
    await open_panel(lab, pace=0)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    box = lab.page.get_by_label("Your answer", exact=True)
    await box.fill("Half a sentence about")
    await box.blur()
    await lab.reload()
    await expect(box).to_have_value("Half a sentence about", timeout=WAIT)
    await lab.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    await lab.ready()
    await lab.run_all()
    await button(lab, "Take up the last interview").click()
    await told(lab, "Your turn.")
    await expect(box).to_have_value("Half a sentence about")


async def test_an_answer_can_be_taken_back_and_given_anew(lab: Lab) -> None:
    await open_panel(lab, pace=0)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    await answer(lab, FITTING)
    await expect(bubble(lab, 2)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await button(lab, "Undo").click()
    await expect(lab.page.locator(".mockmate-panel [role=log]")).to_have_count(1)
    await expect(lab.page.get_by_label("Your answer", exact=True)).to_have_value(FITTING)
    await answer(lab, "A short one this time.")
    await expect(bubble(lab, 1)).to_contain_text("A short one this time.")
    assert lab.errors == []


async def test_a_new_question_comes_into_view(lab: Lab) -> None:
    await open_panel(lab, pace=25)
    await lab.kernel("panel.form.count.value = 9")
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    for count in (3, 5, 7):
        await answer(lab, " ".join([FITTING] * 3))
        await expect(lab.page.locator(".mockmate-panel [role=log]")).to_have_count(count, timeout=WAIT)
        await told(lab, "Your turn.")
        await expect(bubble(lab, count - 1)).to_be_in_viewport(ratio=0.9)
        below = await lab.page.locator(".mockmate-conversation").evaluate(
            "e => e.scrollHeight - e.scrollTop - e.clientHeight"
        )
        assert below <= 12, "all of the bubble, its status line too"
        await expect(lab.page.locator(".mm-stream-pill:visible")).to_have_count(0)
        await expect(lab.page.get_by_label("Your answer", exact=True)).to_be_focused()


async def test_the_status_of_a_turn_and_the_sign_before_its_first_character(lab: Lab) -> None:
    await open_panel(lab, pace=3)
    await button(lab, "Start the interview").click()
    await expect(lab.page.locator(".mm-stream-thinking").first).to_be_visible()
    await expect(bubble(lab, 0)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await expect(lab.page.locator(".mm-stream-thinking").first).to_be_hidden()
    line = lab.page.locator(".mm-stream-status").first
    await expect(line).to_contain_text("first character after")
    await lab.kernel("panel.interview.llm.pace = 0")
    await expect(line).to_contain_text("offline, no AI", timeout=WAIT)
    for words in ("characters/s", "tokens"):
        await expect(line).to_contain_text(words)
    await expect(lab.page.locator(".mm-stream-time").first).to_have_text(re.compile(r"\d\d:\d\d"))


async def test_more_than_a_hundred_turns_fold_into_a_line(lab: Lab) -> None:
    await open_panel(lab, pace=0)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    await lab.kernel(
        "import dataclasses, types\n"
        "turn = dataclasses.replace(panel.interview.turns[0], answer='So.')\n"
        "turns = tuple(dataclasses.replace(turn, number=n, text=f'Question {n}?') for n in range(2, 72))\n"
        "now = panel.interview\n"
        "many = types.SimpleNamespace(session_id='s', turns=turns, setup=now.setup, llm=now.llm)\n"
        "panel.conversation.follow(many)"
    )
    logs = lab.page.locator(".mockmate-panel [role=log]")
    await expect(logs).to_have_count(100, timeout=WAIT)
    await button(lab, "Show 40 earlier turns").click()
    await expect(logs).to_have_count(140, timeout=WAIT)
    await expect(logs.first).to_contain_text("Question 2?")
    await button(lab, "Fold 40 earlier turns").click()
    await expect(logs).to_have_count(100, timeout=WAIT)


async def test_it_fits_a_narrow_window(lab: Lab, shots: Path) -> None:
    await open_panel(lab, pace=0)
    await lab.page.evaluate("() => jupyterapp.shell.collapseLeft()")
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    await answer(lab, FITTING)
    await told(lab, "Your turn.")
    await lab.page.set_viewport_size({"width": 520, "height": 900})
    panel = lab.page.locator(".mockmate-panel").first
    await expect(panel).to_be_visible()
    width = await panel.evaluate("p => p.clientWidth")
    assert width <= 420, "about the width of a phone"
    wide = await panel.evaluate(
        "p => [...p.querySelectorAll('*')].filter(e => e.getClientRects().length"
        " && e.getBoundingClientRect().right > p.getBoundingClientRect().right + 1"
        " && !e.closest('.mm-composer-hidden, .mm-stream-hidden')).map(e => e.className)"
    )
    await lab.screenshot(shots / "narrow.png")
    assert wide == []


async def test_presenting_is_large_and_has_no_controls(lab: Lab, shots: Path) -> None:
    await open_panel(lab, pace=0)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    before = await bubble(lab, 0).evaluate(size)
    await button(lab, "Present").click()
    await expect(button(lab, "End and see feedback")).to_be_hidden()
    await lab.screenshot(shots / "presenting.png")
    assert await bubble(lab, 0).evaluate(size) > 1.5 * before
    await button(lab, "Leave presentation").click()
    await expect(button(lab, "End and see feedback")).to_be_visible()


async def test_one_press_makes_it_ready_for_the_next_demo(lab: Lab) -> None:
    await open_panel(lab, pace=5)
    await button(lab, "Start the interview").click()
    await expect(bubble(lab, 0)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await button(lab, "New interview").click()
    await expect(button(lab, "Start the interview")).to_be_visible(timeout=WAIT)
    assert await lab.page.locator(".mockmate-panel [role=log]").count() == 0
    await button(lab, "Start the interview").click()
    await expect(bubble(lab, 0)).to_contain_text(TWO_WORDS, timeout=WAIT)


async def test_two_panels_and_one_shown_twice_do_not_disturb_one_another(lab: Lab) -> None:
    await lab.open([PANEL.format(pace=50, language="en").strip(), "panel", "other = made(); other"])
    await lab.run_all()
    panels = lab.page.locator(".mockmate-panel")
    await expect(panels).to_have_count(3)
    for at in (0, 2):
        start = panels.nth(at).get_by_role("button", name="Start the interview", exact=True)
        await start.click()
    for at in (0, 1, 2):
        await expect(panels.nth(at).locator(".mockmate-status")).to_contain_text("Your turn.", timeout=WAIT)
    said = [await panels.nth(at).locator("[role=log]").first.inner_text() for at in (0, 1, 2)]
    assert said[0] == said[1]
    await panels.nth(1).get_by_label("Your answer", exact=True).fill(FITTING)
    await panels.nth(1).get_by_role("button", name="Send answer", exact=True).click()
    for at, count in ((0, 3), (1, 3), (2, 1)):
        await expect(panels.nth(at).locator("[role=log]")).to_have_count(count, timeout=WAIT)
    assert lab.errors == []


async def test_a_script_drives_what_the_class_sees(lab: Lab) -> None:
    await lab.open(
        [
            PANEL.format(pace=0, language="en").strip(),
            f"from mockmate_nb import run\nrun(panel.start())\nrun(panel.answer({FITTING!r}))",
            "panel.twin()",
        ]
    )
    await lab.run_all()
    await expect(lab.page.locator(".mockmate-panel [role=log]")).to_have_count(3)
    await expect(lab.outputs(2)).to_contain_text("style comes last")
    assert lab.errors == []


async def test_the_saved_notebook_holds_the_conversation(lab: Lab) -> None:
    await open_panel(lab, pace=0)
    await button(lab, "Start the interview").click()
    await told(lab, "Your turn.")
    await answer(lab, FITTING)
    await expect(bubble(lab, 2)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await told(lab, "Your turn.")
    await button(lab, "End and see feedback").click()
    await told(lab, "The interview is over")
    await asyncio.sleep(1)
    await lab.save()
    kept = (lab.server.root / "test.ipynb").read_text("utf-8")
    for words in ("style comes last", "Practice, not a hiring verdict", "text/html"):
        assert words in kept
