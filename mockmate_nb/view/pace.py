"""How far apart messages to the page go: as far as the page needs to draw them.

Pure: times are seconds on the caller's monotonic clock, lengths are bytes of UTF-8 of the current run.
"""

from __future__ import annotations

from collections import deque

FRAME = 0.040
"""Seconds between two messages while the page keeps up: 25 a second."""
FRAME_MAX = 0.500
"""Seconds between two messages to a page that has fallen behind, or is gone."""
WAITING_MAX = 64


class Pace:
    """The frame, stretched by late acknowledgements.

    A page acknowledges a length once it has drawn it. The lag is the last round trip, or the age of the
    oldest message without acknowledgement if that is more; with several pages the quickest one counts.
    A missing acknowledgement is evidence only if a page has ever spoken, and the kernel could hear.
    """

    def __init__(self) -> None:
        self._spoken = False
        self._spell: int | None = 0
        self._round_trip = 0.0
        self._waiting: deque[tuple[int, float]] = deque()

    def spoken(self) -> None:
        """A page has spoken: from now on acknowledgements are expected."""
        self._spoken = True

    def begin(self) -> None:
        """A new run has begun: acknowledgements of the old one say nothing any more."""
        self._waiting.clear()

    def hearing(self, spell: int | None) -> None:
        """The spell in which the kernel hears the page without a break, None while it hears nothing.

        What was sent in another spell may have been acknowledged unheard: it is no evidence.
        """
        if spell != self._spell:
            self._spell = spell
            self._round_trip = 0.0
            self._waiting.clear()

    def sent(self, length: int, now: float) -> None:
        """A message went out that brings the page up to `length`."""
        if self._spoken and self._spell is not None and len(self._waiting) < WAITING_MAX:
            self._waiting.append((length, now))

    def acknowledged(self, length: int, now: float) -> None:
        """A page has drawn the text up to `length`; what another page has acknowledged before is no news."""
        while self._waiting and self._waiting[0][0] <= length:
            self._round_trip = now - self._waiting.popleft()[1]

    def frame(self, now: float) -> float:
        """Seconds from a message that goes out at `now` to the next."""
        age = now - self._waiting[0][1] if self._waiting else 0.0
        return min(max(FRAME, self._round_trip, age), FRAME_MAX)
