"""Numbers as places and as words: scales with their ticks, figures of three digits, labels that keep apart. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

from mockmate_nb.drawing import width_of
from mockmate_nb.errors import CallerError

LEAST = 1e-4  # seconds: the shortest span that a scale shows
LOG_FROM = 8  # times between the lowest and the highest from which a scale is logarithmic
FARTHEST = 1e-9  # of the highest: what is lower stands at the lower end
PARTED = 5  # pixels between a flag's text and its pole, and between two texts


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels. What lies outside `low` to `high` is put at its end."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        if self.log:
            part = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * part

    def ticks(self, most: int) -> list[float]:
        """At most about `most` round values within it."""
        return _log_ticks(self.low, self.high, most) if self.log else _ticks(self.low, self.high, most)

    def timed(self, most: int) -> list[tuple[float, str]]:
        """Ticks of a scale of seconds: the place and the label of each."""
        return [(self(at), clock(at, self.high if not self.log else at)) for at in self.ticks(most)]


def scale_of(values: Iterable[float], start: float, end: float) -> Scale:
    """A scale of seconds with all `values` on it: from 0, or logarithmic where they lie far apart."""
    values = [*values]
    low, high = min(values, default=0.0), max(values, default=0.0)
    if 0 < low * LOG_FROM < high:
        low = max(low, high * FARTHEST)
        edge = (high / low) ** 0.04
        return Scale(low / edge, high * edge, start, end, log=True)
    return Scale(0.0, max(high * 1.06, LEAST), start, end)


def _ticks(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / max(most, 1)
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(ten * times for times in (1, 2, 5, 10) if ten * times >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{at * step:.10g}") for at in range(first, last + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for heads in ((1, 2, 5), (1, 3), (1,)):
        found = [head * 10.0**decade for decade in decades for head in heads]
        found = [float(f"{value:.10g}") for value in found if low <= value <= high]
        if len(found) <= most + 1:
            return found if len(found) > 1 else _ticks(low, high, most)
    return found[:: math.ceil(len(found) / most)]


def counted(number: float) -> str:
    """A whole number on a scale: thousands as k from ten of them up."""
    return f"{number / 1000:,g}k" if number >= 10_000 else f"{number:,g}"


def clock(seconds: float, highest: float) -> str:
    """A round time on a scale that goes up to `highest`."""
    if seconds == 0:
        return "0"
    return f"{seconds:,.6g} s" if highest >= 1 else f"{seconds * 1000:.6g} ms"


def numbers_of(values: Iterable[float], field: str) -> list[float]:
    """`values`, looked at: finite and not negative. `CallerError` names the one that is not."""
    found = [float(value) for value in values]
    for value in found:
        if not 0 <= value < math.inf:
            raise CallerError(
                f"{field}: {value!r} cannot be drawn.", field=field, advice="Give finite numbers from 0 up."
            )
    return found


Beside = Literal["left", "right"]
SIDES: tuple[Beside, ...] = ("right", "left")


class Flag(NamedTuple):
    """A text beside a pole: the pole's place, the text, on which side of the pole it stands, and how high."""

    x: float
    text: str
    side: Beside
    lane: int


def flags(spots: Sequence[tuple[float, str]], left: float, right: float, size: float) -> list[Flag]:
    """Texts for poles at `spots`, each right or left of its pole, in lanes one above the other (0 is lowest).

    No text lies on another, no pole goes through a text, as few lanes as that takes.
    """
    wide = [width_of(text, size) + 2 * PARTED for _, text in spots]
    poles = [x for x, _ in spots]
    best: list[Flag] = []
    least = math.inf, 0
    for sides in product(SIDES, repeat=len(spots)):
        boxes = [
            (x, x + w) if side == "right" else (x - w, x)
            for x, w, side in zip(poles, wide, sides, strict=True)
        ]
        inside = all(low >= left - 1 and high <= right + 1 for low, high in boxes)
        lanes = _lanes(poles, boxes) if inside else None
        if lanes is None or (cost := (max(lanes, default=0), sides.count("left"))) >= least:
            continue
        least = cost
        best = [Flag(x, text, side, lane) for (x, text), side, lane in zip(spots, sides, lanes, strict=True)]
    if best:
        return best
    middle = (left + right) / 2  # texts too long for their places: each on a lane of its own
    return [Flag(x, text, "right" if x < middle else "left", lane) for lane, (x, text) in enumerate(spots)]


def _lanes(poles: Sequence[float], boxes: Sequence[tuple[float, float]]) -> list[int] | None:
    """How high each box must stand so that no lower pole's text is crossed; None where that cannot be."""
    count = range(len(boxes))
    above = {
        (one, two)
        for one in count
        for two in count
        if one != two
        and (
            boxes[one][0] < poles[two] < boxes[one][1]
            or (one < two and boxes[one][0] < boxes[two][1] and boxes[two][0] < boxes[one][1])
        )
    }
    above -= {
        (one, two)
        for one, two in above
        if (two, one) in above and not boxes[one][0] < poles[two] < boxes[one][1]
    }
    lanes = [0 for _ in count]
    for _ in count:
        for one, two in sorted(above):
            lanes[one] = max(lanes[one], lanes[two] + 1)
    return lanes if all(lanes[one] > lanes[two] for one, two in above) else None
