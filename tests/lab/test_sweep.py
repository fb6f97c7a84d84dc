"""The load sweep: so many readers at once, what they get, and what is kept when it is cut short."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.lab import sweep as sweep_module
from mockmate_nb.lab.latency import Limits, SweepReport, sweep
from mockmate_nb.lab.metrics import METRICS
from mockmate_nb.llm.client import LLM
from tests.lab.simulated_times import simulated_run
from tests.llm.misbehaving import KEY, Reply, Request, Server, chunk, error, stream

ONE, TWO = stream("One ", "two."), Reply([chunk("One "), 0.05, chunk("two."), chunk(finish="stop")])
SLOW = Reply([0.2, chunk("One "), chunk("two."), chunk(finish="stop")])


class Crowd:
    """How many requests were open at the same time."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.most: list[int] = []
        self._open: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self._open = [one for one in self._open if not one.gone.is_set()] + [request]
        self.most.append(len(self._open))
        return self.reply


def asked(server: Server) -> LLM:
    return LLM(base_url=server.url, api_key=KEY, model="m")


async def test_each_level_has_so_many_readers_and_as_many_requests_as_wanted() -> None:
    crowd = Crowd(TWO)
    async with Server() as server:
        server.answer = crowd.answer
        report = await sweep(asked(server), "Hello?", (1, 3), requests=6)
    assert [(level.streams, len(level.runs)) for level in report.levels] == [(1, 6), (3, 6)]
    assert max(crowd.most[1:7]) == 1, "after the warm-up"
    assert max(crowd.most[7:]) == 3
    assert report.finished
    assert list(report.frame["streams"]) == [1, 3]
    assert report.frame["goodput"].between(0, 1).all()


async def test_more_readers_than_requests_ask_once_each() -> None:
    async with Server() as server:
        server.answer = lambda _: ONE
        report = await sweep(asked(server), "Hello?", [5], requests=2)
    assert len(report.levels[0].runs) == 5


async def test_goodput_counts_what_keeps_both_limits() -> None:
    count = itertools.count()
    async with Server() as server:
        server.answer = lambda _: SLOW if next(count) % 2 == 0 else ONE
        report = await sweep(asked(server), "Hello?", [1], requests=4, limits=Limits(ttft=0.15, tpot=10))
    (row,) = report.frame.to_dict("records")
    assert row["goodput"] == 0.5
    assert row["good_per_second"] == pytest.approx(2 / report.levels[0].seconds)
    assert row["ttft_p95"] > 0.15


async def test_failed_requests_are_counted_and_lower_the_goodput() -> None:
    count = itertools.count()
    async with Server() as server:
        server.answer = lambda _: error(500, {"message": "x"}) if next(count) % 3 == 2 else ONE
        report = await sweep(asked(server), "Hello?", [1], requests=6, limits=Limits(60, 60))
    level = report.levels[0]
    assert (len(level.runs), len(level.failures)) == (4, 2)
    assert report.frame["goodput"][0] == pytest.approx(4 / 6)


async def test_a_level_at_which_nobody_is_answered_is_the_last() -> None:
    crowd = itertools.count()
    async with Server() as server:
        server.answer = lambda _: ONE if next(crowd) < 3 else error(500, {"message": "x"})
        report = await sweep(asked(server), "Hello?", (1, 2, 4), requests=2)
    assert [level.streams for level in report.levels] == [1, 2]
    assert not report.finished


async def test_a_model_that_never_answers_is_a_clear_error() -> None:
    async with Server() as server:
        server.answer = lambda _: Reply(silent=True)
        with pytest.raises(MockMateError):
            await sweep(asked(server), "Hello?", timeout=0.2)


async def test_a_stop_in_the_middle_keeps_what_was_answered_and_closes_every_request() -> None:
    count, held = itertools.count(), asyncio.Event()
    async with Server() as server:
        server.answer = lambda _: ONE if next(count) < 7 else Reply([held])
        work = sweep(asked(server), "Hello?", (1, 4), requests=5).begin()
        while len(server.requests) < 11:
            await asyncio.sleep(0.005)
        await work.stop()
        await asyncio.wait_for(asyncio.gather(*(one.gone.wait() for one in server.requests)), 5)
        report = await work
    assert [(level.streams, len(level.runs)) for level in report.levels] == [(1, 5), (4, 1)]
    assert not report.finished
    assert SweepReport.from_json(report.json()) == report


@pytest.mark.parametrize(
    "bad",
    [
        {"streams": ()},
        {"streams": (0,)},
        {"streams": (1000,)},
        {"streams": (1.5,)},
        {"requests": 0},
        {"requests": 2.5},
        {"prompts": ""},
        {"seed": -1},
        {"timeout": 0},
        {"max_tokens": 0},
        {"limits": Limits(float("inf"), 1)},
        {"limits": Limits(1, -1)},
    ],
    ids=str,
)
def test_what_cannot_be_measured_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(CallerError):
        sweep(LLM(pace=0), **{"prompts": "Hello?", **bad})


@pytest.mark.parametrize("text", ["", "{}", '{"version": 1}', "[1]"])
def test_only_what_it_wrote_is_read_back(text: str) -> None:
    with pytest.raises(CallerError, match="no sweep report"):
        SweepReport.from_json(text)


async def test_a_service_that_fails_at_first_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_module, "backoff", lambda _: 0.0)
    count = itertools.count()
    async with Server() as server:
        server.answer = lambda _: error(500, {"message": "x"}) if next(count) < 2 else ONE
        report = await sweep(asked(server), "Hello?", [1], requests=2)
    assert report.finished
    assert len(report.levels[0].runs) == 2


async def test_tokens_a_second_are_those_of_all_readers_over_the_levels_time() -> None:
    async with Server() as server:
        server.answer = lambda _: TWO
        report = await sweep(asked(server), "Hello?", [2], requests=4)
    (row,) = report.frame.to_dict("records")
    assert row["tokens_per_second"] == pytest.approx(8 / report.levels[0].seconds)


def test_a_limit_that_is_just_kept_is_kept() -> None:
    run = simulated_run([(0.5 + 0.1 * n, n + 1) for n in range(11)])
    tpot = METRICS["tpot"].of(run)
    assert tpot is not None
    assert Limits(run.first_content, tpot).met(run)
    assert not Limits(run.first_content - 1e-9, tpot).met(run)
    assert not Limits(run.first_content, tpot - 1e-9).met(run)
