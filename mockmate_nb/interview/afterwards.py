"""What comes after the feedback: questions about it, and a question answered once more. Each has its own stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from mockmate_nb.errors import CallerError, UnreadableReply
from mockmate_nb.interview.bank import Bank
from mockmate_nb.interview.comparing import compared
from mockmate_nb.interview.judging import explained, second_attempt
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.steps import Fail
from mockmate_nb.llm.client import LLM
from mockmate_nb.wire.events import (
    TERMINALS,
    Chunk,
    Command,
    Complete,
    Done,
    Error,
    Event,
    Interrupted,
    Stopped,
)

ASIDES = ("explain", "answer_again")


@dataclass(frozen=True, slots=True)
class Aside:
    """One of them: what was asked, or the second answer to `question_id`, and what came of it.

    `number` counts from 1 over the session, `judgement` is that of the feedback it speaks of; `text` is the
    explanation so far, `result` a second attempt's `{question_id, at, answer, question, compared}`; `ended` is
    the type of its terminal event, empty while it runs.
    """

    kind: Literal["explain", "answer_again"]
    said: str
    question_id: str = ""
    at: float = 0.0
    number: int = 0
    judgement: int = 0
    text: str = ""
    result: dict[str, Any] | None = None
    ended: str = ""

    @property
    def over(self) -> bool:
        return bool(self.ended)

    def placed(self, number: int, judgement: int) -> Aside:
        return replace(self, number=number, judgement=judgement)

    def stream_id(self, session_id: str) -> str:
        return f"{session_id}/aside-{self.number}"

    def command(self) -> Command:
        """As the journal keeps it."""
        facts = {name: getattr(self, name) for name in ("said", "question_id", "at", "number", "judgement")}
        return Command(name=self.kind, arguments=facts)

    @classmethod
    def of(cls, command: Command) -> Aside:
        """The aside that `command` was made from; `UnreadableReply` where it is none."""
        try:
            return cls(cast("Any", command.name), **command.arguments)
        except TypeError as fault:
            raise UnreadableReply(
                f"The journal holds a command that cannot be read: {command.name!r}.",
                advice="It was written by another version of this package.",
                raw=str(command.arguments)[:300],
            ) from fault

    def taken(self, event: Event) -> Aside:
        """The aside after one of its stream's events."""
        aside = replace(self, ended=event.type) if event.type in TERMINALS else self
        match event:
            case Chunk(content=content):
                return replace(aside, text=aside.text + content)
            case Complete(value=value):
                return replace(aside, result=value)
            case _:
                return aside

    def stopped(self) -> Stopped:
        return Stopped(partial=self.text)

    def interrupted(self) -> Interrupted:
        return Interrupted(partial=self.text)

    def failed(self, fail: Fail) -> Error:
        return Error(
            kind=fail.kind, message=fail.message, retryable=fail.retryable, partial=self.text, raw=fail.raw
        )


def judged_question(feedback: Mapping[str, Any], which: int | str) -> dict[str, Any]:
    """The feedback's entry on the question of that number (from 1) or id; `CallerError` where it has none."""
    questions: list[dict[str, Any]] = feedback.get("questions", [])
    for number, entry in enumerate(questions, 1):
        if which in (number, entry["question_id"]):
            return entry
    raise CallerError(
        f"The feedback has no question {str(which)[:40]!r}.",
        field="which",
        advice=f"Give a number from 1 to {len(questions)}, or a question's id.",
    )


async def replies(
    llm: LLM, setup: InterviewSetup, feedback: Mapping[str, Any], aside: Aside
) -> AsyncGenerator[Event, None]:
    """The answer to a question about the feedback: `chunk` by `chunk`, then `done`."""
    length = 0
    async for delta in explained(llm, setup, feedback, aside.said):
        length += len(delta)
        yield Chunk(content=delta)
    yield Done(summary={"characters": length})


async def answers(
    llm: LLM, setup: InterviewSetup, bank: Bank, feedback: Mapping[str, Any], aside: Aside
) -> AsyncGenerator[Event, None]:
    """A second answer judged as the first was, and the two side by side: `complete`, then `done`."""
    before = judged_question(feedback, aside.question_id)
    entry = await second_attempt(llm, setup, bank, before, aside.said)
    beside = compared(before, entry, setup.language)
    result = {"question_id": aside.question_id, "at": aside.at, "answer": aside.said}
    yield Complete(value={**result, "question": entry, "compared": beside})
    yield Done(summary={"before": beside["before"], "after": beside["after"]})
