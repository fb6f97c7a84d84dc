"""The same in Notebook 7, whose pages are not JupyterLab's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.interviewing import BEGIN, PANEL, WHOLE, bubbles, button, is_in_state, kept, speaks
from tests.browser.jupyter import WAIT_SECONDS, Lab, Server, open_lab
from tests.llm.misbehaving import Server as Model

VIEW = "view = StreamView('Interviewer')\nview"
REFUSED = "status of 403"  # its server gives no icon font out of a folder that begins with a dot
OWN_FAULTS = {
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered.",
}
"""What an empty notebook of Notebook 7.6 puts on its console."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(server: Server, browser: Browser, model: Model) -> AsyncIterator[Lab]:
    async with open_lab(server, browser) as lab:
        await lab.open([PANEL.format(url=model.url).strip(), VIEW], app="notebook")
        assert "/notebooks/" in lab.page.url
        await lab.run_all()
        yield lab
        faults = {fault for fault in lab.errors if not (REFUSED in fault and ".woff2" in fault)}
        assert faults <= OWN_FAULTS


async def test_a_stream_view_grows_and_finishes(page: Lab) -> None:
    view = page.outputs(1).locator(".mm-stream-bubble")
    text = view.locator(".mm-stream-text")
    await expect(view).to_have_attribute("data-state", "waiting")
    await page.kernel("view.append('Tell me ')")
    await expect(text).to_have_text("Tell me", timeout=WAIT_SECONDS * 1000)
    await page.kernel("view.append('about it.'); view.finish()")
    await expect(text).to_have_text("Tell me about it.", timeout=WAIT_SECONDS * 1000)
    await expect(view).to_have_attribute("data-state", "complete")


async def test_the_panel_starts_and_asks(page: Lab, model: Model) -> None:
    hold = asyncio.Event()
    model.answer = speaks(hold)
    await button(page, "Start the interview").click()
    await expect(bubbles(page).first).to_contain_text(BEGIN, timeout=WAIT_SECONDS * 1000)
    hold.set()
    await is_in_state(page, "awaiting_answer")
    await expect(bubbles(page)).to_have_text([WHOLE])
    assert await kept(page) == WHOLE
