"""A race in a real JupyterLab: run, watched, replayed, measured further; and a measurement that is cancelled."""

from __future__ import annotations

import asyncio
import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, expect

from tests.browser.jupyter import WAIT_SECONDS, Lab, Theme
from tests.llm.misbehaving import Reply, whole
from tests.llm.misbehaving import Server as Model

RACE = """
from mockmate_nb import LLM, run
from mockmate_nb.view.race import RacePanel
panel = RacePanel({llm})
panel
"""
MEASURING = """
from mockmate_nb import LLM
from mockmate_nb.lab.latency import compare
from mockmate_nb.view.measuring_view import MeasuringView
work = compare(LLM("practice", pace=200), "Tell me.", 1000, max_tokens=8)
view = MeasuringView(work)
view
"""
SEEN = "body { height: 100vh }"  # axe-core takes what stands outside a body without a height for hidden
WAIT = WAIT_SECONDS * 1000
MARK = re.compile(r"([\d.]+) (ms|s)")


async def open_race(lab: Lab, llm: str, *, start: str = "Start") -> None:
    await lab.page.set_viewport_size({"width": 1280, "height": 3000})
    await lab.open([RACE.format(llm=llm).strip()])
    await lab.run_all()
    await expect(button(lab, start)).to_be_visible(timeout=WAIT)


def button(lab: Lab, name: str) -> Locator:
    return lab.page.locator(".mockmate-race").get_by_role("button", name=name, exact=True)


def lane(lab: Lab, at: int) -> Locator:
    return lab.page.locator(".mockmate-lane").nth(at)


def first_mark(lab: Lab, at: int) -> Locator:
    return lane(lab, at).locator(".mm-race-mark").first


async def seconds(mark: Locator) -> float:
    found = MARK.search(await mark.inner_text())
    assert found, "a mark holds a time"
    return float(found[1]) / {"ms": 1000, "s": 1}[found[2]]


async def is_over(lab: Lab) -> None:
    await expect(button(lab, "Start")).to_be_enabled(timeout=WAIT)
    await expect(lab.page.locator(".mm-race-running")).to_have_count(0)


async def shut_out(lab: Lab, selector: str) -> list[str]:
    """What axe-core finds serious below the selector, in both themes."""
    themes: tuple[Theme, ...] = ("light", "dark")
    found = []
    await lab.page.add_style_tag(content=SEEN)
    for theme in themes:
        await lab.theme(theme)
        results = await Axe().run(lab.page, context=selector)
        assert "color-contrast" in {rule["id"] for rule in results.response["passes"]}
        found += [
            f"{theme}: {fault['id']}: {node['html'][:160]}"
            for fault in results.response["violations"]
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]
    await lab.theme("light")
    return found


async def test_a_person_runs_a_race_replays_it_and_measures_more_pairs(lab: Lab) -> None:
    await open_race(lab, 'LLM("practice", pace=40)')
    await expect(lab.page.get_by_text("Nothing leaves this machine")).to_be_visible()
    await button(lab, "Start").focus()
    await lab.page.keyboard.press("Enter")
    log = lab.page.get_by_role("log", name="Streaming")
    await expect(log).to_contain_text("I am the built-in", timeout=WAIT)
    await expect(lane(lab, 1).locator(".mm-stream-bubble")).to_have_attribute("data-state", "waiting")
    await expect(lab.page.locator(".mm-race-running")).to_have_count(2)
    await is_over(lab)
    whole = await log.inner_text()
    assert await lab.page.get_by_role("log", name="Batch").inner_text() == whole
    assert await seconds(first_mark(lab, 0)) < await seconds(first_mark(lab, 1))
    await expect(lab.page.get_by_text("One pair proves little")).to_be_visible()
    marks = await lab.page.locator(".mm-race-mark").all_inner_texts()

    await lab.page.get_by_label("Replay at").select_option("½ speed")
    await button(lab, "Replay side by side").click()
    await expect(lab.page.get_by_text("at ½ speed.")).to_be_visible()
    await expect(lane(lab, 1).locator(".mm-stream-bubble")).to_have_attribute("data-state", "waiting")
    await expect(log).to_contain_text("I am the built-in", timeout=WAIT)
    await is_over(lab)
    assert await lab.page.locator(".mm-race-mark").all_inner_texts() == marks
    assert await log.inner_text() == whole

    await lab.kernel("panel.llm = LLM('practice', pace=2000)")
    await button(lab, "10 more pairs").click()
    await expect(lab.page.get_by_text("Done: 22 runs (2 of them warm-up)")).to_be_visible(timeout=WAIT)
    await is_over(lab)
    await expect(lab.page.locator(".mockmate-measuring")).to_contain_text("10 pairs.", timeout=WAIT)
    found = await shut_out(lab, ".mockmate-race")
    assert not found, "\n".join(found)
    assert lab.errors == []


async def test_who_presses_with_the_mouse_keeps_the_keyboard_and_jupyterlab_gets_no_key(lab: Lab) -> None:
    await open_race(lab, 'LLM("practice", pace=5)')
    cells = lab.page.locator(".jp-Notebook .jp-Cell")
    count, panel = await cells.count(), lab.page.locator(".mockmate-race")
    before = await lane(lab, 0).bounding_box()
    await button(lab, "Start").click()
    await expect(button(lab, "Stop")).to_be_focused(timeout=WAIT)
    after = await lane(lab, 0).bounding_box()
    assert before
    assert after
    assert after["y"] == before["y"], "the lanes stay where they are"
    await lab.page.keyboard.press("b")
    await lab.page.keyboard.press("Space")
    await expect(button(lab, "Start")).to_be_enabled(timeout=WAIT)
    await expect(panel).to_be_focused()
    for key in ("b", "Space", "Enter"):
        await lab.page.keyboard.press(key)
    await expect(panel).to_be_focused()
    await expect(lab.page.locator(".mm-race-running")).to_have_count(0)
    assert await cells.count() == count
    assert lab.errors == []


GONE = """() => [...document.querySelectorAll(".jupyter-widgets-disconnected")]
    .filter((each) => !each.closest(".jp-mod-hidden"))
    .map((each) => [each.className, getComputedStyle(each, "::before")])
    .filter(([, { display, content }]) => display !== "none" && content !== "none")
    .map(([name, { content }]) => [/mockmate-(race|wire|glyph|measuring)/.exec(name)?.[1], content])"""
ALL = """
from mockmate_nb import LLM, run
from mockmate_nb.lab.latency import compare
from mockmate_nb.view.glyph_panel import GlyphPanel
from mockmate_nb.view.measuring_view import MeasuringView
from mockmate_nb.view.race import RacePanel
from mockmate_nb.view.wire_panel import WirePanel
llm = LLM("practice", pace=500)
wire = WirePanel(llm)
for part in (RacePanel(llm), GlyphPanel(llm, language="zh"), wire):
    display(part)
run(wire.step(3))
MeasuringView(compare(llm, "Tell me.", 1000, max_tokens=8))
"""


async def test_after_a_restart_each_panel_says_once_that_the_kernel_is_gone_and_stays_whole(lab: Lab) -> None:
    await lab.page.set_viewport_size({"width": 1280, "height": 3000})
    await lab.open([ALL.strip()])
    await lab.run_all()
    rows = lab.page.locator(".mm-wire-list")
    await expect(lab.page.locator(".mm-wire-held")).to_be_visible(timeout=WAIT)
    before = await rows.bounding_box()
    await lab.restart()
    await expect(lab.page.locator(".jupyter-widgets-disconnected").first).to_be_attached(timeout=WAIT)
    en = '"The kernel is gone. Run the notebook again from the top."'
    zh = '"内核已经重启或结束。请从头重新运行整个笔记本。"'
    assert await lab.page.evaluate(GONE) == [["race", en], ["glyph", zh], ["wire", en], ["measuring", en]]
    after = await rows.bounding_box()
    assert before
    assert after
    assert (after["width"], after["height"]) == (before["width"], before["height"])


async def test_the_clock_runs_without_the_kernel_and_stop_works_before_the_first_text(
    lab: Lab, model: Model
) -> None:
    untimed = Reply([whole("One.")], headers={"content-type": "application/json"}, framing="length")
    model.answer = lambda request: Reply(silent=True) if request.body.get("stream") else untimed
    await open_race(lab, f'LLM(base_url="{model.url}", api_key="none", model="m")')
    await expect(lab.page.get_by_text("the lanes run one after the other")).to_be_visible()
    await button(lab, "Start").click()
    await expect(lane(lab, 0).locator(".mm-race-running")).to_be_visible(timeout=WAIT)
    await expect(lane(lab, 1)).to_contain_text("Waits until the streaming lane is done")
    clock = lane(lab, 0).get_by_role("timer", name="Streaming")
    await expect(clock).to_contain_text(re.compile(r"^[1-9]"), timeout=WAIT)
    before, seen = len(lab.received), {await clock.inner_text()}
    async with asyncio.timeout(WAIT_SECONDS):
        while len(seen) < 5:
            await asyncio.sleep(0.05)
            seen.add(await clock.inner_text())
    assert not [frame for frame in lab.received[before:] if b"comm_msg" in frame]
    await button(lab, "Stop").click()
    await is_over(lab)
    await expect(lane(lab, 0)).to_contain_text("stopped after")
    await expect(lab.page.get_by_text("What had come is kept")).to_be_visible()
    async with asyncio.timeout(WAIT_SECONDS):
        await model.requests[-1].gone.wait()
    assert lab.errors == []


@pytest.mark.parametrize(
    ("language", "start", "proves", "done"),
    [
        ("en", "Start", "One pair proves little", "Done: 12 runs (2 of them warm-up)"),
        ("zh", "开始", "只测一对说明不了多少问题", "测完了：12 次（其中预热 2 次）"),
    ],
)
async def test_on_a_narrow_page_the_lanes_stand_one_below_the_other(
    lab: Lab, language: str, start: str, proves: str, done: str
) -> None:
    await open_race(lab, f'LLM("practice", pace=2000), language="{language}"', start=start)
    await lab.page.set_viewport_size({"width": 400, "height": 3000})
    await lab.page.evaluate("() => jupyterapp.shell.collapseLeft()")
    await lab.kernel("run(panel.start()); run(panel.more(5))")
    await expect(lab.page.get_by_text(proves)).to_be_visible(timeout=WAIT)
    panel = lab.page.locator(".mockmate-race")
    await expect(panel).to_contain_text(done, timeout=WAIT)
    first, second = [await lane(lab, at).bounding_box() for at in range(2)]
    assert first
    assert second
    assert first["x"] == second["x"]
    assert first["y"] + first["height"] <= second["y"]
    wide = "root => [root, ...root.querySelectorAll('.mockmate-lane, th, td, .mm-race-clock')]"
    over = f"root => ({wide})(root).filter(e => e.scrollWidth > e.clientWidth).map(e => e.outerHTML.slice(0, 200))"
    assert await panel.evaluate(over) == []
    assert lab.errors == []


async def test_a_measurement_is_watched_and_cancelled_and_what_was_measured_is_kept(lab: Lab) -> None:
    await lab.open([MEASURING.strip()])
    await lab.run_all()
    view = lab.page.locator(".mockmate-measuring")
    await expect(view).to_contain_text(re.compile(r"pair \d+ of 1000"), timeout=WAIT)
    await expect(view.get_by_role("progressbar", name="Measured so far")).to_be_visible()
    await expect(view).to_contain_text("left", timeout=WAIT)
    await view.get_by_role("button", name="Cancel", exact=True).click()
    await expect(view.get_by_role("status").filter(has_text="Cancelled after")).to_be_visible(timeout=WAIT)
    await expect(view.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    await expect(view.get_by_role("table").first).to_be_visible(timeout=WAIT)
    assert int(await lab.kernel("print(len(work.report.runs))")) >= 2
    found = await shut_out(lab, ".mockmate-measuring")
    assert not found, "\n".join(found)
    assert lab.errors == []
