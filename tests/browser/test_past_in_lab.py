"""Earlier interviews in a real JupyterLab: read, saved, compared, deleted; the drill; and the clock."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, ViewportSize, expect

from mockmate_nb.interview.history import open_history
from tests.browser.jupyter import Lab, Theme
from tests.interview.kept import DAY, NOON, entry

HOME = 'import os; os.environ["MOCKMATE_HOME"] = {home!r}'
VIEWS = """
from mockmate_nb.view.drill import DrillView
from mockmate_nb.view.past import PastView
from mockmate_nb.view.timer import Timer
import ipywidgets
past, drill, clock = PastView(), DrillView(), Timer()
past.refresh(), drill.refresh(), clock.set(1500)
ipywidgets.VBox([clock, past, drill])
"""
SEEN = "body { height: 100vh }"  # axe-core takes what stands outside a body without a height for hidden
TALL = ViewportSize(width=1280, height=9000)
HOSTILE = "<img src=x onerror=window.mmOwned=true>"
OVERFLOW = "all => all.map(each => each.scrollWidth - each.clientWidth)"
WAIT = 30_000


async def open_past(lab: Lab, home: Path) -> None:
    """Three interviews on three days; the last one's title is hostile."""
    history = open_history(f"sqlite:///{home / 'history.sqlite'}")
    for number, title in enumerate(("Backend Engineer", "后端工程师", f"Engineer {HOSTILE}")):
        at = NOON + number * DAY
        history.keep(entry(session_id=f"s-{number}", begun_at=at, updated_at=at, job_title=title, again=[]))
    history.close()
    await lab.open([HOME.format(home=str(home)), VIEWS.strip()])
    await lab.run_all()
    await expect(row(lab, f"Engineer {HOSTILE}")).to_be_visible(timeout=WAIT)


def row(lab: Lab, title: str) -> Locator:
    return lab.page.locator(".mockmate-past").get_by_role("button", name=title, exact=True)


def button(lab: Lab, name: str) -> Locator:
    return lab.page.locator(".mockmate-past").get_by_role("button", name=name, exact=True)


async def test_a_report_is_read_and_saved_with_the_keyboard(lab: Lab, tmp_path: Path) -> None:
    await open_past(lab, tmp_path)
    await row(lab, f"Engineer {HOSTILE}").focus()
    await lab.page.keyboard.press("Enter")
    report = lab.page.locator(".mockmate-report")
    await expect(report).to_contain_text("Practice, not a hiring verdict", timeout=WAIT)
    await expect(report.get_by_role("heading", name=f"Engineer {HOSTILE}")).to_be_visible()
    await expect(button(lab, "All interviews")).to_be_focused()
    for name, beginning in (
        ("Markdown", b"# Interview report"),
        ("HTML", b"<!DOCTYPE html>"),
        ("JSON", b"{\n"),
    ):
        await button(lab, name).focus()
        async with lab.page.expect_download() as coming:
            await lab.page.keyboard.press("Enter")
        file = await coming.value
        assert re.fullmatch(
            r"mockmate-2023-11-1\d-engineer-img-src-x-onerror.*\.(md|html|json)", file.suggested_filename
        )
        await file.save_as(tmp_path / "saved")
        assert (tmp_path / "saved").read_bytes().startswith(beginning)
    await button(lab, "All interviews").focus()
    await lab.page.keyboard.press("Enter")
    await expect(row(lab, f"Engineer {HOSTILE}")).to_be_focused()
    await lab.save()
    saved = (lab.server.root / lab.name).read_text("utf-8")
    assert "Practice, not a hiring verdict" not in saved
    assert await lab.page.evaluate("window.mmOwned") is None
    assert lab.errors == []


async def test_an_interview_is_deleted_only_after_a_second_yes(lab: Lab, tmp_path: Path) -> None:
    await open_past(lab, tmp_path)
    await row(lab, "Backend Engineer").click()
    await button(lab, "Delete").dblclick()
    await expect(button(lab, "Keep")).to_be_focused(timeout=WAIT)
    await lab.page.keyboard.press("Enter")
    await expect(button(lab, "Delete")).to_be_focused()
    await button(lab, "Delete").click()
    await button(lab, "Yes, delete it").click()
    await expect(lab.page.locator(".mockmate-past [role=status]").filter(has_text="Deleted.")).to_be_visible()
    await expect(row(lab, "Backend Engineer")).to_have_count(0)
    await expect(row(lab, "后端工程师")).to_be_visible()
    assert lab.errors == []


@pytest.mark.parametrize("width", [320, 1100])
async def test_nobody_is_shut_out_of_it(lab: Lab, tmp_path: Path, width: int) -> None:
    await open_past(lab, tmp_path)
    await lab.page.add_style_tag(content=SEEN)
    await lab.page.set_viewport_size(TALL)
    await lab.kernel(f"for each in (past, drill): each.layout.width = '{width}px'")
    themes: tuple[Theme, ...] = ("light", "dark")
    for opened in (False, True):
        if opened:
            await row(lab, "后端工程师").click()
            await button(lab, "Compare attempts").click(timeout=WAIT)
        for theme in themes:
            await lab.theme(theme)
            found = await Axe().run(lab.page, context=".mockmate-past, .mockmate-drill, .mm-timer")
            assert "color-contrast" in {each["id"] for each in found.response["passes"]}
            shut = [
                each for each in found.response["violations"] if each["impact"] in ("serious", "critical")
            ]
            assert [(each["id"], each["nodes"][0]["html"]) for each in shut] == []
        overflow = await lab.page.locator(".mockmate-past, .mockmate-drill").evaluate_all(OVERFLOW)
        assert max(overflow) <= 1
    assert lab.errors == []


async def test_the_clock_goes_on_after_a_reload_by_the_kernels_time(lab: Lab, tmp_path: Path) -> None:
    await open_past(lab, tmp_path)
    clock = lab.page.get_by_role("timer")
    await expect(clock).to_have_text(re.compile(r"2[34]:\d\d"))
    sent = len(lab.received)
    first = await clock.text_content()
    await expect(clock).not_to_have_text(str(first))
    assert len(lab.received) == sent, "it runs without the kernel"
    await lab.page.clock.install()
    await lab.page.clock.set_system_time(0)
    await lab.reload()
    assert await lab.page.evaluate("Date.now()") < 1e9
    await expect(clock).to_have_text(re.compile(r"2[34]:\d\d"), timeout=WAIT)
    assert lab.errors == []
