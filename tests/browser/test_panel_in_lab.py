"""A whole interview as a person holds it, in a real JupyterLab."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.browser.jupyter import ROOT, Lab, Server, open_lab

PANEL = """
from mockmate_nb import InterviewPanel, LLM
from mockmate_nb.interview.samples import sample
mine = sample("{language}")
panel = InterviewPanel(LLM("practice", pace={pace}), language="{language}", resume=mine.resume, job=mine.job)
panel
"""
ANSWER = (
    "At the shop our order pipeline fell behind every evening. I profiled the consumer, found lock contention and "
    "rewrote it in batches, which cut p95 from 900 ms to 210 ms. I dropped the idea of more brokers, because they "
    "cost more and hid the cause."
)
FITTING = (
    "A Friday deployment is safe when taking it back takes minutes. At Fernhill I shipped a retry change on a "
    "Friday, and a retry storm took our gateway down for 40 minutes. Since then I send each change to 5 % of the "
    "traffic first and roll back by one flag. I chose flags over a freeze, because a freeze only makes Monday's "
    "release larger."
)
SHOTS = os.environ.get("MOCKMATE_SHOTS")
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


async def test_a_whole_interview(lab: Lab, tmp_path: Path) -> None:
    await open_panel(lab)
    await lab.screenshot(tmp_path / "form.png")
    await button(lab, "Start the interview").click()
    lengths = []
    for _ in range(200):
        if await bubble(lab, 0).count():
            lengths.append(len(await text_of(lab, 0)))
        if await button(lab, "Send answer").is_visible():
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
    await expect(bubble(lab, 1)).to_contain_text("taking it back takes minutes", timeout=WAIT)
    await expect(bubble(lab, 2)).to_contain_text(TWO_WORDS, timeout=WAIT)
    await asyncio.sleep(0.25)
    await lab.screenshot(ROOT / "docs" / "interview.png" if SHOTS else tmp_path / "interview.png")
    await told(lab, "Your turn.")
    await button(lab, "End and see feedback").click()
    await told(lab, "The interview is over")
    feedback = lab.page.locator(".mockmate-feedback")
    await expect(feedback).to_contain_text("Practice, not a hiring verdict")
    await expect(feedback).to_contain_text("could be scored")
    await lab.screenshot(tmp_path / "feedback.png")
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


async def test_chinese(lab: Lab, tmp_path: Path) -> None:
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
    await lab.screenshot(tmp_path / "zh.png")
    await expect(lab.page.locator(".mockmate-feedback")).to_contain_text("这是练习，不是录用结论")
    assert lab.errors == []
