"""Words as they arrive, and as a reader wants them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from mockmate_nb.errors import CallerError
from mockmate_nb.plots_scale import numbers_of

PACE = 238  # words a minute of silent reading, English (Brysbaert 2019, Journal of Memory and Language 109)
Points = Sequence[tuple[float, float]]


def arrivals(points: Points, field: str) -> list[tuple[float, float]]:
    times = numbers_of((at for at, _ in points), field)
    counts = numbers_of((count for _, count in points), field)
    for row in (times, counts):
        if any(later < earlier for earlier, later in pairwise(row)):
            raise CallerError(
                f"{field}: times and counts of words never fall.", field=field, advice="Sort by time."
            )
    return list(zip(times, counts, strict=True))


def wishes(steps: Points, reader: Points | None) -> list[tuple[float, float]]:
    """The reader's line: what was given, or the usual pace from the first word to the last."""
    if reader is not None:
        line = arrivals(reader, "reader")
        if line and line[0][0] == line[-1][0]:
            raise CallerError("reader: one moment is no line.", field="reader", advice="Give two points.")
        return line
    first = next((at for at, count in steps if count >= 1), None)
    if first is None:
        return []
    return [(first, 0.0), (first + steps[-1][1] * 60 / PACE, steps[-1][1])]


def wanted(wish: Points, at: float) -> float:
    """Words that the reader wants to have by then."""
    return float(np.interp(at, [time for time, _ in wish], [count for _, count in wish]))


def pace(wish: Points) -> str:
    (begin, none), (end, total) = wish[0], wish[-1]
    return f"{60 * (total - none) / (end - begin):.0f}"


def first_wait(steps: Points, wish: Points) -> float | None:
    """When the reader has first read all that is there while more is to come."""
    for (at, count), (later, _) in pairwise(steps):
        if wanted(wish, later) > count + 1e-9:
            return max(at, float(np.interp(count, [c for _, c in wish], [time for time, _ in wish])))
    return None


def longest(steps: Points) -> tuple[float, float, float]:
    """The longest gap: how long, from when on, and the words there were."""
    return max(
        ((later - at, at, count) for (at, count), (later, _) in pairwise(steps)), key=lambda gap: gap[0]
    )
