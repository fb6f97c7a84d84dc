"""Around the questions: wordings that break a limit, own questions, the clock, what comes after, what is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mockmate_nb import LLM, Interview, aio, run
from mockmate_nb.errors import CallerError, IllegalStep, MockMateError
from mockmate_nb.interview import keeping
from mockmate_nb.interview.bank import Bank, load_bank
from mockmate_nb.interview.history import History, open_history
from mockmate_nb.interview.limits import Breach
from mockmate_nb.interview.machine import State, TurnState
from mockmate_nb.interview.question import CLOSING
from mockmate_nb.interview.reading import Match
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.llm import sdk
from mockmate_nb.streams.log import EventLog, open_log
from mockmate_nb.wire.events import Event, QuestionChunk
from tests.interview.scripted import ANSWER, Model, Scripted, setup, types

ASKED = "Why do streams break in the middle?"


@pytest.fixture
def history() -> Iterator[History]:
    opened = open_history("memory:")
    yield opened
    opened.close()


def asks(**changes: Any) -> InterviewSetup:
    """A set-up whose first question is known."""
    return setup(own_questions=(ASKED,), question_count=1, **changes)


def practice(log: EventLog, history: History | None = None, **changes: Any) -> Interview:
    return Interview(asks(**changes), LLM("practice", pace=0), log=log, history=history)


def finished(interview: Interview, answer: str = ANSWER) -> Interview:
    run(interview.start())
    while interview.state is State.AWAITING_ANSWER:
        run(interview.respond(answer))
    assert interview.state is State.COMPLETE
    return interview


def again(interview: Interview, history: History | None = None) -> Interview:
    return run(
        Interview.load(interview.session_id, LLM("practice", pace=0), log=interview.log, history=history)
    )


def said(events: list[Event]) -> str:
    return "".join(event.content for event in events if isinstance(event, QuestionChunk))


# Wordings.

WORDINGS: list[tuple[str, list[str], str, Breach | None]] = [
    ("kept", ["say Tell me: why do streams break in the middle?"], "stream", None),
    ("two at once", ["say Why do streams break? And how? Tell me more"], "stream", Breach.TWO_QUESTIONS),
    ("forbidden", ["say How old are you now, and why do streams break?"], "stream", Breach.FORBIDDEN),
    ("an answer", ["say Streams break because a proxy closes them."], "stream", Breach.NO_QUESTION),
    ("whole, kept", ["refuse", "say Why do streams break in the middle?"], "batch", None),
    ("whole, broken", ["refuse", "say Are you married?"], "stream", Breach.FORBIDDEN),
]


@pytest.mark.parametrize(
    ("script", "via", "breach"), [row[1:] for row in WORDINGS], ids=[row[0] for row in WORDINGS]
)
def test_a_wording_that_breaks_a_limit_is_replaced_in_one_step(
    log: EventLog, model: Model, script: list[str], via: str, breach: Breach | None
) -> None:
    llm, transport = model(script, limited=True)
    interview = Interview(asks(), llm, log=log)
    events = run(interview.start())
    done, turn = events[-1].data, interview.turns[0]
    assert types(events)[-1] == "question_complete"
    assert (done["via"], turn.state) == (via, TurnState.COMPLETE)
    if breach is None:
        assert (done["source"], done["total_content"].strip(), turn.withdrawn) == (
            "model",
            said(events).strip(),
            "",
        )
    else:
        assert (done["source"], done["total_content"], done["note"]) == ("bank", ASKED, f"limits: {breach}")
        assert (turn.text, turn.withdrawn) == (ASKED, said(events))
        assert "?" not in turn.withdrawn[: turn.withdrawn.rfind("?")], "nothing was shown from the breach on"
    assert transport.closed == sum(bool(asked.get("stream")) for asked in transport.asked[:1]) * (
        via == "stream" and "refuse" not in script
    )
    assert run(interview.respond("I don't know."))[-1].type == "interview_complete"
    assert again(interview).turns == interview.turns
    run(interview.aclose())


def test_what_breaks_a_limit_is_never_shown(log: EventLog, model: Model) -> None:
    llm, _ = model(["say Why do streams break in the middle of your pregnancy and after?"], limited=True)
    interview = Interview(asks(), llm, log=log)
    assert "pregnan" not in said(run(interview.start()))
    run(interview.aclose())


def test_thinking_is_not_said(log: EventLog, model: Model) -> None:
    llm, _ = model(
        ["say <think>They know Kafka? Yes?</think> Why do streams break in the middle?"], limited=True
    )
    interview = Interview(asks(), llm, log=log)
    assert said(run(interview.start())).strip() == ASKED
    assert interview.turns[0].source == "model"
    run(interview.aclose())


def test_a_regenerated_question_is_told_what_was_said_before(log: EventLog) -> None:
    interview = practice(log)
    run(interview.start())
    first = interview.turns[0].text
    run(interview.retry())
    assert interview.turns[0].text != first
    assert interview.turns[0].text.endswith(ASKED)
    run(interview.aclose())


def test_after_a_pass_a_kind_word(log: EventLog) -> None:
    interview = Interview(setup(question_count=2), LLM("practice", pace=0), log=log)
    run(interview.start())
    run(interview.respond("I don't know."))
    assert interview.turns[1].gap is None, "no probing"
    assert interview.turns[1].text.startswith(("That's all right.", "No problem", "That happens"))
    run(interview.aclose())


# The clock.


def test_a_live_interview_ends_with_the_candidates_own_questions(log: EventLog) -> None:
    interview = practice(log, mode="live")
    assert interview.remaining is None
    run(interview.start())
    assert (interview.hint, interview.model_answer) == ("", "")
    assert 300 < (interview.remaining or 0) <= 360
    while interview.turns[-1].question_id != CLOSING:
        run(interview.respond("I don't know."))
    assert run(interview.respond("Who would I work with?"))[-1].type == "interview_complete"
    assert interview.feedback is not None
    assert len(interview.feedback["questions"]) == 1
    assert interview.feedback["own_questions"] == "Who would I work with?"
    assert again(interview).turns == interview.turns
    run(interview.aclose())


def test_over_time_it_closes_at_once(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    interview = practice(log, mode="live", minutes=1)
    run(interview.start())
    late = interview.turns[0].asked_at or 0.0
    monkeypatch.setattr("mockmate_nb.interview.conduct.now", lambda: late + 61)
    assert run(interview.respond(ANSWER))[-1].type == "interview_complete"
    run(interview.aclose())


def test_practice_has_a_hint_and_a_model_answer(log: EventLog) -> None:
    interview = Interview(setup(), LLM("practice", pace=0), log=log)
    assert (interview.hint, interview.model_answer, interview.remaining) == ("", "", None)
    run(interview.start())
    assert len(interview.hint) > 10
    assert len(interview.model_answer) > 50
    run(interview.aclose())


# After the feedback.


def test_a_question_about_the_feedback_is_answered_and_kept(log: EventLog) -> None:
    interview = finished(practice(log))
    events = run(interview.explain("Why not more for figures?"))
    assert types(events) == ["chunk", "done"]
    [aside] = interview.asides
    assert (aside.said, aside.ended) == ("Why not more for figures?", "done")
    assert "igures" in aside.text
    assert again(interview).asides == interview.asides
    assert interview.state is State.COMPLETE
    run(interview.aclose())


def test_a_question_is_answered_once_more_and_compared(log: EventLog, history: History) -> None:
    interview = finished(practice(log, history), "Because proxies close them.")
    better = f"{ANSWER} Streams break in the middle because a proxy closes an idle line after 60 seconds."
    events = run(interview.answer_again(1, better))
    assert types(events) == ["complete", "done"]
    result = interview.asides[0].result or {}
    assert result["answer"] == better
    assert result["compared"]["after"] > result["compared"]["before"]
    assert result["question"]["question"] == ASKED
    [kept] = history.entries()
    assert kept.again == [result]
    loaded = again(interview, history)
    assert loaded.asides == interview.asides
    assert loaded.entry().again == [result]
    run(loaded.undo())
    assert loaded.entry().again == [], "its feedback is gone"
    run(interview.aclose())


def test_a_second_answer_by_the_models_judgement_too(log: EventLog, model: Model) -> None:
    llm, transport = model(["say Why do streams break in the middle?", "say no JSON at all"], limited=True)
    interview = Interview(asks(), llm, log=log)
    run(interview.start())
    run(interview.end())
    assert interview.feedback is not None
    with pytest.raises(CallerError, match="no question '7'"):
        interview.answer_again(7, ANSWER)
    run(interview.answer_again(interview.turns[0].question_id, ANSWER))
    assert (interview.asides[0].result or {})["question"]["overall"] is not None
    assert transport.asked
    run(interview.aclose())


def test_one_at_a_time_and_only_when_the_feedback_stands(log: EventLog) -> None:
    interview = practice(log)
    run(interview.start())
    with pytest.raises(IllegalStep):
        interview.explain("Why?")
    with pytest.raises(CallerError):
        interview.answer_again(1, "x")
    run(interview.end())

    async def two() -> None:
        slow = LLM("practice", pace=20)
        interview._conduct.llm = slow
        first = interview.explain("Why?")
        await first.launch()
        with pytest.raises(IllegalStep, match="one at a time"):
            await interview.explain("And?").launch()
        with pytest.raises(IllegalStep, match="about the feedback"):
            await interview.undo()
        await interview.stop()
        assert [event.type async for event in first][-1] == "stopped"
        await slow.aclose()

    run(two())
    assert [aside.ended for aside in interview.asides] == ["stopped"]
    assert again(interview).asides == interview.asides
    run(interview.aclose())


@pytest.mark.parametrize("words", ["", " ", "x" * 60_001])
def test_what_cannot_be_asked(log: EventLog, words: str) -> None:
    interview = finished(practice(log), "I don't know.")
    with pytest.raises(CallerError):
        interview.explain(words)
    with pytest.raises(CallerError):
        interview.answer_again(1, words)
    assert interview.asides == ()
    run(interview.aclose())


def test_an_explanation_cut_by_the_kernels_end_keeps_its_words(log: EventLog) -> None:
    interview = finished(practice(log), "I don't know.")

    async def begun() -> None:
        interview._conduct.llm = LLM("practice", pace=40)
        reader = interview.explain("What do you score?")
        async for event in reader:
            if event.type == "chunk":
                break

    run(begun())
    part = interview.asides[0].text
    loaded = again(interview)
    assert loaded.asides[0].ended == "interrupted"
    assert loaded.asides[0].text.startswith(part[:3])
    run(loaded.explain("Once more?"))
    assert [aside.number for aside in loaded.asides] == [1, 2]
    with pytest.raises(MockMateError):
        run(interview.undo())
    run(interview.aclose())


# What is kept.


def test_the_history_holds_each_turn_at_its_end(log: EventLog, history: History) -> None:
    interview = practice(log, history)
    run(interview.start())
    [first] = history.entries()
    assert (first.session_id, first.state, first.feedback) == (interview.session_id, "awaiting_answer", None)
    assert [turn["question"] for turn in first.turns] == [ASKED]
    run(interview.respond("I don't know."))
    run(interview.rate(2))
    [last] = history.entries()
    assert (last.state, last.feedback, last.turns[0]["rating"]) == ("complete", interview.feedback, 2)
    assert last.begun_at == first.begun_at
    run(interview.undo())
    assert history.entries()[0].feedback is None
    run(interview.aclose())


def test_a_stopped_and_a_failed_question_are_in_the_history(
    log: EventLog, history: History, model: Model
) -> None:
    llm, _ = model(["cut 2 Why do streams break?"])
    broken = Interview(asks(), llm, log=log, history=history)
    run(broken.start())
    stopped = Interview(asks(), LLM("practice", pace=30), log=log, history=history)

    async def stop() -> None:
        async for _ in (reader := stopped.start()):
            await reader.stop()

    run(stop())
    assert {entry.session_id: entry.state for entry in history.entries()} == {
        broken.session_id: "failed",
        stopped.session_id: "stopped",
    }
    run(broken.aclose())
    run(stopped.aclose())


def test_a_history_that_cannot_be_written_stops_nothing(
    log: EventLog, history: History, caplog: pytest.LogCaptureFixture
) -> None:
    history.close()
    with caplog.at_level(logging.WARNING):
        interview = finished(practice(log, history), "I don't know.")
    assert interview.feedback is not None
    assert "history was not written" in caplog.text
    run(interview.aclose())


def test_what_is_deleted_is_gone_from_log_and_history(log: EventLog, history: History) -> None:
    gone, stays = finished(practice(log, history)), finished(practice(log, history))
    run(gone.explain("Why?"))
    for interview in (gone, stays):
        run(interview.aclose())
    run(Interview.delete(gone.session_id, log, history=history))
    assert run(Interview.sessions(log)) == [stays.session_id]
    assert [entry.session_id for entry in history.entries()] == [stays.session_id]
    assert not run(log.streams(gone.session_id))
    with pytest.raises(CallerError):
        again(gone)


def test_nothing_reaches_the_disk_in_a_memory_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path))
    monkeypatch.setenv("MOCKMATE_STORE", "memory")
    monkeypatch.setattr(keeping, "_log", None)
    monkeypatch.setattr(keeping, "_history", None)
    interview = Interview(asks(), LLM("practice", pace=0))
    finished(interview)
    assert run(Interview.sessions()) == [interview.session_id]
    assert [entry.session_id for entry in keeping.default_history().entries()] == [interview.session_id]
    assert not list(tmp_path.rglob("*"))
    run(interview.aclose())
    keeping.default_history().close()
    keeping.default_log().close()


def test_a_rating_belongs_to_its_turn(log: EventLog) -> None:
    interview = Interview(setup(question_count=2), LLM("practice", pace=0), log=log)
    run(interview.start())
    run(interview.respond("I don't know."))
    run(interview.rate(4, turn=1))
    with pytest.raises(IllegalStep):
        run(interview.rate(4, turn=2))
    run(interview.respond("I don't know."))
    run(interview.rate(1))
    assert [turn.rating for turn in interview.turns] == [4, 1]
    assert again(interview).turns == interview.turns
    run(interview.aclose())


def test_a_question_of_another_bank_is_known_again(log: EventLog) -> None:
    interview = practice(log)
    run(interview.start())
    conduct = interview._conduct
    conduct.bank = replace(conduct.bank, asides=())
    loaded = again(interview)
    finished_events = run(loaded.respond("I don't know."))
    assert finished_events[-1].type == "interview_complete"
    run(interview.aclose())
    run(loaded.aclose())


def test_the_projection_leaves_no_task(log: EventLog, history: History) -> None:
    interview = finished(practice(log, history))
    run(interview.aclose())

    async def names() -> list[str]:
        return [task.get_name() for task in asyncio.all_tasks() if "mockmate" in task.get_name()]

    assert aio.run(names()) == []


def test_an_own_log_needs_an_own_or_the_default_history() -> None:
    log = open_log("memory:")
    interview = practice(log)
    finished(interview, "I don't know.")
    assert keeping.default_history().entry(interview.session_id) is not None
    run(Interview.delete(interview.session_id, log))
    run(interview.aclose())
    log.close()


def test_a_rating_given_with_the_last_answer_stands_in_the_feedback(log: EventLog) -> None:
    interview = practice(log, interview_format="technical")
    run(interview.start())
    while interview.state is State.AWAITING_ANSWER:
        with pytest.raises(CallerError, match="whole number"):
            interview.respond(ANSWER, rating=6)
        run(interview.respond(f"{ANSWER} So streams break in the middle.", rating=2))
    assert interview.feedback is not None
    assert interview.feedback["questions"][0]["rating"] == 2
    assert interview.feedback["questions"][0]["rating_note"]
    assert again(interview).feedback == interview.feedback
    run(interview.aclose())


def test_named_questions_of_the_bank_are_asked_in_their_order(log: EventLog) -> None:
    ids = ("technical-sse-or-websocket", "technical-when-to-stream")
    drill = setup(question_ids=ids, question_count=2)
    interview = Interview(drill, LLM("practice", pace=0), log=log)
    finished(interview, "I don't know.")
    assert tuple(turn.question_id for turn in interview.turns) == ids
    assert again(interview).turns == interview.turns
    run(interview.aclose())
    with pytest.raises(CallerError, match="no question 'no-such'"):
        Interview(setup(question_ids=("no-such",)), LLM("practice"), log=log)


def test_while_the_first_answer_is_thought_about_the_model_reads_the_job(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, hangs = asyncio.Event(), asyncio.Event()

    async def reads(llm: LLM, resume: str, job: str, match: Match) -> Match:
        read.set()
        if hangs.is_set():
            await asyncio.Event().wait()
        return replace(match, missing=("event sourcing",))

    monkeypatch.setattr("mockmate_nb.interview.conduct.refined", reads)
    monkeypatch.setattr(LLM, "is_practice", False)

    async def begun() -> tuple[str, str]:
        wanted = []
        for hang in (False, True):
            read.clear()
            (hangs.set if hang else hangs.clear)()
            interview = Interview(asks(), LLM("practice", pace=0), log=log)
            assert [event async for event in interview.start()]
            await read.wait()
            await asyncio.sleep(0.01)
            wanted.append(interview._conduct.plan.wanted)
            assert await aio.on_worker(asyncio.wait_for(answered(interview), 5))
            await interview.aclose()
        return wanted[0], wanted[1]

    async def answered(interview: Interview) -> bool:
        return [event async for event in interview.respond("I don't know.")][-1].type == "interview_complete"

    first, second = aio.run(begun())
    assert first == "event sourcing"
    assert second != first, "a model that hangs holds nothing up"


def test_a_named_question_of_another_bank_or_without_the_language(log: EventLog) -> None:
    mine = replace(load_bank().question("technical-when-to-stream"), id="mine-1")
    bank = Bank((mine, *load_bank().questions))
    interview = Interview(
        setup(question_ids=("mine-1",), question_count=2), LLM("practice", pace=0), log=log, bank=bank
    )
    run(interview.start())
    assert interview.turns[0].question_id == "mine-1"
    loaded = again(interview)
    assert loaded.hint, "the shipped bank does not know it"
    run(loaded.respond("I don't know."))
    english = replace(mine, id="mine-2", wordings={"en": mine.wordings["en"]})
    with pytest.raises(CallerError, match="no wording in 'zh'"):
        Interview(
            setup(question_ids=("mine-2",), language="zh"), LLM("practice"), log=log, bank=Bank((english,))
        )
    for each in (interview, loaded):
        run(each.aclose())


def test_an_own_question_that_the_bank_has_too_is_asked_once(log: EventLog) -> None:
    twice = load_bank().question("technical-when-to-stream").in_language("en").text.upper()
    drill = setup(own_questions=(twice,), question_ids=("technical-when-to-stream",), question_count=2)
    interview = finished(Interview(drill, LLM("practice", pace=0), log=log), "I don't know.")
    assert [turn.question_id for turn in interview.turns].count("technical-when-to-stream") == 0
    run(interview.aclose())


def test_who_has_taken_over_keeps_the_history(log: EventLog, history: History, model: Model) -> None:
    """The first kernel's question breaks only after the second one has ended the interview."""
    llm, transport = model(["hang"])
    first = Interview(asks(), llm, log=log, history=history)

    async def both() -> None:
        await first.start().launch()
        while not transport.asked:
            await asyncio.sleep(0.001)
        second = await Interview.load(first.session_id, LLM("practice", pace=0), log=log, history=history)
        assert [event async for event in second.end()][-1].type == "interview_complete"
        await first.stop()
        await first.aclose()
        await second.aclose()

    run(both())
    entry = history.entry(first.session_id)
    assert entry is not None
    assert entry.state == "complete"


def test_what_is_deleted_before_its_first_turn_ended_does_not_come_back(
    log: EventLog, history: History
) -> None:
    interview = practice(log, history)
    run(Interview.delete(interview.session_id, log, history=history))
    run(interview.start())
    assert history.entries() == []
    run(interview.aclose())


# What a model thinks is not said, wherever it thinks.


def test_a_cut_in_mid_thinking_has_said_nothing(log: EventLog, model: Model) -> None:
    llm, _ = model(["cut 3 <think>hmm let me see", "say Why do streams break in the middle?"], limited=True)
    interview = Interview(asks(), llm, log=log)
    events = run(interview.start())
    assert said(events).strip() == ASKED
    assert (interview.turns[0].source, interview.state) == ("model", State.AWAITING_ANSWER)
    run(interview.aclose())


def test_a_resumed_question_goes_on_without_the_thinking(log: EventLog, model: Model) -> None:
    script = ["cut 3 Why do streams break", "say <think>Go on briefly.</think> break in the middle?"]
    llm, _ = model(script, limited=True)
    interview = Interview(asks(), llm, log=log)
    run(interview.start())
    assert interview.state is State.FAILED
    run(interview.resume())
    assert " ".join(interview.turns[0].text.split()) == ASKED
    assert interview.turns[0].source == "model"
    run(interview.aclose())


def test_thinking_without_its_beginning_is_replaced(log: EventLog, model: Model) -> None:
    llm, _ = model(["say Keep it short. </think> Why do streams break in the middle?"], limited=True)
    interview = Interview(asks(), llm, log=log)
    events = run(interview.start())
    assert "think" not in said(events)
    assert (interview.turns[0].text, interview.turns[0].note) == (ASKED, f"limits: {Breach.META}")
    run(interview.aclose())


def test_a_forbidden_word_is_held_back_until_it_is_known(log: EventLog, model: Model) -> None:
    for words, kept in (("are you ill", False), ("are you illustrating streams that break", True)):
        llm, _ = model([f"say Why do streams break, {words} in the middle?"], limited=True)
        interview = Interview(asks(), llm, log=log)
        events = run(interview.start())
        assert ("ill" in said(events)) is kept
        run(interview.aclose())


@pytest.mark.parametrize("thinking", ["<think>Annoying person. </think> ", "Annoying person. </think> "])
def test_an_explanation_shows_no_thinking(
    log: EventLog, monkeypatch: pytest.MonkeyPatch, thinking: str
) -> None:
    connect, transport = sdk.connect, Scripted([f"say {thinking}Your example earned it."])
    interview = finished(practice(log), "I don't know.")
    monkeypatch.setattr(
        "mockmate_nb.llm.client.sdk.connect",
        lambda url, key, **more: connect(url, key, **{**more, "transport": transport}),
    )
    interview._conduct.llm = LLM(base_url="http://127.0.0.1:9/v1", api_key="k", model="m", pace=0)
    run(interview.explain("Why?"))
    assert interview.asides[0].text.strip() == "Your example earned it."
    run(interview.aclose())
