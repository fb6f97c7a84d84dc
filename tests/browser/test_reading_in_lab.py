"""Reading what StreamView shows while it grows, in a real JupyterLab."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.jupyter import Lab

SETUP = """
import threading, time
from mockmate_nb.view.stream_view import StreamView

view = StreamView("Interviewer")

def paragraphs(n, rate, words=40):
    for i in range(n):
        view.append(f"Paragraph {i}: " + "some **words** here " * words + "\\n\\n")
        time.sleep(1 / rate)
"""
ROOM = "print('\\n' * 60)"
BUBBLE = ".mm-stream-bubble"
TEXT = ".mm-stream-text"
PILL = ".mm-stream-pill"
CODE = "before\n\n```python\nprint(1)\n```\n\nafter\n"
PLACE = """() => {
    const scroller = document.querySelector(".jp-WindowedPanel-outer");
    const box = scroller.getBoundingClientRect();
    const end = document.querySelector(".mm-stream-end").getBoundingClientRect().bottom;
    const nodes = document.querySelector(".mm-stream-bubble").querySelectorAll("*").length;
    return { top: scroller.scrollTop, below: Math.round(end - box.bottom), nodes };
}"""
SCROLL = "by => { document.querySelector('.jp-WindowedPanel-outer').scrollTop += by }"
WATCH = """selector => {
    const scroller = document.querySelector(".jp-WindowedPanel-outer");
    const top = scroller.getBoundingClientRect().top + 100;
    const looked = [...document.querySelectorAll(selector)].find(e => e.getBoundingClientRect().bottom > top);
    window.places = [];
    const note = () => {
        window.places.push([scroller.scrollTop, looked.getBoundingClientRect().top]);
        window.frame = requestAnimationFrame(note);
    };
    note();
}"""
PLACES = "() => { cancelAnimationFrame(window.frame); return window.places }"


async def begin(lab: Lab, *more: str, cell: str = "view") -> None:
    """The view in a notebook, its end on the screen, with room to scroll below."""
    await lab.open([SETUP, cell, ROOM, *more])
    for index in range(3):
        await lab.run_cell(index)
    await expect(lab.page.locator(BUBBLE).first).to_have_attribute("data-state", "waiting")
    await lab.page.evaluate(SCROLL, -100_000)
    await lab.page.mouse.move(640, 400)


async def expect_state(lab: Lab, state: str) -> None:
    await expect(lab.page.locator(f'{BUBBLE}[data-state="{state}"]').first).to_be_visible(timeout=30_000)


async def place(lab: Lab) -> dict[str, float]:
    where: dict[str, float] = await lab.page.evaluate(PLACE)
    return where


async def test_a_finished_block_is_formatted_once_and_never_touched_again(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("view.append('# Title\\n\\nSome **bold')")
    await expect(lab.page.locator(f"{TEXT} h3")).to_have_text("Title")
    await expect(lab.page.locator(TEXT)).to_contain_text("Some **bold")
    await lab.page.evaluate(
        """() => {
            window.title = document.querySelector(".mm-stream-text h3");
            window.touched = 0;
            new MutationObserver(() => window.touched += 1).observe(window.title.closest(".mm-stream-block"),
                { attributes: true, childList: true, characterData: true, subtree: true });
        }"""
    )
    await lab.kernel("view.append('** text\\n\\n- one\\n- two\\n\\nend'); view.finish()")
    await expect_state(lab, "complete")
    await expect(lab.page.locator(f"{TEXT} strong")).to_have_text("bold")
    await expect(lab.page.locator(f"{TEXT} li")).to_have_text(["one", "two"])
    same = "() => [window.title === document.querySelector('.mm-stream-text h3'), window.touched]"
    assert await lab.page.evaluate(same) == [True, 0]
    assert lab.errors == []


async def test_code_is_text_until_its_fence_closes_and_can_then_be_copied(lab: Lab) -> None:
    await lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await begin(lab)
    await lab.kernel(f"view.append({CODE[:25]!r})")
    await expect(lab.page.locator(TEXT)).to_contain_text("```python")
    await expect(lab.page.locator(f"{TEXT} pre")).to_have_count(0)
    await lab.kernel(f"view.append({CODE[25:]!r}); view.finish()")
    await expect(lab.page.locator(f"{TEXT} pre")).to_have_text("print(1)\n")
    await expect(lab.page.locator(TEXT)).not_to_contain_text("```")
    button = lab.page.get_by_role("button", name="Copy", exact=True)
    await button.focus()
    await lab.page.keyboard.press("Enter")
    await expect(lab.page.get_by_role("button", name="Copied")).to_be_visible()
    await expect(lab.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert await lab.page.evaluate("() => navigator.clipboard.readText()") == "print(1)\n"
    await expect(button).to_have_text("Copy", timeout=5_000)
    assert lab.errors == []


async def test_the_end_stays_in_view_while_i_am_there(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("paragraphs(30, 25)")
    await expect(lab.page.locator(TEXT)).to_contain_text("Paragraph 29")
    where = await place(lab)
    assert where["top"] > 1_000
    assert where["below"] <= 4
    await expect(lab.page.locator(PILL)).to_be_hidden()
    await lab.kernel("view.start(); paragraphs(20, 25)")
    await expect(lab.page.locator(TEXT)).to_contain_text("Paragraph 19")
    assert -700 <= (await place(lab))["below"] <= 4
    assert lab.errors == []


async def test_nothing_moves_while_i_read_further_up_and_a_button_takes_me_to_the_new_text(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("paragraphs(30, 50)")
    await lab.page.mouse.wheel(0, -900)
    await asyncio.sleep(0.5)
    await lab.page.evaluate(WATCH, f"{TEXT} p")
    await lab.kernel("paragraphs(75, 25)")
    places = await lab.page.evaluate(PLACES)
    assert len(places) > 30
    assert max(top for top, _ in places) == min(top for top, _ in places) > 0
    assert max(y for _, y in places) - min(y for _, y in places) < 1
    pill = lab.page.get_by_role("button", name="New text")
    await expect(pill).to_be_in_viewport()
    await pill.focus()
    await lab.page.keyboard.press("Enter")
    await expect(pill).to_be_hidden()
    await lab.kernel("paragraphs(10, 25)")
    assert (await place(lab))["below"] <= 4
    assert lab.errors == []


async def test_nothing_moves_while_i_read_the_cell_below(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("paragraphs(20, 50)")
    await lab.page.evaluate(SCROLL, (await place(lab))["below"] + 1_100)
    await asyncio.sleep(0.5)
    await lab.page.evaluate(WATCH, ".jp-OutputArea-output pre")
    await lab.kernel("paragraphs(50, 25)")
    ys = [y for _, y in await lab.page.evaluate(PLACES)]
    assert max(ys) - min(ys) < 2
    assert lab.errors == []


async def test_a_view_that_nobody_looks_at_pulls_nothing(lab: Lab) -> None:
    await begin(lab, cell="print('\\n' * 100); display(view)")
    await lab.kernel("paragraphs(20, 50)")
    assert (await place(lab))["top"] == 0
    await lab.reload()
    await expect(lab.page.locator(TEXT)).to_contain_text("Paragraph 19", timeout=30_000)
    assert (await place(lab))["top"] == 0
    assert lab.errors == []


GROWTH = """() => {
    const log = document.querySelector(".mm-stream-text");
    window.lengths = [];
    const note = () => { window.lengths.push(log.textContent.trim().length); requestAnimationFrame(note) };
    note();
}"""


async def growth(lab: Lab, code: str) -> list[int]:
    """How long the text was, each time it had grown."""
    await lab.page.evaluate(GROWTH)
    await lab.kernel(code)
    await expect_state(lab, "complete")
    return sorted(set(await lab.page.evaluate("() => window.lengths")))


async def test_text_is_typed_at_a_steady_speed_and_is_never_late(lab: Lab) -> None:
    await begin(lab)
    code = "view.speed = 400; view.append('x'); time.sleep(0.3); view.append('y' * 90); time.sleep(1); view.finish()"
    steps = await growth(lab, code)
    assert steps[-1] == 91
    assert len(steps) >= 6
    began = time.perf_counter()
    await lab.kernel(
        "view.start(); view.speed = 1; view.append('a'); view.append('z' * 5_000); view.finish()"
    )
    await expect_state(lab, "complete")
    assert time.perf_counter() - began < 5
    await expect(lab.page.locator(TEXT)).to_have_text("a" + "z" * 5_000)
    assert lab.errors == []


async def test_with_reduced_motion_nothing_is_typed_and_nothing_blinks(lab: Lab) -> None:
    await lab.page.emulate_media(reduced_motion="reduce")
    await begin(lab)
    dot = lab.page.locator(".mm-stream-dot").first
    assert await dot.evaluate("dot => getComputedStyle(dot).animationName") == "none"
    code = "view.append('x'); time.sleep(0.3); view.append('y' * 20); time.sleep(0.5); view.finish()"
    assert len(await growth(lab, f"view.speed = 100; {code}")) <= 3
    assert lab.errors == []


async def test_a_long_text_is_back_soon_after_a_reload(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel(
        "view.append('word ' * 20 + '\\n\\n')\nfor _ in range(400): view.append('word ' * 20 + '\\n\\n')"
    )
    await expect(lab.page.locator(f"{TEXT} .mm-stream-block")).to_have_count(401, timeout=30_000)
    await lab.reload()
    began = time.perf_counter()
    await expect(lab.page.locator(f"{TEXT} .mm-stream-block")).to_have_count(401, timeout=30_000)
    assert time.perf_counter() - began < 10
    await lab.kernel("view.append('end'); view.finish()")
    await expect_state(lab, "complete")
    assert lab.errors == []


async def test_a_second_tab_shows_the_same_and_closing_it_stops_nothing(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("t = threading.Thread(target=paragraphs, args=(150, 50)); t.start()")
    async with lab.second_tab() as tab:
        await expect(tab.page.locator(f"{TEXT} p").first).to_contain_text("Paragraph 0", timeout=30_000)
        await expect_state(tab, "streaming")
    await lab.kernel("t.join(); view.finish()")
    await expect_state(lab, "complete")
    await expect(lab.page.locator(f"{TEXT} .mm-stream-block")).to_have_count(150)
    assert lab.errors == []


async def test_a_restarted_kernel_leaves_the_text_and_says_that_it_was_cut_off(lab: Lab) -> None:
    await begin(lab)
    await lab.kernel("view.append('Half a sentence')")
    await expect(lab.page.locator(TEXT)).to_have_text("Half a sentence")
    await lab.restart()
    await expect(lab.page.locator(".mm-stream-note")).to_have_text("Cut off", timeout=30_000)
    await expect(lab.page.locator(TEXT)).to_have_text("Half a sentence")


MEGABYTES = """
for i in range(4_000):
    view.append(f"Paragraph {i}: " + "some **words** here " * 25 + "\\n\\n")
    if i % 10 == 9: time.sleep(0.005)
view.finish()
print(len(view.text))
"""
LONG_TASKS = """() => {
    window.tasks = [];
    new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(entry => entry.duration)))
        .observe({ entryTypes: ["longtask"] });
}"""
TO_THE_TOP = """async () => {
    const scroller = document.querySelector(".jp-WindowedPanel-outer");
    const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const jumps = [];
    for (const by of [...Array(60).fill(100), 1e9]) {
        const top = scroller.getBoundingClientRect().top;
        const looked = [...document.querySelectorAll(".mm-stream-block")]
            .find(block => block.getBoundingClientRect().top > top);
        const y = looked?.getBoundingClientRect().top;
        scroller.scrollTop -= by;
        await frame();
        if (by === 100 && looked?.isConnected) jumps.push(looked.getBoundingClientRect().top - y - by);
    }
    return jumps;
}"""


async def test_two_megabytes_scroll_smoothly_back_to_the_top(lab: Lab) -> None:
    await begin(lab)
    await lab.page.evaluate(LONG_TASKS)
    assert int(await lab.kernel(MEGABYTES)) > 2_000_000
    await expect_state(lab, "complete")
    where = await place(lab)
    assert where["below"] <= 4
    last = lab.page.locator(f"{TEXT} .mm-stream-section").last
    await expect(last.locator(".mm-stream-block:not(.mm-md)")).to_have_count(0)
    await asyncio.sleep(0.5)
    jumps = await lab.page.evaluate(TO_THE_TOP)
    assert max(map(abs, jumps)) < 2
    assert len(jumps) > 30
    first = lab.page.locator(f"{TEXT} .mm-stream-block").first
    await expect(first).to_contain_text("Paragraph 0: some words here")
    await expect(first.locator("strong")).to_have_count(25)
    assert max(where["nodes"], (await place(lab))["nodes"]) < 20_000
    tasks = await lab.page.evaluate("() => window.tasks")
    assert max(tasks, default=0) < 250, tasks
    assert lab.errors == []


HEARD = """() => {
    window.heard = [];
    const say = document.querySelector(".mm-stream-bubble > [role=status]");
    new MutationObserver(() => say.textContent && window.heard.push(say.textContent))
        .observe(say, { childList: true, characterData: true, subtree: true });
}"""


async def test_a_screen_reader_is_told_once_of_the_start_and_once_of_the_end(lab: Lab) -> None:
    await begin(lab)
    await lab.page.evaluate(HEARD)
    await lab.kernel("paragraphs(10, 25); view.finish()")
    await expect_state(lab, "complete")
    await lab.kernel("view.language = 'zh'; view.label = '面试官'")
    await expect(lab.page.locator(BUBBLE).first).to_have_attribute("lang", "zh")
    await lab.kernel("view.start(); view.append('你好'); time.sleep(0.3); view.finish('stopped')")
    await expect_state(lab, "stopped")
    assert await lab.page.evaluate("() => window.heard") == [
        "Interviewer is speaking.",
        "Interviewer has finished.",
        "面试官正在说话。",
        "面试官已停止。",
    ]
    await lab.reload()
    await expect_state(lab, "stopped")
    assert await lab.page.locator(f"{BUBBLE} > [role=status]").all_text_contents() == [""]
    assert lab.errors == []


WIDE = "```\n%s\n```\n\nend" % ("wide " * 60)


@pytest.mark.parametrize("width", [400, 1280])
async def test_it_fits_its_width_and_wide_code_can_be_scrolled_by_keyboard(
    lab: Lab, width: int, tmp_path: Path
) -> None:
    await lab.page.set_viewport_size({"width": width, "height": 900})
    await begin(lab)
    await lab.page.evaluate("() => jupyterapp.shell.collapseLeft()")
    await lab.kernel(f"view.append({WIDE!r}); view.finish()")
    code = lab.page.get_by_role("region", name="Code")
    await expect(code).to_have_attribute("tabindex", "0")
    await lab.screenshot(tmp_path / "narrow.png")
    inside = "bubble => bubble.scrollWidth <= bubble.clientWidth"
    assert await lab.page.locator(BUBBLE).first.evaluate(inside)
    assert lab.errors == []
