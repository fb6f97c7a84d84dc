"""Intervals: they hold the truth as often as they claim, and say nothing where there is too little to say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockmate_nb.errors import CallerError
from mockmate_nb.lab.intervals import METHOD, MINIMUM, Interval, median_interval, ratio_interval
from tests.lab.simulated_times import FAMILIES, Family, Of, coverage

TIMES = [0.31, 0.29, 0.35, 0.30, 0.33, 0.28, 0.90, 0.32, 0.31, 0.30]
EXPERIMENTS = 100
"""Enough to tell 95 % from 85 %; the benchmark makes 1,000."""


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("of", ["median", "ratio"])
def test_an_interval_holds_the_truth_as_often_as_it_claims(family: Family, of: Of) -> None:
    assert 0.90 <= coverage(family, of, experiments=EXPERIMENTS) <= 0.995


def test_an_interval_that_is_too_narrow_is_found_out() -> None:
    def halved(values: np.ndarray[tuple[int], np.dtype[np.float64]], seed: int) -> Interval:
        value, low, high, n = median_interval(list(values), seed)
        return Interval(value, (value + low) / 2, (value + high) / 2, n)

    assert coverage("normal", experiments=EXPERIMENTS, interval=halved) < 0.85


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.4] * 20, (0.4, 0.4, 0.4)),  # a clock of no jitter
        ([1.0] * 19 + [50.0], (1.0, 1.0, 1.0)),  # one outlier moves no median
        ([1, 2, 3, 4, 5, 6], (3.5, 1.0, 6.0)),  # six values: the whole range is needed for 95 %
    ],
)
def test_intervals_known_by_hand(values: list[float], expected: tuple[float, float, float]) -> None:
    assert median_interval(values) == (*expected, len(values))


def test_the_interval_of_the_median_lies_about_the_order_statistics_that_hold_it() -> None:
    """For 20 values the exact 95.9 % interval goes from the 6th to the 15th (binomial)."""
    found = median_interval(list(range(1, 21)))
    assert found.value == 10.5
    assert 5 <= found.low <= 7
    assert 14 <= found.high <= 16


def test_the_same_seed_gives_the_same_interval() -> None:
    assert median_interval(TIMES, seed=3) == median_interval(TIMES, seed=3)


@pytest.mark.parametrize("values", [[], [0.4], [0.4, 0.5, 0.6, 0.5, 0.4]])
def test_too_few_values_have_a_median_but_no_interval(values: list[float]) -> None:
    assert len(values) < MINIMUM
    found = median_interval(values)
    assert not found.known
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert not found.holds(found.value)
    assert found.n == len(values)
    assert math.isnan(found.value) if not values else found.value == sorted(values)[len(values) // 2]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_refused(wrong: float) -> None:
    with pytest.raises(CallerError, match="not a finite number"):
        median_interval([*TIMES, wrong])


@pytest.mark.parametrize(
    ("above", "below", "said"),
    [
        ([1.0, 2.0], [1.0], "2 values above and 1 below"),
        ([1.0, 2.0], [1.0, 0.0], "not above zero"),
        ([1.0, 2.0], [1.0, -0.5], "not above zero"),
        ([1.0, 2.0], [1.0, math.nan], "not above zero"),
    ],
)
def test_what_makes_no_ratio_is_refused(above: list[float], below: list[float], said: str) -> None:
    with pytest.raises(CallerError, match=said):
        ratio_interval(above, below)


def test_a_ratio_is_taken_within_pairs() -> None:
    """Load that comes and goes for both runs of a pair leaves no trace."""
    load = [1.0, 8.0, 2.0, 30.0, 0.5, 4.0, 1.5, 12.0]
    assert ratio_interval([3 * one for one in load], load)[:3] == (3, 3, 3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.001, 100), min_size=MINIMUM, max_size=12), st.sampled_from([0.5, 2.0, 1024.0]))
def test_an_interval_lies_about_its_median_and_scales_with_the_unit(
    values: list[float], scale: float
) -> None:
    found = median_interval(values)
    assert min(values) <= found.low <= found.value <= found.high <= max(values)
    assert found.holds(found.value)
    scaled = median_interval([scale * value for value in values])
    assert scaled[:3] == pytest.approx([scale * end for end in found[:3]])


def test_the_method_is_named() -> None:
    for word in (
        "paired" if "paired" in METHOD else "pairs",
        "95 %",
        "bootstrap",
        "9,999",
        "scipy",
        "linear",
    ):
        assert word in METHOD
