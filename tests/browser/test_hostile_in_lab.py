"""Texts that try to take the page over, in every place where a model's or a person's words are shown."""

from __future__ import annotations

import asyncio
import json
import re
import tomllib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest_asyncio
from playwright.async_api import Browser, Dialog, expect

from tests.browser.interviewing import PANEL, bubbles, button, is_in_state, says
from tests.browser.jupyter import ROOT, WAIT_SECONDS, Lab, Server, open_lab
from tests.llm.misbehaving import Reply, Request
from tests.llm.misbehaving import Server as Model

CASES = tomllib.loads((ROOT / "tests" / "cases" / "hostile.toml").read_text("utf-8"))["payload"]
PAYLOADS: list[str] = [case["text"] for case in CASES]
GROUPS = ["\n\n".join(PAYLOADS[at : at + 6]) for at in range(0, len(PAYLOADS), 6)]
MOST = 20  # questions of one interview
LOADED = f"import json\npayloads = json.loads({json.dumps(PAYLOADS)!r})"
HOSTILE_PANEL = (
    PANEL.replace("mine.resume", "'\\n'.join(payloads)").replace("mine.job", "' '.join(payloads)").strip()
)
VIEWS = """
import ipywidgets
from mockmate_nb import StreamView

def said(text, markdown=True):
    view = StreamView(text, markdown=markdown)
    view.time = view.status = text
    for at in range(0, len(text), 7):
        view.append(text[at : at + 7])
    return view

views = [said(text) for text in payloads]
for view in views:
    view.finish()
under_way = [said(text) for text in payloads]
plain = said("\\n".join(payloads), markdown=False)
ipywidgets.VBox([*views, *under_way, plain])
"""
TWINS = """
kept = "".join(view.twin().html for view in (*views, *under_way, plain))
display({"text/html": kept}, raw=True)
"""
SPY = """() => {
    window.mmCommands = [];
    jupyterapp.commands.commandExecuted.connect((_, { id }) => window.mmCommands.push(id));
}"""
TEXTS = ", ".join(
    [f".mm-stream-{part}" for part in ("label", "time", "text", "note", "status")]
    + [".mockmate-feedback", ".mm-twin"]
)
FOREIGN = """selector => {
    const tags = new Set(`script iframe frame frameset object embed applet form input textarea select option img
        picture video audio source track link meta base svg template slot portal marquee bgsound noscript dialog
        annotation-xml maction mglyph malignmark`.split(/\\s+/));
    const drawing = new Set(["svg", "g", "path", "text", "tspan", "circle", "polygon", "polyline", "line", "rect"]);
    const attributes = new Set(`style name src srcset srcdoc action formaction ping background poster is slot
        contenteditable autofocus accesskey usemap download`.split(/\\s+/));
    const families = /^(on|data|xlink:|jp-)/;
    const own = /^(mm-|mockmate-|mathjax_ignore$|tex2jax_ignore$|numbering-entry$)/; // the last is JupyterLab's
    const faults = element => {
        const tag = element.localName;
        const found = [];
        const drawn = element.closest("figure.mockmate-radar") && drawing.has(tag);
        if (!drawn && (tags.has(tag) || tag.includes("-"))) found.push("tag");
        if (tag === "style" && !element.parentElement.matches(".mm-twin")) found.push("style sheet");
        if (getComputedStyle(element).position === "fixed") found.push("fixed");
        for (const { name, value } of element.attributes) {
            const laidOut = name === "style"
                && element.matches(".mm-stream-section, .mockmate-bar > i, .mockmate-radar > svg");
            if ((attributes.has(name) || families.test(name)) && !laidOut) found.push(name);
            if (name === "id" && !/^mm-/.test(value)) found.push(`id ${value}`);
            if (name === "class") found.push(...value.split(/\\s+/).filter(each => each && !own.test(each)));
            if (name !== "href") continue;
            if (tag !== "a" || !/^(https?|mailto):/i.test(value)) found.push(`href ${value}`);
            if (element.target !== "_blank" || !element.rel.includes("noopener")) found.push(`leads here ${value}`);
        }
        return found.map(fault => `${fault}: ${element.outerHTML.slice(0, 200)}`);
    };
    return [...document.querySelectorAll(selector)].flatMap(root => [...root.querySelectorAll("*")])
        .filter(element => !element.closest(".mm-stream-copy")).flatMap(faults);
}"""
CLICKS = """selector => {
    const leave = event => {
        if (/^(https?|mailto):/i.test(event.target.closest("a")?.getAttribute("href"))) event.preventDefault();
    };
    window.addEventListener("click", leave);
    window.mmCommands.length = 0;
    const made = [...document.querySelectorAll(selector)].flatMap(root =>
        [...root.querySelectorAll("a, button, summary, [role=button], [role=link], [tabindex]")])
        .filter(element => !element.closest(".mm-stream-copy"));
    for (const element of made) element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    window.removeEventListener("click", leave);
    return made.length;
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(server: Server, browser: Browser, model: Model) -> AsyncIterator[Lab]:
    """A page that has met nothing hostile yet; no test may leave a trace on it."""
    async with open_lab(server, browser) as lab:
        dialogs: list[str] = []

        async def close(dialog: Dialog) -> None:
            if dialog.type != "beforeunload":  # which is JupyterLab's own, for what is not saved
                dialogs.append(dialog.message)
            await dialog.accept()

        lab.page.on("dialog", close)
        await lab.page.context.route(lambda url: not url.startswith(server.url), lambda route: route.abort())
        panel = HOSTILE_PANEL.format(url=model.url)
        await lab.open([LOADED, panel, VIEWS.strip(), TWINS.strip(), "panel.twin()"])
        await lab.page.evaluate(SPY)
        await lab.run_cell(0)
        title, address = await lab.page.title(), lab.page.url
        yield lab
        assert await lab.page.evaluate("() => window.mmOwned") is None
        assert (dialogs, await lab.page.title(), lab.page.url) == ([], title, address)
        assert lab.page.context.pages == [lab.page]
        assert lab.errors == []


async def is_harmless(lab: Lab, selector: str = TEXTS) -> None:
    """Nothing foreign is in what the selector matches, it has asked for nothing, and a click on it does nothing."""
    assert await lab.page.evaluate(FOREIGN, selector) == []
    clicked = await lab.page.evaluate(CLICKS, selector)
    assert clicked > 0, "some of the payloads are links"
    await asyncio.sleep(0.2)
    assert await lab.page.evaluate("() => window.mmCommands") == []
    assert await lab.page.evaluate("() => window.mmOwned") is None
    places = {urlsplit(url) for url in lab.requests if not url.startswith(("data:", "blob:"))}
    assert {place.netloc for place in places} == {urlsplit(lab.server.url).netloc}
    assert [place for place in places if re.search(r"/files/|/x(\.\w+)?$|/pixel", place.path)] == []


async def test_each_payload_in_a_stream_view_of_its_own_and_in_its_twin(page: Lab) -> None:
    await page.run_cell(2)
    views = page.outputs(2).locator(".mm-stream-bubble")
    await expect(views).to_have_count(2 * len(PAYLOADS) + 1)
    complete = page.outputs(2).locator('.mm-stream-bubble[data-state="complete"]')
    await expect(complete).to_have_count(len(PAYLOADS), timeout=WAIT_SECONDS * 1000)
    await expect(views.last.locator(".mm-stream-text")).to_contain_text("<script>window.mmOwned")
    await expect(views.first.locator(".mm-stream-text")).to_contain_text("<script>window.mmOwned")
    await is_harmless(page)
    await page.run_cell(3)
    twins = page.outputs(3).locator(".mm-twin")
    await expect(twins).to_have_count(2 * len(PAYLOADS) + 1)
    await expect(twins.first).to_contain_text("<script>window.mmOwned")
    await is_harmless(page, ".mm-twin")


async def test_an_interview_of_nothing_else_and_its_twin(page: Lab, model: Model) -> None:
    replies = iter(GROUPS * MOST)

    def answer(request: Request) -> Reply:
        text = next(replies)
        return says([text[:9], text[9:50], text[50:]])(request)

    model.answer = answer
    await page.run_cell(1)
    await page.page.get_by_label("Questions", exact=True).fill(str(MOST))
    await page.page.keyboard.press("Tab")
    await button(page, "Start the interview").click()
    for number, text in enumerate(GROUPS):
        await expect(bubbles(page)).to_have_count(2 * number + 1, timeout=WAIT_SECONDS * 1000)
        await is_in_state(page, "awaiting_answer")
        await page.page.get_by_label("Your answer", exact=True).fill(text)
        await button(page, "Send answer").click()
    await expect(bubbles(page)).to_have_count(2 * len(GROUPS) + 1, timeout=WAIT_SECONDS * 1000)
    await is_in_state(page, "awaiting_answer")
    await expect(bubbles(page).nth(1)).to_contain_text("<script>window.mmOwned")
    await button(page, "End and see feedback").click()
    await is_in_state(page, "complete")
    await expect(page.page.locator(".mockmate-panel")).to_contain_text("not a hiring verdict")
    await is_harmless(page)
    await page.run_cell(4)
    await expect(page.outputs(4).locator(".mm-twin")).to_contain_text("<script>window.mmOwned")
    await is_harmless(page, ".mm-twin")
