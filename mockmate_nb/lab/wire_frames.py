"""What came over the wire, chunk by chunk, and what may pass. Pure: times are given, in seconds."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import AnyStr, Generic, NamedTuple

from mockmate_nb.errors import CallerError
from mockmate_nb.wire.sse import ServerSentEvent

LEAST_KEY, KNOWN_BY = 9, 3
KEPT_BYTES, KEPT_FRAMES = 256_000, 1_000
FASTEST, SLOWEST = 1_000.0, 0.01


class Held(NamedTuple):
    """A chunk that has come and has not been let through: its number, when it came, and whose it is."""

    number: int
    at: float
    raw: bytes
    request: int
    offset: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A chunk that has passed: what one read of the socket gave, or one HTTP chunk.

    `number` counts from 1 over all requests, `at` is seconds from the first request to its arrival. `raw` are its
    bytes from byte `offset` of the body of request number `request` (1, 2, … after a cut) on. `events` are those
    that ended in it, `text` is what the client's text grew by, after `text_at` characters. It was held back for
    `held` seconds. With `cut` the line was cut after these bytes, and `lost` further bytes of the chunk did not
    pass. `fault`: why its bytes cannot be read as events.
    """

    number: int
    at: float
    raw: bytes
    events: tuple[ServerSentEvent, ...]
    text: str
    request: int
    offset: int = 0
    text_at: int = 0
    held: float = 0.0
    cut: bool = False
    lost: int = 0
    fault: str = ""


class Counts(NamedTuple):
    """How much there was."""

    chunks: int = 0
    bytes: int = 0
    events: int = 0
    characters: int = 0

    def plus(self, frame: Frame) -> Counts:
        return Counts(
            self.chunks + 1,
            self.bytes + len(frame.raw),
            self.events + len(frame.events),
            self.characters + len(frame.text),
        )


class Record:
    """The last frames, of at most so many bytes and so many of them; of those before there are counts."""

    def __init__(self, kept_bytes: int = KEPT_BYTES, kept_frames: int = KEPT_FRAMES) -> None:
        self._most = kept_bytes, kept_frames
        self._frames: deque[Frame] = deque()
        self.total, self.left_out = Counts(), Counts()

    @property
    def frames(self) -> tuple[Frame, ...]:
        return tuple(self._frames)

    def after(self, number: int) -> tuple[Frame, ...]:
        """The kept frames with a higher number."""
        first = self._frames[0].number if self._frames else 1
        return tuple(self._frames)[max(0, number + 1 - first) :]

    def add(self, frame: Frame) -> None:
        self._frames.append(frame)
        self.total = self.total.plus(frame)
        most_bytes, most_frames = self._most
        while len(self._frames) > 1 and (
            self.total.bytes - self.left_out.bytes > most_bytes or len(self._frames) > most_frames
        ):
            self.left_out = self.left_out.plus(self._frames.popleft())

    def amend(self, frame: Frame) -> None:
        """Put it in the place of the last one, with more text."""
        more = len(frame.text) - len(self._frames[-1].text)
        self._frames[-1] = frame
        self.total = self.total._replace(characters=self.total.characters + more)


class Blot(Generic[AnyStr]):
    """Stars over a key in what is shown, as many as it has letters left. The first of these stay (3, of a short key
    fewer), so that its owner knows it. Shorter ones than LEAST_KEY are no keys, and are shown."""

    def __init__(self, key: AnyStr, star: AnyStr) -> None:
        self._key: AnyStr = key if len(key) >= LEAST_KEY else key[:0]
        self._star: AnyStr = star
        self._known = min(KNOWN_BY, len(key) // 8)

    def doubt(self, seen: AnyStr) -> AnyStr:
        """The end of `seen` that may be a key's beginning."""
        if not self._key:
            return seen[:0]
        rest = seen.split(self._key)[-1]
        for size in range(min(len(rest), len(self._key) - 1), 0, -1):
            if rest.endswith(self._key[:size]):
                return self._key[:size]
        return seen[:0]

    def certain(self, seen: AnyStr) -> AnyStr:
        """What of `seen` can be shown whatever comes after it: when more has come, more, and never other."""
        hidden = len(self.doubt(seen)) - self._known
        return self._covered(seen[:-hidden] if hidden > 0 else seen)

    def whole(self, seen: AnyStr) -> AnyStr:
        """All of `seen`, as long as it is, with stars over its doubtful end too."""
        certain = self.certain(seen)
        return certain + self._star * (len(seen) - len(certain))

    def _covered(self, seen: AnyStr) -> AnyStr:
        key, known = self._key, self._known
        return seen.replace(key, key[:known] + self._star * (len(key) - known)) if key else seen


class Gate:
    """What may pass, and when. `left`: so many chunks more; None: all of them."""

    def __init__(self) -> None:
        self.left: int | None = 0
        self.cut_at: int | None = None
        self.speed: float | None = None
        self._last = -math.inf

    def wait(self, now: float) -> float:
        """Seconds from now until a chunk may pass, or be cut; infinity: until something else is said."""
        if self.cut_at is not None:
            return 0.0
        if self.left is not None:
            return 0.0 if self.left else math.inf
        return max(0.0, self._last + 1 / self.speed - now) if self.speed else 0.0

    def take(self, size: int, now: float) -> int:
        """A chunk of `size` bytes goes now; how many of them pass."""
        self._last = now
        if self.cut_at is not None:
            return min(self.cut_at, size)
        if self.left is not None:
            self.left -= 1
        return size

    def cut(self, at: int) -> None:
        if at < 0:
            raise CallerError(f"at: {at} is no number of bytes.", field="at", advice="0 or more.")
        self.cut_at = at

    def slow(self, speed: float | None) -> None:
        if speed is not None and not SLOWEST <= speed <= FASTEST:
            raise CallerError(
                f"{speed:g} chunks a second cannot be kept to.",
                field="chunks_a_second",
                advice=f"Give {SLOWEST:g} to {FASTEST:g}, or None for as it comes.",
            )
        self.speed = speed

    def step(self, count: int) -> None:
        """So many more than are still to pass, then none."""
        if count < 1:
            raise CallerError(f"step: {count} is no step.", field="n", advice="1 or more.")
        self.left = (self.left or 0) + count
