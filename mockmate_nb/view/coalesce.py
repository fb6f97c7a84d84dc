"""What goes to the page and when: one message a frame, made of whatever came since the last.

Pure: no clock, no thread, no I/O. Times are seconds on the caller's monotonic clock, offsets and lengths
are bytes of UTF-8.
"""

from __future__ import annotations

import math
from typing import Any

from mockmate_nb.errors import CallerError
from mockmate_nb.view.pace import Pace
from mockmate_nb.view.run_text import BLOCKS_MAX, ENDINGS, Ending, NewSplitter, RunText, State

__all__ = ["ENDINGS", "Ending", "Message", "Outbox"]

DELTA_MAX = 128_000
"""Bytes of text in a message that nobody asked for: what a page can draw within a frame or two."""
PIECE_MAX = 256_000
"""Bytes of text in an answer, but for the rest of its last character."""
Message = dict[str, Any]


class Outbox:
    """The text of the current run, and how much of it the pages have been told.

    A run is one text from its first character to its end. Runs are numbered from 1 upwards, so the page
    can tell a late message of an older run from one of a newer run. Each message goes to all pages; an
    answer repeats what has been told before, so no page misses anything for another's sake. Without a
    splitter the text has no blocks.
    """

    def __init__(self, splitter: NewSplitter | None = None) -> None:
        self.pace = Pace()
        self._splitter = splitter
        self._text = RunText(1, splitter and splitter())
        self._run_told = 1
        self._eager = True
        self._last = -math.inf

    @property
    def run(self) -> int:
        """The number of the current run."""
        return self._text.number

    @property
    def text(self) -> str:
        """All text of the current run."""
        return self._text.slice()

    @property
    def state(self) -> State:
        """`waiting`, `streaming`, or the ending: `complete`, `stopped`, `failed`."""
        return self._text.state

    def start(self) -> int:
        """Begin a new, empty run; gives its number. Its first text is due at once."""
        self.replace("")
        self._eager = True
        return self.run

    def replace(self, text: str) -> None:
        """Begin a new run that already holds this text. It waits for its frame if text was shown before."""
        self._text = RunText(self.run + 1, self._splitter and self._splitter(), text)
        self.pace.begin()

    def append(self, text: str, run: int | None = None) -> None:
        """Add text to the current run; nothing changes if `run` is another or the run is over."""
        if not self._text.ending and run in (None, self.run):
            self._text.append(text)

    def finish(self, ending: Ending, run: int | None = None) -> None:
        """End the current run; nothing changes if `run` is another or the run is over."""
        if ending not in ENDINGS:
            raise CallerError(
                f"A run cannot end in {ending!r}.", field="state", advice=f"Use one of {', '.join(ENDINGS)}."
            )
        if not self._text.ending and run in (None, self.run):
            self._text.ending = ending
            self._text.hurries = True

    def due(self) -> float:
        """When the next message should go: in the past for "at once", infinity if there is nothing to say."""
        text = self._text
        untold = len(text) - text.told
        if text.hurries or (self._eager and untold):
            return -math.inf
        if self._run_told == text.number and not untold and (not text.ending or text.ending_told):
            return math.inf
        return self._last + self.pace.frame(self._last)

    def take(self, now: float) -> list[Message]:
        """The messages that are due, counted as told."""
        return [] if self.due() > now else self._tell(self._text, now)

    def resync(self, run: int, offset: int, closed: int, now: float) -> list[Message]:
        """One piece of what a page lacks that has `offset` bytes of `run`, the first `closed` of them in blocks.

        If that fits nothing the piece is the first. `more` says that there are further pieces; after the last
        one stands the end, if it has been told.
        """
        text = self._text
        messages = [] if self._run_told == text.number else self._tell(text, now)
        fits = run == text.number and 0 <= offset <= text.told and text.border(offset) == offset
        first = text.starting(closed if self._splitter else 0) if fits and closed <= offset else None
        if first is None:
            offset = first = 0
        # Pieces of all pages end at the same places, so pages that pull at the same time share them.
        end = min(text.told, text.border((offset // PIECE_MAX + 1) * PIECE_MAX))
        last, most = text.ended(end), first + BLOCKS_MAX
        if last > most:
            last, end = most, max(offset, text.span(most - 1)[1])
        answer = {**_delta(text, offset, text.slice(offset, end), first, last), "answer": True}
        if end < text.told or last < text.blocks:
            return [*messages, {**answer, "more": True}]
        return [*messages, answer, *_finish(text)]

    def acknowledge(self, run: int, length: int, now: float) -> None:
        """A page has drawn the text of `run` up to `length`."""
        if run == self.run and length <= self._text.told:
            self.pace.acknowledged(length, now)

    def block(self, run: int, start: int) -> tuple[int, str] | None:
        """Where the block of `run` ends that starts at byte `start`, and its text; None if there is none."""
        text = self._text
        index = text.starting(start) if run == text.number else None
        if index is None or index >= text.blocks:
            return None
        end = text.span(index)[1]
        return end, text.slice(start, end)

    def _tell(self, text: RunText, now: float) -> list[Message]:
        self._last = now
        text.hurries = False
        over = text.ending is not None  # read first: what comes after an end is not part of the text
        begins, start, known = self._run_told != text.number, text.told, text.blocks
        added = text.advance(DELTA_MAX)
        text.ending_told = over and text.told == len(text)
        if text.ending_told:
            text.close()
        messages: list[Message] = []
        if added or begins or text.blocks > known:
            delta = _delta(text, start, added, known, text.blocks)
            messages.append({**delta, "ack": True} if self.pace.sent(text.told, now) else delta)
        self._run_told = text.number
        self._eager = self._eager and not text.told
        return [*messages, *_finish(text)]


def _delta(text: RunText, offset: int, added: str, first: int, last: int) -> Message:
    delta: Message = {"type": "delta", "run": text.number, "offset": offset, "text": added}
    if first < last:
        spans = (text.span(index) for index in range(first, last))
        delta["blocks"] = [{"start": start, "end": end, "units": units} for start, end, units in spans]
    return delta


def _finish(text: RunText) -> list[Message]:
    if not text.ending_told:
        return []
    check = {"length": text.told, "crc32": text.crc32, "state": text.ending}
    return [{"type": "finish", "run": text.number, **check}]
