"""What goes to the page and when: one message a frame, made of whatever came since the last.

Pure: no clock, no thread, no I/O. Times are seconds on the caller's monotonic clock, offsets and lengths
are bytes of UTF-8.
"""

from __future__ import annotations

import math
import zlib
from typing import Any, Literal

from mockmate_nb.errors import CallerError

FRAME = 0.040
"""Seconds between two messages of one run: 25 a second."""

Ending = Literal["complete", "stopped", "failed"]
ENDINGS: tuple[Ending, ...] = ("complete", "stopped", "failed")
Message = dict[str, Any]


def well_formed(text: str) -> bytes:
    """The text in UTF-8; surrogate pairs are joined, a lone surrogate becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


class Outbox:
    """The text of the current run, and how much of it the page has been told.

    A run is one text from its first character to its end. Runs are numbered from 1 upwards, so the page
    can tell a late message of an older run from one of a newer run.
    """

    def __init__(self) -> None:
        self.run = 1
        self.ending: Ending | None = None
        self._utf8 = bytearray()
        self._crc32 = 0
        self._told = 0
        self._run_told = 1
        self._ending_told = False
        self._eager = True
        self._last = -math.inf

    @property
    def text(self) -> str:
        """All text of the current run."""
        return self._utf8.decode()

    @property
    def state(self) -> str:
        """`waiting`, `streaming`, or the ending: `complete`, `stopped`, `failed`."""
        return self.ending or ("streaming" if self._utf8 else "waiting")

    def start(self) -> int:
        """Begin a new, empty run; gives its number. Its first text is due at once."""
        self._begin(b"")
        self._eager = True
        return self.run

    def replace(self, text: str) -> None:
        """Begin a new run that already holds this text. It waits for its frame if text was shown before."""
        self._begin(well_formed(text))

    def append(self, text: str, run: int | None = None) -> None:
        """Add text to the current run; nothing changes if `run` is another or the run is over."""
        if self.ending or run not in (None, self.run):
            return
        utf8 = well_formed(text)
        self._utf8 += utf8
        self._crc32 = zlib.crc32(utf8, self._crc32)

    def finish(self, ending: Ending, run: int | None = None) -> None:
        """End the current run; nothing changes if `run` is another or the run is over."""
        if ending not in ENDINGS:
            raise CallerError(
                f"A run cannot end in {ending!r}.", field="state", advice=f"Use one of {', '.join(ENDINGS)}."
            )
        if not self.ending and run in (None, self.run):
            self.ending = ending

    def due(self) -> float:
        """When the next message should go: in the past for "at once", infinity if there is nothing to say."""
        if self.ending and not self._ending_told:
            return -math.inf
        if self._run_told == self.run and self._told == len(self._utf8):
            return math.inf
        return -math.inf if self._eager and self._utf8 else self._last + FRAME

    def take(self, now: float) -> list[Message]:
        """The messages that are due, counted as told."""
        if self.due() > now:
            return []
        self._last = now
        unsaid = self._run_told != self.run or self._told < len(self._utf8)
        return self._tell(self._told, with_text=unsaid)

    def resync(self, run: int, offset: int) -> list[Message]:
        """What a page with `offset` bytes of `run` lacks: the rest, or everything if that fits nothing."""
        fits = run == self.run and 0 <= offset <= len(self._utf8)
        inside_a_character = fits and offset < len(self._utf8) and self._utf8[offset] & 0xC0 == 0x80
        messages = self._tell(offset if fits and not inside_a_character else 0, with_text=True)
        messages[0]["answer"] = True
        return messages

    def _begin(self, utf8: bytes) -> None:
        self.run += 1
        self.ending = None
        self._utf8 = bytearray(utf8)
        self._crc32 = zlib.crc32(utf8)
        self._told = 0
        self._ending_told = False

    def _tell(self, offset: int, *, with_text: bool) -> list[Message]:
        messages: list[Message] = []
        if with_text:
            text = self._utf8[offset:].decode()
            messages.append({"type": "delta", "run": self.run, "offset": offset, "text": text})
            self._eager = self._eager and not self._utf8
        self._run_told, self._told = self.run, len(self._utf8)
        if self.ending:
            self._ending_told = True
            ending = {"length": len(self._utf8), "crc32": self._crc32, "state": self.ending}
            messages.append({"type": "finish", "run": self.run, **ending})
        return messages
