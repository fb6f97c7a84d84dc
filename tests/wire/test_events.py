"""Events: each to JSON and back; what cannot be read is an error that keeps the text."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from mockmate_nb.errors import UnreadableReply
from mockmate_nb.wire.events import (
    EVENTS,
    TERMINALS,
    Chunk,
    Command,
    Complete,
    Done,
    Error,
    Event,
    FeedbackChunk,
    Interrupted,
    InterviewComplete,
    QuestionChunk,
    QuestionComplete,
    Seam,
    SessionStarted,
    Stopped,
    from_json,
    read_event,
)

TOOK = {"model": "m", "ttft": 0.25, "seconds": 1.5, "tokens": None, "estimated": True}
EXAMPLES: list[tuple[Event, str]] = [
    (SessionStarted(session_id="s"), '{"type": "session_started", "data": {"session_id": "s"}}'),
    (
        QuestionChunk(content="é你"),
        '{"type": "question_chunk", "data": {"content": "é你", "finished": false}}',
    ),
    (
        QuestionComplete(session_id="s", total_content="Why?", source="bank", via="stream", note="n"),
        '{"type": "question_complete", "data": {"session_id": "s", "total_content": "Why?", "source": "bank", '
        '"via": "stream", "completed": false, "note": "n", "measured": {}}}',
    ),
    (
        QuestionComplete(session_id="s", total_content="", source="model", via="batch", measured=TOOK),
        '{"type": "question_complete", "data": {"session_id": "s", "total_content": "", "source": "model", '
        '"via": "batch", "completed": false, "note": "", "measured": {"model": "m", "ttft": 0.25, "seconds": 1.5, '
        '"tokens": null, "estimated": true}}}',
    ),
    (
        FeedbackChunk(path="summary", content="x"),
        '{"type": "feedback_chunk", "data": {"path": "summary", "content": "x"}}',
    ),
    (
        InterviewComplete(session_id="s", feedback={"overall": None}),
        '{"type": "interview_complete", "data": {"session_id": "s", "feedback": {"overall": null}}}',
    ),
    (Seam(at=3), '{"type": "seam", "data": {"at": 3}}'),
    (Chunk(content="c"), '{"type": "chunk", "data": {"content": "c"}}'),
    (Complete(value={"a": [1]}), '{"type": "complete", "data": {"value": {"a": [1]}}}'),
    (Done(summary={"n": 2}), '{"type": "done", "data": {"summary": {"n": 2}}}'),
    (Stopped(partial="p"), '{"type": "stopped", "data": {"partial": "p"}}'),
    (Interrupted(partial="p"), '{"type": "interrupted", "data": {"partial": "p"}}'),
    (
        Error(kind="server", message="m"),
        '{"type": "error", "data": {"kind": "server", "message": "m", "retryable": false, "partial": "", "raw": ""}}',
    ),
    (
        Command(name="rate", arguments={"value": 3}),
        '{"type": "command", "data": {"name": "rate", "arguments": {"value": 3}}}',
    ),
    (
        QuestionChunk(content="x", agent="architect", sequence=2),
        '{"type": "question_chunk", "data": {"content": "x", "finished": false}, "agent": "architect", '
        '"sequence": 2}',
    ),
]
UNREADABLE = [
    "",
    "x",
    "[]",
    "null",
    "3",
    "{}",
    '{"type": "nothing", "data": {}}',
    '{"type": "seam"}',
    '{"type": "seam", "data": {}}',
    '{"type": ["seam"], "data": {"at": 1}}',
    '{"type": "seam", "data": 3}',
]


@pytest.mark.parametrize(("event", "text"), EXAMPLES, ids=lambda x: x.type if isinstance(x, Event) else "")
def test_there_and_back(event: Event, text: str) -> None:
    assert event.to_json() == text
    assert from_json(text) == from_json(text.encode()) == event


def test_every_type_has_an_example() -> None:
    assert {event.type for event, _ in EXAMPLES} == set(EVENTS)
    assert set(EVENTS) >= TERMINALS


def test_events_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Seam(at=1).at = 2  # type: ignore[misc]  # that is what is tried


def test_a_newer_version_may_add_fields() -> None:
    assert from_json('{"type": "seam", "data": {"at": 1, "colour": "red"}, "more": 1}') == Seam(at=1)


def test_an_older_version_s_question_has_no_figures() -> None:
    old = (
        '{"type": "question_complete", "data": {"session_id": "s", "total_content": "Why?", "source": "model", '
        '"via": "stream", "completed": false, "note": ""}}'
    )
    assert from_json(old).data["measured"] == {}


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(text: str) -> None:
    with pytest.raises(UnreadableReply):
        from_json(text)
    event = read_event(text)
    assert isinstance(event, Error)
    assert (event.kind, event.raw) == ("unreadable", text)


def test_a_client_drops_what_it_did_not_ask_for_but_never_an_error() -> None:
    assert read_event(Seam(at=1).to_json(), wanted={"question_chunk"}) is None
    assert read_event(Seam(at=1).to_json(), wanted={"seam"}) == Seam(at=1)
    assert read_event(Error(kind="server", message="m").to_json(), wanted=set()) == Error(
        kind="server", message="m"
    )
