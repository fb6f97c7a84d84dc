"""The machine: every state and step either stands in the table or raises and changes nothing."""

from __future__ import annotations

import contextlib
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
    Journalled,
    Judge,
    Judged,
    Measured,
    Rate,
    Remark,
    Step,
    Undo,
)
from mockmate_nb.wire.events import TERMINALS, Command, from_json

FIRST, SECOND = Ask("q-1", "Why streams?", at=1.0), Ask("q-2", "Why logs?", answer="Because.", at=2.0)
SKIPPED = Ask("q-2", "Why logs?", skipped=True, at=2.5)
SAID, ASKED = Delta("Tell me"), Asked("model", "stream", "", Measured("practice", 0.2, 1.5, 12, False))
LAST, PASSED = Judge("The end.", at=3.0), Judge(skipped=True, at=3.5)
FEEDBACK = Judged({"overall": 3.0})
BROKEN = Fail("connection", "The line was cut.")
COMMANDS: dict[str, Journalled] = {
    "first": FIRST,
    "answer": SECOND,
    "skip": SKIPPED,
    "last": LAST,
    "pass": PASSED,
    "end": Judge(at=4.0),
    "again": Again(),
    "go on": Again("Tell"),
    "undo": Undo(),
    "rate": Rate(3),
}
STEPS: list[Step] = [
    *COMMANDS.values(),
    SAID,
    Delta(" é…"),
    ASKED,
    Asked("bank", "stream", "connection: refused"),
    FEEDBACK,
    BROKEN,
    Halt(),
    Cut(),
    Remark("summary", "Good."),
    Ask("q-1", "Why streams?", answer="Both.", skipped=True),
    Judge("Both.", skipped=True),
    Ask("q-1", "What came of it?", gap=Gap.RESULT, answer="More."),
]
AWAITING: list[Step] = [FIRST, SAID, ASKED]
ANSWERED: list[Step] = [*AWAITING, SECOND, SAID, ASKED]
SITUATIONS: dict[str, list[Step]] = {
    "ready": [],
    "asking": [FIRST, SAID],
    "asking, answered": [*AWAITING, SECOND, SAID],
    "awaiting": AWAITING,
    "awaiting, answered": ANSWERED,
    "awaiting, skipped": [*AWAITING, SKIPPED, SAID, ASKED],
    "stopped early": [FIRST, Halt()],
    "stopped": [FIRST, SAID, Halt()],
    "stopped, answered": [*AWAITING, SECOND, SAID, Halt()],
    "failed": [FIRST, SAID, BROKEN],
    "failed, answered": [*AWAITING, SECOND, SAID, BROKEN],
    "answered stopped": [FIRST, SAID, Halt(), SECOND, SAID, ASKED],
    "answered failed": [FIRST, SAID, BROKEN, SECOND, SAID, ASKED],
    "judging": [*AWAITING, LAST],
    "feedback stopped": [*AWAITING, LAST, Halt()],
    "feedback failed": [*AWAITING, PASSED, BROKEN],
    "complete": [*AWAITING, LAST, FEEDBACK],
    "complete, none": [*AWAITING, Judge(), FEEDBACK],
    "complete, stopped": [FIRST, SAID, Halt(), LAST, FEEDBACK],
}
OPEN: list[list[Step]] = [
    AWAITING,
    [FIRST, SAID, Halt()],
    [FIRST, SAID, Halt(), Again("Tell me"), BROKEN],
]
TABLE = """
                    first answer skip last pass end again go_on undo rate
ready               A     -      -    -    -    -   -     -     -    -
asking              -     -      -    -    -    -   -     -     -    -
asking, answered    -     -      -    -    -    -   -     -     -    A
awaiting            -     A      A    J    J    J   A     -     -    -
awaiting, answered  -     A      A    J    J    J   A     -     W    W
awaiting, skipped   -     A      A    J    J    J   A     -     W    -
stopped early       -     -      A    -    J    J   A     A     -    -
stopped             -     A      A    J    J    J   A     A     -    -
stopped, answered   -     A      A    J    J    J   A     A     W    S
failed              -     A      A    J    J    J   A     A     -    -
failed, answered    -     A      A    J    J    J   A     A     W    F
answered stopped    -     A      A    J    J    J   A     -     S    W
answered failed     -     A      A    J    J    J   A     -     F    W
judging             -     -      -    -    -    -   -     -     -    J
feedback stopped    -     -      -    -    -    -   J     J     W    S
feedback failed     -     -      -    -    -    -   J     J     W    -
complete            -     -      -    -    -    -   -     -     W    C
complete, none      -     -      -    -    -    -   -     -     -    -
complete, stopped   -     -      -    -    -    -   -     -     S    C
"""


def rows() -> list[tuple[str, str, State | None]]:
    """Situation, command, and the state it leads to; None where it has no place."""
    head, *lines = TABLE.strip("\n").splitlines()
    names = [name.replace("_", " ") for name in head.split()]
    letters = dict(zip("RAWJCSF", State, strict=True))
    return [
        (line[:20].strip(), name, letters.get(cell))
        for line in lines
        for name, cell in zip(names, line[20:].split(), strict=True)
    ]


def after(*steps: Step) -> Machine:
    machine = Machine("s-1")
    for each in steps:
        machine, _ = step(machine, each)
    return machine


def test_the_rows_name_every_situation_and_command() -> None:
    assert {row[0] for row in rows()} == set(SITUATIONS)
    assert {row[1] for row in rows()} == set(COMMANDS)
    assert {after(*path).state for path in SITUATIONS.values()} == set(State)


@pytest.mark.parametrize(("situation", "name", "target"), rows(), ids=lambda x: str(x))
def test_a_command_leads_where_the_row_says(situation: str, name: str, target: State | None) -> None:
    machine = after(*SITUATIONS[situation])
    if target is None:
        with pytest.raises(IllegalStep) as caught:
            step(machine, COMMANDS[name])
        assert caught.value.message
        assert machine == after(*SITUATIONS[situation])
    else:
        assert step(machine, COMMANDS[name])[0].state is target


def test_the_table_of_transitions_is_what_happens_and_no_more() -> None:
    ends: list[list[Step]] = [[SECOND, SAID, ASKED], [SECOND, Halt()], [SECOND, BROKEN], [LAST, FEEDBACK]]
    combined = [opening + end for opening in OPEN for end in ends]
    taken = set()
    for path in [*SITUATIONS.values(), *combined]:
        machine = after(*path)
        for each in STEPS:
            try:
                moved, _ = step(machine, each)
            except IllegalStep:
                continue
            taken.add((machine.state, each.name, moved.state))
    assert taken == {(state, name, to) for (state, name), targets in TRANSITIONS.items() for to in targets}


CASES: list[tuple[str, list[Step], str]] = [
    ("no answer before anything was asked", [FIRST, Halt(), SECOND], "Nothing has been asked"),
    ("a second question needs an answer to the first", [*AWAITING, FIRST], "no place now"),
    ("no question once the feedback has begun", [*AWAITING, LAST, Halt(), SECOND], "no place now"),
    ("no second judging", [*AWAITING, LAST, Halt(), LAST], "no place now"),
    ("no rating without an answer", [*AWAITING, Rate(3)], "No answer"),
    ("no rating of a skipped question", [*AWAITING, SKIPPED, Rate(3)], "No answer"),
    ("nothing to take back", [*AWAITING, Undo()], "No answer"),
    ("nothing left to take back", [*ANSWERED, Undo(), Undo()], "No answer"),
    ("a complete question cannot be gone on with", [*AWAITING, Again("Tell")], "complete"),
    ("an answer is not skipped", [*AWAITING, Ask("q", "x", answer="y", skipped=True)], "no place now"),
    ("a last answer is not skipped", [*AWAITING, Judge("y", skipped=True)], "no place now"),
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
    machine = after(*AWAITING, LAST, Halt(), Again())
    assert (machine.state, machine.stream_id) == (State.JUDGING, "s-1/feedback.2")


def test_taking_back_leaves_the_turn_as_it_was_before_its_answer() -> None:
    for open_turn in OPEN:
        asked = after(*open_turn)
        for over in (SECOND, SKIPPED, LAST, PASSED):
            answered = step(asked, over)[0]
            ways_on: list[list[Step]] = [[BROKEN], [Halt(), Again(), Halt()]]
            ways_on += [[SAID, ASKED]] if not answered.judging else [[FEEDBACK]]
            for way_on in ways_on:
                machine = answered
                for each in way_on:
                    machine, _ = step(machine, each)
                if machine.last_over and machine.last_over.answer:
                    machine, _ = step(machine, Rate(5))
                back, events = step(machine, Undo())
                assert (back.state, back.turns, back.judging) == (asked.state, asked.turns, False)
                assert (back.feedback, events) == (None, ())


def test_a_skip_is_no_answer_and_both_are_timed() -> None:
    first, second = after(*AWAITING, SKIPPED, SAID, ASKED, LAST).turns
    assert (first.answer, first.skipped, first.asked_at, first.answered_at) == (None, True, 1.0, 2.5)
    assert (second.answer, second.skipped, second.asked_at, second.answered_at) == ("The end.", False, 2.5, 3)


def test_what_an_attempt_had_said_is_kept_when_it_is_replaced_not_when_it_goes_on() -> None:
    machine = after(FIRST, Halt(), Again(), Delta("One"), Halt(), Again("One"), Delta(" way"), ASKED)
    assert (machine.turns[0].earlier, machine.turns[0].text) == ((), "One way")
    machine = after(FIRST, SAID, ASKED, Again(), Delta("Say"), Halt(), Again())
    turn = machine.turns[0]
    assert (turn.earlier, turn.text, turn.attempt) == (("Tell me", "Say"), "", 3)
    assert (turn.source, turn.via, turn.measured, turn.asked_at) == (None, None, None, 1.0)


def legal(machine: Machine) -> list[Step]:
    found = []
    for each in STEPS:
        with contextlib.suppress(IllegalStep):
            step(machine, each)
            found.append(each)
    return found


@given(st.lists(st.integers(0, 99), max_size=40))
def test_any_walk_holds_its_promises(turnings: list[int]) -> None:
    machine, streams = Machine("s-1"), {""}
    for turning in turnings:
        if not (ways := legal(machine)):
            break
        each, before = ways[turning % len(ways)], machine
        machine, events = step(machine, each)
        ended = [e for e in events if e.type in TERMINALS]
        assert len(ended) == (before.runs and not machine.runs), "a turn ends with exactly one terminal"
        assert [t.number for t in machine.turns] == list(range(1, len(machine.turns) + 1))
        if machine.runs and not before.runs:
            assert machine.stream_id not in streams, "no stream is used twice"
            streams.add(machine.stream_id)
        if isinstance(each, Undo):
            continue
        assert len(machine.turns) >= len(before.turns)
        for old, new in zip(before.turns, machine.turns, strict=False):
            assert not old.over or (new.answer, new.skipped) == (old.answer, old.skipped), "never lost"
            assert {*old.earlier, old.text} <= {*new.earlier, new.text, ""} or new.text.startswith(old.text)


@pytest.mark.parametrize(
    "command", [c for c in STEPS if c.name in {x.name for x in COMMANDS.values()}], ids=repr
)
def test_commands_are_read_back_as_they_were(command: Any) -> None:
    kept = from_json(journal.to_command(command).to_json())
    assert isinstance(kept, Command)
    assert journal.from_command(kept) == command


def test_events_lead_to_the_same_machine() -> None:
    steps: list[Step] = [SAID, Cut(), Delta(" é"), ASKED]
    live = again = after(FIRST)
    for each in steps:
        live, events = step(live, each)
        for event in events:
            back = journal.from_event(from_json(event.to_json()), again.turns[-1].text)
            assert back is not None
            again, _ = step(again, back)
    assert again == live
