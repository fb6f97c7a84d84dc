"""A real Jupyter server, with JupyterLab, Notebook 7 and two kernels, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

ROOT = Path(__file__).resolve().parents[2]
OLDER = Path(sys.prefix) / "ipykernel6"
SERVER_ARGS = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.open_browser=False",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
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
END_SECONDS = 15.0

Kernel = Literal["python3", "ipykernel6"]


def kernels() -> dict[Kernel, Path | None]:
    """The kernels of this interpreter that there are; with each, the folder that its ipykernel comes from.

    None is the installed ipykernel. `ipykernel6` is there if `make browser` has put it below `sys.prefix`.
    """
    return {"python3": None, "ipykernel6": OLDER} if OLDER.is_dir() else {"python3": None}


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, its token, and the directory it serves."""

    url: str
    token: str = field(repr=False)
    root: Path


@asynccontextmanager
async def jupyter_server() -> AsyncIterator[Server]:
    """JupyterLab on a free loopback port, in temporary directories, with this interpreter's `kernels()`.

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
    for directory in ("root", "config/labconfig", "runtime", "ipython"):
        (home / directory).mkdir(parents=True)
    for name, older in kernels().items():
        folder = home / "data" / "kernels" / name
        folder.mkdir(parents=True)
        (folder / "kernel.json").write_text(json.dumps(_kernelspec(name, older)))
    (home / "config/labconfig/default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    return kept | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONPATH": _python_path(),
    }


def _kernelspec(name: Kernel, older: Path | None) -> dict[str, Any]:
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "env": {"PYTHONPATH": _python_path(older)} if older else {},
    }


def _python_path(first: Path | None = None) -> str:
    paths = (first, ROOT, os.environ.get("PYTHONPATH"))
    return os.pathsep.join(str(path) for path in paths if path)


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
    await gone(family)


async def gone(family: Sequence[psutil.Process]) -> None:
    """Wait until these processes have ended; AssertionError if one has to be killed."""
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, timeout=END_SECONDS)
    for process in alive:
        process.kill()
    assert not alive, f"Processes were left behind and killed: {alive}"
