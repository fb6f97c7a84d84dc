"""A reply that is slow, cut, broken or stopped, at every byte: what came is kept, nothing is doubled."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import logging
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
import httpx2
import pytest

from mockmate_nb.errors import MockMateError
from mockmate_nb.llm.chunks import Usage
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import HIGH_WATER, ChatStream
from tests.llm.misbehaving import (
    DONE,
    FOREVER,
    HELLO,
    SSE,
    MakeLLM,
    Reply,
    Request,
    Server,
    Step,
    chunk,
    error,
    event,
    stream,
    whole,
)

JSON = {"content-type": "application/json"}
STOP = chunk(finish="stop")
ROLE = event(
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
)
USAGE = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}})
HAN = "你好，😀 née "


async def read(reply: ChatStream) -> tuple[str, MockMateError | None]:
    """What an iteration gives, joined, and how it ends."""
    seen: list[str] = []
    try:
        async for delta in reply:
            seen.append(delta)  # noqa: PERF401 - what came before the fault is to be seen
    except MockMateError as fault:
        return "".join(seen), fault
    return "".join(seen), None


def rest(text: str, **how: Any) -> Callable[[Request], Reply]:
    """The service answers each request with what is missing of `text`."""
    return lambda request: stream(*text.removeprefix(request.partial), **how)


async def gone(server: Server) -> None:
    await asyncio.wait_for(server.requests[-1].gone.wait(), 10)


# One reply, whole or not: what is said, and how it ends. With RETRY_TIMES=0.
@dataclass
class Case:
    body: Sequence[Step]
    text: str = ""
    kind: str | None = None
    finish: str | None = None
    raw: str = ""
    usage: Usage | None = None
    framing: Literal["chunked", "length", "close"] = "chunked"
    headers: dict[str, str] = field(default_factory=lambda: SSE)


def cut_up(data: bytes, size: int = 1) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


SOUND = chunk(HAN) + chunk("end") + STOP + DONE
CASES: dict[str, Case] = {
    "sound": Case([ROLE, chunk("a"), chunk("b"), STOP, USAGE, DONE], "ab", finish="stop", usage=Usage(3, 4)),
    "no done": Case([chunk("a"), STOP], "a", finish="stop"),
    "no done, close-delimited": Case([chunk("a"), STOP], "a", finish="stop", framing="close"),
    "no finish_reason": Case([chunk("a"), DONE], "a"),
    "no end mark": Case([chunk("a")], "a", "connection"),
    "no end mark, close-delimited": Case([chunk("a")], "a", "connection", framing="close"),
    "nothing": Case([], "", "connection"),
    "blank lines": Case([b"\n\n \r\n"], "", "connection"),
    "comments only": Case([b": wait\n\n"] * 3, "", "connection"),
    "the line goes on after done": Case([chunk("a"), STOP, DONE, FOREVER], "a", finish="stop"),
    "text after done": Case([chunk("a"), DONE, chunk("b")], "a"),
    "done in the same piece": Case([chunk("a") + DONE + chunk("b")], "a"),
    "one byte a piece": Case(cut_up(SOUND), HAN + "end", finish="stop"),
    "three bytes a piece": Case(cut_up(SOUND, 3), HAN + "end", finish="stop"),
    "one piece": Case([SOUND], HAN + "end", finish="stop"),
    "BOM": Case([b"\xef", b"\xbb\xbf", chunk("a"), STOP], "a", finish="stop"),
    "BOM, blank lines, CRLF": Case(
        [b"\xef\xbb\xbf", b"\r\n \n", SOUND.replace(b"\n", b"\r\n")], HAN + "end", finish="stop"
    ),
    "comments first": Case([b": thinking\n\n", b":\n", chunk("a"), STOP], "a", finish="stop"),
    "other fields": Case([b"event: message\nid: 7\nretry: 5\n" + chunk("a"), STOP], "a", finish="stop"),
    "empty deltas": Case([ROLE, chunk(), chunk(""), chunk("a"), chunk(None, "stop")], "a", finish="stop"),
    "finish with text": Case([chunk("a"), chunk("b", "stop")], "ab", finish="stop"),
    "empty finish_reason": Case([chunk("a", ""), chunk("b", ""), DONE], "ab"),
    "several choices": Case(
        [
            event(
                {
                    "choices": [
                        {"index": 1, "delta": {"content": "B"}},
                        {"index": 0, "delta": {"content": "a"}},
                    ]
                }
            ),
            event({"choices": [{"index": 1, "delta": {"content": "C"}}]}),
            STOP,
        ],
        "a",
        finish="stop",
    ),
    "parts for content": Case(
        [event({"choices": [{"delta": {"content": [{"type": "text", "text": "a"}, {"type": "x"}]}}]}), STOP],
        "a",
        finish="stop",
    ),
    "length": Case([chunk("a"), chunk(finish="length"), DONE], "a", finish="length"),
    "content filter": Case(
        [chunk("a"), chunk(finish="content_filter"), DONE], "a", "content_filter", "content_filter"
    ),
    "broken JSON": Case(
        [chunk("a"), b'data: {"choices":[{"del\n\n', chunk("b")], "a", "unreadable", raw='{"choices":[{"del'
    ),
    "not an object": Case([chunk("a"), event([1]), chunk("b")], "a", "unreadable", raw="[1]"),
    "another shape": Case([chunk("a"), event({"text": "b"})], "a", "unreadable", raw='{"text":"b"}'),
    "content is no text": Case([event({"choices": [{"delta": {"content": 5}}]})], "", "unreadable"),
    "rate limit": Case(
        [chunk("a"), event({"error": {"message": "slow", "type": "rate_limit_error"}})], "a", "rate_limit"
    ),
    "error with choices": Case(
        [
            chunk("a"),
            event(
                {
                    "error": {"code": 502, "message": "x"},
                    "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": None}],
                }
            ),
        ],
        "a",
        "server",
    ),
    "finish_reason error": Case([chunk("a"), chunk("", "error"), DONE], "a", "server"),
    "error with a code in words": Case(
        [chunk("a"), event({"error": {"code": "401", "message": "x"}})], "a", "auth"
    ),
    "error in words": Case([chunk("a"), event({"error": "out of memory"})], "a", "server"),
    "JSON": Case([whole("ab")], "ab", finish="stop", headers=JSON),
    "JSON that says it is a stream": Case(cut_up(whole(HAN)), HAN, finish="stop"),
    "JSON after blank lines": Case([b"\n", b"  \r\n", whole("ab")], "ab", finish="stop", headers=JSON),
    "JSON with usage": Case(
        [whole("ab", usage={"prompt_tokens": 3, "completion_tokens": 4})],
        "ab",
        finish="stop",
        usage=Usage(3, 4),
    ),
    "JSON error": Case(
        [event({"error": {"message": "no", "code": 404}})[6:]], "", "bad_request", headers=JSON
    ),
    "JSON cut": Case([whole("ab")[:-9]], "", "unreadable", raw='{"choices"', framing="close"),
    "a page": Case([b"<!DOCTYPE html>\n<title>Sign in</title>"], "", "unreadable", raw="<!DOCTYPE html>"),
    "words": Case([b"Not found"], "", "unreadable", raw="Not found"),
    "words that begin like a field": Case([b"d", b"at", b"abase is down"], "", "unreadable", raw="database"),
    "a JSON list": Case([b"[1, 2]"], "", "unreadable", raw="[1, 2]"),
    "gzip": Case(
        [gzip.compress(SOUND)], HAN + "end", finish="stop", headers={**SSE, "content-encoding": "gzip"}
    ),
    "gzip, one byte a piece": Case(
        cut_up(gzip.compress(SOUND)), HAN + "end", finish="stop", headers={**SSE, "content-encoding": "gzip"}
    ),
    "not gzip": Case([b"what?"], "", "connection", headers={**SSE, "content-encoding": "gzip"}),
    "silence": Case([chunk("a"), FOREVER], "a", "timeout"),
    "silence after the end": Case([chunk("a"), STOP, FOREVER], "a", finish="stop"),
}


@pytest.mark.parametrize("way", ["stream", "complete"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_one_reply(server: Server, llm: MakeLLM, case: Case, way: str) -> None:
    server.replies = [Reply(case.body, headers=case.headers, framing=case.framing)]
    model, patience = llm(RETRY_TIMES=0), 0.3 if FOREVER in case.body else 20
    fault: MockMateError | None = None
    if way == "stream":
        reply = model.stream(HELLO, timeout=patience)
        seen, fault = await read(reply)
        text, finish, usage = reply.text, reply.finish_reason, reply.usage
        assert seen == text
    else:
        try:
            whole_reply = await model.complete(HELLO, timeout=patience)
            text, finish, usage = whole_reply.text, whole_reply.finish_reason, whole_reply.usage
        except MockMateError as caught:
            fault, text, finish, usage = caught, caught.partial, case.finish, None
    assert (text, finish) == (case.text, case.finish)
    assert (fault and fault.kind) == case.kind
    if fault is not None:
        assert fault.partial == text
        assert fault.advice
        assert case.raw in fault.raw
    elif case.usage is not None:
        assert usage == case.usage
    else:
        assert usage is not None
        assert usage.estimated
    await gone(server)


@pytest.mark.usefixtures("no_pause")
async def test_usage_of_a_call_that_came_through_at_the_second_try(server: Server, llm: MakeLLM) -> None:
    server.replies = [error(500, None), Reply([chunk("a", "stop"), USAGE, DONE])]
    reply = llm().stream(HELLO)
    assert await read(reply) == ("a", None)
    assert reply.usage == Usage(3, 4)


def test_the_text_may_be_read_from_other_threads() -> None:
    reply, over, count = LLM().stream(HELLO), threading.Event(), 3000

    def look() -> None:
        while not over.is_set():
            assert reply.text is not None

    reply._say("x" * 1_000_000)  # to join it takes so long that another thread gets its turn
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    readers = [threading.Thread(target=look) for _ in range(2)]
    try:
        for reader in readers:
            reader.start()
        for _ in range(count):
            reply._say("ab")
            time.sleep(0)
    finally:
        over.set()
        sys.setswitchinterval(interval)
        for reader in readers:
            reader.join()
    assert reply.text == "x" * 1_000_000 + "ab" * count


async def test_timing_is_in_order(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([ROLE, chunk("a"), 0.05, chunk("b"), STOP, DONE])]
    reply = llm().stream(HELLO)
    assert await read(reply) == ("ab", None)
    t = reply.timing
    assert t.first_byte is not None
    assert t.first_content is not None
    assert t.last_content is not None
    assert t.end is not None
    assert 0 < t.first_byte <= t.first_content
    assert t.first_content + 0.04 < t.last_content <= t.end


# Cuts. The service goes on where the text ends, or it never gets to the end.
TEXT = "¥ 你好"
CUTS = [("fin", "chunked"), ("fin", "close"), ("rst", "chunked")]
Cut = Callable[[int], Awaitable[None]]


def name(request: Request) -> str:
    return str(request.body["messages"][0]["content"])


async def at_every_byte(framing: Any, one: Cut) -> None:
    """`one` for a cut after each byte of the whole answer, eight at a time."""
    size = stream(*TEXT, headers={}, framing=framing).size()
    for first in range(1, size + 1, 8):
        await asyncio.gather(*map(one, range(first, min(first + 8, size + 1))))


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("by", "framing"), CUTS)
async def test_cut_after_every_byte_and_continued(
    server: Server, llm: MakeLLM, by: Any, framing: Any
) -> None:
    """The first answer is cut after byte k: the text is whole all the same, and said once."""
    continued: dict[str, str] = {}

    def answer(request: Request) -> Reply:
        k, cut = name(request), None
        if k in continued:
            continued[k] = request.partial
        else:
            continued[k], cut = "", int(k)
        return rest(TEXT, headers={}, framing=framing, cut=cut, by=by)(request)

    async def one(k: int) -> None:
        reply = model.stream([{"role": "user", "content": str(k)}])
        text, fault = await read(reply)
        assert fault is None, k
        assert text == reply.text == TEXT, k
        before = continued[str(k)]
        assert reply.seams == ([len(before.encode())] if before not in ("", TEXT) else []), k

    server.answer, model = answer, llm()
    await at_every_byte(framing, one)
    if by == "fin":  # some systems drop at a reset what was not read yet
        assert set(continued.values()) == {TEXT[:n] for n in range(len(TEXT) + 1)}, "every prefix came up"


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("by", "framing"), CUTS)
async def test_cut_after_every_byte_and_no_try_left(
    server: Server, llm: MakeLLM, by: Any, framing: Any
) -> None:
    """What came before byte k is kept, in the reader's hands, in the stream and in the fault alike."""

    async def one(k: int) -> None:
        reply = model.stream([{"role": "user", "content": str(k)}])
        text, fault = await read(reply)
        kept.add(text)
        assert TEXT.startswith(text), k
        assert text == reply.text, k
        if fault is None:
            assert text == TEXT, k
        else:
            assert (fault.kind, fault.partial, fault.retryable) == ("connection", text, True), k

    server.answer = lambda request: stream(*TEXT, headers={}, framing=framing, cut=int(name(request)), by=by)
    model, kept = llm(RETRY_TIMES=0), set[str]()
    await at_every_byte(framing, one)
    if by == "fin":
        assert kept == {TEXT[:n] for n in range(len(TEXT) + 1)}, "every prefix came up"


LONG = "The first question is about the time when you had to decide between two plans. "
assert len(LONG) > 60

# what came before the cut, what the continuation says, the text in the end, seams in bytes
SEAMS: dict[str, tuple[str, list[str], str, list[int]]] = {
    "goes on": ("Hello, ", ["wor", "ld"], "Hello, world", [7]),
    "whole repeat": (LONG, [LONG, "And then?"], LONG + "And then?", [len(LONG)]),
    "whole repeat in small pieces": (LONG, [*LONG, *"And then?"], LONG + "And then?", [len(LONG)]),
    "whole short repeat": ("Hello", ["Hel", "lo, you"], "Hello, you", [5]),
    "last 40": (LONG, [LONG[-40:] + "And", " then?"], LONG + "And then?", [len(LONG)]),
    "last 16": (LONG, [LONG[-16:], "And"], LONG + "And", [len(LONG)]),
    "last 15 are its own": (LONG, [LONG[-15:], "And"], LONG + LONG[-15:] + "And", [len(LONG)]),
    "an equal character is its own": ("Hel", ["lo"], "Hello", [3]),
    "begins like the text": ("Tell me. ", ["Te", "a?"], "Tell me. Tea?", [9]),
    "only a repeat": (LONG, [LONG], LONG, []),
    "offsets are bytes": ("你好", ["吗？"], "你好吗？", [6]),
    "multi-byte repeat": (
        "请介绍一下你最近做过的一个项目，以及你的角色",
        ["你最近做过的一个项目，以及你的角色", "。"],
        "请介绍一下你最近做过的一个项目，以及你的角色。",
        [66],
    ),
}


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("before", "after", "text", "seams"), SEAMS.values(), ids=SEAMS)
async def test_the_seam(
    server: Server, llm: MakeLLM, before: str, after: list[str], text: str, seams: list[int]
) -> None:
    server.replies = [Reply([chunk(before)]), stream(*after)]
    reply = llm().stream(HELLO)
    assert await read(reply) == (text, None)
    assert reply.seams == seams
    assert server.requests[1].partial == before
    assert server.requests[1].body["messages"][0] == HELLO[0]


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("before", "after", "text", "seams"), SEAMS.values(), ids=SEAMS)
async def test_the_seam_of_a_prefix(
    server: Server, llm: MakeLLM, before: str, after: list[str], text: str, seams: list[int]
) -> None:
    server.replies = [stream(*after)]
    reply = llm().stream(HELLO, prefix=before)
    seen, fault = await read(reply)
    assert (before + seen, fault) == (text, None)
    assert reply.text == text
    assert reply.seams == [len(before.encode())]


@pytest.mark.usefixtures("no_pause")
async def test_several_cuts(server: Server, llm: MakeLLM) -> None:
    server.replies = [
        Reply([chunk("One, ")]),
        error(500, {"message": "oops"}),
        Reply([chunk("two, "), event({"error": {"message": "overloaded", "code": 503}})]),
        Reply([chunk("two")]),
        stream("three."),
    ]
    reply = llm(RETRY_TIMES=4).stream(HELLO, max_tokens=100)
    assert await read(reply) == ("One, two, twothree.", None)
    assert reply.seams == [5, 10, 13]
    assert [request.partial for request in server.requests] == [
        "",
        "One, ",
        "One, ",
        "One, two, ",
        "One, two, two",
    ]
    limits = [request.body["max_tokens"] for request in server.requests]
    assert limits == [100, 98, 98, 97, 96], "the limit is for the text as a whole"
    assert reply.usage is not None
    assert reply.usage.estimated


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(("retries", "asked"), [(0, 1), (1, 2), (3, 4)])
async def test_tries_are_counted_over_all_faults(
    server: Server, llm: MakeLLM, retries: int, asked: int
) -> None:
    cut = Reply([chunk("a")])
    server.replies = [cut, error(503, None), cut, error(429, {"message": "wait"}), cut]
    reply = llm(RETRY_TIMES=retries).stream(HELLO)
    _, fault = await read(reply)
    assert fault is not None
    assert fault.partial == reply.text
    assert len(server.requests) == asked


@pytest.mark.usefixtures("no_pause")
async def test_a_text_as_long_as_its_limit_is_not_continued(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("12345678")])]
    reply = llm().stream(HELLO, max_tokens=2)
    assert await read(reply) == ("12345678", None)
    assert reply.finish_reason == "length"
    assert len(server.requests) == 1


@pytest.mark.usefixtures("no_pause")
async def test_a_refusal_of_the_continuation_keeps_the_text(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("kept")]), error(400, {"message": "last message must be from the user"})]
    reply = llm().stream(HELLO)
    text, fault = await read(reply)
    assert fault is not None
    assert (text, reply.text, fault.partial, fault.kind) == ("kept", "kept", "kept", "bad_request")


@pytest.mark.parametrize(
    "raised", [anyio.EndOfStream(), OSError("reset"), httpx2.ReadError("x"), httpx2.StreamError("x")]
)
@pytest.mark.usefixtures("no_pause")
async def test_whatever_a_transport_raises_is_a_cut(
    raised: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Torn(httpx2.AsyncByteStream):
        async def __aiter__(self) -> Any:
            yield chunk("a")
            raise raised

    async def answer(self: object, request: object) -> httpx2.Response:
        return httpx2.Response(200, headers=SSE, stream=Torn())

    monkeypatch.setattr("mockmate_nb.llm.practice.PracticeTransport.handle_async_request", answer)
    monkeypatch.setenv("RETRY_TIMES", "0")
    text, fault = await read(LLM().stream(HELLO))
    assert fault is not None
    assert (text, fault.kind) == ("a", "connection")


# Stops.
async def test_stop_before_the_first_byte(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply(silent=True)]
    reply = llm().stream(HELLO)
    reading = asyncio.create_task(read(reply))
    while not server.requests:
        await asyncio.sleep(0.01)
    await reply.stop()
    await gone(server)
    assert await reading == ("", None)
    assert reply.finish_reason == "stopped"


async def test_stop_in_mid_stream(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("a"), chunk("b"), FOREVER])]
    reply = llm().stream(HELLO)
    seen = []
    async for delta in reply:
        seen.append(delta)
        if reply.text == "ab":
            await reply.stop()
            assert reply.timing.end is not None, "when stop returns, all is over"
            await reply.stop()
    await gone(server)
    assert "".join(seen) == reply.text == "ab"
    assert reply.finish_reason == "stopped"
    assert reply.usage is not None
    assert [delta async for delta in reply] == []


async def test_stop_before_the_start_asks_nothing(server: Server, llm: MakeLLM) -> None:
    reply = llm().stream(HELLO)
    await reply.stop()
    assert await read(reply) == ("", None)
    assert (reply.finish_reason, server.requests) == ("stopped", [])


async def test_stop_after_the_end_changes_nothing(server: Server, llm: MakeLLM) -> None:
    server.replies = [stream("a")]
    reply = llm().stream(HELLO)
    assert await read(reply) == ("a", None)
    await reply.stop()
    assert (reply.finish_reason, reply.text) == ("stop", "a")


async def test_stop_from_another_thread(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("a"), FOREVER])]
    reply = llm().stream(HELLO)

    async def stop() -> None:
        while not reply.text:
            await asyncio.sleep(0.01)
        await reply.stop()

    other = threading.Thread(target=lambda: asyncio.run(stop()))
    other.start()
    assert await read(reply) == ("a", None)
    await gone(server)
    await asyncio.to_thread(other.join)
    assert reply.finish_reason == "stopped"


async def test_stop_hides_a_fault_that_came_with_it(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("a"), chunk("b")], cut=stream("a").size() - 60, by="rst")]
    reply = llm().stream(HELLO)
    async with reply:
        assert await anext(reply.batches())
        await reply.stop()
    assert await read(reply) == ("", None)


async def test_a_break_closes_the_connection(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("a"), FOREVER])]
    async for delta in llm().stream(HELLO):
        assert delta == "a"
        break
    await gone(server)


@pytest.mark.parametrize("way", ["bare", "with"])
async def test_a_readers_own_fault_goes_through(server: Server, llm: MakeLLM, way: str) -> None:
    server.replies = [Reply([chunk("a"), FOREVER])]
    reply, own = llm().stream(HELLO), ZeroDivisionError("mine")

    async def fail() -> None:
        async with reply if way == "with" else contextlib.nullcontext():
            async for _ in reply:
                raise own

    with pytest.raises(ZeroDivisionError) as caught:
        await fail()
    assert caught.value is own
    assert own.__context__ is None
    await gone(server)
    assert reply.text == "a"


@pytest.mark.parametrize("when", ["first byte", "mid-stream"])
async def test_a_cancelled_reader_closes_the_connection(server: Server, llm: MakeLLM, when: str) -> None:
    server.replies = [Reply(silent=True) if when == "first byte" else Reply([chunk("a"), FOREVER])]
    reply = llm().stream(HELLO)
    reading = asyncio.create_task(read(reply))
    while not (server.requests if when == "first byte" else reply.text):
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await gone(server)


async def test_a_fault_is_raised_each_time_and_is_the_same(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("a"), b"data: what?\n\n"])]
    reply = llm().stream(HELLO)
    (_, first), (text, second) = await read(reply), await read(reply)
    assert first is second
    assert text == ""


async def test_a_slow_reader_holds_the_service_back(server: Server, llm: MakeLLM) -> None:
    count = 20 * HIGH_WATER // 100 * 100
    server.replies = [Reply([chunk("x" * 50) * 100] * (count // 100) + [STOP, DONE])]
    reply = llm().stream(HELLO)
    async with reply:
        while len(reply._parts) <= HIGH_WATER:
            await asyncio.sleep(0.01)
        for _ in range(20):
            await asyncio.sleep(0.005)
        assert len(reply._parts) < 2 * HIGH_WATER
        assert [delta async for delta in reply] == ["x" * 50] * count


async def test_nothing_is_heard_of_a_stream_that_nobody_reads(
    server: Server, llm: MakeLLM, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a fault, nor a task, nor a socket that is left to the garbage collector makes a sound."""
    caplog.set_level(logging.WARNING, "asyncio")
    server.replies = [
        error(401, {"message": "no"}),
        Reply([b"data: what?\n\n"]),
        Reply([chunk("a"), FOREVER]),
    ]
    for _ in range(3):
        async with llm(RETRY_TIMES=0).stream(HELLO) as reply:
            while reply.timing.end is None and not reply.text:
                await asyncio.sleep(0.01)
    await gone(server)
    del reply
    gc.collect()
    await asyncio.sleep(0)
    assert not caplog.records


def test_a_loop_may_end_in_mid_stream(caplog: pytest.LogCaptureFixture) -> None:
    async def begin(model: LLM) -> ChatStream:
        reply = model.stream(HELLO)
        async for _ in reply:
            break
        return reply

    reply = asyncio.run(begin(LLM(pace=1000)))
    gc.collect()
    asyncio.run(reply.stop())
    assert reply.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
