"""From marks of two clocks to hops: what is known, how well, and what is told apart."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.interview.question import LANGUAGES
from mockmate_nb.lab.waterfall import DRIFT, HOPS, Click, Hops, Later, Ping, Waterfall, hops

TRUE = {
    "up": 0.004,
    "client": 0.002,
    "connect": 0.010,
    "provider": 0.300,
    "empty": 0.005,
    "view": 0.001,
    "down": 0.006,
    "paint": 0.012,
}


class World:
    """Two clocks over one true time: the page's is `ahead` and `fast` by so many seconds a second."""

    def __init__(self, ahead: float = 0.0, fast: float = 0.0, step_at: float = math.inf, step: float = 0.0):
        self.ahead, self.fast, self.step_at, self.step = ahead, fast, step_at, step

    def page(self, at: float) -> float:
        return at + self.ahead + self.fast * at + (self.step if at >= self.step_at else 0.0)

    def ping(self, at: float, there: float = 0.002, back: float = 0.002) -> Ping:
        heard = at + there + 0.001 + back
        return Ping(at, self.page(at + there), self.page(at + there + 0.001), heard)

    def click(
        self, true: dict[str, float] | None = None, *, at: float = 100.0, pings: Any = (), **more: Any
    ) -> Click:
        """What the two would note of a click whose hops truly are these."""
        ends = [at, *accumulate((true or TRUE).values(), initial=at)][1:]
        up, client, connect, _, _, _, down, _ = ends[1:]
        byte, text, told = ends[4:7]
        marks: dict[str, Any] = {
            "clicked": self.page(ends[0]),
            "said": self.page(ends[0]),
            "heard": up,
            "asked": up,
            "connecting": client,
            "sent": connect,
            "byte": byte,
            "text": text,
            "told": told,
            "received": self.page(down),
            "painted": self.page(ends[8]),
            "pings": tuple(pings),
        }
        return Click(**{**marks, **more})


def known(click: Click) -> Hops:
    found = hops(click)
    assert isinstance(found, Hops), found
    return found


def near(world: World) -> list[Ping]:
    return [world.ping(at) for at in (99.0, 99.5, 101.0, 101.5)]


@pytest.mark.parametrize(
    "world",
    [
        World(),
        World(ahead=1_795_266_865.0),
        World(ahead=-86_400.0),
        World(fast=1e-5),
        World(fast=-5e-5),
        World(ahead=3.0, fast=9e-5),
    ],
    ids=lambda world: f"{world.ahead:g} s, {world.fast:g} s/s",
)
def test_hops_are_found_whatever_the_clocks_say(world: World) -> None:
    found = known(world.click(pings=near(world)))
    assert found.whole == pytest.approx(sum(TRUE.values()), abs=1e-4)
    assert sum(found.hops.values()) == pytest.approx(found.whole, abs=1e-4)
    for name, true in TRUE.items():
        blurred = found.uncertain if name in ("up", "down") else 0.0
        assert found.hops[name] == pytest.approx(true, abs=blurred + 1e-4), name  # type: ignore[index]  # its names


@pytest.mark.parametrize(
    ("there", "back", "error"), [(0.002, 0.002, 0.0), (0.003, 0.001, 0.001), (0.0, 0.02, -0.01)]
)
def test_what_is_not_known_is_at_most_half_the_least_round_trip(
    there: float, back: float, error: float
) -> None:
    world = World(ahead=7.0)
    slow = {**TRUE, "up": 0.2, "down": 0.3}
    pings = [world.ping(101.0, 0.2, 0.3), world.ping(102.0, there, back), world.ping(103.0, 0.1, 0.1)]
    found = known(world.click(slow, pings=pings))
    assert found.uncertain <= (there + back) / 2 + 5 * DRIFT
    assert found.ahead - 7.0 == pytest.approx(error, abs=5 * DRIFT)
    assert found.hops["up"] == pytest.approx(slow["up"] + error, abs=5 * DRIFT)


def test_pings_that_are_quick_one_way_each_are_better_than_the_best_of_them() -> None:
    world = World(ahead=7.0)
    pings = [world.ping(101.0, 0.0001, 0.05), world.ping(102.0, 0.05, 0.0001)]
    found = known(world.click({**TRUE, "up": 0.2, "down": 0.2}, pings=pings))
    assert found.uncertain < 0.001


def test_without_pings_the_ways_share_what_is_left_and_it_is_said_that_nothing_more_is_known() -> None:
    found = known(World(ahead=5.0).click())
    assert found.hops["up"] == pytest.approx(0.005)
    assert found.hops["down"] == pytest.approx(0.005)
    assert found.uncertain == pytest.approx(0.005)


def test_old_pings_say_less() -> None:
    world = World()
    fresh, old = (known(world.click(pings=[world.ping(at, 1e-3, 1e-3)])).uncertain for at in (101.0, 90.0))
    assert fresh < old <= 0.001 + 12 * DRIFT


def test_a_coarse_clock_is_part_of_what_is_not_known() -> None:
    world, tick = World(), 0.001
    exact = world.click(pings=near(world))
    names = ("clicked", "said", "received", "painted")
    coarse = replace(
        exact,
        **{name: math.floor(getattr(exact, name) / tick) * tick for name in names},
        pings=tuple(
            ping._replace(
                received=math.floor(ping.received / tick) * tick,
                answered=math.floor(ping.answered / tick) * tick,
            )
            for ping in exact.pings
        ),
        tick=tick,
    )
    found = known(coarse)
    assert found.uncertain >= tick
    for name in ("up", "down"):
        assert abs(found.hops[name] - TRUE[name]) <= found.uncertain + tick


@pytest.mark.parametrize("step", [3600.0, 0.5, -0.5, -3600.0])
@pytest.mark.parametrize("at", [99.9, 100.1, 100.34, 100.9])
def test_a_clock_that_is_set_meanwhile_is_noticed(step: float, at: float) -> None:
    world = World(step_at=at, step=step)
    assert hops(world.click(pings=near(world))) == "moved"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"received": None, "painted": None}, "lost"),
        ({"painted": None}, "lost"),
        ({"painted": 0.0}, "moved"),
        ({"byte": 0.0}, "moved"),
        ({"told": 99.0}, "moved"),
        ({"heard": 100.9}, "moved"),
        ({"received": math.nan}, "moved"),
    ],
)
def test_a_click_that_cannot_be_told_is_told_apart(change: dict[str, Any], fault: str) -> None:
    world = World()
    assert hops(replace(world.click(pings=near(world)), **change)) == fault


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {"client": 0.002, "connect": 0.010, "provider": 0.300}),
        ({"connecting": None}, {"client": 0.012, "connect": 0.0, "provider": 0.300}),
        (
            {"connecting": None, "sent": None, "asked": 100.005},
            {"client": 0.001, "connect": 0, "provider": 0.311},
        ),
    ],
    ids=["new connection", "open connection", "nobody says"],
)
def test_hop_1_begins_where_somebody_says_so(change: dict[str, Any], expected: dict[str, float]) -> None:
    world = World()
    found = known(replace(world.click(pings=near(world)), **change))
    assert {name: found.hops[name] for name in expected} == pytest.approx(expected)  # type: ignore[index]  # its names


SECONDS = st.floats(0, 2)


@given(
    true=st.lists(SECONDS, min_size=8, max_size=8),
    ahead=st.floats(-1e6, 1e6),
    fast=st.floats(-DRIFT, DRIFT),
    ways=st.lists(st.tuples(st.floats(90, 120), SECONDS, SECONDS), max_size=6),
)
def test_no_hop_is_negative_and_the_truth_is_within_what_is_said(
    true: list[float], ahead: float, fast: float, ways: list[tuple[float, float, float]]
) -> None:
    world, named = World(ahead, fast), dict(zip(TRUE, true, strict=True))
    found = known(world.click(named, pings=[world.ping(*way) for way in ways], tick=1e-6))
    slack = 1e-6 + 2 * DRIFT * (sum(true) + 1)
    assert min(found.hops.values()) >= 0
    assert abs(sum(found.hops.values()) - found.whole) <= slack
    for name in HOPS:
        blurred = found.uncertain if name in ("up", "down") else 0.0
        assert abs(found.hops[name] - named[name]) <= blurred + slack


# --- over several clicks


def test_the_frame_has_a_row_a_hop_whose_shares_add_up() -> None:
    world, falls = World(ahead=9.0), Waterfall()
    falls.add(world.click({**TRUE, "provider": 9.0}, pings=near(world), simulated=True))
    assert set(falls.frame.n) == {0}, "the first is a warm-up"
    assert falls.whole == pytest.approx((9.04, 9.04), abs=1e-6)
    for provider in (0.1, 0.2, 0.3, 0.4):
        click = world.click({**TRUE, "provider": provider}, pings=near(world), simulated=provider > 0.3)
        falls.add(replace(click, later=(Later(100.0, world.page(100.0 + provider)),)))
    frame = falls.frame
    assert list(frame.columns) == ["hop", "p50", "p95", "share", "n", "uncertain"]
    assert list(frame.hop) == list(HOPS)
    assert frame.share.sum() == pytest.approx(1)
    row = frame.set_index("hop").loc["provider"]
    assert [row.p50, row.p95, row.n] == pytest.approx([0.25, 0.385, 4])
    assert (frame.uncertain > 0).tolist() == [name in ("up", "down") for name in HOPS]
    assert falls.whole == pytest.approx((0.29, 0.425), abs=1e-6)
    assert falls.later == pytest.approx((0.25, 0.385), abs=0.003)
    assert (falls.simulated, falls.lost, falls.moved) == (1, 0, 0)
    assert (len(falls.clicks), len(falls.counted)) == (5, 4)
    starts = [row.start for row in falls.rows()]
    assert starts == sorted(starts)
    assert starts[4] == pytest.approx(0.016 + 0.25, abs=0.003)


def test_what_cannot_be_told_is_counted_apart() -> None:
    world, falls = World(), Waterfall()
    assert falls.add(world.click(painted=None)) == "lost"
    assert falls.add(world.click(byte=0.0)) == "moved"
    assert (falls.lost, falls.moved, falls.clicks) == (1, 1, [])
    assert falls.frame.empty
    assert (falls.whole, falls.later, falls.uncertain) == (None, None, None)


def test_each_hop_has_its_names_in_every_language() -> None:
    names = [HOPS[hop][language] for hop in HOPS for language in LANGUAGES]
    assert len(set(names)) == len(HOPS) * len(LANGUAGES)
    assert all(all(said) for said in names)
