"""The shape of a kept event, and the store that keeps them in this program's memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """One kept event: its number in the stream (from 1), the writer's epoch, its JSON, when it was committed.

    `at` is in seconds since 1970 UTC. A stream without events has the tail `Row()`.
    """

    seq: int = 0
    epoch: int = 0
    type: str = ""
    text: str = ""
    at: float = 0.0

    @property
    def id(self) -> str:
        return f"{self.epoch}.{self.seq}"


class MemoryStore:
    """Rows in lists. They outlive every reader and end with the program. Not thread-safe: the log locks."""

    shared = False

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {}
        self._dropped: set[str] = set()

    def tail(self, stream: str) -> Row | None:
        """The last row, `Row()` before the first, None where the stream was deleted."""
        if stream in self._dropped:
            return None
        return self._rows[stream][-1] if stream in self._rows else Row()

    def page(self, stream: str, seq: int, limit: int) -> list[Row]:
        """At most `limit` rows after number `seq`."""
        return self._rows.get(stream, [])[seq : seq + limit]

    def write(self, stream: str, following: Callable[[Row | None], list[Row]]) -> list[Row]:
        """Add the rows that `following` makes of the tail: all of them, or none where it raises."""
        added = following(self.tail(stream))
        # Taken out and put back, so that the dict's order is the order of the last activity.
        rows = self._rows[stream] = self._rows.pop(stream, [])
        rows.extend(added)
        return added

    def streams(self, prefix: str) -> list[str]:
        return [name for name in self._rows if name.startswith(prefix)]

    def drop(self, stream: str) -> None:
        if self._rows.pop(stream, None) is not None:
            self._dropped.add(stream)

    def close(self) -> None:
        self._rows.clear()
