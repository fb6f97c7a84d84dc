"""Mock interviews that stream into a notebook, and notebooks in which streaming can be seen.

    from mockmate_nb import InterviewPanel
    InterviewPanel()

Importing opens no socket and loads nothing heavy: each name is loaded where it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockmate_nb.aio import run
    from mockmate_nb.errors import MockMateError
    from mockmate_nb.interview.session import Interview
    from mockmate_nb.interview.setup import InterviewSetup
    from mockmate_nb.lab.report import LatencyReport
    from mockmate_nb.llm.client import LLM
    from mockmate_nb.view.panel import InterviewPanel
    from mockmate_nb.view.stream_view import StreamView

__version__ = "0.1.0"
__all__ = [
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
_HOMES = {
    "Interview": "interview.session",
    "InterviewPanel": "view.panel",
    "InterviewSetup": "interview.setup",
    "LLM": "llm.client",
    "LatencyReport": "lab.report",
    "MockMateError": "errors",
    "StreamView": "view.stream_view",
    "run": "aio",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
