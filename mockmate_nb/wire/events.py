"""The closed set of events that an interview, an agent or a chat sends: frozen, typed, to and from JSON.

On the wire an event is `{"type": …, "data": {…}}`, with `"agent"` and `"sequence"` beside them where several
agents share a stream. Exactly one event of `TERMINALS` ends a stream; nothing comes after it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

import jiter

from mockmate_nb.errors import Kind, UnreadableReply

ENVELOPE = ("agent", "sequence")
RAW_EXCERPT = 500
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share. `data` is the payload as plain JSON values."""

    type: ClassVar[str] = ""
    agent: str | None = None
    sequence: int | None = None

    @property
    def data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _PAYLOADS.get(self.type, ())}

    def to_json(self) -> str:
        envelope = {name: getattr(self, name) for name in ENVELOPE if getattr(self, name) is not None}
        return _encode({"type": self.type, "data": self.data, **envelope})


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    type: ClassVar[str] = "session_started"
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionChunk(Event):
    type: ClassVar[str] = "question_chunk"
    content: str
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionComplete(Event):
    """`source` says who worded the question; `via` how it came: streamed, or whole as the second try; `note`
    why it is not the model's stream, where it is not; `measured` what the model's reply took, as
    `{model, ttft, seconds, tokens, estimated}` in seconds, empty where the words are the bank's."""

    type: ClassVar[str] = "question_complete"
    session_id: str
    total_content: str
    source: Literal["model", "bank"]
    via: Literal["stream", "batch"]
    completed: bool = False
    note: str = ""
    measured: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackChunk(Event):
    """`content` is appended to the feedback's text at `path`, for example `questions.0.fix`."""

    type: ClassVar[str] = "feedback_chunk"
    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterviewComplete(Event):
    type: ClassVar[str] = "interview_complete"
    session_id: str
    feedback: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam(Event):
    """A continuation after a cut begins at UTF-8 byte `at` of the text."""

    type: ClassVar[str] = "seam"
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk(Event):
    """A piece of a text that is no question: an answer about the feedback."""

    type: ClassVar[str] = "chunk"
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete(Event):
    """A whole result; more may follow it."""

    type: ClassVar[str] = "complete"
    value: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Event):
    type: ClassVar[str] = "done"
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped(Event):
    """The person stopped the turn; `partial` is what had been said."""

    type: ClassVar[str] = "stopped"
    partial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(Event):
    """The process that wrote the stream died; written by whoever finds it."""

    type: ClassVar[str] = "interrupted"
    partial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(Event):
    type: ClassVar[str] = "error"
    kind: str
    message: str
    retryable: bool = False
    partial: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Event):
    """What a person told the interview to do. Kept in the session's own stream, never sent to a reader."""

    type: ClassVar[str] = "command"
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


EVENTS: dict[str, type[Event]] = {
    cls.type: cls
    for cls in (
        SessionStarted,
        QuestionChunk,
        QuestionComplete,
        FeedbackChunk,
        InterviewComplete,
        Seam,
        Chunk,
        Complete,
        Done,
        Stopped,
        Interrupted,
        Error,
        Command,
    )
}
_PAYLOADS = {
    name: tuple(f.name for f in fields(cls) if f.name not in ENVELOPE) for name, cls in EVENTS.items()
}
TERMINALS = frozenset({"question_complete", "interview_complete", "done", "stopped", "interrupted", "error"})


def from_json(text: str | bytes) -> Event:
    """The event that `text` holds; `UnreadableReply` where it holds none of ours."""
    raw = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    try:
        value = jiter.from_json(text.encode() if isinstance(text, str) else text)
        cls = EVENTS[value["type"]]
        known = _PAYLOADS[cls.type]
        data = {name: item for name, item in value["data"].items() if name in known}
        envelope = {name: value[name] for name in ENVELOPE if name in value}
        return cls(**data, **envelope)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise UnreadableReply(
            f"This is not an event of ours ({type(fault).__name__}).", raw=raw[:RAW_EXCERPT]
        ) from fault


def read_event(text: str, *, wanted: Collection[str] | None = None) -> Event | None:
    """As a client reads: a type outside `wanted` is dropped (None), an unreadable event is an `error` with `raw`."""
    try:
        event = from_json(text)
    except UnreadableReply as fault:
        return Error(kind=Kind.UNREADABLE, message=fault.message, raw=fault.raw)
    if wanted is not None and event.type not in wanted and event.type != Error.type:
        return None
    return event
