"""Each row of the table: whole, by bytes, at every split in two; pushed, pulled and awaited; and encoded."""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb.wire.sse import ServerSentEvent, SSEDecoder, aiter_events, encode, iter_events
from tests.wire.sse_standard import interpret

TABLE = Path(__file__).parent.parent / "cases" / "sse.toml"
BYTE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


def as_bytes(text: str) -> bytes:
    def byte(match: re.Match[bytes]) -> bytes:
        return bytes.fromhex(match[2].decode()) if match[2] else BYTE[match[1]]

    return re.sub(rb"\\(x([0-9a-f]{2})|.)", byte, text.encode())


class Case:
    def __init__(self, row: dict[str, Any]) -> None:
        assert row.keys() <= {"name", "rule", "input", "events", "last_id", "retry", "canonical"}, row["name"]
        self.name, self.rule = row["name"], row["rule"]
        self.input = as_bytes(row["input"])
        self.events = [ServerSentEvent(**event) for event in row["events"]]
        self.last_id: str = row.get("last_id", "")
        self.retry: int | None = row.get("retry")
        self.canonical: bool = row.get("canonical", False)


CASES = [Case(row) for row in tomllib.loads(TABLE.read_text("utf-8"))["case"]]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def splits(stream: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, byte by byte with empty chunks between, and at every split in two."""
    yield [stream]
    single = [stream[at : at + 1] for at in range(len(stream))]
    yield single
    yield [chunk for byte in single for chunk in (b"", byte, b"")]
    for at in range(1, len(stream)):
        yield [stream[:at], stream[at:]]


async def awaited(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def test_table() -> None:
    names = [case.name for case in CASES]
    assert len(names) >= 80
    assert len(set(names)) == len(names)


@each_case
def test_the_standards_algorithm(case: Case) -> None:
    assert interpret(case.input) == (case.events, case.last_id, case.retry)


@each_case
def test_pushed(case: Case) -> None:
    for chunks in splits(case.input):
        decoder = SSEDecoder()
        events = [event for chunk in chunks for event in decoder.feed(chunk)]
        decoder.close()
        assert (events, decoder.last_event_id, decoder.retry) == (case.events, case.last_id, case.retry), (
            chunks
        )


@each_case
def test_pulled(case: Case) -> None:
    for chunks in splits(case.input):
        assert list(iter_events(chunks)) == case.events, chunks


@each_case
async def test_awaited(case: Case) -> None:
    for chunks in splits(case.input):
        assert [event async for event in aiter_events(awaited(chunks))] == case.events, chunks


@each_case
def test_types(case: Case) -> None:
    for event in iter_events([case.input]):
        assert type(event) is ServerSentEvent
        assert [type(field) for field in event[:3]] == [str, str, str]


@pytest.mark.parametrize("case", [case for case in CASES if case.canonical], ids=lambda case: case.name)
def test_encoded_to_the_same_bytes(case: Case) -> None:
    type_is_written = b"event: message" in case.input
    encoded = [
        encode(
            e.data,
            event=e.event if type_is_written or e.event != "message" else None,
            id=e.id or None,
            retry=e.retry,
        )
        for e in case.events
    ]
    assert b"".join(encoded) == case.input


@each_case
def test_encoded_and_decoded_again(case: Case) -> None:
    events = [event for event in case.events if "\0" not in event.event]
    stream = b"".join(encode(e.data, event=e.event, id=e.id, retry=e.retry) for e in events)
    assert list(iter_events([stream])) == events
