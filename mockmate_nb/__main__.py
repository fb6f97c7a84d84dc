"""`python -m mockmate_nb lab | model`: open the notebooks, fetch a local model."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mockmate_nb.errors import CallerError, MockMateError

FIRST = "00_start_here.ipynb"
PACKAGE = Path(__file__).resolve().parent


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m mockmate_nb", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lab", help="open JupyterLab on the first notebook")
    model = commands.add_parser("model", help="fetch the weights of a local model")
    model.add_argument("name", nargs="?", default="smollm2", choices=("smollm2", "qwen"))
    asked = parser.parse_args(argv)
    try:
        return lab() if asked.command == "lab" else _model(asked.name)
    except MockMateError as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def lab() -> int:
    """JupyterLab on the first notebook; where there is no screen it prints the URL instead."""
    first = str(notebooks() / FIRST)
    command = [sys.executable, "-m", "jupyterlab", first, f"--LabApp.default_url=/lab/tree/{FIRST}"]
    if not has_screen():
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there often is no other user
    return subprocess.call(command)  # noqa: S603 - our own interpreter with our own arguments


def notebooks() -> Path:
    """The notebooks of this checkout, or a copy of the shipped ones in `./mockmate_notebooks`."""
    checkout = PACKAGE.parent / "notebooks"
    if (checkout / FIRST).exists():
        return checkout
    shipped, mine = PACKAGE / "notebooks", Path.cwd() / "mockmate_notebooks"
    if not (shipped / FIRST).exists():
        raise CallerError(
            "The notebooks are not here.", advice="Install the package again, or clone the project."
        )
    if not mine.exists():
        shutil.copytree(shipped, mine)
    return mine


def has_screen() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _model(name: str) -> int:
    from mockmate_nb.llm import weights

    return weights.main([name])


if __name__ == "__main__":
    sys.exit(main())
