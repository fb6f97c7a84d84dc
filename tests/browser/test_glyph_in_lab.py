"""A real click in a real JupyterLab, timed on both sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.browser.jupyter import WAIT_SECONDS, Kernel, Lab, Theme

SETUP = """
import json, time
from dataclasses import asdict
from mockmate_nb import LLM
from mockmate_nb.view.glyph_panel import GlyphPanel

def told():
    falls = panel.waterfall
    clicks = [asdict(click) for click in falls.clicks]
    print(json.dumps({"clicks": clicks, "lost": falls.lost, "moved": falls.moved, "simulated": falls.simulated}))

panel = GlyphPanel(LLM("practice", pace=100))
panel
"""
WATCH = """() => {
    const log = document.querySelector(".mockmate-glyph .mm-stream-text");
    window.waits = [];
    let pressed = 0;
    document.addEventListener("pointerup", (event) => { pressed = event.timeStamp; }, { capture: true });
    new MutationObserver(() => {
        if (!log.textContent || !pressed) return;
        const from = pressed;
        pressed = 0;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => window.waits.push((performance.now() - from) / 1000);
            port2.postMessage(null);
        });
    }).observe(log, { childList: true, characterData: true, subtree: true });
}"""
BLOCK = """seconds => {
    const log = document.querySelector(".mockmate-glyph .mm-stream-text");
    let empty = true;
    new MutationObserver(() => {
        const begins = empty && log.textContent.length > 0;
        empty = log.textContent.length === 0;
        if (begins) for (const end = performance.now() + 1000 * seconds; performance.now() < end;);
    }).observe(log, { childList: true, characterData: true, subtree: true });
}"""
FRAME = 0.1
"""Seconds that a page may take for a frame on a machine that has other things to do."""


async def begin(lab: Lab, *, kernel: Kernel = "python3", setup: str = SETUP) -> None:
    await lab.open([setup], kernel=kernel)
    await lab.run_all()
    await expect(lab.page.locator(".mm-glyph-ask")).to_be_visible()


async def ask(lab: Lab, name: str = "ask") -> None:
    await lab.page.locator(f".mm-glyph-{name}").click()


async def measured(lab: Lab, n: int) -> dict[str, Any]:
    """What the kernel knows once `n` clicks are told in the panel's table."""
    caption = ("the first click", "one click", f"{n - 1} clicks")[min(n, 3) - 1]
    await expect(lab.page.locator(".mockmate-glyph caption")).to_contain_text(caption, timeout=60_000)
    await expect(lab.page.locator(".mm-glyph-ask")).to_have_attribute("aria-disabled", "false")
    found: dict[str, Any] = json.loads(await lab.kernel("told()"))
    return found


def largest_growth(clicks: list[dict[str, Any]]) -> str:
    hops: list[dict[str, float]] = [click["hops"] for click in clicks]
    before, after = hops
    return max(before, key=lambda hop: after[hop] - before[hop])


async def test_a_click_is_told_hop_by_hop(lab: Lab, kernel: Kernel, shots: Path) -> None:
    await begin(lab, kernel=kernel)
    await lab.page.evaluate(WATCH)
    await ask(lab)
    (click,) = (await measured(lab, 1))["clicks"]
    assert sum(click["hops"].values()) == pytest.approx(click["whole"], abs=click["uncertain"] + 1e-6)
    assert min(click["hops"].values()) >= 0
    assert click["hops"]["provider"] >= 0.01
    assert click["later"]
    (seen,) = await lab.page.evaluate("() => window.waits")
    assert click["whole"] == pytest.approx(seen, abs=FRAME), "what another observer on the page saw"
    truth = float(await lab.kernel("print(time.time() - time.perf_counter())"))
    assert abs(click["ahead"] - truth) <= click["uncertain"] + 0.005, "both clocks are this machine's"
    await lab.screenshot(shots / "glyph.png", ".mockmate-glyph")
    assert lab.errors == []


async def test_ten_more_by_themselves_are_named_as_what_they_are(lab: Lab) -> None:
    await begin(lab)
    await ask(lab)
    await measured(lab, 1)
    await ask(lab, "more")
    found = await measured(lab, 11)
    assert (found["simulated"], found["lost"], found["moved"]) == (10, 0, 0)
    await lab.wait_text("10 of these clicks were simulated", ".mockmate-glyph")
    assert lab.errors == []


async def test_a_slow_provider_shows_in_its_hop(lab: Lab) -> None:
    await begin(lab)
    await ask(lab)
    await measured(lab, 1)
    await lab.kernel("panel._llm = LLM('practice', pace=4)")
    await ask(lab)
    clicks = (await measured(lab, 2))["clicks"]
    assert largest_growth(clicks) == "provider"
    assert clicks[1]["hops"]["provider"] >= 1 / 4


async def test_a_page_that_is_busy_shows_in_its_hop(lab: Lab) -> None:
    await begin(lab)
    await ask(lab)
    await measured(lab, 1)
    await lab.page.evaluate(BLOCK, 0.3)
    await ask(lab)
    clicks = (await measured(lab, 2))["clicks"]
    assert largest_growth(clicks) == "paint"
    assert clicks[1]["hops"]["paint"] >= 0.3


async def test_a_kernel_that_is_busy_shows_in_the_way_up(lab: Lab, kernel: Kernel) -> None:
    await begin(lab, kernel=kernel)
    await ask(lab)
    await measured(lab, 1)
    await lab.page.evaluate(
        """() => {
            const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
            kernel.requestExecute({ code: "time.sleep(1)", store_history: false });
        }"""
    )
    await ask(lab)
    clicks = (await measured(lab, 2))["clicks"]
    assert largest_growth(clicks) == "up"


async def test_a_hidden_panel_says_that_it_must_be_displayed(lab: Lab) -> None:
    await lab.open([SETUP.rstrip().removesuffix("panel"), "panel.ask(3)", "panel.said"])
    await lab.run_all()
    await lab.wait_text("Display the panel in a notebook")
    assert lab.errors == []


async def test_everybody_can_press_and_read(lab: Lab) -> None:
    setup = SETUP.replace("pace=100)", 'pace=100), language="zh"')
    await begin(lab, setup=setup)
    await lab.page.locator(".mm-glyph-ask").focus()
    await lab.page.keyboard.press("Enter")
    await expect(lab.page.locator(".mockmate-glyph caption")).to_contain_text("第一次点击", timeout=60_000)
    assert await lab.page.evaluate("() => document.activeElement.className") == "mm-glyph-ask"
    themes: tuple[Theme, ...] = ("light", "dark")
    for theme in themes:
        await lab.theme(theme)
        results = await Axe().run(lab.page, context=".mockmate-glyph")
        found = [
            fault for fault in results.response["violations"] if fault["impact"] in ("serious", "critical")
        ]
        assert found == [], theme
    await lab.page.set_viewport_size({"width": 720, "height": 900})
    await expect(lab.page.locator(".mockmate-narrow")).to_be_visible(timeout=WAIT_SECONDS * 1000)
    wide = await lab.page.locator(".mockmate-glyph").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wide <= 0
