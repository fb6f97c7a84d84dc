"""`Timer`: the time that a live interview has left, counted down in the page."""

from __future__ import annotations

import threading
import time
from typing import Any

import traitlets

from mockmate_nb.interview.bank import Language
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.publishing import PublishedWidget, from_cell


class Timer(PublishedWidget):
    """Counts down without the kernel; hidden while nothing is set.

    ```python
    clock = Timer()
    clock.set(interview.remaining)   # seconds, None to hide it
    ```

    A screen reader is told at five minutes, at one minute and at the end. The page corrects its own clock by the
    kernel's, and asks for it once more after a reload. Methods may be called from any thread.
    """

    _esm = joined("timer.js")
    _css = STATIC / "timer.css"

    deadline = traitlets.Float(None, allow_none=True).tag(sync=True)
    """When time is up, in milliseconds since the epoch by the kernel's clock; None: no clock runs."""
    now = traitlets.Float(0.0).tag(sync=True)
    """The kernel's clock when the deadline was set."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)

    def __init__(self, *, language: Language = "en") -> None:
        self._lock = threading.Lock()
        super().__init__(language=language)
        self.layout.display = "none"
        self.on_msg(lambda _widget, content, _buffers: from_cell(self._hear, content))

    def __repr__(self) -> str:
        return "Timer()"

    def set(self, seconds: float | None) -> None:
        """From now on this many seconds; None hides the clock."""
        with self._lock:
            from_cell(self._change, seconds)

    def _change(self, seconds: float | None) -> None:
        if seconds is None and self.deadline is None:
            return
        self.layout.display = "none" if seconds is None else ""
        with self.hold_sync():
            self.now = now = _now()
            self.deadline = None if seconds is None else now + 1000 * max(0.0, seconds)

    def _hear(self, content: Any) -> None:
        match content:
            case {"type": "now"}:
                self.send({"type": "now", "now": _now()})


def _now() -> float:
    return time.time() * 1000
