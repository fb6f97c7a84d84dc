"""The text of one run in UTF-8, and where its Markdown blocks end.

Pure. Offsets and lengths are bytes. Kept small: the text once, 12 bytes a block, no HTML.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

BLOCKS_MAX = 1_000
"""Blocks in one message, about: more would keep the page busy for too long."""
STEP = 16_000


class Block(Protocol):
    """A finished block: it ends at byte `end` of the run and has `units` UTF-16 code units."""

    @property
    def end(self) -> int: ...
    @property
    def units(self) -> int: ...


class Splitter(Protocol):
    """Cuts a growing text into blocks that follow each other without a gap."""

    def feed(self, text: str) -> Sequence[Block]: ...
    def close(self) -> Sequence[Block]: ...


Ending = Literal["complete", "stopped", "failed"]
State = Literal["waiting", "streaming", "complete", "stopped", "failed"]
ENDINGS: tuple[Ending, ...] = ("complete", "stopped", "failed")
NewSplitter = Callable[[], Splitter]


def well_formed(text: str) -> bytes:
    """The text in UTF-8; surrogate pairs are joined, a lone surrogate becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


class RunText:
    """A text that grows to its end, of which the first `told` bytes have been told, with their blocks.

    Adding text may interrupt any other method, as a finalizer does.
    """

    def __init__(self, number: int, splitter: Splitter | None, text: str = "") -> None:
        self.number = number
        self.ending: Ending | None = None
        self.hurries = False
        """It has ended since a message was made."""
        self.ending_told = False
        self.told = 0
        self.crc32 = 0
        """Of what has been told."""
        self._utf8 = bytearray(well_formed(text))
        self._splitter = splitter
        self._ends = array("Q")
        self._units = array("I")

    def __len__(self) -> int:
        return len(self._utf8)

    @property
    def blocks(self) -> int:
        """How many blocks are known; all have been told."""
        return len(self._ends)

    @property
    def state(self) -> State:
        """`waiting`, `streaming`, or the ending: `complete`, `stopped`, `failed`."""
        return self.ending or ("streaming" if self._utf8 else "waiting")

    def append(self, text: str) -> None:
        """Add text at the end."""
        self._utf8.extend(well_formed(text))

    def slice(self, start: int = 0, end: int | None = None) -> str:
        """The text from byte `start` to byte `end`, both at the border of a character."""
        return self._utf8[start:end].decode()

    def border(self, offset: int) -> int:
        """The first border of a character at or after byte `offset`."""
        while offset < len(self._utf8) and self._utf8[offset] & 0xC0 == 0x80:
            offset += 1
        return min(offset, len(self._utf8))

    def advance(self, most: int) -> str:
        """Count up to about `most` further bytes as told, fewer if they end many blocks; gives their text."""
        start, known, end = self.told, self.blocks, self.border(self.told + most)
        while self.told < end and self.blocks - known < BLOCKS_MAX:
            after = min(end, self.border(self.told + STEP))
            utf8 = self._utf8[self.told : after]
            if self._splitter is not None:
                self._note(self._splitter.feed(utf8.decode()))
            self.crc32 = zlib.crc32(utf8, self.crc32)
            self.told = after
        return self.slice(start, self.told)

    def close(self) -> None:
        """End the last block; all text must have been told."""
        if self._splitter is not None:
            self._note(self._splitter.close())
            self._splitter = None

    def span(self, index: int) -> tuple[int, int, int]:
        """Start, end and UTF-16 code units of a block."""
        return self._ends[index - 1] if index else 0, self._ends[index], self._units[index]

    def starting(self, start: int) -> int | None:
        """The number of the block that starts at byte `start`, known or next; None if none does."""
        if start <= 0:
            return None if start else 0
        index = bisect_left(self._ends, start)
        return index + 1 if index < self.blocks and self._ends[index] == start else None

    def ended(self, offset: int) -> int:
        """How many blocks end at or before byte `offset`."""
        return bisect_right(self._ends, offset)

    def _note(self, blocks: Sequence[Block]) -> None:
        for block in blocks:
            self._ends.append(block.end)
            self._units.append(block.units)
