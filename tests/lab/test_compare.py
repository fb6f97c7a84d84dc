"""`compare`: pairs in turn, failures redone and counted, partial results kept, bad input refused."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb.aio import run
from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.lab import latency
from mockmate_nb.lab.latency import compare
from mockmate_nb.lab.report import LatencyReport
from mockmate_nb.llm.client import LLM
from tests.llm.misbehaving import DONE, HELLO, KEY, Reply, Request, Server, chunk, error, event, stream, whole

JSON = {"content-type": "application/json"}
GOOD = {True: stream("One ", "two ", "three."), False: Reply([whole("One two three.")], headers=JSON)}
BROKEN = error(500, {"message": "broken"})


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "backoff", lambda _: 0.0)


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
    order = [run.mode for run in sorted(report.runs, key=lambda one: one.began)]
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
    assert texts[:7] == ["[000000000] Hello?"] * 7, "priming, warm-up and two pairs"
    assert {len(text) for text in texts} == {len(texts[0])}, "cold is as long as warm"
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
    assert [prime[-2:] for prime in primes] == ["A?", "B?", "A?", "B?"]


async def test_a_model_that_fails_in_every_third_run_is_measured_all_the_same() -> None:
    count = itertools.count(1)
    async with Server() as server:
        server.answer = lambda request: BROKEN if next(count) % 3 == 0 else good(request)
        report = await compare(asked(server), "Hello?", pairs=6)
    assert report.finished
    assert len(report.pairs_done) == 6
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
        assert tries <= len(server.requests) < 2 * tries
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
        ({"pairs": 2.5}, "pairs"),
        ({"pairs": True}, "pairs"),
        ({"seed": -1}, "seed"),
        ({"max_tokens": 100_000}, "max_tokens"),
        ({"prompts": [["hi"]]}, "prompts"),
        ({"prompts": [7]}, "prompts"),
        ({"prompts": [{"role": "user", "content": ""}]}, "prompts"),
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


async def test_messages_alone_are_one_prompt_and_parts_of_a_message_are_left_alone() -> None:
    parts = [{"type": "text", "text": "Hello?"}]
    async with Server() as server:
        server.answer = good
        await compare(asked(server), [{"role": "system", "content": "Be short."}, *HELLO], pairs=1)
        await compare(asked(server), [[{"role": "user", "content": parts}]], pairs=1, cache="cold")
        bodies = [request.body["messages"] for request in server.requests]
    assert [message["content"] for message in bodies[0]] == ["[000000000] Be short.", "Hello?"]
    assert bodies[-1][0]["content"][1:] == parts
    assert bodies[-1][0]["content"][0]["text"] != bodies[-2][0]["content"][0]["text"]


async def test_a_model_that_thinks_through_its_first_token_is_measured_all_the_same() -> None:
    silent = Reply([chunk(""), chunk(finish="length"), DONE])
    async with Server() as server:
        server.answer = lambda request: silent if request.body["max_tokens"] == 1 else good(request)
        report = await compare(asked(server), "Hello?", pairs=2)
    assert report.finished
    assert not report.discards


async def test_it_waits_as_long_as_the_service_asks() -> None:
    count = itertools.count()
    limited = error(429, {"message": "slow down"}, **{"retry-after-ms": "150"})
    async with Server() as server:
        server.answer = lambda request: limited if next(count) == 4 else good(request)
        report = await compare(asked(server), "Hello?", pairs=2)
        gap = server.requests[5].at - server.requests[4].at
    assert report.finished
    assert gap >= 0.15


async def test_a_service_that_asks_for_a_longer_wait_than_anybody_has_is_given_up() -> None:
    count = itertools.count()
    limited = error(429, {"message": "tomorrow"}, **{"retry-after": "86400"})
    async with Server() as server:
        server.answer = lambda request: limited if next(count) > 4 else good(request)
        report = await compare(asked(server), "Hello?", pairs=4)
    assert not report.finished
    assert len(report.pairs_done) == 1


async def test_a_prompt_is_made_warm_again_after_a_fault() -> None:
    count = itertools.count()
    async with Server() as server:
        server.answer = lambda request: BROKEN if next(count) == 5 else good(request)
        await compare(asked(server), "Hello?", pairs=3)
        primed = [at for at, request in enumerate(server.requests) if request.body["max_tokens"] == 1]
    assert primed == [0, 6]


async def test_pairs_that_were_too_slow_are_told_of() -> None:
    count = itertools.count()
    async with Server() as server:
        server.answer = lambda request: Reply(silent=True) if next(count) == 5 else good(request)
        report = await compare(asked(server), "Hello?", pairs=2, timeout=0.3)
    assert report.finished
    assert "the slowest are missing" in report.html()


async def test_a_reply_in_one_piece_is_told_of_and_has_no_time_a_token() -> None:
    async with Server() as server:
        server.answer = lambda _: GOOD[False]
        report = await compare(asked(server), "Hello?", pairs=2)
    assert "came in one piece" in report.html()
    assert "tpot" not in report.summary.index
    assert "differ in length" not in report.html()


async def test_all_that_was_spent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKMATE_PRICE_OUT", "1000000")
    usage = {"prompt_tokens": 1, "completion_tokens": 3}
    count = itertools.count()
    dear = Reply([chunk("One two three."), event({"choices": [], "usage": usage}), DONE])
    whole_one = Reply([whole("One two three.", usage=usage)], headers=JSON)
    async with Server() as server:
        server.answer = lambda request: (
            BROKEN if next(count) == 4 else dear if request.body["stream"] else whole_one
        )
        llm = asked(server)
        report = await compare(llm, "Hello?", pairs=2)
    assert report.cost == llm.spent > sum(run.cost for run in report.runs) > 0


def test_a_recording_has_no_cold_prompts(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.jsonl"
    run(LLM(pace=0, record=lesson).complete(HELLO))
    with pytest.raises(CallerError, match="no prompt cache"):
        compare(LLM(replay=lesson), "Hello?", cache="both")


async def test_a_recording_is_not_played_over_and_over_to_look_like_many_pairs(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.jsonl"
    async with Server() as server:
        server.answer = good
        await compare(LLM(base_url=server.url, api_key=KEY, model="m", record=lesson), "Hello?", pairs=2)
    with pytest.raises(CallerError, match="holds 3 different replies") as caught:
        compare(LLM(replay=lesson), "Hello?", pairs=8)
    assert caught.value.field == "pairs"


@pytest.mark.parametrize(
    ("profile", "wrong", "right"), [("smollm2-warm", "cold", "warm"), ("smollm2-cold", "warm", "cold")]
)
async def test_a_rhythm_is_of_one_kind_of_cache_and_called_so(profile: str, wrong: Any, right: Any) -> None:
    llm = LLM("practice", profile=profile)
    with pytest.raises(CallerError, match="no prompt cache"):
        compare(llm, "Hello?", cache=wrong)
    with pytest.raises(CallerError, match="no prompt cache"):
        compare(llm, "Hello?", cache="both")
    report = await compare(llm, "Hello?", pairs=1, max_tokens=2, cache=right)
    assert {run.cache for run in report.runs} == {right}


async def test_what_was_simulated_says_so_first(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.jsonl"
    practice = await compare(LLM(pace=0, record=lesson), "Hello?", pairs=1, max_tokens=4)
    again = await compare(LLM(replay=lesson), "Hello?", pairs=1, max_tokens=4)
    async with Server() as server:
        server.answer = good
        live = await compare(asked(server), "Hello?", pairs=1)
    assert practice.verdict().startswith("Simulated by the practice model.")
    assert again.verdict().startswith("Out of a recording.")
    assert not live.verdict().startswith(("Simulated", "Out of"))
    assert "is no AI" in practice.html()
    assert "is no AI" not in live.html()
    for report in (practice, again, live):
        assert report.model in report.html().partition('<p class="mm-lab-said"')[0], (
            "the model stands before the verdict"
        )
