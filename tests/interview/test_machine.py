"""The machine: every state and step either stands in the table or raises and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.errors import IllegalStep
from mockmate_nb.interview import journal
from mockmate_nb.interview.bank import Gap
from mockmate_nb.interview.machine import TRANSITIONS, Machine, State, TurnState, step
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
from mockmate_nb.wire.events import TERMINALS, Command

FIRST, SECOND = Ask("q-1", "Why streams?"), Ask("q-2", "Why logs?", answer="Because.")
SAID, ASKED = Delta("Tell me"), Asked("model", "stream")
LAST = Judge("The end.")
FEEDBACK = Judged({"overall": 3.0})
BROKEN = Fail("connection", "The line was cut.")
STEPS: list[Step] = [
    FIRST,
    SECOND,
    SAID,
    Delta(" é…"),
    ASKED,
    LAST,
    Judge(),
    FEEDBACK,
    BROKEN,
    Halt(),
    Cut(),
    Rate(3),
    Again(),
    Again("Tell"),
    Remark("summary", "Good."),
]
TO_AWAITING: list[Step] = [FIRST, SAID, ASKED]
PATHS: dict[State, list[Step]] = {
    State.READY: [],
    State.ASKING: [FIRST, SAID],
    State.AWAITING_ANSWER: TO_AWAITING,
    State.JUDGING: [*TO_AWAITING, LAST],
    State.COMPLETE: [*TO_AWAITING, LAST, FEEDBACK],
    State.STOPPED: [FIRST, SAID, Halt()],
    State.FAILED: [FIRST, SAID, BROKEN],
}


def after(*steps: Step) -> Machine:
    machine = Machine("s-1")
    for each in steps:
        machine, _ = step(machine, each)
    return machine


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("each", STEPS, ids=lambda s: s.name)
def test_a_step_is_in_the_table_or_raises(state: State, each: Step) -> None:
    machine = after(*PATHS[state])
    assert machine.state is state
    try:
        moved, _ = step(machine, each)
    except IllegalStep:
        assert machine == after(*PATHS[state])
    else:
        assert moved.state is TRANSITIONS[state, each.name] or (each.name == "again" and moved.judging)


def test_every_row_of_the_table_can_be_taken() -> None:
    taken = set()
    for state, path in PATHS.items():
        for each in [*STEPS, Ask("q-2", "Next?", answer="Yes.")]:
            try:
                step(after(*path), each)
            except IllegalStep:
                continue
            taken.add((state, each.name))
    assert taken >= set(TRANSITIONS) - {
        (State.ASKING, "rate"),
        (State.STOPPED, "rate"),
        (State.FAILED, "rate"),
        (State.AWAITING_ANSWER, "rate"),
    }


CASES: list[tuple[str, list[Step], str]] = [
    ("no answer before anything was asked", [FIRST, Halt(), SECOND], "Nothing has been asked"),
    ("a second question needs an answer to the first", [*TO_AWAITING, FIRST], "no place now"),
    ("no question once the feedback has begun", [*TO_AWAITING, LAST, Halt(), SECOND], "no place now"),
    ("no second judging", [*TO_AWAITING, LAST, Halt(), LAST], "no place now"),
    ("no rating without an answer", [*TO_AWAITING, Rate(3)], "No answer"),
]


@pytest.mark.parametrize(("steps", "words"), [(c[1], c[2]) for c in CASES], ids=[c[0] for c in CASES])
def test_illegal(steps: list[Step], words: str) -> None:
    machine = after(*steps[:-1])
    with pytest.raises(IllegalStep, match=words):
        step(machine, steps[-1])


def test_a_stopped_turn_keeps_its_text_and_can_be_answered() -> None:
    machine = after(FIRST, SAID, Halt(), SECOND)
    assert (machine.turns[0].text, machine.turns[0].state) == ("Tell me", TurnState.STOPPED)
    assert machine.turns[0].answer == "Because."
    assert machine.state is State.ASKING


def test_taking_up_again_keeps_the_partial_and_counts_the_attempt() -> None:
    machine, events = step(after(FIRST, SAID, BROKEN), Again("Tell me"))
    assert [e.type for e in events] == ["question_chunk", "seam"]
    assert (machine.turns[0].text, machine.turns[0].attempt) == ("Tell me", 2)
    assert machine.stream_id == "s-1/turn-1.2"
    machine, events = step(after(FIRST, SAID, BROKEN), Again())
    assert (machine.turns[0].text, events) == ("", ())


def test_seams_are_byte_offsets() -> None:
    _, events = step(after(FIRST, Delta("né")), Cut())
    assert events[0].data == {"at": 3}


def test_feedback_taken_up_again_is_a_new_stream() -> None:
    machine = after(*TO_AWAITING, LAST, Halt(), Again())
    assert (machine.state, machine.stream_id) == (State.JUDGING, "s-1/feedback.2")


@given(st.lists(st.sampled_from(STEPS), max_size=25))
def test_any_walk_holds_its_promises(steps: list[Step]) -> None:
    machine, ends = Machine("s-1"), 0
    for each in steps:
        before = machine
        try:
            machine, events = step(machine, each)
        except IllegalStep:
            assert machine is before
            continue
        ended = [e for e in events if e.type in TERMINALS]
        ends += len(ended)
        assert bool(ended) == (before.runs and not machine.runs), "a turn ends with exactly one terminal"
        assert [t.number for t in machine.turns] == list(range(1, len(machine.turns) + 1))
        assert len(machine.turns) >= len(before.turns)
        for old, new in zip(before.turns, machine.turns, strict=False):
            assert old.answer is None or new.answer == old.answer, "an answer is never lost"


COMMANDS: list[Any] = [
    FIRST,
    SECOND,
    Ask("q", "x", gap=Gap.RESULT, answer="y"),
    LAST,
    Judge(),
    Again(),
    Again("p"),
    Rate(2),
]


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_commands_are_read_back_as_they_were(command: Any) -> None:
    kept = journal.to_command(command)
    assert isinstance(kept, Command)
    assert journal.from_command(kept) == command


def test_events_lead_to_the_same_machine() -> None:
    steps: list[Step] = [FIRST, SAID, Cut(), Delta(" é"), ASKED]
    live, again = Machine("s-1"), after(FIRST)
    for each in steps:
        live, events = step(live, each)
        for event in events:
            back = journal.from_event(event)
            assert back is not None
            again, _ = step(again, back)
    assert again == live
