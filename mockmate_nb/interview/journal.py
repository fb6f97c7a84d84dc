"""Steps as they are kept and read back: commands in the session's journal, a turn's events in its stream. Pure."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from mockmate_nb.errors import UnreadableReply
from mockmate_nb.interview.bank import Gap
from mockmate_nb.interview.steps import (
    Again,
    Ask,
    Asked,
    Cut,
    Delta,
    Fail,
    Halt,
    Journalled,
    Judge,
    Judged,
    Measured,
    Rate,
    Remark,
    Step,
    Undo,
)
from mockmate_nb.wire.events import (
    Command,
    Error,
    Event,
    FeedbackChunk,
    Interrupted,
    InterviewComplete,
    QuestionChunk,
    QuestionComplete,
    Seam,
    Stopped,
)

SUFFIX = "/journal"
SETUP, TAKEN_OVER = "setup", "taken_over"
_COMMANDS: dict[str, type[Journalled]] = {
    "ask": Ask,
    "judge": Judge,
    "again": Again,
    "undo": Undo,
    "rate": Rate,
}
_FACTS = tuple(f.name for f in fields(Measured))


def journal_id(session_id: str) -> str:
    return session_id + SUFFIX


def to_command(step: Journalled) -> Command:
    values = asdict(step)
    return Command(name=values.pop("name"), arguments=values)


def from_command(command: Command) -> Journalled:
    """The step that `command` was made from; `UnreadableReply` where it is none."""
    try:
        values: dict[str, Any] = dict(command.arguments)
        if values.get("gap"):
            values["gap"] = Gap(values["gap"])
        return _COMMANDS[command.name](**values)
    except (KeyError, ValueError, TypeError) as fault:
        raise UnreadableReply(
            f"The journal holds a command that cannot be read: {command.name!r}.",
            advice="It was written by another version of this package.",
            raw=str(command.arguments)[:300],
        ) from fault


def from_event(event: Event, said: str = "") -> Step | None:
    """The step that a turn's event was sent for, `said` before it; None where it moves nothing."""
    match event:
        case QuestionChunk(content=content):
            return Delta(content)
        case Seam():
            return Cut()
        case QuestionComplete(source=source, via=via, note=note, measured=facts, total_content=text):
            measured = Measured(**{name: facts[name] for name in _FACTS}) if facts else None
            return Asked(source, via, note, measured, None if text == said else text)
        case FeedbackChunk(path=path, content=content):
            return Remark(path, content)
        case InterviewComplete(feedback=feedback):
            return Judged(feedback)
        case Stopped():
            return Halt()
        case Error(kind=kind, message=message, retryable=retryable, raw=raw):
            return Fail(kind, message, retryable, raw)
        case Interrupted():
            return INTERRUPTED
        case _:
            return None


INTERRUPTED = Fail("connection", "The kernel ended in the middle of this turn.", interrupted=True)
