"""What a person needs who does not see the page, or has no mouse: checked with axe-core, and with the keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ViewportSize, expect

from tests.browser.interviewing import BEGIN, PANEL, bubbles, button, is_in_state, speaks
from tests.browser.jupyter import WAIT_SECONDS, Lab, Server, Theme, open_lab
from tests.llm.misbehaving import Server as Model

VIEWS = """
import ipywidgets
names = ("waiting", "streaming", "complete", "stopped", "failed")
views = {name: StreamView("Interviewer") for name in names}
for view in list(views.values())[1:]:
    view.append("# A title\\n\\nA [link](https://example.org), `code` and:\\n\\n```python\\nx = 1  # one\\n```\\n\\n")
    view.append("| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\nThe end of it")
for name in names[2:]:
    views[name].finish(name)
ipywidgets.VBox(list(views.values()))
"""
SEEN = "body { height: 100vh }"
"""JupyterLab's body has no height and hides what overflows it: axe-core would take all that is in it for hidden."""
TALL = ViewportSize(width=1280, height=5000)
"""Nothing is scrolled away: axe-core takes that for hidden, too."""
SERIOUS = ("serious", "critical")
ANSWER = "A queue grew every evening. I measured it and cut the time from 900 ms to 210 ms."
CONTROLS = """root => [...root.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")]
    .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true }))"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(server: Server, browser: Browser, model: Model) -> AsyncIterator[Lab]:
    async with open_lab(server, browser) as lab:
        await lab.open([PANEL.format(url=model.url).strip(), VIEWS.strip()])
        await lab.page.add_style_tag(content=SEEN)
        await lab.page.set_viewport_size(TALL)
        yield lab
        assert lab.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def desk(page: Lab) -> AsyncIterator[Lab]:
    """A panel that nobody has started."""
    await page.kernel("panel = None")
    await page.run_cell(0)
    await expect(button(page, "Start the interview")).to_be_visible()
    yield page
    await page.theme("light")


async def found_in(lab: Lab, selector: str) -> list[str]:
    """What axe-core finds below the selector that shuts somebody out, in both themes."""
    themes: tuple[Theme, ...] = ("light", "dark")
    found = []
    for theme in themes:
        await lab.theme(theme)
        results = await Axe().run(lab.page, context=selector)
        looked_at = {rule["id"] for rule in results.response["passes"]}
        assert "color-contrast" in looked_at
        found += [
            f"{theme}: {fault['id']} ({fault['impact']}): {node['html'][:160]}: {node['failureSummary']}"
            for fault in results.response["violations"]
            if fault["impact"] in SERIOUS
            for node in fault["nodes"]
        ]
    return found


async def in_order_of_tab(lab: Lab, selector: str) -> tuple[list[str], list[str]]:
    """Below the selector: the controls as they stand, and as Tab comes to them from the first one on."""
    count = await lab.page.locator(selector).first.evaluate(
        f"root => {{ window.controls = ({CONTROLS})(root); window.controls[0].focus();"
        " return window.controls.length }"
    )
    name = "e => `${e.tagName} ${e.innerText || e.ariaLabel || e.getAttribute('aria-labelledby') || e.id}`"
    standing: list[str] = await lab.page.evaluate(f"() => window.controls.map({name})")
    met = []
    for _ in range(2 * count):
        met.append(await lab.page.evaluate("() => window.controls.indexOf(document.activeElement)"))
        if met[-1] == count - 1:
            break
        await lab.page.keyboard.press("Tab")
    return standing, [standing[at] for at in met if at >= 0]


async def test_axe_finds_nothing_in_the_form(desk: Lab) -> None:
    found = await found_in(desk, ".mockmate-panel")
    assert not found, "\n".join(found)


async def test_axe_finds_nothing_in_an_interview_from_its_first_word_to_its_feedback(
    desk: Lab, model: Model
) -> None:
    hold = asyncio.Event()
    model.answer = speaks(hold)
    found = []
    await button(desk, "Start the interview").click()
    await expect(bubbles(desk).first).to_contain_text(BEGIN, timeout=WAIT_SECONDS * 1000)
    found += await found_in(desk, ".mockmate-panel")
    hold.set()
    await is_in_state(desk, "awaiting_answer")
    found += await found_in(desk, ".mockmate-panel")
    await desk.page.get_by_label("Your answer", exact=True).fill(ANSWER)
    await button(desk, "Send answer").click()
    await expect(bubbles(desk)).to_have_count(3, timeout=WAIT_SECONDS * 1000)
    await is_in_state(desk, "awaiting_answer")
    await button(desk, "End and see feedback").click()
    await is_in_state(desk, "complete")
    await expect(desk.page.locator(".mockmate-panel")).to_contain_text("not a hiring verdict")
    found += await found_in(desk, ".mockmate-panel")
    assert not found, "\n".join(found)


async def test_axe_finds_nothing_in_a_stream_view_in_any_state(desk: Lab) -> None:
    await desk.run_cell(1)
    views = desk.outputs(1).locator(".mm-stream-bubble")
    for at, state in enumerate(("waiting", "streaming", "complete", "stopped", "failed")):
        await expect(views.nth(at)).to_have_attribute("data-state", state)
    found = await found_in(desk, ".mm-stream-bubble")
    assert not found, "\n".join(found)


async def test_tab_comes_to_every_control_of_the_form_in_order(desk: Lab) -> None:
    standing, met = await in_order_of_tab(desk, ".mockmate-panel")
    assert len(standing) >= 10
    assert met == standing


async def test_an_interview_by_keyboard_alone(desk: Lab, model: Model) -> None:
    keyboard, hold = desk.page.keyboard, asyncio.Event()
    model.answer = speaks(hold)
    await press(desk, "Start the interview", "Enter")
    await expect(bubbles(desk).first).to_contain_text(BEGIN, timeout=WAIT_SECONDS * 1000)
    await press(desk, "Stop", "Space")
    await is_in_state(desk, "stopped")
    hold.set()
    await press(desk, "Continue", "Enter")
    await is_in_state(desk, "awaiting_answer")
    standing, met = await in_order_of_tab(desk, ".mockmate-panel")
    assert met == standing
    await desk.page.get_by_label("Your answer", exact=True).focus()
    await keyboard.type(ANSWER)
    await press(desk, "Send answer", "Enter")
    await expect(bubbles(desk).nth(1)).to_contain_text("900 ms to 210 ms", timeout=WAIT_SECONDS * 1000)
    await is_in_state(desk, "awaiting_answer")
    await press(desk, "End and see feedback", "Space")
    await is_in_state(desk, "complete")
    await press(desk, "New interview", "Enter")
    await expect(button(desk, "Start the interview")).to_be_visible()


async def press(lab: Lab, name: str, key: str) -> None:
    """Go by Tab from the panel's first control to the button of this name, then press the key."""
    goal = button(lab, name)
    await expect(goal).to_be_visible(timeout=WAIT_SECONDS * 1000)
    await lab.page.locator(".mockmate-panel").evaluate(f"root => ({CONTROLS})(root)[0].focus()")
    for _ in range(80):
        if await goal.evaluate("e => e === document.activeElement"):
            await lab.page.keyboard.press(key)
            return
        await lab.page.keyboard.press("Tab")
    pytest.fail(f"Tab does not come to the button {name!r}.")
