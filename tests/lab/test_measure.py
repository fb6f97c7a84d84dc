"""One measured request: what its clocks say about a server that is known to the byte."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from mockmate_nb import aio
from mockmate_nb.errors import Kind, MockMateError
from mockmate_nb.lab.measure import body_fields, measure
from mockmate_nb.lab.metrics import METRICS
from mockmate_nb.lab.prompts import NUMBER_DIGITS
from mockmate_nb.lab.run import Run
from mockmate_nb.llm.client import LLM
from tests.llm.misbehaving import DONE, HELLO, KEY, Reply, Server, chunk, error, event, stream, whole

USAGE = {"prompt_tokens": 7, "completion_tokens": 40, "total_tokens": 47}
TIMINGS = {"prompt_ms": 12.5, "predicted_ms": 33, "cache_n": 5, "note": "x"}
LAST = event({"choices": [], "usage": USAGE, "timings": TIMINGS})
PAUSE = 0.03
SPOKEN: list[Any] = [
    chunk(""),
    PAUSE,
    chunk("Good "),
    PAUSE,
    chunk("morn"),
    PAUSE,
    chunk("ing. Yes"),
    chunk(finish="stop"),
    LAST,
    DONE,
]
JSON = {"content-type": "application/json"}


async def measured(*replies: Reply, mode: Any = "stream", **options: Any) -> tuple[Run, Server]:
    async with Server(*replies) as server:
        llm = LLM(base_url=server.url, api_key=KEY, model="m")
        await llm._client()
        return await measure(llm, HELLO, mode, **options), server


async def test_the_marks_stand_in_the_order_of_what_happened() -> None:
    run, _ = await measured(Reply(SPOKEN))
    assert run.connected is not None
    assert run.sent is not None
    assert run.headers is not None
    marks = [run.connected, run.sent, run.headers, run.first_byte, run.first_event, run.first_content]
    assert marks == sorted(marks)
    assert marks[0] > 0
    assert run.first_word == run.first_content, "the space behind it makes the word whole"
    assert run.first_sentence == run.last_content
    assert run.first_content < run.last_content <= run.e2e
    assert run.last_event <= run.e2e


async def test_an_empty_chunk_is_a_choice_but_no_text() -> None:
    run, _ = await measured(Reply(SPOKEN))
    assert len(run.choices) == 5
    assert run.first_content - run.choices[0] >= PAUSE * 0.9
    assert [one.characters for one in run.arrivals] == [5, 9, 17]
    assert [one.words for one in run.arrivals] == [1, 1, 3]


async def test_pauses_of_the_server_are_the_gaps_of_the_run() -> None:
    run, _ = await measured(Reply(SPOKEN))
    assert all(b.at - a.at >= PAUSE * 0.9 for a, b in zip(run.arrivals, run.arrivals[1:], strict=False))


async def test_tokens_bytes_and_the_servers_own_times_are_kept() -> None:
    run, server = await measured(Reply(SPOKEN))
    assert (run.tokens, run.counted, run.prompt_tokens) == (40, "usage", 7)
    assert run.bytes == sum(len(step) for step in SPOKEN if isinstance(step, bytes))
    assert run.server == {"prompt_ms": 12.5, "predicted_ms": 33.0, "cache_n": 5.0}
    assert run.finish_reason == "stop"
    assert server.requests[0].body["temperature"] == 0


async def test_without_usage_chunks_are_counted_and_that_is_said() -> None:
    run, _ = await measured(stream("One", " two", " three"))
    assert (run.tokens, run.counted) == (3, "chunks")


async def test_a_batch_run_has_one_arrival_at_its_end() -> None:
    body = whole("Good morning. Yes", usage=USAGE)
    run, server = await measured(Reply([PAUSE, body], headers=JSON), mode="batch")
    assert "stream" not in server.requests[0].body or server.requests[0].body["stream"] is False
    (only,) = run.arrivals
    assert run.first_content == run.last_content == run.first_word == only.at <= run.e2e
    assert only.words == 3
    assert run.tokens == 40


async def test_our_own_share_is_part_of_the_times_and_smaller() -> None:
    run, _ = await measured(Reply(SPOKEN))
    assert run.own_first is not None
    assert run.own_chunk is not None
    assert 0 < run.own_chunk < run.own_first


async def test_the_practice_model_has_no_connection_to_time() -> None:
    run = await measure(LLM(pace=0), HELLO, "stream", max_tokens=8)
    assert (run.connected, run.sent, run.own_first) == (None, None, None)
    assert run.tokens == 8
    assert run.finish_reason == "length"


async def test_each_delta_is_told_as_it_comes() -> None:
    heard: list[str] = []
    await measured(Reply(SPOKEN), on_text=heard.append)
    assert heard == ["Good ", "morn", "ing. Yes"]


@pytest.mark.parametrize("mode", ["stream", "batch"])
async def test_a_cold_prompt_is_one_that_was_never_seen_and_always_as_long(mode: Any) -> None:
    body = stream("x") if mode == "stream" else Reply([whole("x")], headers=JSON)
    async with Server(body, body, body) as server:
        llm = LLM(base_url=server.url, api_key=KEY, model="m")
        for pair in range(3):
            await measure(llm, HELLO, mode, pair=pair, cache="cold")
        asked = [request.body["messages"][0]["content"] for request in server.requests]
    assert len(set(asked)) == 3
    assert {len(one) for one in asked} == {len("Hello?") + NUMBER_DIGITS + 3}
    assert all(one.endswith("] Hello?") for one in asked)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply([*SPOKEN[:4]], cut=260), Kind.CONNECTION),
        (Reply([chunk(""), chunk(finish="stop"), LAST, DONE]), Kind.UNREADABLE),
        (error(500, {"message": "broken"}), Kind.SERVER),
        (error(401, {"message": "no"}), Kind.AUTH),
        (Reply(silent=True), Kind.TIMEOUT),
    ],
    ids=["cut", "empty", "server", "auth", "silent"],
)
async def test_a_run_that_fails_raises_at_once_and_is_not_taken_up_again(reply: Reply, kind: Kind) -> None:
    async with Server(reply, stream("never")) as server:
        llm = LLM(base_url=server.url, api_key=KEY, model="m")
        with pytest.raises(MockMateError) as caught:
            await measure(llm, HELLO, "stream", timeout=0.3)
        assert caught.value.kind is kind
        assert len(server.requests) == 1


async def test_two_runs_at_once_keep_their_clocks_apart() -> None:
    async with Server() as server:
        server.answer = lambda request: (
            Reply([0.2, chunk("late"), DONE]) if request.body["max_tokens"] == 9 else Reply(SPOKEN)
        )
        llm = LLM(base_url=server.url, api_key=KEY, model="m")
        await llm._client()
        late, soon = await asyncio.gather(
            measure(llm, HELLO, "stream", max_tokens=9), measure(llm, HELLO, "stream", max_tokens=8)
        )
    assert (late.tokens, soon.tokens) == (1, 40)
    assert late.first_content > 0.18


def test_it_runs_in_a_plain_cell() -> None:
    assert aio.run(measure(LLM(pace=0), HELLO, "batch", max_tokens=5)).tokens == 5


async def test_thought_is_no_part_of_the_text() -> None:
    usage = {
        "prompt_tokens": 7,
        "completion_tokens": 43,
        "completion_tokens_details": {"reasoning_tokens": 40},
    }
    last = event({"choices": [], "usage": usage})
    run, _ = await measured(Reply([*SPOKEN[:-2], last, DONE]))
    assert (run.tokens, run.thought, run.shown) == (43, 40, 3)
    assert METRICS["tpot"].of(run) == pytest.approx((run.e2e - run.first_content) / 2)


@pytest.mark.parametrize(
    "told",
    [
        {"timings": {"prompt_ms": 10**400, "predicted_ms": -1, "cache_n": 5}},
        {"timings": {"cache_n": 5, "prompt_ms": "fast", "predicted_ms": None}},
        {"timings": ["cache_n"], "usage": {"prompt_tokens": 1, "completion_tokens": -7}},
        {"usage": {"prompt_tokens": 1, "completion_tokens": 10**400}},
        {"usage": {"prompt_tokens": 1, "completion_tokens": 2, "completion_tokens_details": 3}},
    ],
    ids=str,
)
async def test_numbers_that_cannot_be_are_left_out(told: dict[str, Any]) -> None:
    run, _ = await measured(Reply([*SPOKEN[:-2], event({"choices": [], **told}), DONE]))
    assert set(run.server) <= {"cache_n"}
    assert 0 <= run.tokens <= 10


async def test_a_batch_reply_ends_when_its_text_is_there_however_long_counting_takes() -> None:
    waits: list[str] = []

    def slow(text: str) -> None:
        waits.append(text)
        time.sleep(0.2)

    run, _ = await measured(Reply([whole("One two.")], headers=JSON), mode="batch", on_text=slow)
    assert waits == ["One two."]
    assert run.e2e - run.last_event < 0.1


async def test_what_the_service_is_asked_for() -> None:
    async with Server(Reply(SPOKEN)) as server:
        llm = LLM(base_url=server.url, api_key=KEY, model="m")
        await measure(llm, HELLO, "stream", seed=7, max_tokens=11)
        body = server.requests[0].body
    assert (body["seed"], body["temperature"], body["max_tokens"]) == (7, 0, 11)
    assert "ignore_eos" not in body


@pytest.mark.parametrize("cache", ["warm", "cold"])
def test_a_server_of_ours_is_told_about_length_and_cache(cache: Any) -> None:
    local = SimpleNamespace(settings=SimpleNamespace(provider=SimpleNamespace(name="local")))
    assert body_fields(local, cache, 7) == {  # type: ignore[arg-type]  # it reads no more of an LLM
        "seed": 7,
        "ignore_eos": True,
        "cache_prompt": cache == "warm",
    }


async def test_the_end_mark_is_no_event_of_the_reply() -> None:
    late = [*SPOKEN[:-1], PAUSE, DONE]
    run, _ = await measured(Reply(late))
    assert run.e2e - run.last_event >= PAUSE * 0.9


async def test_our_own_share_of_the_first_text_holds_making_the_request() -> None:
    run, _ = await measured(Reply(SPOKEN))
    assert run.own_first is not None
    assert run.connected is not None
    assert run.sent is not None
    assert run.own_first > run.sent - run.connected
    assert run.own_first < run.first_content - PAUSE


def test_openai_is_sent_no_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    class Caught(Exception):  # noqa: N818 - it ends the call where it is looked at
        pass

    def stream(self: LLM, messages: Any, **options: Any) -> None:
        asked.update(options)
        raise Caught

    monkeypatch.setattr(LLM, "stream", stream)
    llm = LLM("openai", api_key=KEY, model="gpt-5-mini")
    with pytest.raises(Caught):
        aio.run(measure(llm, HELLO, "stream"))
    assert asked["temperature"] is None
