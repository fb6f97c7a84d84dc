"""The interview as a pure machine: one table of transitions; signals in, the next machine and events out.

An illegal step raises `IllegalStep` and changes nothing. No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from mockmate_nb.errors import IllegalStep
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
    Undo,
)
from mockmate_nb.interview.turn import Turn as Turn
from mockmate_nb.interview.turn import TurnState as TurnState
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


REOPENED = {
    TurnState.COMPLETE: State.AWAITING_ANSWER,
    TurnState.STOPPED: State.STOPPED,
    TurnState.FAILED: State.FAILED,
}
_BACK = tuple(REOPENED.values())

# Where more than one state stands, what is taken up decides: a question or the feedback, and how it had ended.
TRANSITIONS: dict[tuple[State, str], tuple[State, ...]] = {
    (State.READY, "ask"): (State.ASKING,),
    (State.ASKING, "delta"): (State.ASKING,),
    (State.ASKING, "cut"): (State.ASKING,),
    (State.ASKING, "asked"): (State.AWAITING_ANSWER,),
    (State.ASKING, "halt"): (State.STOPPED,),
    (State.ASKING, "fail"): (State.FAILED,),
    (State.AWAITING_ANSWER, "ask"): (State.ASKING,),
    (State.AWAITING_ANSWER, "again"): (State.ASKING,),
    (State.AWAITING_ANSWER, "judge"): (State.JUDGING,),
    (State.AWAITING_ANSWER, "undo"): _BACK,
    (State.JUDGING, "remark"): (State.JUDGING,),
    (State.JUDGING, "judged"): (State.COMPLETE,),
    (State.JUDGING, "halt"): (State.STOPPED,),
    (State.JUDGING, "fail"): (State.FAILED,),
    (State.STOPPED, "again"): (State.ASKING, State.JUDGING),
    (State.STOPPED, "ask"): (State.ASKING,),
    (State.STOPPED, "judge"): (State.JUDGING,),
    (State.STOPPED, "undo"): _BACK,
    (State.FAILED, "again"): (State.ASKING, State.JUDGING),
    (State.FAILED, "ask"): (State.ASKING,),
    (State.FAILED, "judge"): (State.JUDGING,),
    (State.FAILED, "undo"): _BACK,
    (State.COMPLETE, "undo"): _BACK,
    **{(state, "rate"): (state,) for state in State if state is not State.READY},
}


@dataclass(frozen=True, slots=True)
class Machine:
    """The interview's whole state. `judging` says that the turn under way, or stopped, is the feedback.

    `judgement` counts the attempts at the feedback, `attempts` those at each turn's place. They go on after an
    undo, so that no stream is used twice.
    """

    session_id: str
    state: State = State.READY
    turns: tuple[Turn, ...] = ()
    judging: bool = False
    judgement: int = 0
    attempts: tuple[int, ...] = ()
    feedback: dict[str, Any] | None = None

    @property
    def last_over(self) -> Turn | None:
        """The turn that was answered or skipped last."""
        return next((turn for turn in reversed(self.turns) if turn.over), None)

    @property
    def stream_id(self) -> str:
        """The log stream of the last turn; no other turn or attempt has it. Empty before the start."""
        if self.judging:
            return f"{self.session_id}/feedback.{self.judgement}"
        if not self.turns:
            return ""
        turn = self.turns[-1]
        return f"{self.session_id}/turn-{turn.number}.{turn.attempt}"

    @property
    def runs(self) -> bool:
        return self.state in (State.ASKING, State.JUDGING)


def step(machine: Machine, signal: Step) -> tuple[Machine, tuple[Event, ...]]:
    """The machine after `signal`, and the events that readers see of it."""
    targets = TRANSITIONS.get((machine.state, signal.name))
    if targets is None:
        raise _illegal(machine, signal.name)
    applied: tuple[Machine, tuple[Event, ...]] = _APPLY[type(signal)](
        replace(machine, state=targets[0]), signal
    )
    return applied


def _illegal(machine: Machine, name: str) -> IllegalStep:
    judging = machine.judging and machine.state in (State.STOPPED, State.FAILED)
    return IllegalStep(
        f"The interview is {machine.state.value.replace('_', ' ')}; {name!r} has no place now.",
        advice="The questions are closed: use retry() for the feedback, or undo()."
        if judging
        else _ADVICE[machine.state],
    )


_ADVICE = {
    State.READY: "Call start() first.",
    State.ASKING: "Wait for the question, or stop() it.",
    State.AWAITING_ANSWER: "Give an answer with respond(), or use skip(), retry() or end().",
    State.JUDGING: "Wait for the feedback, or stop() it.",
    State.COMPLETE: "It is over; undo() takes it up again, a new Interview starts another round.",
    State.STOPPED: "Use retry(), resume(), respond(), skip() or end().",
    State.FAILED: "Use retry(), resume(), respond(), skip() or end().",
}


def _with_turn(machine: Machine, **changes: Any) -> Machine:
    return replace(machine, turns=(*machine.turns[:-1], replace(machine.turns[-1], **changes)))


def _closed(machine: Machine, signal: Ask | Judge) -> Machine:
    """The machine with its open turn answered or skipped, where the signal says so."""
    if signal.skipped:
        return _with_turn(machine, skipped=True, answered_at=signal.at)
    if signal.answer is None:
        return machine
    if not machine.turns[-1].text:
        raise IllegalStep(
            "Nothing has been asked yet that could be answered.", advice="Use retry(), skip() or end()."
        )
    return _with_turn(machine, answer=signal.answer, answered_at=signal.at, rating=signal.rating)


def _ask(machine: Machine, signal: Ask) -> tuple[Machine, tuple[Event, ...]]:
    ways = (signal.answer is not None) + signal.skipped  # an answer or a skip leads here, or the start
    if machine.judging or ways != bool(machine.turns):
        raise _illegal(machine, "ask")
    machine = _closed(machine, signal)
    at = len(machine.turns)
    attempt = machine.attempts[at] + 1 if at < len(machine.attempts) else 1
    turn = Turn(at + 1, signal.question_id, signal.bank_text, signal.gap, attempt=attempt, asked_at=signal.at)
    return _counted(replace(machine, turns=(*machine.turns, turn))), ()


def _counted(machine: Machine) -> Machine:
    """The machine with its last turn's attempt among the attempts."""
    at, attempt = len(machine.turns) - 1, machine.turns[-1].attempt
    return replace(machine, attempts=(*machine.attempts[:at], attempt, *machine.attempts[at + 1 :]))


def _judge(machine: Machine, signal: Judge) -> tuple[Machine, tuple[Event, ...]]:
    if machine.judging or (signal.skipped and signal.answer is not None):
        raise _illegal(machine, "judge")
    return replace(_closed(machine, signal), judging=True, judgement=machine.judgement + 1), ()


def _again(machine: Machine, signal: Again) -> tuple[Machine, tuple[Event, ...]]:
    if machine.judging:
        return replace(machine, state=State.JUDGING, judgement=machine.judgement + 1), ()
    turn = machine.turns[-1]
    if signal.partial and turn.state is TurnState.COMPLETE:
        raise IllegalStep("The question is complete; there is nothing to go on with.", advice="Use retry().")
    replaced = () if turn.text in ("", signal.partial) else (turn.text,)
    anew = Turn(
        turn.number,
        turn.question_id,
        turn.bank_text,
        turn.gap,
        attempt=turn.attempt + 1,
        asked_at=turn.asked_at,
        earlier=turn.earlier + replaced,
    )
    machine = _counted(replace(machine, turns=(*machine.turns[:-1], anew)))
    if not signal.partial:
        return machine, ()
    machine, events = _delta(machine, Delta(signal.partial))
    return machine, (*events, *_cut(machine, Cut())[1])


def _undo(machine: Machine, _: Undo) -> tuple[Machine, tuple[Event, ...]]:
    turn = machine.last_over
    if turn is None:
        raise IllegalStep(
            "No answer has been given yet that could be taken back.", advice="Use respond() or skip()."
        )
    reopened = replace(turn, answer=None, answered_at=None, skipped=False, rating=None)
    turns = (*machine.turns[: turn.number - 1], reopened)
    return replace(machine, state=REOPENED[turn.state], turns=turns, judging=False, feedback=None), ()


def _rate(machine: Machine, signal: Rate) -> tuple[Machine, tuple[Event, ...]]:
    answered = [turn.number for turn in machine.turns if turn.answer is not None]
    number = signal.number if signal.number is not None else answered[-1] if answered else 0
    if number not in answered:
        raise IllegalStep(
            "No answer has been given there yet that could be rated.", advice="Use respond() first."
        )
    turns = tuple(replace(t, rating=signal.value) if t.number == number else t for t in machine.turns)
    return replace(machine, turns=turns), ()


def _delta(machine: Machine, signal: Delta) -> tuple[Machine, tuple[Event, ...]]:
    text = machine.turns[-1].text + signal.content
    return _with_turn(machine, text=text, state=TurnState.STREAMING), (QuestionChunk(content=signal.content),)


def _cut(machine: Machine, _: Cut) -> tuple[Machine, tuple[Event, ...]]:
    return machine, (Seam(at=len(machine.turns[-1].text.encode())),)


def _asked(machine: Machine, signal: Asked) -> tuple[Machine, tuple[Event, ...]]:
    said = machine.turns[-1].text
    replaced = {} if signal.text is None else {"text": signal.text, "withdrawn": said}
    machine = _with_turn(
        machine,
        **replaced,
        state=TurnState.COMPLETE,
        source=signal.source,
        via=signal.via,
        note=signal.note,
        measured=signal.measured,
    )
    event = QuestionComplete(
        session_id=machine.session_id,
        total_content=machine.turns[-1].text,
        source=signal.source,
        via=signal.via,
        note=signal.note,
        measured=asdict(signal.measured) if signal.measured else {},
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
    Undo: _undo,
    Rate: _rate,
    Delta: _delta,
    Cut: _cut,
    Asked: _asked,
    Remark: _remark,
    Judged: _judged,
    Halt: _halt,
    Fail: _fail,
}
