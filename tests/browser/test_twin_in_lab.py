"""What a saved notebook keeps of a widget, in a real JupyterLab, without a kernel and as a page of its own."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.jupyter import App, Lab, Theme

PLAIN = """
import anywidget
from mockmate_nb.view.keeper import Keeper
from mockmate_nb.view.twin import Bubble, bubble_twin, conversation_twin

class Plain(anywidget.AnyWidget):
    _esm = "export default { render({ el }) { el.append('LIVE'); } }"
    def __repr__(self):
        return "Plain()"

def bubble(text):
    return Bubble(text, "Interviewer", "14:05")

def keep(text):
    keeper.keep(bubble_twin(bubble(text)))

plain = Plain()
keeper = Keeper(of=plain)
"""
STREAM = """
from mockmate_nb.view.stream_view import StreamView
view = StreamView("Interviewer")
view.time = "14:05"
view
"""
TEXT = "It costs $100 to $200.\\n\\n- 你好 <b>you</b>\\n- `code`\\n"
TWIN = ".mm-kept"
DEAD = "model not found"
PAGES = {
    "lab-light": ["--template=lab"],
    "lab-dark": ["--template=lab", "--HTMLExporter.theme=dark"],
    "classic": ["--template=classic"],
}


async def stored(lab: Lab) -> list[list[dict[str, Any]]]:
    """Save; the outputs of each cell as the file has them."""
    await lab.save()
    cells = json.loads((lab.server.root / lab.name).read_text("utf-8"))["cells"]
    return [cell["outputs"] for cell in cells]


def kinds(outputs: list[dict[str, Any]]) -> list[str]:
    """What each output is: `widget`, `twin: …` with its text, or its type."""
    names = []
    for output in outputs:
        types = output.get("data", {})
        if "text/html" in types:
            assert output.keys() == {"output_type", "data", "metadata"}
            assert types.keys() == {"text/html", "text/plain"}
            names.append(f"twin: {''.join(types['text/plain'])}")
        else:
            names.append("widget" if any("widget-view" in kind for kind in types) else output["output_type"])
    return names


async def reopen(lab: Lab) -> None:
    """The saved notebook once more, with a new kernel that knows nothing."""
    await lab.shut_down_kernels()
    await lab.page.goto(
        f"{lab.server.url}/lab/workspaces/again/tree/{lab.name}?reset&token={lab.server.token}"
    )
    await lab.ready()
    await lab.page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )


async def gone(lines: Locator) -> None:
    """None of these lines is there to be seen."""
    for line in await lines.all():
        await expect(line).to_be_hidden()


async def kept(lab: Lab, count: int = 1) -> None:
    await expect(lab.page.locator(TWIN)).to_have_count(count)


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_what_was_streamed_can_be_read_next_day_without_a_kernel(
    lab: Lab, theme: Theme, tmp_path: Path
) -> None:
    await lab.open([STREAM], name=f"{theme}.ipynb")
    await lab.theme(theme)
    await lab.run_cell(0)
    await lab.kernel(f"view.append('''{TEXT}'''); view.finish()")
    await kept(lab)
    await expect(lab.page.locator(TWIN)).to_be_hidden()
    await expect(lab.page.locator(".mm-stream-bubble")).to_be_visible()
    [outputs] = await stored(lab)
    assert [name.partition(":")[0] for name in kinds(outputs)] == ["widget", "twin"]
    assert "".join(outputs[1]["data"]["text/plain"]).startswith("Interviewer (14:05): It costs $100 to $200.")
    await reopen(lab)
    twin = lab.page.locator(TWIN)
    await expect(twin).to_be_visible()
    await expect(twin).to_contain_text("It costs $100 to $200.")
    await expect(twin).to_contain_text("你好 <b>you</b>")
    await gone(lab.page.get_by_text(DEAD))
    await lab.screenshot(tmp_path / f"reopened-{theme}.png", ".jp-Notebook")


async def test_a_saved_notebook_is_a_readable_page(lab: Lab, tmp_path: Path) -> None:
    await lab.open([PLAIN, "plain", "print('Hello'); plain"])
    await lab.run_all()
    feedback = "<details><summary>Score</summary><p>Three of five</p></details>"
    await lab.kernel(
        f"keeper.keep(conversation_twin('', [bubble('A kept question?')], feedback_html='{feedback}'))"
    )
    await kept(lab, 2)
    await lab.save()
    page = await lab.page.context.new_page()
    await page.route(re.compile(r"^https?:"), lambda route: route.abort())
    for name, options in PAGES.items():
        await page.goto(
            (await converted(lab, tmp_path / name, options)).as_uri(), wait_until="domcontentloaded"
        )
        await expect(page.locator(TWIN)).to_have_count(2)
        for twin in await page.locator(TWIN).all():
            await expect(twin).to_be_visible()
            read = " ".join((await twin.inner_text()).split())
            assert read == "Interviewer, 14:05 A kept question? Score"
        await gone(page.get_by_text("Plain()", exact=True))
        await expect(page.get_by_text("Hello", exact=True)).to_be_visible()
        await page.screenshot(path=tmp_path / f"{name}.png")
        await page.emulate_media(media="print")
        await expect(page.get_by_text("Three of five").first).to_be_visible()
        await page.emulate_media(media="screen")
    await page.close()


async def converted(lab: Lab, folder: Path, options: list[str]) -> Path:
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(folder), *options]
    notebook = lab.server.root / lab.name
    await asyncio.to_thread(subprocess.run, [*command, str(notebook)], check=True, capture_output=True)
    return folder / notebook.with_suffix(".html").name


async def test_a_notebook_that_is_not_trusted_still_reads_in_order(lab: Lab, tmp_path: Path) -> None:
    await lab.open([PLAIN, "plain"])
    await lab.run_all()
    await lab.kernel("keep('It costs $100 to $200.')")
    await kept(lab)
    await lab.save()
    path = lab.server.root / lab.name
    path.write_text(path.read_text("utf-8").replace("14:05", "15:05"), "utf-8")
    await reopen(lab)
    await expect(lab.page.locator(TWIN)).to_be_visible()
    await expect(lab.page.locator(f"{TWIN} style")).to_have_count(0)
    read = await lab.page.locator(TWIN).inner_text()
    assert " ".join(read.split()) == "Interviewer, 15:05 It costs $100 to $200."
    await gone(lab.page.get_by_text(DEAD))
    await lab.screenshot(tmp_path / "untrusted.png", ".jp-Notebook")


@pytest.mark.parametrize("app", ["lab", "notebook"])
async def test_a_page_that_was_reloaded_in_mid_life_keeps_the_twin_too(lab: Lab, app: App) -> None:
    await lab.open([PLAIN, "plain"], app=app)
    await lab.run_all()
    await lab.kernel("keep('Half a ques')")
    await kept(lab)
    await lab.reload()
    await lab.wait_text("LIVE")
    await lab.kernel("keep('Half a question.')")
    await expect(lab.page.locator(TWIN)).to_contain_text("Half a question.")
    await expect(lab.page.locator(TWIN)).to_be_hidden()
    assert (await lab.page.evaluate("() => jupyterapp.shell.currentWidget.context.model.dirty")) is True
    assert kinds((await stored(lab))[1]) == ["widget", "twin: Interviewer (14:05): Half a question."]
    await lab.page.goto("about:blank")


async def test_a_text_that_ended_while_no_page_was_open_is_kept_by_the_next_page(lab: Lab) -> None:
    await lab.open([PLAIN, "plain", "import threading\nthreading.Timer(3, keep, ['Nobody looked.']).start()"])
    await lab.run_all()
    await lab.save()
    await lab.page.goto("about:blank")
    await asyncio.sleep(4)
    await lab.page.goto(f"{lab.server.url}/lab/workspaces/next/tree/{lab.name}?token={lab.server.token}")
    await lab.ready()
    await kept(lab)
    assert kinds((await stored(lab))[1]) == ["widget", "twin: Interviewer (14:05): Nobody looked."]


async def test_however_often_it_is_shown_and_run_each_cell_has_one_twin(lab: Lab) -> None:
    show = "display(plain, plain)\nprint('printed')\nsecond = Keeper(of=plain)"
    await lab.open([PLAIN, "plain", show, "display(plain)\n1 / 0"])
    for cell in (0, 1, 2):
        await lab.run_cell(cell)
    await lab.kernel("keep('One.')")
    await kept(lab, 2)
    one, late = (f"twin: Interviewer (14:05): {text}" for text in ("One.", "Late."))
    assert [kinds(outputs) for outputs in (await stored(lab))[1:3]] == [
        ["widget", one],
        ["widget", "widget", "stream", one],
    ]
    await lab.kernel("second.keep(bubble_twin(Bubble('Two.')))")
    await lab.run_cell(1)
    await kept(lab, 2)
    assert [len(outputs) for outputs in await stored(lab)] == [0, 2, 4, 0]
    await lab.kernel("old, plain = plain, Plain()")
    await lab.run_cell(1)
    await lab.kernel("second.keep(bubble_twin(bubble('Late.'))); keep('Late.')")
    await expect(lab.outputs(2).locator(TWIN)).to_contain_text("Late.")
    await lab.kernel("plain = old")
    await lab.run_cell(3, wait=False)
    await lab.wait_text("ZeroDivisionError")
    await kept(lab, 2)
    assert [kinds(outputs) for outputs in (await stored(lab))[1:]] == [
        ["widget"],
        ["widget", "widget", "stream", late],
        ["widget", late, "error"],
    ]


async def test_two_widgets_in_one_cell_each_have_their_twin_next_to_them(lab: Lab, tmp_path: Path) -> None:
    show = "other = Plain(); others = Keeper(of=other); display(plain, other)"
    await lab.open([PLAIN, show])
    await lab.run_all()
    await lab.kernel("others.keep(bubble_twin(Bubble('Second.'))); keep('First.')")
    await kept(lab, 2)
    wanted = ["widget", "twin: Interviewer (14:05): First.", "widget", "twin: Second."]
    assert kinds((await stored(lab))[1]) == wanted
    await gone(lab.page.locator(TWIN))
    await lab.kernel("plain.close()")
    await expect(lab.page.locator(TWIN).first).to_be_visible()
    await expect(lab.page.locator(TWIN).last).to_be_hidden()
    await reopen(lab)
    for twin in await lab.page.locator(TWIN).all():
        await expect(twin).to_be_visible()
    await gone(lab.page.get_by_text(DEAD))


async def test_two_tabs_store_one_twin_each_and_come_to_rest(lab: Lab) -> None:
    await lab.open([PLAIN, "plain"])
    await lab.run_all()
    async with lab.second_tab() as tab:
        await tab.wait_text("LIVE")
        await lab.kernel("keep('Seen by both.')")
        for page in (lab, tab):
            await kept(page)
        assert kinds((await stored(lab))[1]) == ["widget", "twin: Interviewer (14:05): Seen by both."]
        assert lab.errors == []
