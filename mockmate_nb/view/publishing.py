"""Publishing to the page as a cell would, from any thread and any callback."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import anywidget

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


class PublishedWidget(anywidget.AnyWidget):
    """A widget that may be written to from any thread and any callback."""

    def open(self) -> None:
        """Tell the page that the widget exists; ipywidgets calls it."""
        from_cell(super().open)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to the page."""
        from_cell(super().send, content, buffers)

    def send_state(self, key: Any = None) -> None:
        """Send traits to the page; ipywidgets calls it."""
        from_cell(super().send_state, key)
