"""`compare`: pairs in turn, failures redone and counted, partial results kept, bad input refused."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.lab import latency
from mockmate_nb.lab.latency import compare
from mockmate_nb.lab.report import LatencyReport
from mockmate_nb.llm.client import LLM
from tests.llm.misbehaving import KEY, Reply, Request, Server, error, stream, whole

JSON = {"content-type": "application/json"}
GOOD = {True: stream("One ", "two ", "three."), False: Reply([whole("One two three.")], headers=JSON)}
BROKEN = error(500, {"message": "broken"})
FAILING = itertools.count()


def good(request: Request) -> Reply:
    return GOOD[bool(request.body.get("stream"))]


def asked(server: Server) -> LLM:
    return LLM(base_url=server.url, api_key=KEY, model="m")


def modes(server: Server) -> list[str]:
    return ["stream" if request.body.get("stream") else "batch" for request in server.requests]


async def test_pairs_alternate_and_the_warm_up_is_kept_apart() -> None:
    async with Server() as server:
        server.answer = good
        report = await compare(asked(server), "Say three words.", pairs=4, seed=1)
    order = [run.mode for run in sorted(report.runs, key=lambda run: run.began)]
    firsts = order[::2]
    assert len(report.runs) == 8
    assert all(Counter(order[at : at + 2]) == {"stream": 1, "batch": 1} for at in range(0, 8, 2))
    assert firsts[0] == firsts[2] != firsts[1] == firsts[3]
    assert [run.pair for run in report.warm_up] == [-1, -1]
    assert report.finished
    assert not report.discards
    assert modes(server)[0] == "stream", "the prompt is made warm"
    assert server.requests[0].body["max_tokens"] == 1


async def test_the_same_seed_gives_the_same_order() -> None:
    first: dict[int, set[str]] = {}
    for seed in range(6):
        for _ in range(2):
            async with Server() as server:
                server.answer = good
                await compare(asked(server), "Hello?", pairs=1, seed=seed)
                first.setdefault(seed, set()).add(",".join(modes(server)))
    assert all(len(orders) == 1 for orders in first.values())
    assert len(set.union(*first.values())) == 2, "and seeds differ"


async def test_both_kinds_of_cache_are_kept_apart() -> None:
    async with Server() as server:
        server.answer = good
        report = await compare(asked(server), "Hello?", pairs=2, cache="both")
        texts = [request.body["messages"][0]["content"] for request in server.requests]
    assert Counter(run.cache for run in report.runs) == {"warm": 4, "cold": 4}
    assert texts[:7] == ["Hello?"] * 7, "priming, warm-up and two pairs"
    assert len(set(texts[7:])) == 6, "no cold prompt twice"


async def test_prompts_take_turns_and_are_made_warm_again() -> None:
    async with Server() as server:
        server.answer = good
        report = await compare(asked(server), ["A?", "B?"], pairs=4)
        primes = [
            request.body["messages"][0]["content"]
            for request in server.requests
            if request.body["max_tokens"] == 1
        ]
    assert [run.prompt for run in report.runs[::2]] == [0, 1, 0, 1]
    assert primes == ["A?", "B?", "A?", "B?"]


async def test_a_model_that_fails_in_every_third_run_is_measured_all_the_same() -> None:
    count = itertools.count(1)
    async with Server() as server:
        server.answer = lambda request: BROKEN if next(count) % 3 == 0 else good(request)
        report = await compare(asked(server), "Hello?", pairs=6)
    assert len(report.pairs_done) >= 3
    assert report.discards
    assert {one.kind for one in report.discards} == {"server"}
    for cache, once, other in report.pairs_done:
        assert (once.pair, once.mode, other.mode, cache) == (other.pair, "stream", "batch", "warm")


async def test_one_failure_costs_one_pair_which_is_done_again() -> None:
    count = itertools.count()
    async with Server() as server:
        server.answer = lambda request: BROKEN if next(count) == 5 else good(request)
        report = await compare(asked(server), "Hello?", pairs=3)
    assert report.finished
    assert len(report.pairs_done) == 3
    assert len(report.discards) == 1
    assert report.summary["discarded"].eq(1).all()


async def test_a_model_that_goes_down_leaves_what_was_measured() -> None:
    count = itertools.count()
    async with Server() as server:
        server.answer = lambda request: BROKEN if next(count) > 6 else good(request)
        report = await compare(asked(server), "Hello?", pairs=20)
    assert not report.finished
    assert len(report.pairs_done) == 2
    assert len(report.discards) == latency.FAILURES_IN_A_ROW


@pytest.mark.parametrize(
    ("reply", "kind", "tries"),
    [
        (Reply(silent=True), Kind.TIMEOUT, 1),
        (error(401, {"message": "no"}), Kind.AUTH, 1),
        (BROKEN, Kind.SERVER, latency.FAILURES_IN_A_ROW),
        (stream(""), Kind.UNREADABLE, latency.FAILURES_IN_A_ROW),
    ],
    ids=["silent", "refused", "broken", "empty"],
)
async def test_a_model_that_never_answers_is_a_clear_error_soon(reply: Reply, kind: Kind, tries: int) -> None:
    async with Server() as server:
        server.answer = lambda _: reply
        work = compare(asked(server), "Hello?", pairs=20, timeout=0.2)
        with pytest.raises(MockMateError) as caught:
            await work
        assert caught.value.kind is kind
        assert len(server.requests) == tries
    assert len(work.report.discards) == tries
    assert work.report.runs == ()
    assert work.report.summary.empty
    assert "othing" in work.report.verdict()


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"pairs": 0}, "pairs"),
        ({"pairs": -1}, "pairs"),
        ({"prompts": []}, "prompts"),
        ({"prompts": ["Hello?", " "]}, "prompts"),
        ({"prompts": [[]]}, "prompts"),
        ({"cache": "lukewarm"}, "cache"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
    ],
    ids=str,
)
def test_what_cannot_be_measured_is_refused_before_anything_is_asked(bad: dict[str, Any], field: str) -> None:
    with pytest.raises(CallerError) as caught:
        compare(LLM(pace=0), **{"prompts": "Hello?", **bad})
    assert caught.value.field == field


async def test_a_stop_in_the_middle_keeps_whole_pairs_and_closes_the_request() -> None:
    held = asyncio.Event()
    count = itertools.count()
    async with Server() as server:

        def script(request: Request) -> Reply:
            return Reply([held]) if next(count) == 8 else good(request)

        server.answer = script
        work = compare(asked(server), "Hello?", pairs=20).begin()
        while len(server.requests) < 9:
            await asyncio.sleep(0.005)
        await work.stop()
        await asyncio.wait_for(server.requests[-1].gone.wait(), 5)
        report = await work
    assert len(report.pairs_done) == 2
    assert len(report.runs) == 4, "half a pair is none"
    assert not report.finished
    assert LatencyReport.from_json(report.json()) == report


async def test_progress_counts_the_runs_that_are_planned() -> None:
    said: list[tuple[int, str]] = []
    work = compare(LLM(pace=0), "Hello?", pairs=2, max_tokens=4)
    work.on_change(lambda: said.append((work.done, work.doing)))
    await work
    assert work.done == work.total == 6
    assert [done for done, _ in said] == sorted(done for done, _ in said)
    assert (2, "pair 1 of 2, warm") in said


async def test_a_comparison_that_was_recorded_can_be_made_again_without_the_service(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.jsonl"
    async with Server() as server:
        server.answer = good
        live = LLM(base_url=server.url, api_key=KEY, model="m", record=lesson)
        await compare(live, "Hello?", pairs=2)
    report = await compare(LLM(replay=lesson), "Hello?", pairs=2)
    assert report.finished
    assert [run.characters for run in report.runs] == [len("One two three.")] * 4
