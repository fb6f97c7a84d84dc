"""Runs whose times are known, and experiments whose truth is: times of four families, how often intervals hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from mockmate_nb.lab.intervals import Interval, median_interval, ratio_interval
from mockmate_nb.lab.run import Arrival, Cache, Mode, Run

Family = Literal["normal", "lognormal", "pareto", "student"]
Times = np.ndarray[tuple[int], np.dtype[np.float64]]
Of = Literal["median", "ratio"]
FACTOR = 5.0
"""The true median of the simulated ratios."""


class Drawn(NamedTuple):
    """How a family's times are drawn, and their median."""

    times: Callable[[np.random.Generator, int], Times]
    median: float


def _student(rng: np.random.Generator, n: int) -> Times:
    """Student's t with 3 degrees of freedom about 1; cut off alike on both sides, so that no time is below zero."""
    spread = rng.standard_t(3, 4 * n + 40)
    return 1 + 0.05 * spread[np.abs(spread) < 15][:n]


FAMILIES: Mapping[Family, Drawn] = {
    "normal": Drawn(lambda rng, n: rng.normal(1, 0.1, n), 1.0),
    "lognormal": Drawn(lambda rng, n: rng.lognormal(0, 0.5, n), 1.0),
    "pareto": Drawn(lambda rng, n: 1 + rng.pareto(2, n), 2**0.5),
    "student": Drawn(_student, 1.0),
}
"""Pareto of index 2 has no finite variance, and Student's t with 3 degrees of freedom no finite third moment."""


def coverage(
    family: Family,
    of: Of = "median",
    *,
    n: int = 20,
    experiments: int = 1000,
    seed: int = 1,
    interval: Callable[..., Interval] | None = None,
) -> float:
    """The share of experiments, 0 to 1, whose interval holds the truth; `interval` takes the place of ours.

    A ratio's times share a factor within each pair, as the load of a machine would have it; both sides are of one
    family, so x / y and y / x have the same distribution, and the median of their ratio is exactly `FACTOR`.
    """
    rng = np.random.default_rng([seed, n, list(FAMILIES).index(family)])
    drawn = FAMILIES[family]
    held = 0
    for experiment in range(experiments):
        if of == "median":
            found = (interval or median_interval)(list(drawn.times(rng, n)), seed=experiment)
            held += found.holds(drawn.median)
        else:
            load = rng.lognormal(0, 0.3, n)
            above, below = FACTOR * load * drawn.times(rng, n), load * drawn.times(rng, n)
            held += (interval or ratio_interval)(list(above), list(below), seed=experiment).holds(FACTOR)
    return held / experiments


def simulated_run(
    texts: Sequence[tuple[float, int]],
    *,
    mode: Mode = "stream",
    cache: Cache = "warm",
    choices: Sequence[float] | None = None,
    e2e: float | None = None,
    tokens: int | None = None,
    characters: int | None = None,
    connected: float | None = None,
    sent: float | None = None,
    pair: int = 0,
) -> Run:
    """A run with these arrivals: when, and how many whole words by then; each word has five letters and a space."""
    arrivals = tuple(Arrival(at, 6 * words, words) for at, words in texts)
    first, last = arrivals[0].at, arrivals[-1].at
    events = tuple(choices) if choices is not None else tuple(at for at, _ in texts)
    return Run(
        pair=pair,
        mode=mode,
        cache=cache,
        prompt=0,
        began=0.0,
        first_byte=first,
        first_event=first,
        first_content=first,
        last_content=last,
        last_event=max((*events, last)),
        e2e=last if e2e is None else e2e,
        arrivals=arrivals,
        choices=events,
        tokens=len(arrivals) if tokens is None else tokens,
        counted="usage",
        prompt_tokens=10,
        characters=arrivals[-1].characters if characters is None else characters,
        bytes=1000,
        connected=connected,
        sent=sent,
        first_word=next((one.at for one in arrivals if one.words), None),
    )
