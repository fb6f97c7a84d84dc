"""`StreamView`: text that grows in place in a notebook, right to the last byte."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from mockmate_nb import aio
from mockmate_nb.view.coalesce import Ending, Outbox
from mockmate_nb.view.publishing import from_cell

_STATIC = Path(__file__).parent / "static"


class StreamView(anywidget.AnyWidget):
    """One speech bubble that a stream writes into.

    ```python
    view = StreamView("Interviewer")
    view.append("Tell me about "); view.append("a recent project.")
    view.finish()
    ```

    Every method may be called from any thread. The first text of a run goes to the page at once, later text
    in one message a frame (40 ms), the end at once; so bytes grow with the text. The page tells by byte
    offsets when it lacks something (a reload, a lost message) and asks for it; at the end it checks length
    and CRC-32.
    """

    _esm = _STATIC / "stream_view.js"
    _css = _STATIC / "stream_view.css"

    label = traitlets.Unicode("").tag(sync=True)
    """Who speaks; shown above the text."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)
    """Of the notes "stopped" and "failed" below the text, and of the text for a screen reader's voice."""

    def __init__(self, label: str = "", *, language: str = "en") -> None:
        self._lock = threading.RLock()  # a finalizer may append while this thread sends
        self._outbox = Outbox()
        self._wakes = False
        super().__init__(label=label, language=language)
        self.on_msg(self._hear)

    def __repr__(self) -> str:
        return f"StreamView(label={self.label!r})"

    @property
    def text(self) -> str:
        """All text of the current run."""
        with self._lock:
            return self._outbox.text

    @property
    def state(self) -> str:
        """`waiting`, `streaming`, `complete`, `stopped` or `failed`."""
        with self._lock:
            return self._outbox.state

    @property
    def run(self) -> int:
        """The number of the current run, from 1 upwards."""
        with self._lock:
            return self._outbox.run

    def start(self) -> int:
        """Clear the view for a new run; gives the run's number, which `append` and `finish` take."""
        with self._lock:
            run = self._outbox.start()
            self._flush()
            return run

    def set_text(self, text: str) -> None:
        """Put this text in place of the old in one step, as a new, open run."""
        with self._lock:
            self._outbox.replace(text)
            self._flush()

    def append(self, text: str, *, run: int | None = None) -> None:
        """Add text at the end; lone surrogates become U+FFFD.

        Nothing happens if the run is over or `run` names an older one: what a stopped stream still sends
        never lands in the next.
        """
        with self._lock:
            self._outbox.append(text, run)
            self._flush()

    def finish(self, state: Ending = "complete", *, run: int | None = None) -> None:
        """End the run as `complete`, `stopped` or `failed`; nothing happens if it is over or an older one."""
        with self._lock:
            self._outbox.finish(state, run)
            self._flush()

    def open(self) -> None:
        """Tell the page that the widget exists; ipywidgets calls it."""
        from_cell(super().open)

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to the page."""
        from_cell(super().send, content, buffers)

    def send_state(self, key: Any = None) -> None:
        """Send traits to the page; ipywidgets calls it."""
        from_cell(super().send_state, key)

    def _flush(self) -> None:
        for message in self._outbox.take(time.monotonic()):
            self.send(message)
        due = self._outbox.due()
        if due < math.inf and not self._wakes:
            self._wakes = True
            worker = aio.loop()
            worker.call_soon_threadsafe(worker.call_later, due - time.monotonic(), self._wake)

    def _wake(self) -> None:
        with self._lock:
            self._wakes = False
            self._flush()

    def _hear(self, _view: object, content: object, _buffers: object) -> None:
        match content:
            case {"type": "resync", "run": int(run), "offset": int(offset)}:
                with self._lock:
                    for message in self._outbox.resync(run, offset):
                        self.send(message)
