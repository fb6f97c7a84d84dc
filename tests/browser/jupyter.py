"""A real JupyterLab in a real Chromium, for tests and benchmarks.

    async with jupyter_server() as server, chromium() as browser, open_lab(server, browser) as lab:
        await lab.open(["from mockmate_nb import StreamView", "view = StreamView('Interviewer'); view"])
        await lab.run_all()
        await lab.wait_text("Interviewer")
        assert lab.errors == []

Each is an async context manager that leaves no process behind, or fails. In tests the `lab` fixture of
conftest.py gives the last of the three. `lab.page` is Playwright's page (async API).
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, WebSocket, async_playwright, expect

from tests.browser.serving import ROOT, START_SECONDS, Kernel, Server, gone, jupyter_server

__all__ = [
    "ROOT",
    "WAIT_SECONDS",
    "App",
    "Kernel",
    "Lab",
    "Server",
    "Theme",
    "chromium",
    "find_chromium",
    "jupyter_server",
    "open_lab",
]

CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)
WAIT_SECONDS = 30.0

Theme = Literal["light", "dark"]
App = Literal["lab", "notebook"]


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium. Raises RuntimeError if none is installed."""
    path = find_chromium()
    if path is None:
        raise RuntimeError("No Chromium was found on the PATH.")
    before = set(psutil.Process().children(recursive=True))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        family = set(psutil.Process().children(recursive=True)) - before
        try:
            yield browser
        finally:
            await browser.close()
    await gone(sorted(family, key=lambda process: process.pid))


@asynccontextmanager
async def open_lab(server: Server, browser: Browser, *, theme: Theme = "light") -> AsyncIterator[Lab]:
    """A fresh page on the server; the kernels it started are shut down at the end."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=theme, reduced_motion="no-preference"
    )
    try:
        lab = Lab(server=server, page=await context.new_page())
        lab.listen()
        try:
            yield lab
        finally:
            await lab.shut_down_kernels()
    finally:
        await context.close()


def _notebook(content: Path | Sequence[str], kernel: Kernel) -> str:
    """A notebook file's text, or one of these cells, as JSON that names the kernel."""
    if isinstance(content, Path):
        notebook = json.loads(content.read_text("utf-8"))
    else:
        empty: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        cells = [empty | {"id": f"cell-{i}", "source": source} for i, source in enumerate(content)]
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    notebook["metadata"]["kernelspec"] = {"name": kernel, "display_name": kernel}
    return json.dumps(notebook)


@dataclass
class Lab:
    """One JupyterLab page with one notebook open in it."""

    server: Server
    page: Page
    errors: list[str] = field(default_factory=list)
    """Console errors, uncaught exceptions and failed cells, in the order they were seen."""
    received: list[bytes] = field(default_factory=list, repr=False)
    """Every WebSocket frame the page received from the server."""
    sent: list[bytes] = field(default_factory=list, repr=False)
    """Every WebSocket frame the page sent."""
    requests: list[str] = field(default_factory=list, repr=False)
    """The address of every request of the page, in the order they were made."""
    name: str = ""
    """The file name of the notebook that is open."""

    def listen(self) -> None:
        """Collect errors, requests and WebSocket frames from now on."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("websocket", self._websocket)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _websocket(self, socket: WebSocket) -> None:
        def keep(frames: list[bytes], payload: str | bytes) -> None:
            frames.append(payload.encode() if isinstance(payload, str) else payload)

        socket.on("framereceived", lambda payload: keep(self.received, payload))
        socket.on("framesent", lambda payload: keep(self.sent, payload))

    async def open(
        self,
        notebook: Path | Sequence[str],
        *,
        name: str = "test.ipynb",
        kernel: Kernel = "python3",
        app: App = "lab",
    ) -> None:
        """Open a notebook file (a copy of it), or a new notebook of these code cells; wait for its kernel."""
        self.name = notebook.name if isinstance(notebook, Path) else name
        (self.server.root / self.name).write_text(_notebook(notebook, kernel), "utf-8")
        await self._visit(app)

    async def _visit(self, app: App) -> None:
        places = {"lab": f"lab/workspaces/{secrets.token_hex(4)}/tree", "notebook": "notebooks"}
        await self.page.goto(f"{self.server.url}/{places[app]}/{self.name}?token={self.server.token}")
        await self.ready()

    @asynccontextmanager
    async def second_tab(self) -> AsyncIterator[Lab]:
        """The same notebook, saved now, on the same kernel, in a second tab of this browser."""
        await self.save()
        page = await self.page.context.new_page()
        try:
            tab = Lab(server=self.server, page=page, name=self.name)
            tab.listen()
            await tab._visit("lab")
            yield tab
        finally:
            await page.close()

    async def ready(self) -> None:
        """Wait until the notebook is on screen and its kernel is connected."""
        await self.page.wait_for_function(
            """() => {
                const panel = window.jupyterapp?.shell?.currentWidget;
                const kernel = panel?.sessionContext?.session?.kernel;
                return panel?.content?.widgets?.length && kernel?.connectionStatus === "connected";
            }""",
            timeout=START_SECONDS * 1000,
        )
        async with asyncio.timeout(START_SECONDS):
            await self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.ready")

    async def interrupt(self) -> None:
        """Press the interrupt button in the notebook's toolbar."""
        await self.page.locator('[data-command="notebook:interrupt-kernel"]').first.click()

    async def restart(self) -> None:
        """Restart the kernel; the notebook's outputs stay as they are."""
        async with asyncio.timeout(START_SECONDS):
            await self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        await self.ready()

    async def save(self) -> None:
        """Save the notebook; what is not saved is not there after `reload`."""
        await self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")

    async def reload(self) -> None:
        """Save, reload the page and wait until the notebook is back on the same kernel."""
        await self.save()
        await self.page.reload()
        await self.ready()

    async def run_all(self, *, wait: bool = True) -> None:
        """Run all cells; with `wait`, until the last has ended. AssertionError if a cell failed."""
        await self._command("notebook:run-all-cells", wait=wait)

    async def run_cell(self, index: int, *, wait: bool = True) -> None:
        """Run one cell, counted from 0; with `wait`, until it has ended. AssertionError if it failed."""
        await self.page.evaluate("i => { jupyterapp.shell.currentWidget.content.activeCellIndex = i }", index)
        await self._command("notebook:run-cell", wait=wait)

    async def _command(self, command: str, *, wait: bool) -> None:
        script = "command => { const done = jupyterapp.commands.execute(command); %s }"
        await self.page.evaluate(script % ("return done.then(() => null)" if wait else ""), command)
        if wait:
            failures = await self._failures()
            assert not failures, "\n".join(failures)

    async def _failures(self) -> list[str]:
        cells: list[dict[str, Any]] = await self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.model.toJSON().cells"
        )
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        return ["\n".join(output["traceback"]) for output in outputs if output["output_type"] == "error"]

    async def kernel(self, code: str) -> str:
        """Run code in the notebook's kernel, outside its cells; gives what it printed.

        It waits for its turn behind a running cell. AssertionError with the traceback if the code fails.
        """
        reply: dict[str, str] = await self.page.evaluate(
            """async code => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code, store_history: false });
                const reply = { text: "", error: "" };
                future.onIOPub = ({ content, header }) => {
                    if (header.msg_type === "stream") reply.text += content.text;
                    if (header.msg_type === "error") reply.error = content.traceback.join("\\n");
                };
                await future.done;
                return reply;
            }""",
            code,
        )
        assert not reply["error"], reply["error"]
        return reply["text"]

    def outputs(self, index: int) -> Locator:
        """The output area of one cell, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-OutputArea")

    async def wait_text(self, text: str, selector: str = ".jp-Notebook .jp-OutputArea") -> None:
        """Wait until one of the elements that match the selector contains the text."""
        matches = self.page.locator(selector).filter(has_text=text)
        await expect(matches.first).to_be_visible(timeout=WAIT_SECONDS * 1000)

    async def theme(self, theme: Theme) -> None:
        """Switch JupyterLab to its light or dark theme."""
        name = f"JupyterLab {theme.capitalize()}"
        await self.page.evaluate(
            "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        await expect(self.page.locator(f'body[data-jp-theme-name="{name}"]')).to_be_attached()
        await expect(self.page.locator("#jupyterlab-splash")).to_have_count(0, timeout=WAIT_SECONDS * 1000)

    async def screenshot(self, path: Path, selector: str | None = None) -> None:
        """Save a picture of the page, or of the first element that matches the selector."""
        if selector is None:
            await self.page.screenshot(path=path)
        else:
            await self.page.locator(selector).first.screenshot(path=path)

    async def shut_down_kernels(self) -> None:
        """End every kernel that runs on the server; what the page asks for meanwhile is not an error."""
        await self.page.goto("about:blank")
        headers = {"Authorization": f"token {self.server.token}"}
        request = self.page.request
        for kernel in await (await request.get(f"{self.server.url}/api/kernels", headers=headers)).json():
            await request.delete(f"{self.server.url}/api/kernels/{kernel['id']}", headers=headers)
