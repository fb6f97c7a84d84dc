"""`WireRows`: the chunks of an inspected stream as rows of bytes beside events, in the page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import ipywidgets
import traitlets

from mockmate_nb import aio
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.wire import Frame, Held, Inspection
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.publishing import PublishedWidget, from_cell

FRAME = 0.080
"""Seconds between two messages to the page: with the text's own they are fewer than 30 a second."""
ROWS_MAX, BYTES_MAX = 100, 128_000
"""Rows, and bytes in them, in one message."""
SHOWN_MAX = 4_096
"""Bytes of a chunk, and characters of an event, that the page gets."""
Key = Literal["toggle", "step"]


class WireRows(PublishedWidget):
    """Follows one `Inspection` at a time. A page says which rows it has, and gets those that it lacks.

    Raw bytes go as bytes, each once a page. Nothing here is called from a callback of the kernel's but `_hear`.
    """

    _esm = joined("wire_rows.js")
    _css = STATIC / "wire_rows.css"

    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)

    def __init__(self, *, language: Language = "en") -> None:
        self._inspection: Inspection | None = None
        self._run = 0
        self._told = 0
        self._said: tuple[object, ...] = ()
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._cut_at = (0, 0)
        self._keyed, self._tellers = ipywidgets.CallbackDispatcher(), ipywidgets.CallbackDispatcher()
        super().__init__(language=language)
        self.on_msg(lambda _widget, content, _buffers: from_cell(self._hear, content))

    def __repr__(self) -> str:
        return "WireRows()"

    def on_key(self, callback: Callable[[Key], object]) -> None:
        """Call when a person presses a key for "toggle" or "step"; on the kernel's thread."""
        self._keyed.register_callback(callback)

    def on_told(self, callback: Callable[[], object]) -> None:
        """Call on the worker loop whenever the page is told something new."""
        self._tellers.register_callback(callback)

    def follow(self, inspection: Inspection) -> None:
        """Show this one from its beginning, in place of the one before."""
        self._inspection, self._run, self._told, self._said = inspection, self._run + 1, 0, ()
        inspection.on_change(lambda: self._changed(inspection))

    def cut_at(self) -> int:
        """The byte of the held chunk to cut at: the person's choice, or the middle; 0 where none is held."""
        held = self._inspection and self._inspection.held
        number, at = self._cut_at
        if not held:
            return 0
        return at if held.number == number else min(SHOWN_MAX, len(held.raw)) // 2

    # On the worker loop.

    def _changed(self, inspection: Inspection) -> None:
        if inspection is self._inspection and self._timer is None:
            wait = max(0.0, self._last + FRAME - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._tell)

    def _tell(self) -> None:
        self._timer = None
        inspection = self._inspection
        if inspection is None or self.comm is None:
            return
        state, held, total = inspection.state, inspection.held, inspection.total
        now = (self._run, state, held and held.number, total, inspection.requests)
        if now == self._said:
            return
        over = state in ("done", "stopped", "failed")
        frames = inspection.after(
            self._told - 1 if over else self._told
        )  # the last one may have got more text
        part = _part(frames)
        self._told = part[-1].number if part else self._told
        self._said, self._last = now if len(part) == len(frames) else (), time.monotonic()
        self._say_rows(inspection, part)
        from_cell(self._tellers)
        if len(part) < len(frames):
            self._changed(inspection)

    def _answer(self, run: int, after: int) -> None:
        if (inspection := self._inspection) is not None:
            frames = inspection.after(after if run == self._run else 0)
            part = _part([frame for frame in frames if frame.number <= self._told])
            self._say_rows(inspection, part, more=bool(part) and part[-1].number < self._told)

    def _say_rows(self, inspection: Inspection, frames: Sequence[Frame], *, more: bool = False) -> None:
        held = inspection.held if inspection.state == "paused" or inspection.speed else None
        shown: list[Frame | Held] = [*frames, *([held] if held else ())]
        total = inspection.total
        news = {
            "type": "rows",
            "run": self._run,
            "rows": [_row(frame) for frame in frames],
            "held": held and {"number": held.number, "at": held.at, "size": len(held.raw), **_place(held)},
            "state": inspection.state,
            "requests": inspection.requests,
            "left_out": inspection.left_out.chunks,
            "total": {"chunks": total.chunks, "bytes": total.bytes, "events": total.events},
            "characters": total.characters,
            "more": more,
        }
        self.send(news, [b"".join(each.raw[:SHOWN_MAX] for each in shown)])

    def _hear(self, content: Any) -> None:
        match content:
            case {"type": "want", "run": int(run), "after": int(after)}:
                aio.loop().call_soon_threadsafe(self._answer, run, after)
            case {"type": "key", "key": "toggle" | "step" as key}:
                self._keyed(key)
            case {"type": "cut_at", "number": int(number), "at": int(at)} if at >= 0:
                self._cut_at = number, at

    def close(self) -> None:
        """End the widget; the inspection goes on."""
        self._inspection = None
        super().close()


def _part(frames: Sequence[Frame]) -> list[Frame]:
    """The first of them, as many as one message takes."""
    part: list[Frame] = []
    room = BYTES_MAX
    for frame in frames[:ROWS_MAX]:
        room -= min(SHOWN_MAX, len(frame.raw)) + sum(min(SHOWN_MAX, len(each.data)) for each in frame.events)
        if part and room < 0:
            break
        part.append(frame)
    return part


def _place(chunk: Frame | Held) -> dict[str, int]:
    return {"request": chunk.request, "offset": chunk.offset, "shown": min(SHOWN_MAX, len(chunk.raw))}


def _row(frame: Frame) -> dict[str, Any]:
    """What the page is told of a frame; its bytes go beside it."""
    events = [
        {"event": event, "id": id_, "retry": retry, "size": len(data), "text": data[:SHOWN_MAX]}
        for event, data, id_, retry in frame.events
    ]
    return {
        "number": frame.number,
        "at": frame.at,
        "held": frame.held,
        "size": len(frame.raw),
        "events": events,
        "text": frame.text,
        "text_at": frame.text_at,
        "cut": frame.cut,
        "lost": frame.lost,
        "fault": frame.fault,
        **_place(frame),
    }
