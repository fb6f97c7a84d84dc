"""Publishing to the page as a cell would, from any thread and any callback."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_CELL = contextvars.copy_context()


def from_cell(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do `act`, which publishes to widgets, as the cell that imported this module would.

    ipykernel 7 sends a widget's next messages from the page to the subshell of whatever request the last
    publication seems to answer, which from another thread is any; once that subshell is gone, the page is
    no longer heard. The cell's own request names no subshell. Tasks that `act` creates keep its context.
    """
    return _CELL.copy().run(act, *args, **kwargs)
