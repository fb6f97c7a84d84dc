"""When a page painted what it was sent: the deltas that ask, and the times that come back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from mockmate_nb.view.coalesce import Message

ASKED_MAX = 1_000
"""Deltas whose answers are waited for; of a hidden tab none comes."""


class Paint(NamedTuple):
    """The first `length` bytes of a run are on screen.

    `told` is when their delta was sent, in seconds of the kernel's `time.perf_counter()`. `received` and `painted`
    are in seconds of the page's own clock; `page` is a number that tells one page, and so one clock, from another.
    """

    run: int
    length: int
    told: float
    received: float
    painted: float
    page: float


class Paints:
    """Asks only while somebody listens: the messages are the same as ever otherwise."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Paint], object]] = []
        self._told: dict[tuple[int, int], float] = {}

    def listen(self, callback: Callable[[Paint], object]) -> None:
        self._callbacks.append(callback)

    def ask(self, message: Message) -> None:
        """Have this message, which goes out now, ask for its paint if it brings new text."""
        if not self._callbacks or not message.get("text") or "answer" in message:
            return
        message["paint"] = True
        length = message["offset"] + len(message["text"].encode())
        self._told[message["run"], length] = time.perf_counter()
        if len(self._told) > ASKED_MAX:
            del self._told[next(iter(self._told))]

    def hear(self, content: Any) -> None:
        """What a page says; what answers no question changes nothing."""
        match content:
            case {"type": "painted", "origin": int() | float() as page, "paints": list(paints)}:
                for each in paints:
                    if (paint := self._paint(each, page)) is not None:
                        for callback in self._callbacks:
                            callback(paint)

    def _paint(self, content: Any, page: float) -> Paint | None:
        match content:
            case {
                "run": int(run),
                "length": int(length),
                "received": int() | float() as received,
                "painted": int() | float() as painted,
            } if (told := self._told.get((run, length))) is not None:
                return Paint(run, length, told, received / 1000, painted / 1000, page)
        return None
