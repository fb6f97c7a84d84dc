"""How far apart messages to the page go: as far as the page needs to draw them.

Pure: times are seconds on the caller's monotonic clock, lengths are bytes of UTF-8 of the current run.
"""

from __future__ import annotations

import math

FRAME = 0.040
"""Seconds between two messages while the page keeps up: 25 a second."""
FRAME_MAX = 0.500
"""Seconds between two messages to a page that has fallen behind, or is gone."""
ASK_EVERY = 0.250
"""Seconds between two messages that ask for an acknowledgement: each one costs the kernel two status messages."""
ASK_AGAIN = 1.0
"""Seconds after which a message asks although the last acknowledgement is still out: it may be lost."""


class Pace:
    """The frame, stretched by late acknowledgements.

    Now and then a message asks the pages to acknowledge its length once they have drawn it. The lag is the last
    round trip, or the age of the question that is still open if that is more; with several pages the quickest
    one counts. A missing acknowledgement is evidence only if a page has ever spoken, and the kernel could hear.
    """

    def __init__(self) -> None:
        self._spoken = False
        self._spell: int | None = 0
        self._round_trip = 0.0
        self._waiting: tuple[int, float] | None = None
        self._asked = -math.inf

    def spoken(self) -> None:
        """A page has spoken: from now on acknowledgements are expected."""
        self._spoken = True

    def begin(self) -> None:
        """A new run has begun: acknowledgements of the old one say nothing any more."""
        self._waiting, self._asked = None, -math.inf

    def hearing(self, spell: int | None) -> None:
        """The spell in which the kernel hears the page without a break, None while it hears nothing.

        What was sent in another spell may have been acknowledged unheard: it is no evidence.
        """
        if spell != self._spell:
            self._spell = spell
            self._round_trip = 0.0
            self._waiting, self._asked = None, -math.inf

    def sent(self, length: int, now: float) -> bool:
        """A message goes out that brings the page up to `length`; whether it is to ask for an acknowledgement."""
        pause = ASK_EVERY if self._waiting is None else ASK_AGAIN
        if not self._spoken or self._spell is None or now - self._asked < pause:
            return False
        self._waiting = self._waiting or (length, now)
        self._asked = now
        return True

    def acknowledged(self, length: int, now: float) -> None:
        """A page has drawn the text up to `length`; what another page has acknowledged before is no news."""
        if self._waiting and self._waiting[0] <= length:
            self._round_trip = now - self._waiting[1]
            self._waiting = None

    def frame(self, now: float) -> float:
        """Seconds from a message that goes out at `now` to the next."""
        age = now - self._waiting[1] if self._waiting else 0.0
        return min(max(FRAME, self._round_trip, age), FRAME_MAX)
