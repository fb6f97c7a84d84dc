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
import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, WebSocket, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
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
SERVER_ARGS = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.open_browser=False",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
    "--LabApp.expose_app_in_browser=True",
)
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
START_SECONDS = 60.0
WAIT_SECONDS = 30.0
END_SECONDS = 15.0

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, its token, and the directory it serves."""

    url: str
    token: str = field(repr=False)
    root: Path


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


@asynccontextmanager
async def jupyter_server() -> AsyncIterator[Server]:
    """JupyterLab on a free loopback port, in temporary directories, with this interpreter as its kernel.

    Raises RuntimeError with the server's log if it is not up within START_SECONDS.
    """
    with tempfile.TemporaryDirectory(prefix="mockmate-lab-", ignore_cleanup_errors=True) as temporary:
        home = Path(temporary)
        environment = _prepare(home)
        token = secrets.token_hex(16)
        with (home / "server.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "jupyterlab", *SERVER_ARGS),
                f"--ServerApp.root_dir={home / 'root'}",
                env=environment | {"JUPYTER_TOKEN": token},
                cwd=home / "root",
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            info = await _server_info(home, process)
            yield Server(url=f"http://127.0.0.1:{info['port']}", token=token, root=home / "root")
        finally:
            await _end(process)


def _prepare(home: Path) -> dict[str, str]:
    kernel = home / "data" / "kernels" / "python3"
    for directory in ("root", "config/labconfig", "runtime", "ipython"):
        (home / directory).mkdir(parents=True)
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"})
    )
    (home / "config/labconfig/default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    return kept | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


async def _server_info(home: Path, process: asyncio.subprocess.Process) -> dict[str, Any]:
    path = home / "runtime" / f"jpserver-{process.pid}.json"
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        if path.exists() and (text := path.read_text()):
            return dict(json.loads(text))
        await asyncio.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{(home / 'server.log').read_text()[-4000:]}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a server and its kernels; whatever is left after END_SECONDS is killed and reported."""
    if process.returncode is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    await _gone(family)


async def _gone(family: Sequence[psutil.Process]) -> None:
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, timeout=END_SECONDS)
    for process in alive:
        process.kill()
    assert not alive, f"Processes were left behind and killed: {alive}"


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
    await _gone(sorted(family, key=lambda process: process.pid))


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


def _notebook(sources: Sequence[str]) -> dict[str, Any]:
    empty: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": [empty | {"id": f"cell-{i}", "source": source} for i, source in enumerate(sources)],
    }


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

    def listen(self) -> None:
        """Collect errors and WebSocket frames from now on."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("websocket", self._websocket)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")

    def _websocket(self, socket: WebSocket) -> None:
        def keep(frames: list[bytes], payload: str | bytes) -> None:
            frames.append(payload.encode() if isinstance(payload, str) else payload)

        socket.on("framereceived", lambda payload: keep(self.received, payload))
        socket.on("framesent", lambda payload: keep(self.sent, payload))

    async def open(self, notebook: Path | Sequence[str], *, name: str = "test.ipynb") -> None:
        """Open a notebook file (a copy of it), or a new notebook of these code cells; wait for its kernel."""
        target = self.server.root / (notebook.name if isinstance(notebook, Path) else name)
        if isinstance(notebook, Path):
            shutil.copy(notebook, target)
        else:
            target.write_text(json.dumps(_notebook(notebook)))
        address = f"{self.server.url}/lab/workspaces/{secrets.token_hex(4)}/tree/{target.name}"
        await self.page.goto(f"{address}?token={self.server.token}")
        await self.ready()

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
        await self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.ready")

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
