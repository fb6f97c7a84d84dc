"""Chunks, bodies and errors as values: what a service sends, without a service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.errors import MockMateError, UnreadableReply, WireError
from mockmate_nb.llm.body import Body
from mockmate_nb.llm.chunks import (
    Chunk,
    StatusError,
    Usage,
    estimate_tokens,
    prompt_tokens,
    provider_error,
    read_chunk,
)
from tests.llm.misbehaving import chunk, whole

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def choice(**fields: Any) -> dict[str, Any]:
    return {"choices": [fields]}


CHUNKS: list[tuple[Any, Chunk]] = [
    (choice(index=0, delta={"content": "a"}, finish_reason=None), Chunk("a")),
    (choice(delta={"content": "a"}), Chunk("a")),
    (choice(index=None, delta={"content": "a"}), Chunk("a")),
    (choice(index=1, delta={"content": "a"}), Chunk()),
    (
        {"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]},
        Chunk("a"),
    ),
    (choice(index=0, delta={"role": "assistant"}), Chunk()),
    (choice(index=0, delta={"content": None}), Chunk()),
    (choice(index=0, delta=None), Chunk()),
    (choice(index=0, delta={"content": None, "reasoning_content": "hm"}), Chunk()),
    (choice(index=0, delta={"content": "你好 😀"}), Chunk("你好 😀")),
    (choice(index=0, delta={}, finish_reason="stop"), Chunk("", "stop")),
    (choice(index=0, delta={"content": "a"}, finish_reason="length"), Chunk("a", "length")),
    (choice(index=0, delta={"content": "a"}, finish_reason=""), Chunk("a")),
    (choice(index=0, message={"content": "a"}, finish_reason="stop"), Chunk("a", "stop")),
    (choice(index=0, delta={"content": [{"text": "a"}, {"type": "image"}, {"text": "b"}, 5]}), Chunk("ab")),
    ({"choices": [], "usage": USAGE}, Chunk(usage=Usage(3, 4))),
    ({"usage": USAGE}, Chunk(usage=Usage(3, 4))),
    ({"choices": []}, Chunk()),
    ({"choices": None, "usage": None}, Chunk()),
    ({**choice(index=0, delta={"content": "a"}), "usage": USAGE}, Chunk("a", None, Usage(3, 4))),
    ({**choice(index=0, delta={"content": "a"}), "usage": None, "error": None}, Chunk("a")),
    ({"choices": [], "usage": {"prompt_tokens": "3"}}, Chunk()),
    ({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": None}}, Chunk()),
]


@pytest.mark.parametrize(("value", "expected"), CHUNKS)
def test_a_chunk(value: Any, expected: Chunk) -> None:
    assert read_chunk(json.dumps(value)) == expected
    assert read_chunk(json.dumps(value, ensure_ascii=False)) == expected


@pytest.mark.parametrize(
    "data",
    [
        *(
            "",
            "hello",
            "null",
            "[]",
            "5",
            '"a"',
            '{"a": 1}',
            '{"choices": 5}',
            '{"choices": [5]}',
            "{" * 5000,
        ),
        *('{"choices": {"a": 1}}', '{"choices": [{"delta": "a"}]}', '{"choices": ['),
        '{"choices": [{"delta": {"content": 5}}]}',
    ],
)
def test_a_chunk_of_another_kind_is_unreadable_with_what_it_was(data: str) -> None:
    with pytest.raises(UnreadableReply) as caught:
        read_chunk(data)
    assert caught.value.raw == data[:300]
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("value", "kind", "retryable", "words"),
    [
        ({"message": "a\n  b. ", "code": 503}, "server", True, "a b."),
        ({"message": "a", "code": "503"}, "server", True, "a."),
        ({"message": "a", "type": "server_error"}, "server", True, "a."),
        ({"message": "a", "code": 429}, "rate_limit", True, "a."),
        ({"message": "a", "type": "rate_limit_error"}, "rate_limit", True, "a."),
        ({"message": "a", "code": "insufficient_quota"}, "rate_limit", False, "a."),
        ({"message": "a", "code": 402}, "rate_limit", False, "a."),
        ({"message": "a", "code": "content_filter"}, "content_filter", False, "a."),
        ({"message": "a", "code": 400}, "bad_request", False, "a."),
        ({"message": {"a": 1}}, "server", True, "{'a': 1}."),
        ({"message": "<html>a</html>"}, "server", True, "a web page."),
        ({"message": "a" * 999}, "server", True, "a" * 300 + "."),
        ({}, "server", True, "no reason given."),
        (None, "server", True, "no reason given."),
        ("a", "server", True, "a."),
        (["a"], "server", True, "['a']."),
    ],
)
def test_an_error_object(value: Any, kind: str, retryable: bool, words: str) -> None:
    fault = provider_error(value)
    assert (fault.kind, fault.retryable) == (kind, retryable)
    assert fault.message.endswith(words)
    assert not isinstance(fault, StatusError)
    assert isinstance(provider_error(value, status=500), StatusError)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("你好", 2), ("你好abcd", 3), ("naïve", 2), ("😀", 1)],
)
def test_tokens_are_estimated_high(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens
    assert prompt_tokens([{"role": "user", "content": text}, {"role": "user"}]) == tokens


def test_usages_add_up() -> None:
    assert Usage(1, 2).plus(Usage(3, 4)) == Usage(4, 6)
    assert Usage(1, 2).plus(Usage(3, 4, estimated=True)) == Usage(4, 6, estimated=True)


# What a body holds: each is fed whole, byte by byte, and cut at every place.
BODIES: dict[str, tuple[bytes, list[str] | str]] = {
    "events": (b'data: {"a": 1}\n\ndata: [DONE]\n\n', ['{"a": 1}', "[DONE]"]),
    "no space": (b"data:x\n\n", ["x"]),
    "BOM and blank lines": (b"\xef\xbb\xbf\r\n\ndata: x\r\n\r\n", ["x"]),
    "a comment": (b": hi\n\ndata: x\n\n", ["x"]),
    "an event name": (b"event: message\ndata: x\n\n", ["x"]),
    "an id": (b"id: 1\ndata: x\n\n", ["x"]),
    "a retry": (b"retry: 1\ndata: x\n\n", ["x"]),
    "characters": ("data: 你好😀\n\n".encode(), ["你好😀"]),
    "an unfinished event": (b"data: x\n\ndata: y", ["x"]),
    "JSON": (b'{"choices": []}', ['{"choices": []}']),
    "JSON after blanks": (b"\n \t\r\n{\n}\n", ["{\n}\n"]),
    "JSON with broken characters": (b'{"\xe4\xbd"}', ['{"�"}']),
    "nothing": (b"", []),
    "blanks": (b" \n\n", []),
    "the beginning of a field": (b"\ndat", []),
    "a page": (b"<html>", "<"),
    "words": (b"Forbidden", "F"),
    "a number": (b"5", "5"),
    "a list": (b"[]", "["),
    "nearly a field": (b"dates", "date"),
    "bytes": (b"\x00\xff", "\x00"),
}


def read(pieces: list[bytes]) -> list[str] | str:
    """The data of all events, or the beginning of what could not be read."""
    body, found = Body(), []
    try:
        for piece in pieces:
            found += body.feed(piece)
        return found + body.close()
    except UnreadableReply as fault:
        return fault.raw


@pytest.mark.parametrize(("raw", "expected"), BODIES.values(), ids=BODIES)
def test_a_body_is_known_by_its_beginning(raw: bytes, expected: list[str] | str) -> None:
    cuts = [[raw[:at], raw[at:]] for at in range(len(raw) + 1)]
    for pieces in [[raw], [raw[at : at + 1] for at in range(len(raw))], [b"", raw, b""], *cuts]:
        found = read(pieces)
        if isinstance(expected, str):
            assert isinstance(found, str), pieces
            assert found.startswith(expected), pieces
        else:
            assert found == expected, pieces


@given(st.binary(max_size=40))
def test_no_bytes_break_a_body(raw: bytes) -> None:
    assert read([raw]) is not None
    assert read([raw[at : at + 1] for at in range(len(raw))]) is not None


@given(st.binary(max_size=40))
def test_no_bytes_break_a_chunk(raw: bytes) -> None:
    for sound in (chunk("a", "stop")[6:-2], whole("a")):
        at = len(sound) // 2
        for data in (raw, sound[:at] + raw + sound[at:], sound[:at] + raw):
            try:
                assert isinstance(read_chunk(data.decode("utf-8", "replace")), Chunk)
            except MockMateError as fault:
                assert fault.message


@pytest.mark.parametrize(("start", "more"), [(b'{"a": "', b"b" * 60), (b"data: ", b"b" * 60)])
def test_a_body_without_an_end_is_refused(start: bytes, more: bytes) -> None:
    body = Body(max_event_bytes=100)
    assert body.feed(start) == body.feed(more) == []
    with pytest.raises(WireError, match="100 bytes"):
        body.feed(more)
