"""What `import mockmate_nb` offers, and what it does not do."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mockmate_nb

PUBLIC = [
    "LLM",
    "Interview",
    "InterviewPanel",
    "InterviewSetup",
    "LatencyReport",
    "MockMateError",
    "StreamView",
    "__version__",
    "run",
]
QUIET = """
import sys
def hook(event, args):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {args}")
sys.addaudithook(hook)
import mockmate_nb
heavy = {"openai", "anywidget", "ipywidgets", "httpx2", "pydantic", "IPython"} & set(sys.modules)
sys.exit(f"loaded {sorted(heavy)}" if heavy else 0)
"""


def test_names() -> None:
    assert sorted(mockmate_nb.__all__) == sorted(PUBLIC)
    assert dir(mockmate_nb) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_each_name_is_there(name: str) -> None:
    assert getattr(mockmate_nb, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mockmate_nb.nothing


def test_import_opens_no_socket_and_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
