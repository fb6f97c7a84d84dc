"""Recall: whatever commands were given, and wherever the kernel ended, the log gives the same machine again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.errors import CallerError, IllegalStep
from mockmate_nb.interview import journal
from mockmate_nb.interview.bank import Gap
from mockmate_nb.interview.machine import Machine, State, TurnState, step
from mockmate_nb.interview.recall import recall
from mockmate_nb.interview.setup import InterviewSetup
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
from mockmate_nb.streams.log import open_log
from mockmate_nb.wire.events import Command, Event, SessionStarted, from_json

SETUP = InterviewSetup(resume_summary="Python.", job_description="A backend.")
Commit = tuple[str, list[Event]]
JOURNAL = journal.journal_id("s-1")
FIRST = Ask("q-1", "Why streams?", at=1.5)
WALK: list[Step] = [
    FIRST,
    Ask("q-2", "Why logs?", answer="Because — 因为.", at=2.25),
    Ask("q-2", "What came of it?", gap=Gap.RESULT, answer="It fell behind.", at=3.0),
    Ask("q-3", "Why tests?", skipped=True, at=4.0),
    Judge("The end.", at=5.0),
    Judge(skipped=True, at=6.0),
    Judge(at=7.0),
    Again(),
    Again("<what was said>"),
    Undo(),
    Rate(2),
    Delta("Tell me"),
    Delta(" é 你"),
    Cut(),
    Asked("model", "stream", "", Measured("practice", 0.25, 1.5, 12, False)),
    Asked("bank", "stream", "auth: refused"),
    Remark("summary", "Good."),
    Judged({"overall": 3.0}),
    Halt(),
    Fail("connection", "The line was cut."),
]


def take(machine: Machine, each: Step) -> tuple[Machine, list[Commit]]:
    """The step taken, and what is committed for it, in order: a command before it takes effect."""
    if isinstance(each, Again) and each.partial and machine.turns:
        each = Again(machine.turns[-1].text)
    moved, events = step(machine, each)
    commits: list[Commit] = []
    if isinstance(each, Journalled):
        setup = [Command(name=journal.SETUP, arguments=SETUP.to_dict())] if machine.stream_id == "" else []
        commits = [(JOURNAL, [*setup, journal.to_command(each)])]
    if machine.stream_id == "":
        events = (SessionStarted(session_id="s-1"), *events)
    if events:
        commits.append((moved.stream_id, list(events)))
    return moved, commits


def recalled(commits: Sequence[Commit], *, times: int = 1) -> Machine:
    async def twice() -> Machine:
        log = open_log("memory:")
        for stream, events in commits:
            await log.append(stream, events)
        machines = [(await recall(log, "s-1"))[1] for _ in range(times)]
        log.close()
        assert all(machine == machines[0] for machine in machines)
        return machines[-1]

    return asyncio.run(twice())


def legal(machine: Machine, each: Step) -> bool:
    try:
        step(machine, each)
    except IllegalStep:
        return False
    return True


def interrupted(machine: Machine) -> Machine:
    return step(machine, journal.INTERRUPTED)[0] if machine.runs else machine


@given(st.data())
def test_killed_after_any_commit_of_any_walk(data: st.DataObject) -> None:
    machine, commits, expected = Machine("s-1"), list[Commit](), list[Machine]()
    for _ in range(data.draw(st.integers(1, 25), label="steps")):
        ways = [one for one in WALK if legal(machine, one)]
        if not ways:
            break
        each = data.draw(st.sampled_from(ways))
        machine, added = take(machine, each)
        commits += added
        expected += [machine] * len(added)
    for length in {len(commits), data.draw(st.integers(1, len(commits)), label="killed after")}:
        assert recalled(commits[:length], times=2) == interrupted(expected[length - 1])


LIFE: list[Step] = [
    *(FIRST, Delta("Tell"), Halt(), Again("Tell"), Delta(" me"), WALK[14], Again(), Delta("Say")),
    *(WALK[1], Delta("And"), WALK[15], Undo(), WALK[3], Fail("server", "Down."), Again(), Delta("So?")),
    *(WALK[14], WALK[2], Rate(4), WALK[14], Judge(skipped=True), Remark("summary", "Good."), Halt()),
    *(Again(), Judged({"overall": 3.0}), Undo(), Undo(), WALK[1], Delta("Third"), WALK[14], Judge("x")),
    Judged({"overall": 4.0}),
]


def test_one_life_with_every_command_is_recalled_after_each_commit() -> None:
    machine, commits = Machine("s-1"), list[Commit]()
    for each in LIFE:
        if isinstance(each, Journalled) and machine.runs and not isinstance(each, Rate):
            machine, added = take(machine, Halt())
            commits += added
        before = list(commits)
        machine, added = take(machine, each)
        commits += added
        for length in range(len(before) + 1, len(commits) + 1):
            assert recalled(commits[:length]) == interrupted(machine)
    assert {each.name for each in LIFE} == {each.name for each in WALK} - {"cut"}
    assert machine.state is State.COMPLETE
    assert max(machine.attempts) > 2
    assert machine.judgement == 3


def test_a_turn_whose_beginning_could_not_be_written_is_recalled_with_what_it_went_on_from() -> None:
    machine, commits = Machine("s-1"), list[Commit]()
    for each in (FIRST, Delta("Tell"), Halt(), Again("Tell")):
        machine, added = take(machine, each)
        commits += added
    machine, failed = take(machine, Fail("timeout", "The log was busy."))
    assert recalled([*commits[:-1], *failed]) == machine


# As version 0.1.0 wrote them, before questions could be skipped or taken back.
OLD: list[tuple[str, list[str]]] = [
    (
        "s-1/journal",
        [
            '{"type": "command", "data": {"name": "setup", "arguments": {"resume_summary": "Python.", '
            '"job_description": "A backend.", "language": "en", "interviewer_style": "friendly", '
            '"question_count": 3, "interview_format": "mixed", "level": "mid", "user_id": "me", '
            '"mode": "practice"}}}',
            '{"type": "command", "data": {"name": "ask", "arguments": {"question_id": "q-1", '
            '"bank_text": "Why streams?", "gap": null, "answer": null}}}',
            '{"type": "command", "data": {"name": "again", "arguments": {"partial": "Why "}}}',
            '{"type": "command", "data": {"name": "ask", "arguments": {"question_id": "q-1", '
            '"bank_text": "What came of it?", "gap": "result", "answer": "They break."}}}',
            '{"type": "command", "data": {"name": "rate", "arguments": {"value": 4}}}',
            '{"type": "command", "data": {"name": "judge", "arguments": {"answer": null}}}',
            '{"type": "command", "data": {"name": "again", "arguments": {"partial": ""}}}',
        ],
    ),
    (
        "s-1/turn-1.1",
        [
            '{"type": "session_started", "data": {"session_id": "s-1"}}',
            '{"type": "question_chunk", "data": {"content": "Why ", "finished": false}}',
            '{"type": "stopped", "data": {"partial": "Why "}}',
        ],
    ),
    (
        "s-1/turn-1.2",
        [
            '{"type": "question_chunk", "data": {"content": "Why ", "finished": false}}',
            '{"type": "seam", "data": {"at": 4}}',
            '{"type": "question_chunk", "data": {"content": "streams?", "finished": false}}',
            '{"type": "question_complete", "data": {"session_id": "s-1", "total_content": "Why streams?", '
            '"source": "model", "via": "stream", "completed": false, "note": ""}}',
        ],
    ),
    (
        "s-1/turn-2.1",
        [
            '{"type": "question_chunk", "data": {"content": "What", "finished": false}}',
            '{"type": "error", "data": {"kind": "connection", "message": "Cut.", "retryable": true, '
            '"partial": "What", "raw": ""}}',
        ],
    ),
    ("s-1/feedback.1", ['{"type": "stopped", "data": {"partial": ""}}']),
    (
        "s-1/feedback.2",
        [
            '{"type": "interview_complete", "data": {"session_id": "s-1", "feedback": {"overall": 2.5}}}',
        ],
    ),
]


def old(*streams: str) -> list[Commit]:
    return [
        (name, [from_json(line) for line in lines]) for name, lines in OLD if name in streams or not streams
    ]


def test_an_older_version_s_interview_is_recalled() -> None:
    machine = recalled(old())
    assert (machine.state, machine.feedback, machine.stream_id) == (
        State.COMPLETE,
        {"overall": 2.5},
        "s-1/feedback.2",
    )
    first, second = machine.turns
    assert (first.text, first.answer, first.rating, first.attempt) == ("Why streams?", "They break.", 4, 2)
    assert (second.text, second.state, second.gap) == ("What", TurnState.FAILED, Gap.RESULT)
    for turn in machine.turns:
        assert (turn.asked_at, turn.answered_at, turn.measured) == (None, None, None)
        assert (turn.skipped, turn.earlier) == (False, ())
    back, _ = step(machine, Undo())
    again, _ = step(back, WALK[1])
    assert again.stream_id == "s-1/turn-2.2"
    closed, _ = step(back, Judge())
    assert closed.stream_id == "s-1/feedback.3"


def test_an_older_version_s_interrupted_feedback_can_be_asked_for_again() -> None:
    machine = recalled(old(*(name for name, _ in OLD if name != "s-1/feedback.2")))
    assert (machine.state, machine.judging) == (State.FAILED, True)


def test_a_journal_of_a_version_to_come_says_so() -> None:
    command = Command(name="ponder", arguments={"long": True})
    with pytest.raises(Exception, match="another version") as caught:
        recalled([(JOURNAL, [Command(name=journal.SETUP, arguments=SETUP.to_dict()), command])])
    assert "ponder" in str(caught.value)


def test_a_session_that_is_not_there() -> None:
    with pytest.raises(CallerError, match="no interview"):
        recalled([])
