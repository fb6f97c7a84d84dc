"""The decoder's promises beside the standard: at once, bounded, linear, and clear about faults."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import repeat

import pytest

from mockmate_nb.errors import CallerError, Kind, UnreadableReply, WireError
from mockmate_nb.wire.sse import (
    MAX_EVENT_BYTES,
    ServerSentEvent,
    SSEDecoder,
    aiter_events,
    comment,
    encode,
    iter_events,
)

KIB = 2**10


@pytest.mark.parametrize(
    ("chunks", "counts"),
    [
        pytest.param([b"data: a\n", b"\n"], [0, 1], id="lf"),
        pytest.param([b"data: a\r", b"\r"], [0, 1], id="cr: nothing is waited for"),
        pytest.param(
            [b"data: a\r\n\r", b"\n"], [1, 0], id="the cr of a crlf ends the line, its lf is swallowed"
        ),
        pytest.param([b"data: a\r", b"\n\r", b"\n"], [0, 1, 0], id="two crlf cut in two"),
        pytest.param([b"data: a\r", b"", b"\n", b"\n"], [0, 0, 0, 1], id="an empty chunk is no end"),
        pytest.param([b"data: a\r\r", b"data: b\r\r"], [1, 1], id="cr, one event a chunk"),
        pytest.param([b"data: a\n\ndata: b\n\ndata: c"], [2], id="two in one chunk"),
        pytest.param([b"\xef", b"\xbb", b"\xbf", b"data: a\n\n"], [0, 0, 0, 1], id="bom by bytes"),
        pytest.param([b"\n", b"\n", b"data: a\n\n", b"\n"], [0, 0, 1, 0], id="blank lines"),
    ],
)
def test_an_event_is_given_with_the_chunk_that_ends_it(chunks: list[bytes], counts: list[int]) -> None:
    decoder = SSEDecoder()
    assert [len(decoder.feed(chunk)) for chunk in chunks] == counts


def test_the_pull_form_asks_for_no_chunk_too_many() -> None:
    asked = []

    def chunks() -> Iterator[bytes]:
        for chunk in (b"data: a\r\r", b"data: b\n\n"):
            asked.append(chunk)
            yield chunk

    events = iter_events(chunks())
    assert asked == []
    assert next(events).data == "a"
    assert len(asked) == 1


def test_id_and_retry_are_readable_at_any_time() -> None:
    decoder = SSEDecoder()
    assert (decoder.last_event_id, decoder.retry) == ("", None)
    decoder.feed(b"id: 4\nretry: 9\n")
    assert (decoder.last_event_id, decoder.retry) == ("", 9)
    decoder.feed(b"\n")
    assert (decoder.last_event_id, decoder.retry) == ("4", 9)
    decoder.close()
    assert (decoder.last_event_id, decoder.retry) == ("4", 9)


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 19, "1" + "0" * 18])
def test_an_absurd_retry_is_ignored(digits: str) -> None:
    decoder = SSEDecoder()
    assert decoder.feed(f"retry: 5\nretry: {digits}\ndata: a\n\n".encode()) == [
        ServerSentEvent(data="a", retry=5)
    ]
    assert decoder.retry == 5


def test_leading_zeros_are_no_size() -> None:
    assert [event.retry for event in iter_events([b"retry: " + b"0" * 5000 + b"7\ndata: a\n\n"])] == [7]


@pytest.mark.parametrize(
    ("fits", "too_large"),
    [
        pytest.param(b"data: 1234\n\n", b"data: 12345\n\n", id="line"),
        pytest.param(b"data: 1234", b"data: 12345", id="line without its end"),
        pytest.param(
            b"data:1\ndata:3\ndata\ndata:67890", b"data:1\ndata:3\ndata\ndata:67890a\n", id="data lines"
        ),
        pytest.param(b": 34567890", b": 345678901", id="comment without its end"),
        pytest.param(b": 34567890\n", b": 345678901\n", id="comment"),
        pytest.param(b"id: 567890\n", b"id: 5678901\n", id="id"),
        pytest.param(b"unknown567\n", b"unknown5678\n", id="unknown field"),
        pytest.param(b"\xef\xbb\xbfdata: 1234\n", b"\xef\xbb\xbfdata: 12345\n", id="a bom does not count"),
        pytest.param(b": 3\n" * 99, b": 3\n" * 99 + b"data: 12345", id="comments are not held"),
        pytest.param(b"data: 1\n\n" * 99, b"data: 1\n\n" * 99 + b"data: 12345", id="nor are events"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_the_limit_is_exact(fits: bytes, too_large: bytes, size: int) -> None:
    def pieces(stream: bytes) -> list[bytes]:
        return [stream[at : at + size] for at in range(0, len(stream), size)]

    list(iter_events(pieces(fits), max_event_bytes=10))
    with pytest.raises(WireError, match="more than 10 bytes") as caught:
        list(iter_events(pieces(too_large), max_event_bytes=10))
    assert caught.value.kind is Kind.UNREADABLE
    assert "max_event_bytes" in caught.value.advice


def test_events_before_a_fault_are_not_lost() -> None:
    decoder = SSEDecoder(max_event_bytes=20)
    stream = b"id: 1\ndata: a\n\nid: 2\ndata: " + b"x" * 30 + b"\n\ndata: c\n\n"
    assert decoder.feed(stream) == [ServerSentEvent(data="a", id="1")]
    for chunk in (b"", b"data: d\n\n"):
        with pytest.raises(WireError):
            decoder.feed(chunk)
    assert decoder.last_event_id == "1"
    decoder.close()


def test_a_fault_not_yet_raised_is_raised_at_the_end() -> None:
    decoder = SSEDecoder(max_event_bytes=20)
    assert len(decoder.feed(b"data: a\n\ndata: " + b"x" * 30)) == 1
    with pytest.raises(WireError):
        decoder.close()
    decoder.close()


async def test_awaited_gives_the_events_then_the_fault() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"data: a\n\ndata: " + b"x" * 30

    events = aiter_events(chunks(), max_event_bytes=20)
    assert (await anext(events)).data == "a"
    with pytest.raises(WireError):
        await anext(events)


def test_a_closed_decoder_takes_nothing() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"data: a\n")
    decoder.close()
    decoder.close()
    with pytest.raises(CallerError, match="closed"):
        decoder.feed(b"\n")


@pytest.mark.parametrize(
    "make", [SSEDecoder, lambda max_event_bytes: iter_events([], max_event_bytes=max_event_bytes)]
)
def test_a_limit_below_one_is_refused(make: Callable[..., object]) -> None:
    with pytest.raises(CallerError) as caught:
        make(max_event_bytes=0)
    assert caught.value.field == "max_event_bytes"


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param([b"data: ", *[b"x" * KIB] * 4096], id="line"),
        pytest.param([b":", *[b"x" * KIB] * 4096], id="comment"),
        pytest.param([b"data: ", *[b"xy"] * 200_000], id="line, two bytes a chunk"),
        pytest.param([b"data: " + b"x" * 100 + b"\n"] * 40_000, id="data lines"),
        pytest.param([b"data:ab\n"] * 400_000, id="short data lines"),
    ],
)
def test_what_is_held_is_bounded(endless: Iterable[bytes]) -> None:
    limit = 256 * KIB
    events = iter_events(endless, max_event_bytes=limit)
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            next(events)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * limit


def test_what_is_not_held_does_not_count() -> None:
    decoder = SSEDecoder(max_event_bytes=KIB)
    for chunk in repeat(b": keep-alive\nfoo: bar\ndata: x\n\n", 1000):
        assert len(decoder.feed(chunk)) == 1
    for chunk in repeat(b": keep-alive\n", 1000):
        assert decoder.feed(chunk) == []


def one_line(size: int) -> bytes:
    return b"data: " + b"x" * size + b"\n\n"


def many_lines(size: int) -> bytes:
    return b"data: 345678\n" * (size // 13) + b"\n"


@pytest.mark.parametrize("shape", [one_line, many_lines])
def test_time_grows_with_the_bytes_not_with_their_square(shape: Callable[[int], bytes]) -> None:
    def seconds(size: int) -> float:
        stream = shape(size)
        chunks = [stream[at : at + 512] for at in range(0, len(stream), 512)]
        times = []
        for _ in range(3):
            start = time.thread_time()
            (event,) = iter_events(chunks)
            times.append(time.thread_time() - start)
        assert len(event.data) > size / 3
        return min(times)

    # Sixteen times the bytes: about 16 times the time, or 256 times where each chunk copies what came before.
    assert seconds(4 * KIB * KIB) < 90 * seconds(256 * KIB)


def test_json() -> None:
    assert ServerSentEvent(data='{"a": [1, "é", null]}').json() == {"a": [1, "é", None]}
    with pytest.raises(UnreadableReply, match="not JSON") as caught:
        ServerSentEvent(data="[DONE]" * 500).json()
    assert caught.value.raw.startswith("[DONE]")
    assert len(caught.value.raw) == 500


def test_an_event_is_a_value() -> None:
    (event,) = iter_events([b"data: a\n\n"])
    assert event == ServerSentEvent("message", "a", "", None)
    assert hash(event) == hash(ServerSentEvent(data="a"))
    assert repr(event) == "ServerSentEvent(event='message', data='a', id='', retry=None)"
    assert event._replace(data="b").data == "b"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"data": "a"}, b"data: a\n\n"),
        ({"data": ""}, b"data: \n\n"),
        ({"data": " a"}, b"data:  a\n\n"),
        ({"data": "a\nb\r\nc\rd"}, b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ({"data": "a\n"}, b"data: a\ndata: \n\n"),
        ({"data": "a\u2028b\x85c\x0bd"}, "data: a\u2028b\x85c\x0bd\n\n".encode()),
        ({"data": "a\nid: 9\n\nb"}, b"data: a\ndata: id: 9\ndata: \ndata: b\n\n"),
        ({"data": "a\ud83d"}, b"data: a\xef\xbf\xbd\n\n"),
        ({"data": "a", "event": "x", "id": "7.1", "retry": 0}, b"event: x\nid: 7.1\nretry: 0\ndata: a\n\n"),
        ({"data": "a", "id": ""}, b"id: \ndata: a\n\n"),
    ],
)
def test_encode(arguments: dict[str, object], expected: bytes) -> None:
    assert encode(**arguments) == expected  # type: ignore[arg-type] # a table's row


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("text", ["a\n", "a\rb", "\r\n", "a\0", "\ud800"])
def test_what_would_end_the_field_is_refused(field: str, text: str) -> None:
    with pytest.raises(CallerError, match=field) as caught:
        encode("x", **{field: text})  # type: ignore[arg-type] # a table's row
    assert caught.value.field == field


@pytest.mark.parametrize("retry", [-1, 10**18])
def test_a_retry_that_no_reader_takes_is_refused(retry: int) -> None:
    with pytest.raises(CallerError) as caught:
        encode("x", retry=retry)
    assert caught.value.field == "retry"


@pytest.mark.parametrize(
    ("text", "expected"), [("", b":\n"), ("ping", b": ping\n"), ("a\n\nb\r\nc", b": a\n:\n: b\n: c\n")]
)
def test_comment(text: str, expected: bytes) -> None:
    assert comment(text) == expected


def test_the_default_limit() -> None:
    assert MAX_EVENT_BYTES == 64 * KIB * KIB
