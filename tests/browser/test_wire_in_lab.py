"""The wire inspector in a real JupyterLab: watched, held, stepped, cut; with the mouse and with the keyboard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, ViewportSize, expect

from mockmate_nb.llm.practice import ABOUT
from tests.browser.jupyter import Lab, Server, Theme, open_lab

CELL = """
from mockmate_nb import LLM
from mockmate_nb.view.wire_panel import WirePanel
panel = WirePanel(LLM("practice", pace=100))
panel
"""
SEEN = "body { height: 100vh }"  # axe-core takes what stands outside a body without a height for hidden
TALL = ViewportSize(width=1280, height=3000)
WAIT = 30_000
MARKED = "() => [...(CSS.highlights.get('mm-wire-here') ?? [])].map(String).join()"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(server: Server, browser: Browser) -> AsyncIterator[Lab]:
    async with open_lab(server, browser) as lab:
        await lab.open([CELL.strip()], name="wire.ipynb")
        await lab.page.add_style_tag(content=SEEN)
        yield lab
        assert lab.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def desk(page: Lab) -> AsyncIterator[Lab]:
    """A panel that nobody has started."""
    await page.run_all()
    await expect(button(page, "Start")).to_be_enabled(timeout=WAIT)
    yield page
    await page.kernel("panel.close()")


def button(lab: Lab, name: str) -> Locator:
    return lab.page.locator(".mockmate-wire").get_by_role("button", name=name, exact=True)


def rows(lab: Lab) -> Locator:
    return lab.page.locator(".mm-wire-row[data-number]")


async def stands(lab: Lab, sentence: str) -> None:
    await expect(lab.page.locator(".mockmate-wire [role=status]").first).to_contain_text(
        sentence, timeout=WAIT
    )


async def text_of(lab: Lab) -> str:
    return await lab.page.locator(".mockmate-wire .mm-stream-text").inner_text()


async def test_a_person_steps_cuts_inside_an_event_and_sees_the_text_go_on(desk: Lab) -> None:
    for number in range(1, 4):
        await button(desk, "Step").click()
        await stands(desk, f"Chunk {number + 1} is held")
    await expect(rows(desk)).to_have_count(3)
    await expect(rows(desk).first.locator(".mm-wire-event")).to_have_count(2)
    await expect(rows(desk).nth(1).locator(".mm-wire-raw")).to_contain_text(r"\n")
    text = await text_of(desk)
    assert text == "I am the"
    await desk.page.get_by_role("slider").fill("60")
    await expect(desk.page.locator(".mm-wire-held")).to_contain_text("the line after 60 of these")
    await button(desk, "Cut here").click()
    await stands(desk, "Chunk 5 is held")
    await expect(rows(desk).nth(3)).to_contain_text("bytes of this chunk never reached the client")
    await expect(rows(desk).nth(3)).to_contain_text("Half an event")
    await expect(desk.page.locator(".mm-wire-again")).to_have_text(
        "Request 2: the client asks again, with the 8 characters it has."
    )
    assert await text_of(desk) == text
    await button(desk, "Play").click()
    await stands(desk, "The reply is whole. The line was cut once")
    await expect(desk.page.locator(".mockmate-wire .mm-stream-text")).to_have_text(ABOUT["en"])
    await expect(rows(desk).last).to_contain_text("[DONE]")
    await expect(rows(desk).last).to_be_in_viewport()


async def test_a_person_starts_pauses_and_stops_and_what_is_paused_stays(desk: Lab) -> None:
    await desk.page.get_by_label("Speed").select_option("10 chunks a second")
    await button(desk, "Start").click()
    await expect(rows(desk).nth(3)).to_be_attached(timeout=WAIT)
    await button(desk, "Pause").click()
    await stands(desk, "Paused. Chunk")
    before = await rows(desk).count()
    await asyncio.sleep(0.5)
    assert await rows(desk).count() == before
    await button(desk, "Stop").click()
    await stands(desk, "Stopped.")
    await expect(desk.page.locator(".mockmate-wire .mm-stream-bubble")).to_have_attribute(
        "data-state", "stopped"
    )
    await button(desk, "Again").click()
    await expect(rows(desk).first).to_contain_text("#1")
    await stands(desk, "The reply is coming in.")
    await button(desk, "Stop").click()


async def test_with_the_keyboard_alone_and_jupyterlab_takes_no_key(desk: Lab) -> None:
    keyboard = desk.page.keyboard
    cells = await desk.page.locator(".jp-Notebook .jp-Cell").count()
    await button(desk, "Step").focus()
    await keyboard.press("ArrowRight")
    await stands(desk, "Chunk 2 is held")
    await expect(rows(desk)).to_have_count(1)
    await desk.page.locator(".mm-wire-list").focus()
    await keyboard.press("ArrowRight")
    await expect(rows(desk)).to_have_count(2)
    await keyboard.press("ArrowUp")
    await expect(rows(desk).nth(1)).to_be_focused()
    assert await desk.page.evaluate(MARKED) == " am"
    await keyboard.press("ArrowUp")
    assert await desk.page.evaluate(MARKED) == "I"
    await keyboard.press("Space")
    await stands(desk, "The reply is whole.")
    await expect(rows(desk).first).to_be_focused()
    await button(desk, "Again").focus()
    await keyboard.press("Enter")
    await expect(desk.page.locator(".mm-wire-list")).to_be_focused()
    await stands(desk, "The reply is whole.")
    assert await desk.page.locator(".jp-Notebook .jp-Cell").count() == cells


async def test_who_presses_start_with_the_mouse_pauses_with_the_space_bar(desk: Lab) -> None:
    keyboard, scroller = desk.page.keyboard, desk.page.locator(".jp-WindowedPanel-outer").first
    await desk.page.get_by_label("Speed").select_option("3 chunks a second")
    for name in ("Start", "Again"):
        await button(desk, name).click()
        await expect(button(desk, "Pause")).to_be_focused(timeout=WAIT)
        await expect(rows(desk).first).to_be_attached(timeout=WAIT)
        scrolled = await scroller.evaluate("each => each.scrollTop")
        await keyboard.press("Space")
        await stands(desk, "Paused.")
        await keyboard.press("ArrowRight")
        await expect(rows(desk).nth(1)).to_be_attached(timeout=WAIT)
        await keyboard.press("Space")
        await stands(desk, "The reply is coming in.")
        assert await scroller.evaluate("each => each.scrollTop") == scrolled
        await expect(desk.page.get_by_text("waits there unread")).to_be_visible()
        await button(desk, "Stop").click()
        await stands(desk, "Stopped.")
        await expect(desk.page.locator(".mm-wire-list")).to_be_focused()


async def test_bytes_can_be_read_in_hex(desk: Lab) -> None:
    await button(desk, "Step").click()
    await stands(desk, "Chunk 2 is held")
    await button(desk, "Hex").click()
    await expect(button(desk, "Hex")).to_have_attribute("aria-pressed", "true")
    await expect(rows(desk).first).to_contain_text(re.compile(r"000000  64 61 74 61 3A 20 7B 22 +data: \{"))


async def test_who_reads_an_earlier_chunk_stays_there_until_the_next_press(desk: Lab) -> None:
    await desk.kernel("panel.step(5)")
    await stands(desk, "Chunk 6 is held")
    await expect(desk.page.locator(".mm-wire-held")).to_be_in_viewport(timeout=WAIT)
    await rows(desk).first.hover()
    await desk.kernel("panel.step()")
    await expect(rows(desk)).to_have_count(6)
    await expect(rows(desk).first).to_be_in_viewport()
    await expect(desk.page.locator(".mm-wire-held")).not_to_be_in_viewport()
    await button(desk, "Step").click()
    await expect(desk.page.locator(".mm-wire-held").filter(has_text="#8")).to_be_in_viewport(timeout=WAIT)


async def test_after_a_reload_all_rows_are_there_and_it_goes_on(desk: Lab) -> None:
    await button(desk, "Step").click()
    await stands(desk, "Chunk 2 is held")
    await desk.kernel("panel.step(104)")
    await stands(desk, "Chunk 106 is held")
    await desk.reload()
    await desk.page.add_style_tag(content=SEEN)
    await expect(rows(desk)).to_have_count(105, timeout=WAIT)
    await expect(desk.page.locator(".mm-wire-held")).to_contain_text("#106")
    await button(desk, "Play").click()
    await stands(desk, "The reply is whole.")
    numbers = await rows(desk).evaluate_all("all => all.map(each => Number(each.dataset.number))")
    assert numbers == list(range(1, len(numbers) + 1))


async def test_nobody_is_shut_out_of_it(desk: Lab) -> None:
    await desk.page.set_viewport_size(TALL)
    await desk.kernel("panel.step(2)")
    await stands(desk, "Chunk 3 is held")
    await desk.kernel("panel.cut(9)")
    await stands(desk, "Chunk 4 is held")
    themes: tuple[Theme, ...] = ("light", "dark")
    for width in (1100, 400):
        await desk.kernel(f"panel.layout.width = '{width}px'")
        for theme in themes:
            await desk.theme(theme)
            found = await Axe().run(desk.page, context=".mockmate-wire")
            assert "color-contrast" in {each["id"] for each in found.response["passes"]}
            shut = [
                each for each in found.response["violations"] if each["impact"] in ("serious", "critical")
            ]
            assert [
                (each["id"], each["nodes"][0]["html"], each["nodes"][0]["failureSummary"]) for each in shut
            ] == []
        overflow = await desk.page.locator(".mockmate-wire, .mm-wire-list").evaluate_all(
            "all => all.map(each => each.scrollWidth - each.clientWidth)"
        )
        assert max(overflow) <= 1
    await desk.theme("light")
