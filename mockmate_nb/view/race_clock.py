"""`RaceClock`: how long something has been going on, counted in the page, and the marks it left."""

from __future__ import annotations

import threading
import time
from typing import Any

import traitlets

from mockmate_nb.interview.question import Language
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.publishing import PublishedWidget, from_cell


class RaceClock(PublishedWidget):
    """Counts up without the kernel; what was measured is set beside it as text.

    ```python
    clock = RaceClock("Streaming")
    clock.begin()                                             # speed=0.25: a quarter as fast
    clock.mark("first text after 310 ms")
    clock.end("1.82 s", "whole reply after 1.82 s")
    ```

    A screen reader is told the marks, each once, and never the ticks. Methods may be called from any thread.
    """

    _esm = joined("race_clock.js")
    _css = STATIC / "race_clock.css"

    label = traitlets.Unicode("").tag(sync=True)
    """What is timed, for a screen reader."""
    running = traitlets.Bool(False).tag(sync=True)
    began = traitlets.Float(0.0).tag(sync=True)
    """When it began, in milliseconds since the epoch by the kernel's clock."""
    now = traitlets.Float(0.0).tag(sync=True)
    """The kernel's clock at the beginning."""
    speed = traitlets.Float(1.0).tag(sync=True)
    shown = traitlets.Unicode("").tag(sync=True)
    """What stands in the clock's place while it does not run."""
    first = traitlets.Unicode("").tag(sync=True)
    last = traitlets.Unicode("").tag(sync=True)
    """The two marks."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)

    def __init__(self, label: str = "", *, language: Language = "en") -> None:
        self._lock = threading.Lock()
        super().__init__(label=label, language=language)
        self.on_msg(lambda _widget, content, _buffers: from_cell(self._hear, content))

    def __repr__(self) -> str:
        return f"RaceClock({self.label!r})"

    def begin(self, *, speed: float = 1.0) -> None:
        """From nought, without marks."""
        now = _now()
        self._change(running=True, began=now, now=now, speed=speed, first="", last="")

    def mark(self, first: str) -> None:
        """The first mark; the clock runs on."""
        self._change(first=first)

    def end(self, shown: str, last: str, *, first: str | None = None) -> None:
        """It stands still and shows `shown`; `first` puts the first mark right."""
        self._change(running=False, shown=shown, last=last, **({} if first is None else {"first": first}))

    def _change(self, **traits: Any) -> None:
        with self._lock:
            from_cell(self._set, traits)

    def _set(self, traits: dict[str, Any]) -> None:
        with self.hold_sync():
            for name, value in traits.items():
                setattr(self, name, value)

    def _hear(self, content: Any) -> None:
        match content:
            case {"type": "now"}:
                self.send({"type": "now", "now": _now()})


def _now() -> float:
    return time.time() * 1000
