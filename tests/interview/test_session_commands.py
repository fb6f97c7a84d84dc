"""Skip, undo, retry and what a turn keeps: on a whole `Interview`, and recalled from its log at any moment."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockmate_nb import LLM, Interview, aio, run
from mockmate_nb.errors import IllegalStep, Kind, MockMateError
from mockmate_nb.interview import journal
from mockmate_nb.interview.bank import LANGUAGES, Bank, Language, Question, load_bank
from mockmate_nb.interview.machine import Machine, State, TurnState, step
from mockmate_nb.interview.recall import recall
from mockmate_nb.interview.steps import Asked, Delta, Judged, Measured, Remark, Step
from mockmate_nb.llm.chunks import estimate_tokens
from mockmate_nb.streams.log import EventLog, open_log
from mockmate_nb.streams.memory_log import MemoryStore
from mockmate_nb.wire.events import TERMINALS, Command, Event
from tests.interview.scripted import ANSWER, Model, setup, types

SHORT = "I do not remember the details, but we fixed the pipeline in the end."
STORY = "A Friday deployment is safe when it can be taken back. I shipped one on a Friday, and our gateway went down."


def practice(log: EventLog, **changes: Any) -> Interview:
    return Interview(setup(**{"question_count": 3, **changes}), LLM("practice", pace=0), log=log)


def loaded(interview: Interview, **changes: Any) -> Interview:
    return run(Interview.load(interview.session_id, LLM("practice", pace=0), log=interview.log, **changes))


def same(interview: Interview) -> None:
    """The log gives the machine that this interview has. A copy of it is read: recall takes a session over."""
    store, copy = interview.log._store, MemoryStore()
    assert isinstance(store, MemoryStore)
    copy._rows = {name: list(rows) for name, rows in store._rows.items()}
    assert run(recall(EventLog(copy), interview.session_id))[1] == interview._conduct.machine


def names(interview: Interview) -> list[str]:
    """The commands that its journal holds."""
    kept = run(interview.log.read(journal.journal_id(interview.session_id)))
    return [event.data["name"] for _, event in kept]


def slow(log: EventLog, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The log as it is while another process holds its file: to write such an event takes a while."""
    write = log.append

    async def slowly(stream_id: str, events: Sequence[Event], epoch: int = 1) -> list[str]:
        if events[-1].type == kind:
            await asyncio.sleep(0.05)
        return await write(stream_id, events, epoch)

    monkeypatch.setattr(log, "append", slowly)


# Skip.


def test_a_skipped_question_is_passed_over_and_not_followed_up(log: EventLog) -> None:
    interview = practice(log)
    run(interview.start())
    events = run(interview.skip())
    assert types(events) == ["question_chunk", "question_complete"]
    first, second = interview.turns
    assert (first.skipped, first.answer, second.gap) == (True, None, None)
    assert second.question_id != first.question_id
    run(interview.skip())
    assert types(run(interview.skip())) == ["feedback_chunk", "interview_complete"]
    assert interview.state is State.COMPLETE
    same(interview)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_skipped_question_is_in_the_feedback_without_a_number(log: EventLog, language: Language) -> None:
    interview = practice(log, language=language, question_count=2)
    run(interview.start())
    run(interview.skip())
    run(interview.respond(ANSWER))
    if interview.state is State.AWAITING_ANSWER:
        run(interview.end())
    skipped, answered = (interview.feedback or {})["questions"]
    assert (skipped["state"], skipped["overall"], skipped["dimensions"]) == ("not_answered", None, {})
    assert {"en": "You skipped", "zh": "你跳过了"}[language] in skipped["reason"]
    assert answered["overall"] == (interview.feedback or {})["overall"] is not None


def test_a_skipped_follow_up_leaves_the_answer_its_score(log: EventLog) -> None:
    interview = practice(log, question_count=1, interview_format="behavioural")
    run(interview.start())
    run(interview.respond(STORY))
    assert interview.turns[-1].gap is not None, "something is missing"
    run(interview.skip())
    assert interview.state is State.COMPLETE
    question = (interview.feedback or {})["questions"][0]
    assert (question["state"], question["answer"]) == ("scored", STORY)


@pytest.mark.parametrize("first", ["hang", "cut 2 Why do streams break?"], ids=["unsaid", "half said"])
def test_a_question_that_broke_off_can_be_skipped(log: EventLog, model: Model, first: str) -> None:
    async def begin() -> None:
        async for _ in (reader := interview.start()):
            while not transport.asked:
                await asyncio.sleep(0.001)
            if first == "hang":
                await reader.stop()

    llm, transport = model([first, "say Why logs?"])
    interview = Interview(setup(), llm, log=log)
    run(begin())
    assert interview.state in (State.STOPPED, State.FAILED)
    before = interview.turns[0]
    assert run(interview.skip())[-1].type == "question_complete"
    assert (interview.turns[0].skipped, interview.turns[0].text) == (True, before.text)
    assert run(interview.undo()) == ""
    assert interview.turns == (before,)
    assert interview.state.value == before.state.value
    run(interview.aclose())
    same(interview)


# Undo.


def test_an_answer_taken_back_can_be_given_anew_in_streams_of_its_own(log: EventLog) -> None:
    interview = practice(log)
    run(interview.start())
    asked = interview.turns
    run(interview.respond(SHORT))
    run(interview.rate(2))
    assert run(interview.undo()) == SHORT
    assert (interview.state, interview.turns) == (State.AWAITING_ANSWER, asked)
    same(interview)
    run(interview.respond(ANSWER))
    assert (interview.turns[0].answer, interview.turns[0].rating) == (ANSWER, None)
    streams = run(log.streams(interview.session_id))
    assert {f"{interview.session_id}/turn-2.1", f"{interview.session_id}/turn-2.2"} <= set(streams)
    same(interview)


def test_undo_after_the_feedback_step_by_step_to_the_beginning(log: EventLog) -> None:
    interview = practice(log)
    run(interview.start())
    given: list[str] = []
    while interview.state is State.AWAITING_ANSWER:
        given.append("" if len(given) == 1 else f"{ANSWER} {len(given)}")
        run(interview.respond(given[-1]) if given[-1] else interview.skip())
    while given:
        assert run(interview.undo()) == given.pop()
        assert (interview.state, interview.feedback) == (State.AWAITING_ANSWER, None)
        assert len(interview.turns) == len(given) + 1
        same(interview)
    with pytest.raises(IllegalStep, match="taken back"):
        run(interview.undo())
    run(interview.respond(ANSWER))
    run(interview.end())
    assert run(log.streams(f"{interview.session_id}/feedback.2"))
    same(interview)


def test_undo_while_a_turn_runs_changes_nothing(log: EventLog) -> None:
    async def meanwhile() -> list[Event]:
        seen: list[Event] = []
        async for event in interview.respond(ANSWER):
            if not seen:
                with pytest.raises(IllegalStep, match="undo"):
                    await interview.undo()
            seen.append(event)
        return seen

    interview = Interview(setup(), LLM("practice", pace=200), log=log)
    run(interview.start())
    assert run(meanwhile())[-1].type == "question_complete"
    assert "undo" not in names(interview)
    same(interview)


def test_a_command_means_the_turn_it_was_given_for(log: EventLog) -> None:
    interview = practice(log)
    run(interview.start())
    run(interview.respond(ANSWER))
    late = [interview.respond("for the second question"), interview.skip(), interview.retry()]
    run(interview.undo())
    before = names(interview)
    for reader in late:
        with pytest.raises(IllegalStep, match="moved on"):
            run(reader)
    assert names(interview) == before
    assert (interview.turns[0].answer, interview.turns[0].attempt) == (None, 1)
    same(interview)


def test_two_undos_at_once_are_one(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    async def both() -> tuple[Any, Any]:
        return await asyncio.gather(interview.undo(), interview.undo(), return_exceptions=True)

    interview = practice(log)
    run(interview.start())
    run(interview.skip())
    run(interview.respond(ANSWER))
    slow(log, monkeypatch, "command")
    first, second = run(both())
    assert (first, type(second)) == (ANSWER, IllegalStep)
    assert interview.turns[0].skipped
    same(interview)


# Retry, and what a turn keeps.


def test_a_question_asked_again_keeps_what_was_said_before(log: EventLog, model: Model) -> None:
    script = ["say Why streams?", "cut 2 Tell me about streams", "cut 3 So, why do", "say do streams?"]
    llm, _ = model(script)
    interview = Interview(setup(), llm, log=log)
    run(interview.start())
    run(interview.retry())
    assert (interview.state, interview.turns[0].earlier) == (State.FAILED, ("Why streams? ",))
    run(interview.retry())
    assert interview.turns[0].earlier == ("Why streams? ", "Tell me ")
    partial = interview.turns[0].text
    run(interview.resume())
    turn = interview.turns[0]
    assert (turn.earlier, turn.attempt) == (("Why streams? ", "Tell me "), 4)
    assert turn.text.startswith(partial)
    run(interview.aclose())
    same(interview)


def test_times_are_those_of_the_commands(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(1_000)
    monkeypatch.setattr("mockmate_nb.interview.conduct.now", lambda: float(next(clock)))
    interview = practice(log)
    run(interview.start())
    run(interview.respond(ANSWER))
    run(interview.retry())
    run(interview.skip())
    times = [(turn.asked_at, turn.answered_at) for turn in interview.turns]
    assert times == [(1000, 1001), (1001, 1002), (1002, None)]
    same(interview)
    run(interview.undo())
    assert interview.turns[-1].answered_at is None


MEASURED: list[tuple[str, list[str], str, bool]] = [
    ("a stream", ["say Why streams?"], "stream", True),
    ("a whole reply", ["refuse", "say Why logs?"], "batch", True),
    ("the bank's own words", ["refuse", "refuse"], "stream", False),
]


@pytest.mark.parametrize(
    ("script", "via", "by_model"), [c[1:] for c in MEASURED], ids=[c[0] for c in MEASURED]
)
def test_what_the_model_s_reply_took(
    log: EventLog, model: Model, script: list[str], via: str, by_model: bool
) -> None:
    llm, _ = model(script)
    interview = Interview(setup(), llm, log=log)
    done = run(interview.start())[-1]
    measured = interview.turns[0].measured
    assert done.data["via"] == via
    if by_model:
        assert measured is not None
        assert 0 < (measured.ttft or 0) <= measured.seconds
        about = estimate_tokens(done.data["total_content"])
        assert (measured.model, measured.tokens, measured.estimated) == (llm.model, about, True)
        assert done.data["measured"]["seconds"] == measured.seconds
    else:
        assert (measured, done.data["measured"]) == (None, {})
    run(interview.aclose())
    same(interview)


def test_the_service_s_own_count_of_tokens_is_no_estimate(log: EventLog) -> None:
    interview = Interview(setup(), LLM("practice", pace=200), log=log)
    run(interview.start())
    measured = interview.turns[0].measured
    assert measured is not None
    assert (measured.model, measured.estimated) == ("practice", False)
    assert (measured.tokens or 0) > 5
    assert (measured.ttft or 0) < measured.seconds / 2, "the first of many tokens, not the last"


# Hint.


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hint_is_the_open_question_s(log: EventLog, language: Language) -> None:
    interview = practice(log, language=language)
    assert interview.hint == ""
    run(interview.start())
    first = load_bank().question(interview.turns[0].question_id)
    assert interview.hint == first.in_language(language).hint != ""
    run(interview.skip())
    assert interview.hint != first.in_language(language).hint
    run(interview.end())
    assert interview.hint == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_from_elsewhere_has_the_generic_hint(log: EventLog, language: Language) -> None:
    generic = {"en": "Say where you stand", "zh": "先用一句话"}[language]
    bank = Bank((Question.adhoc("Why streams?", language),))
    interview = Interview(setup(language=language), LLM("practice", pace=0), log=log, bank=bank)
    run(interview.start())
    assert interview.hint.startswith(generic)
    assert loaded(interview).hint.startswith(generic), "the shipped bank does not know it"


# The log, at any moment.


def test_the_end_of_a_turn_is_in_the_log_before_the_next_command(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def impatient() -> None:
        await interview.start().launch()
        while interview.state is not State.AWAITING_ANSWER:
            await asyncio.sleep(0.001)
        await interview.respond(ANSWER).launch()
        await interview.stop()

    slow(log, monkeypatch, "question_complete")
    written = kept(log)
    interview = practice(log)
    run(impatient())
    order = [events[-1].data.get("name", events[-1].type) for _, events, _ in written]
    assert order.index("question_complete") < order.index("ask", 1)
    same(interview)


class Puppet(Interview):
    """An interview whose turns do what they are told: `say` it all, `hang` or `break` in the middle, `hush`."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(setup(question_count=2), LLM("practice"), log=log)
        self.act, self.waits = "say", asyncio.Event()
        self._conduct._question, self._conduct._feedback = self._question, self._feedback  # type: ignore[method-assign]  # a script in their place

    async def _question(self) -> AsyncGenerator[list[Step], None]:
        whole: list[Step] = [Delta("streams break?"), Asked("model", "stream", "", TOOK)]
        async for steps in self._told([Delta("Why do ")], whole):
            yield steps

    async def _feedback(self) -> AsyncGenerator[list[Step], None]:
        async for steps in self._told([Remark("summary", "Good.")], [Judged({"overall": 3.0})]):
            yield steps

    async def _told(self, half: Sequence[Step], whole: Sequence[Step]) -> AsyncGenerator[list[Step], None]:
        if self.act != "hush":
            yield list(half)
        if self.act == "break":
            raise MockMateError("The line was cut.", kind=Kind.CONNECTION)
        if self.act in ("hang", "hush"):
            self.waits.set()
            await asyncio.Event().wait()
        yield list(whole)

    async def do(self, name: str, act: str) -> None:
        self.act, self.waits = act, asyncio.Event()
        if name in ("undo", "rate"):
            await (self.undo() if name == "undo" else self.rate(4))
            return
        reader = self.respond(ANSWER) if name == "respond" else getattr(self, name)()
        await reader.launch()
        if act in ("hang", "hush"):
            await self.waits.wait()
            await self.stop()
        events = [event async for event in reader]
        assert [event.type in TERMINALS for event in events] == [False] * (len(events) - 1) + [True]


TOOK = Measured("practice", 0.1, 0.9, 4, False)
COMMANDS = ["respond", "respond", "skip", "retry", "resume", "end", "undo", "undo", "rate"]
Written = tuple[str, list[Event], int]


def kept(log: EventLog) -> list[Written]:
    """What is written to the log from now on, in order."""
    written: list[Written] = []
    write = log.append

    async def append(stream_id: str, events: Sequence[Event], epoch: int = 1) -> list[str]:
        ids = await write(stream_id, events, epoch)
        written.append((stream_id, list(events), epoch))
        return ids

    log.append = append  # type: ignore[method-assign]  # that is how one listens in
    return written


async def log_of(written: Sequence[Written]) -> EventLog:
    log = open_log("memory:")
    for stream_id, events, epoch in written:
        await log.append(stream_id, events, epoch)
    return log


async def live(
    interview: Puppet, written: list[Written], acts: Sequence[tuple[str, str]]
) -> list[tuple[int, Machine]]:
    """Lives through the commands; the machine after each, with how much had been written."""
    quiet: list[tuple[int, Machine]] = []
    for name, act in [("start", "say"), *acts]:
        before = (interview._conduct.machine, len(written))
        try:
            await interview.do(name, act)
        except IllegalStep:
            assert (interview._conduct.machine, len(written)) == before
        quiet.append((len(written), interview._conduct.machine))
    return quiet


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(COMMANDS), st.sampled_from(["say", "say", "hang", "break", "hush"])))
)
def test_any_commands_recalled_after_each(acts: list[tuple[str, str]]) -> None:
    async def check() -> None:
        log = open_log("memory:")
        interview, written = Puppet(log), kept(log)
        for length, machine in await live(interview, written, acts):
            assert (await recall(await log_of(written[:length]), interview.session_id))[1] == machine

    aio.run(check())


LIFE = [
    *(("respond", "hang"), ("undo", ""), ("respond", "hush"), ("resume", "break"), ("undo", "")),
    *(("skip", "break"), ("resume", "say"), ("rate", ""), ("retry", "hang"), ("respond", "hang")),
    *(("retry", "break"), ("end", "say"), ("undo", ""), ("respond", "say"), ("rate", ""), ("undo", "")),
    *(("undo", ""), ("retry", "say"), ("skip", "say"), ("skip", "say"), ("undo", ""), ("end", "say")),
]


def test_killed_between_a_command_and_its_effect_or_anywhere_else() -> None:
    async def check() -> set[str]:
        log = open_log("memory:")
        interview, written = Puppet(log), kept(log)
        quiet = [(0, interview._conduct.machine), *await live(interview, written, LIFE)]
        commands = set()
        for at, (stream_id, events, _) in enumerate(written):
            back = await Interview.load(
                interview.session_id, LLM("practice", pace=0), log=await log_of(written[: at + 1])
            )
            if isinstance(command := events[-1], Command):
                commands.add(command.name)
                before = next(machine for length, machine in reversed(quiet) if length <= at)
                after, _ = step(before, journal.from_command(command))
                assert back._conduct.machine == (step(after, journal.INTERRUPTED)[0] if after.runs else after)
            else:
                assert stream_id.startswith(interview.session_id)
            if back.state is not State.COMPLETE:
                assert [event async for event in back.end()][-1].type == "interview_complete"
        return commands

    assert aio.run(check()) == {"ask", "judge", "again", "undo", "rate"}


def test_an_answer_to_a_stopped_question_taken_back_leaves_it_stopped(log: EventLog) -> None:
    async def check() -> None:
        await interview.do("start", "hang")
        stopped = interview.turns
        assert stopped[0].state is TurnState.STOPPED
        for act in ("say", "break", "hang"):
            await interview.do("respond", act)
            assert await interview.undo() == ANSWER
            assert (interview.state, interview.turns) == (State.STOPPED, stopped)
        await interview.do("resume", "say")
        assert (interview.state, interview.turns[0].earlier) == (State.AWAITING_ANSWER, ())

    interview = Puppet(log)
    aio.run(check())
    same(interview)


def test_an_end_given_twice_does_not_stop_the_feedback_of_the_first(log: EventLog) -> None:
    async def check() -> None:
        await interview.do("start", "say")
        first, second = interview.end(), interview.end()
        interview.act = "hang"
        await first.launch()
        with pytest.raises(IllegalStep, match="judging"):
            await second.launch()
        assert interview.state is State.JUDGING
        await interview.stop()
        for command in (interview.skip, lambda: interview.respond(ANSWER)):
            with pytest.raises(IllegalStep, match="questions are closed"):
                command()

    interview = Puppet(log)
    aio.run(check())
    same(interview)
