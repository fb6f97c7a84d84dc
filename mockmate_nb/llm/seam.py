"""Where a continued reply meets the text before the cut: repeats are taken out, nothing else. Pure.

A repeat of the whole text so far, or of at least 16 of its last characters, is removed; a shorter overlap
is the text's own ("ha" after "ha" stays).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

MIN_OVERLAP = 16
MAX_OVERLAP = 4000
CONTINUE = (
    "The connection broke while you were answering. Your answer so far stands above. "
    "Go on from exactly where it ends, in the same language; do not repeat any of it and add no preface."
)


def continuation(messages: Sequence[Message], partial: str) -> list[Message]:
    """What to ask for the rest of a reply to `messages` that broke off after `partial`."""
    if not partial:
        return list(messages)
    said, order = {"role": "assistant", "content": partial}, {"role": "user", "content": CONTINUE}
    return [*messages, said, order]


def broken_off(messages: Sequence[Message]) -> tuple[list[Message], str]:
    """The inverse of `continuation`: what was asked at first, and the text before the break."""
    if len(messages) > 1 and messages[-1].get("content") == CONTINUE:
        return list(messages[:-2]), str(messages[-2].get("content", ""))
    return list(messages), ""


class Seam:
    """Feed it the continuation's deltas; it gives what is new. It holds text only while a repeat is possible."""

    def __init__(self, partial: str) -> None:
        self._tail = partial[-MAX_OVERLAP:]
        self._whole = partial
        self._held = ""
        self._open = bool(partial)

    def feed(self, delta: str) -> str:
        if not self._open:
            return delta
        self._held += delta
        if self._may_grow():
            return ""
        return self.close()

    def close(self) -> str:
        """What is still held, without its repeat: the continuation has ended, or no repeat can grow any more."""
        if not self._open:
            return ""
        self._open = False
        held, self._held = self._held, ""
        return held[self._overlap(held) :]

    def _may_grow(self) -> bool:
        held = self._held
        if len(held) < len(self._whole) and self._whole.startswith(held):
            return True
        need = max(MIN_OVERLAP, len(held) + 1)
        return self._tail.find(held, 0, max(0, len(self._tail) - need + len(held))) >= 0

    def _overlap(self, held: str) -> int:
        if held.startswith(self._whole):
            return len(self._whole)
        for size in range(min(len(self._tail), len(held)), MIN_OVERLAP - 1, -1):
            if held.startswith(self._tail[-size:]):
                return size
        return 0
