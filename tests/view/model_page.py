"""A page in Python: keeps to the same rules as the one in JavaScript, without a screen and without a clock."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

Message = dict[str, Any]


class Line(NamedTuple):
    """A block as a splitter gives it."""

    start: int
    end: int
    units: int


class Lines:
    """A splitter whose blocks are lines; one is known to be finished when the next has begun."""

    def __init__(self) -> None:
        self._start, self._open = 0, ""

    def feed(self, text: str) -> list[Line]:
        self._open += text
        *done, self._open = self._open.split("\n")
        if done and not self._open:
            self._open = done.pop() + "\n"
        return [self._line(line + "\n") for line in done]

    def close(self) -> list[Line]:
        return [self._line(self._open)] if self._open else []

    def _line(self, text: str) -> Line:
        start, self._start = self._start, self._start + len(text.encode())
        return Line(start, self._start, len(text.encode("utf-16-le")) // 2)


class Page:
    """What one page has, and in `out` what it says to Python. It has asked for all text when it begins."""

    def __init__(self, *, plain: bool = False) -> None:
        self.plain, self.out = plain, list[Message]()
        self.asks = self.faults = 0
        self._begin(0)
        self.ask()

    @property
    def text(self) -> str:
        return self.utf8.decode()

    @property
    def closed(self) -> int:
        return self.blocks[-1][1] if self.blocks else 0

    @property
    def whole(self) -> bool:
        return self.state not in ("waiting", "streaming") and (self.plain or self.closed == len(self.utf8))

    def ask(self) -> None:
        self.asks, self.asked = self.asks + 1, True
        self.out.append({"type": "resync", "run": self.run, "offset": len(self.utf8), "closed": self.closed})

    def hear(self, message: Message) -> None:
        if message["run"] < self.run or message["type"] == "html":
            return
        length = len(self.utf8) if message["run"] == self.run else 0
        reach = message["offset"] if message["type"] == "delta" else message["length"]
        begins = message["type"] == "finish" and message["run"] > self.run
        if begins or reach > length:
            if not self.asked:
                self.ask()
        elif message["type"] == "delta":
            self._delta(**message)
        else:
            self._finish(**message)

    def _begin(self, run: int) -> None:
        self.run, self.utf8, self.state, self.asked = run, b"", "waiting", False
        self.blocks: list[tuple[int, int, int]] = []

    def _delta(
        self, run: int, offset: int, text: str, answer: bool = False, more: bool = False, **rest: Any
    ) -> None:
        if run > self.run:
            self._begin(run)
        before = self.here
        self.utf8 += text.encode()[len(self.utf8) - offset :]
        for block in rest.get("blocks", ()):
            if block["start"] == self.closed and block["end"] <= len(self.utf8):
                self.blocks.append((block["start"], block["end"], block["units"]))
        if self.state == "waiting" and self.utf8:
            self.state = "streaming"
        if answer and (not more or before != self.here):
            self.asked = False
        if "ack" in rest:
            self.out.append({"type": "ack", "run": run, "length": len(self.utf8)})
        if more and not self.asked:
            self.ask()

    @property
    def here(self) -> tuple[int, int]:
        return len(self.utf8), self.closed

    def _finish(self, run: int, length: int, crc32: int, state: str, **_: Any) -> None:
        if (run, length, crc32) != (self.run, len(self.utf8), zlib.crc32(self.utf8)):
            self.faults += 1
            return
        self.state = state
        if not self.whole and not self.asked:
            self.ask()
