"""What no table reaches: any bytes, any splits, any limit; and encoding as the inverse of decoding."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockmate_nb.errors import WireError
from mockmate_nb.wire.sse import ServerSentEvent, SSEDecoder, aiter_events, comment, encode, iter_events
from tests.wire.sse_standard import interpret, utf8_decode

many = settings(max_examples=400, deadline=None, database=None)

TOKENS = (
    *(
        b"data",
        b"event",
        b"id",
        b"retry",
        b"data: ",
        b"data:",
        b"event: x",
        b"id: 1",
        b"retry: 25",
        b"foo",
        b": c",
    ),
    *(
        b":",
        b" ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\r",
        b"\r\n\r\n",
        b"\0",
        b"7",
        b"+",
        b"a",
        b"\t",
        b"\x0b",
    ),
    *(b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe4\xbd\xa0", b"\xe4\xbd"),
    *(b"\xf0\x9f\x98\x80", b"\xf0\x9f", b"\x80", b"\xff", b"\xed\xa0\x80", b"\xc0\x8a", b"\xf4\x90"),
)
likely = st.lists(st.sampled_from(TOKENS), max_size=40).map(b"".join)
streams = st.one_of(likely, likely.map(lambda tail: b"\xef\xbb\xbf" + tail), st.binary(max_size=60))
texts = st.text(st.characters(exclude_categories=["Cs"]))
field_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))
events = st.builds(
    ServerSentEvent,
    event=field_texts.filter(bool),
    data=texts.map(lambda text: text.replace("\r\n", "\n").replace("\r", "\n")),
    id=field_texts,
    retry=st.none() | st.integers(0, 10**18 - 1),
)


@st.composite
def cut(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> list[bytes]:
    """Bytes in pieces, some of them empty."""
    stream = draw(whole)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]


def pushed(
    chunks: Iterable[bytes], limit: int = 2**20
) -> tuple[list[ServerSentEvent], str, int | None, bool]:
    """The events, the last event id, the reconnection time, and whether a limit was met."""
    decoder, got = SSEDecoder(max_event_bytes=limit), []
    try:
        for chunk in chunks:
            got += decoder.feed(chunk)
        decoder.close()
    except WireError:
        return got, decoder.last_event_id, decoder.retry, True
    return got, decoder.last_event_id, decoder.retry, False


def pulled(chunks: Iterable[bytes], limit: int) -> tuple[list[ServerSentEvent], bool]:
    got = []
    try:
        for event in iter_events(chunks, max_event_bytes=limit):
            got.append(event)  # noqa: PERF402 - what came before a fault is wanted too
    except WireError:
        return got, True
    return got, False


@many
@given(cut(streams))
def test_any_split_is_as_the_standard_reads_the_whole(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = interpret(whole)
    assert pushed([whole])[:3] == expected
    assert pushed(chunks)[:3] == expected
    assert pulled(chunks, 2**20) == (expected[0], False)


@many
@given(cut(streams))
async def test_awaited_is_pulled(chunks: list[bytes]) -> None:
    async def awaited() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    assert [event async for event in aiter_events(awaited())] == list(iter_events(chunks))


@many
@given(cut(streams), st.integers(1, 40))
def test_the_limit_is_met_at_the_same_event_whatever_the_split(chunks: list[bytes], limit: int) -> None:
    whole = b"".join(chunks)
    by_byte = [whole[at : at + 1] for at in range(len(whole))]
    expected = pulled([whole], limit)
    assert pulled(chunks, limit) == pulled(by_byte, limit) == expected
    for pieces in ([whole], chunks, by_byte):
        got, _, _, fault = pushed(pieces, limit)
        assert (got, fault) == expected
    if not expected[1]:
        assert expected[0] == interpret(whole)[0]


@many
@given(st.one_of(streams, st.binary(max_size=20)))
def test_pythons_replacement_is_the_standards(stream: bytes) -> None:
    assert stream.decode("utf-8", "replace") == utf8_decode(stream)


@many
@given(st.lists(events, max_size=5), st.data())
def test_what_is_encoded_comes_back(sent: list[ServerSentEvent], data: st.DataObject) -> None:
    stream = b"".join(encode(e.data, event=e.event, id=e.id, retry=e.retry) for e in sent)
    assert list(iter_events(data.draw(cut(st.just(stream))))) == sent
    assert interpret(stream)[0] == sent


@many
@given(st.text(), texts)
def test_one_event_whatever_the_text(data: str, comment_text: str) -> None:
    stream = comment(comment_text) + encode(data, id="1") + comment(comment_text)
    (event,) = iter_events([stream])
    expected = data.replace("\r\n", "\n").replace("\r", "\n")
    assert event.data == "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in expected)


@pytest.mark.parametrize("text", ["", "ping", "a\nb", "a\r\ndata: b", "\ndata: x\n\n", "\ud800", "\0"])
def test_a_comment_is_no_event(text: str) -> None:
    assert all(line.startswith(b":") for line in comment(text).removesuffix(b"\n").split(b"\n"))
    assert b"\r" not in comment(text)
    assert list(iter_events([comment(text) + b"\n"])) == []
