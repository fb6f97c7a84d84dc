"""The interview as a pure machine: one table of transitions; signals in, the next machine and events out.

An illegal step raises `IllegalStep` and changes nothing. No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mockmate_nb.errors import IllegalStep
from mockmate_nb.interview.bank import Gap
from mockmate_nb.interview.steps import (
    Again,
    Ask,
    Asked,
    Cut,
    Delta,
    Fail,
    Halt,
    Judge,
    Judged,
    Rate,
    Remark,
    Step,
)
from mockmate_nb.wire.events import (
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


class State(StrEnum):
    READY = "ready"
    ASKING = "asking"
    AWAITING_ANSWER = "awaiting_answer"
    JUDGING = "judging"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


class TurnState(StrEnum):
    WAITING = "waiting"
    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of the interviewer and its answer. `gap` is set on a follow-up; `bank_text` is the bank's
    own wording, `text` what was said; `attempt` counts from 1."""

    number: int
    question_id: str
    bank_text: str
    gap: Gap | None = None
    text: str = ""
    state: TurnState = TurnState.WAITING
    source: str | None = None
    via: str | None = None
    note: str = ""
    answer: str | None = None
    rating: int | None = None
    attempt: int = 1


TRANSITIONS: dict[tuple[State, str], State] = {
    (State.READY, "ask"): State.ASKING,
    (State.ASKING, "delta"): State.ASKING,
    (State.ASKING, "cut"): State.ASKING,
    (State.ASKING, "asked"): State.AWAITING_ANSWER,
    (State.ASKING, "halt"): State.STOPPED,
    (State.ASKING, "fail"): State.FAILED,
    (State.AWAITING_ANSWER, "ask"): State.ASKING,
    (State.AWAITING_ANSWER, "judge"): State.JUDGING,
    (State.JUDGING, "remark"): State.JUDGING,
    (State.JUDGING, "judged"): State.COMPLETE,
    (State.JUDGING, "halt"): State.STOPPED,
    (State.JUDGING, "fail"): State.FAILED,
    (State.STOPPED, "again"): State.ASKING,
    (State.STOPPED, "ask"): State.ASKING,
    (State.STOPPED, "judge"): State.JUDGING,
    (State.FAILED, "again"): State.ASKING,
    (State.FAILED, "ask"): State.ASKING,
    (State.FAILED, "judge"): State.JUDGING,
    **{(state, "rate"): state for state in State if state is not State.READY},
}


@dataclass(frozen=True, slots=True)
class Machine:
    """The interview's whole state. `judging` says that the turn under way, or stopped, is the feedback, and
    `judgement` which attempt at it this is."""

    session_id: str
    state: State = State.READY
    turns: tuple[Turn, ...] = ()
    judging: bool = False
    judgement: int = 1
    feedback: dict[str, Any] | None = None

    @property
    def turn(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    @property
    def stream_id(self) -> str:
        """The log stream of the turn under way."""
        if self.judging:
            return f"{self.session_id}/feedback.{self.judgement}"
        turn = self.turns[-1]
        return f"{self.session_id}/turn-{turn.number}.{turn.attempt}"

    @property
    def runs(self) -> bool:
        return self.state in (State.ASKING, State.JUDGING)


def step(machine: Machine, signal: Step) -> tuple[Machine, tuple[Event, ...]]:
    """The machine after `signal`, and the events that readers see of it."""
    target = TRANSITIONS.get((machine.state, signal.name))
    if target is None:
        raise _illegal(machine, signal.name)
    applied: tuple[Machine, tuple[Event, ...]] = _APPLY[type(signal)](replace(machine, state=target), signal)
    return applied


def _illegal(machine: Machine, name: str) -> IllegalStep:
    return IllegalStep(
        f"The interview is {machine.state.value.replace('_', ' ')}; {name!r} has no place now.",
        advice=_ADVICE[machine.state],
    )


_ADVICE = {
    State.READY: "Call start() first.",
    State.ASKING: "Wait for the question, or stop() it.",
    State.AWAITING_ANSWER: "Give an answer with respond(), or end().",
    State.JUDGING: "Wait for the feedback, or stop() it.",
    State.COMPLETE: "It is over; make a new Interview for another round.",
    State.STOPPED: "Use retry(), resume(), respond() or end().",
    State.FAILED: "Use retry(), resume(), respond() or end().",
}


def _with_turn(machine: Machine, **changes: Any) -> Machine:
    return replace(machine, turns=(*machine.turns[:-1], replace(machine.turns[-1], **changes)))


def _answered(machine: Machine, answer: str | None) -> Machine:
    if answer is None:
        return machine
    if not machine.turns[-1].text:
        raise IllegalStep(
            "Nothing has been asked yet that could be answered.", advice="Use retry() or end()."
        )
    return _with_turn(machine, answer=answer)


def _ask(machine: Machine, signal: Ask) -> tuple[Machine, tuple[Event, ...]]:
    if machine.judging or bool(machine.turns) == (signal.answer is None):
        raise _illegal(machine, "ask")
    machine = _answered(machine, signal.answer)
    turn = Turn(len(machine.turns) + 1, signal.question_id, signal.bank_text, signal.gap)
    return replace(machine, turns=(*machine.turns, turn)), ()


def _judge(machine: Machine, signal: Judge) -> tuple[Machine, tuple[Event, ...]]:
    if machine.judging:
        raise _illegal(machine, "judge")
    return replace(_answered(machine, signal.answer), judging=True), ()


def _again(machine: Machine, signal: Again) -> tuple[Machine, tuple[Event, ...]]:
    if machine.judging:
        return replace(machine, state=State.JUDGING, judgement=machine.judgement + 1), ()
    turn = machine.turns[-1]
    machine = _with_turn(machine, text="", state=TurnState.WAITING, attempt=turn.attempt + 1, note="")
    if not signal.partial:
        return machine, ()
    machine, events = _delta(machine, Delta(signal.partial))
    return machine, (*events, *_cut(machine, Cut())[1])


def _rate(machine: Machine, signal: Rate) -> tuple[Machine, tuple[Event, ...]]:
    answered = [turn.number for turn in machine.turns if turn.answer is not None]
    if not answered:
        raise IllegalStep("No answer has been given yet that could be rated.")
    turns = tuple(replace(t, rating=signal.value) if t.number == answered[-1] else t for t in machine.turns)
    return replace(machine, turns=turns), ()


def _delta(machine: Machine, signal: Delta) -> tuple[Machine, tuple[Event, ...]]:
    text = machine.turns[-1].text + signal.content
    return _with_turn(machine, text=text, state=TurnState.STREAMING), (QuestionChunk(content=signal.content),)


def _cut(machine: Machine, _: Cut) -> tuple[Machine, tuple[Event, ...]]:
    return machine, (Seam(at=len(machine.turns[-1].text.encode())),)


def _asked(machine: Machine, signal: Asked) -> tuple[Machine, tuple[Event, ...]]:
    machine = _with_turn(
        machine, state=TurnState.COMPLETE, source=signal.source, via=signal.via, note=signal.note
    )
    event = QuestionComplete(
        session_id=machine.session_id,
        total_content=machine.turns[-1].text,
        source=signal.source,
        via=signal.via,
        note=signal.note,
    )
    return machine, (event,)


def _remark(machine: Machine, signal: Remark) -> tuple[Machine, tuple[Event, ...]]:
    return machine, (FeedbackChunk(path=signal.path, content=signal.content),)


def _judged(machine: Machine, signal: Judged) -> tuple[Machine, tuple[Event, ...]]:
    event = InterviewComplete(session_id=machine.session_id, feedback=signal.feedback)
    return replace(machine, feedback=signal.feedback), (event,)


def _halt(machine: Machine, _: Halt) -> tuple[Machine, tuple[Event, ...]]:
    if machine.judging:
        return machine, (Stopped(partial=""),)
    return _with_turn(machine, state=TurnState.STOPPED), (Stopped(partial=machine.turns[-1].text),)


def _fail(machine: Machine, signal: Fail) -> tuple[Machine, tuple[Event, ...]]:
    partial = "" if machine.judging else machine.turns[-1].text
    if not machine.judging:
        machine = _with_turn(machine, state=TurnState.FAILED, note=signal.message)
    if signal.interrupted:
        return machine, (Interrupted(partial=partial),)
    event = Error(
        kind=signal.kind, message=signal.message, retryable=signal.retryable, partial=partial, raw=signal.raw
    )
    return machine, (event,)


_APPLY: dict[type, Any] = {
    Ask: _ask,
    Judge: _judge,
    Again: _again,
    Rate: _rate,
    Delta: _delta,
    Cut: _cut,
    Asked: _asked,
    Remark: _remark,
    Judged: _judged,
    Halt: _halt,
    Fail: _fail,
}
