"""A rhythm taken down from a service: in pairs, warm and cold kept apart, text and key left out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.lab import profiling
from mockmate_nb.lab.measure import measure
from mockmate_nb.lab.profiling import TRIES, profile_of, record_profile
from mockmate_nb.lab.run import Arrival, Cache, Mode, Run
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.rhythm import Profile
from tests.llm.misbehaving import DONE, KEY, Reply, Request, Server, chunk, error, event, whole
from tests.llm.test_practice import in_no_time

SECRET = "What do you know about Ada Nobody?"
LATE = 0.09
NUMBER = re.compile(r"^\[(\d+)\] ")


def usage(tokens: int) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": 12, "completion_tokens": tokens}}


def answer(request: Request, *deltas: str, tokens: int = 5) -> Reply:
    """Streamed with a moment between the pieces, or whole, as it is asked for."""
    if not request.body["stream"]:
        return Reply([0.004, whole("".join(deltas), **usage(tokens))])
    pieces = [step for delta in deltas for step in (0.002, chunk(delta))]
    return Reply([*pieces, chunk(finish="stop"), event({"choices": [], **usage(tokens)}), DONE])


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as scripted:
        scripted.answer = lambda request: answer(request, "To ", "be", "", " or ", "not")
        yield scripted


def model(server: Server) -> LLM:
    return LLM(base_url=server.url, api_key=KEY, model="m")


def asked(server: Server) -> list[tuple[str, bool]]:
    """What was asked, without the number of a cold prompt, and whether as a stream."""
    said = [(request.body["messages"][0]["content"], request.body["stream"]) for request in server.requests]
    return [(NUMBER.sub("", text), streamed) for text, streamed in said]


def run(mode: Mode, *arrivals: Arrival, **more: Any) -> Run:
    """A measured request of which only this is known; its last arrival is its end."""
    first, last = arrivals[0].at, arrivals[-1].at
    times = {"first_byte": first, "first_event": first, "first_content": first}
    ends = {"last_content": last, "last_event": last, "e2e": last}
    told = {
        "arrivals": arrivals,
        "choices": (),
        "tokens": more.pop("tokens", 6),
        "counted": "usage",
        "prompt_tokens": 9,
    }
    rest = {"pair": 0, "mode": mode, "cache": "warm", "prompt": 0, "began": 0, "characters": 0, "bytes": 0}
    return Run(**times, **ends, **told, **rest, **more)  # type: ignore[arg-type] # fields of several types


@pytest.mark.parametrize(
    ("ours", "times", "seconds"),
    [
        ({}, (0.5, 0.75, 1.5), 1.25),
        ({"sent": 0.25}, (0.25, 0.5, 1.25), 1.0),
        ({"sent": 0.25, "own_chunk": 0.125, "own_first": 0.4}, (0.125, 0.375, 1.125), 0.875),
        ({"sent": 0.5}, (1e-5, 0.25, 1.0), 0.75),
    ],
    ids=["practice model", "sent later", "read later", "in no time"],
)
def test_times_are_since_the_request_was_sent_without_our_own_share_of_a_piece(
    ours: dict[str, float], times: tuple[float, ...], seconds: float
) -> None:
    streamed = run(
        "stream", Arrival(0.5, 1, 0), Arrival(0.75, 2, 1), Arrival(1.5, 8, 2), thought=3, tokens=9, **ours
    )
    whole_reply = run("batch", Arrival(1.25, 8, 2), thought=3, tokens=9, **ours)
    facts: dict[str, Any] = {"name": "x", "model": "m", "machine": {}, "made_on": date(2026, 11, 21)}
    made = profile_of([streamed], [whole_reply], **facts)
    assert made.streams[0].at == pytest.approx(times)
    assert made.streams[0].tokens == (1, 1, 4), "a longer piece holds more of the tokens"
    assert made.batches[0].seconds == pytest.approx(seconds)
    assert made.batches[0].tokens == 6, "what was thought is not in the text"
    assert "an unnamed machine" in made.label.en


@pytest.mark.parametrize("cache", ["warm", "cold"])
async def test_each_prompt_is_asked_once_unmeasured_then_in_pairs_that_begin_in_turn(
    cache: Cache, server: Server
) -> None:
    made = await record_profile(model(server), ["A", "B"], runs=3, max_tokens=5, cache=cache, name="mine")
    first, pairs = [("A", True)], [("A", True), ("A", False), ("A", False), ("A", True)]
    assert asked(server) == [*first, *pairs, ("B", True), ("B", True), ("B", False)]
    assert (len(made.streams), len(made.batches)) == (3, 3)
    numbers = [NUMBER.match(request.body["messages"][0]["content"]) for request in server.requests]
    if cache == "warm":
        assert not any(numbers)
    else:
        found = [number[1] for number in numbers if number]
        assert len(set(found)) == len(server.requests)
        assert len({len(number) for number in found}) == 1


async def test_what_is_kept_is_when_and_how_much_and_nothing_of_what(server: Server) -> None:
    made = await record_profile(model(server), SECRET, runs=2, max_tokens=5, name="mine")
    assert (made.name, made.model, made.cache, made.prompt_tokens) == ("mine", "m", "warm", 12)
    for stream, batch in zip(made.streams, made.batches, strict=True):
        assert len(stream.at) == 4, "an empty piece is none"
        assert min(b - a for a, b in zip(stream.at, stream.at[1:], strict=False)) > 0
        assert sum(stream.tokens) == batch.tokens == 5, "the tokens are the service's own count"
    text = made.json_text()
    assert not [word for word in (KEY, "Ada", "To be", "127.0.0.1") if word in text]
    assert "m, warm prompt cache, recorded on" in made.label.en
    assert made.label.en.endswith("a recording, not a live model")
    assert "热提示缓存" in made.label.zh
    assert "processor" in made.machine


async def test_the_wait_for_the_connection_is_no_part_of_the_rhythm(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = asyncio.get_running_loop().create_connection

    async def late(*args: Any, **how: Any) -> Any:
        await asyncio.sleep(0.1)
        return await connect(*args, **how)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", late)
    seen: list[Run] = []

    async def spied(*args: Any, **how: Any) -> Run:
        seen.append(await measure(*args, **how))
        return seen[-1]

    monkeypatch.setattr(profiling, "measure", spied)
    made = await record_profile(model(server), "A", runs=1, name="mine")
    _, stream, batch = seen
    assert stream.sent is not None
    assert stream.own_chunk is not None
    assert stream.sent > LATE, "it is in what was measured"
    assert made.streams[0].at[0] == pytest.approx(stream.first_content - stream.sent - stream.own_chunk)
    assert made.batches[0].seconds < batch.e2e - LATE


async def test_a_piece_is_a_token_where_the_service_counts_so_or_not_at_all(server: Server) -> None:
    server.answer = lambda request: answer(request, "a", "b", "c", tokens=3)
    made = await record_profile(model(server), "A", runs=1, name="mine")
    assert made.streams[0].tokens == ()
    server.answer = lambda request: (
        Reply([chunk("a"), chunk("b", "stop")]) if request.body["stream"] else Reply([whole("ab")])
    )
    made = await record_profile(model(server), "A", runs=1, name="mine")
    assert made.streams[0].tokens == ()


async def test_what_was_taken_down_can_be_played(server: Server) -> None:
    made = await record_profile(model(server), "A", runs=1, max_tokens=5, name="mine")
    read_back = Profile.parse(made.json_text())

    async def played() -> list[str]:
        async with LLM("practice", profile=read_back) as llm:
            return [delta async for delta in llm.stream([{"role": "user", "content": "?"}], max_tokens=5)]

    pieces = await asyncio.to_thread(lambda: in_no_time(played()))  # on a loop whose waits take no time
    assert len(pieces) == 4


async def test_a_fault_that_passes_is_met_by_asking_again(server: Server) -> None:
    def scripted(request: Request) -> Reply:
        if len(server.requests) % 3 == 0:
            return error(503, {"message": "busy"})
        return answer(request, "a", "b")

    server.answer = scripted
    made = await record_profile(model(server), "A", runs=3, name="mine")
    assert len(made.streams) == len(made.batches) == 3


@pytest.mark.parametrize(("status", "tries"), [(503, TRIES), (401, 1)])
async def test_one_that_stays_is_raised(status: int, tries: int, server: Server) -> None:
    server.answer = lambda _: error(status, {"message": f"no, {KEY}"})
    with pytest.raises(MockMateError) as fault:
        await record_profile(model(server), "A", name="mine")
    assert len(server.requests) == tries
    assert KEY not in str(fault.value)


async def test_a_reply_in_one_piece_has_no_rhythm(server: Server) -> None:
    server.answer = lambda request: answer(request, "all at once")
    with pytest.raises(CallerError, match="in one piece"):
        await record_profile(model(server), "A", runs=1, name="mine")


BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "no run": ("runs", {"runs": 0}),
    "too many": ("runs", {"runs": 1001}),
    "one token": ("max_tokens", {"max_tokens": 1}),
    "no prompt": ("prompts", {"prompts": []}),
    "an empty prompt": ("prompts", {"prompts": [" "]}),
    "a path for a name": ("name", {"name": "../mine"}),
}


@pytest.mark.parametrize(("field", "arguments"), BAD.values(), ids=BAD)
async def test_bad_arguments_cost_no_request(field: str, arguments: dict[str, Any], server: Server) -> None:
    with pytest.raises(CallerError) as refused:
        await record_profile(model(server), **{"prompts": "A", "name": "mine", **arguments})
    assert refused.value.field == field
    assert server.requests == []
