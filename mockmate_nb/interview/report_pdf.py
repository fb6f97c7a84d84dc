"""A page printed to PDF by an installed Chromium or Chrome: without network, and without a trace left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from mockmate_nb.errors import CallerError, Kind, MockMateError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PATIENCE = 60.0  # seconds
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-breakpad",
    "--disable-dev-shm-usage",  # containers have little of it
    "--metrics-recording-only",
    "--password-store=basic",
    "--use-mock-keychain",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)
BY_HAND = "Open the HTML report in a browser and print it from there."


def find_browser() -> str | None:
    """The program that would print, None where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return found or next((place for place in PLACES if Path(place).is_file()), None)


def print_pdf(html: str, path: str | Path) -> Path:
    """Write `html` as a PDF to `path`, in place of what stood there, and give the path.

    Takes seconds: call it in a thread. `CallerError` where no browser is found or the path cannot be written,
    `MockMateError` where the browser fails or needs more than a minute; the browser is then ended with its
    children, and nothing of it stays.
    """
    browser = find_browser()
    if browser is None:
        raise CallerError(
            "A PDF is printed by Chromium or Chrome, and none was found on this machine.",
            advice=f"Install one of them. {BY_HAND}",
        )
    target = Path(path).expanduser()
    with tempfile.TemporaryDirectory(prefix="mockmate-pdf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "report.html").write_text(html, "utf-8")
        printed = folder / "report.pdf"
        said = _run([browser, *_flags(folder, printed), (folder / "report.html").as_uri()], folder)
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF-"):
            raise MockMateError(
                f"{Path(browser).name} printed no PDF. {said}".strip(),
                kind=Kind.SERVER,
                advice=BY_HAND,
                retryable=False,
            )
        try:
            shutil.copyfile(printed, target)
        except OSError as fault:
            raise CallerError(
                f"The PDF cannot be written to {target}: {fault.strerror or fault}.",
                field="path",
                advice="Name a file in a folder that is there and where you may write.",
            ) from fault
    return target


def _flags(folder: Path, printed: Path) -> list[str]:
    flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={printed}"]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        flags.append("--no-sandbox")  # with root's rights Chromium does not start otherwise
    return flags


def _run(command: list[str], folder: Path) -> str:
    """The last words of the program; `MockMateError` where it does not end in time. Its children end with it."""
    environment = os.environ | {"XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    with (folder / "said").open("wb") as said:
        try:
            child = subprocess.Popen(  # noqa: S603 - a browser from the PATH, with our own flags
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment,
                start_new_session=True,
            )
        except OSError as fault:
            raise CallerError(f"{command[0]} cannot be started: {fault.strerror}.", advice=BY_HAND) from fault
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired as fault:
        raise MockMateError(
            f"The PDF was not printed within {PATIENCE:g} seconds.", kind=Kind.TIMEOUT, advice=BY_HAND
        ) from fault
    finally:
        _end(child)
    lines = (folder / "said").read_text("utf-8", "replace").splitlines()
    return lines[-1][:200] if lines else ""


def _end(child: subprocess.Popen[bytes]) -> None:
    """The program and all it has started; they share a session of their own."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()
