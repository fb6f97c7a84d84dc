"""What stands around the questions on the panel: one's own rating, a model answer, second answers, earlier ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockmate_nb import LLM, InterviewPanel, aio, run
from mockmate_nb.errors import CallerError, IllegalStep
from mockmate_nb.interview.bank import Bank, load_bank
from mockmate_nb.interview.history import History, open_history
from mockmate_nb.interview.samples import sample
from mockmate_nb.streams.log import EventLog
from tests.interview.scripted import Scripted
from tests.view.panels import ANSWER, bubbles, seen, soon

DRILL = ("technical-sse-or-websocket", "technical-when-to-stream")


@pytest.fixture
def history() -> Iterator[History]:
    opened = open_history("memory:")
    yield opened
    opened.close()


@pytest.fixture
def panel(log: EventLog, history: History) -> Iterator[InterviewPanel]:
    yield from _panel(log, history)


def _panel(log: EventLog, history: History, bank: Bank | None = None) -> Iterator[InterviewPanel]:
    mine = sample("en")
    llm = LLM("practice", pace=0)
    made = InterviewPanel(llm, resume=mine.resume, job=mine.job, log=log, history=history, bank=bank)
    made.form.count.value = 1
    yield made
    if made.interview is not None:
        aio.run(made.interview.aclose())
    made.close()


def finished(panel: InterviewPanel, answer: str = "I don't know.") -> None:
    run(panel.start())
    while panel.interview is not None and panel.interview.state == "awaiting_answer":
        run(panel.answer(answer))


def test_the_rating_that_is_chosen_goes_with_the_answer(panel: InterviewPanel) -> None:
    panel.form.count.value = 3
    run(panel.start())
    assert panel.rating.layout.display == ""
    panel.rating.value = 4
    run(panel.answer(ANSWER))
    assert panel.interview is not None
    assert panel.interview.turns[0].rating == 4
    assert panel.rating.value is None, "the next answer has its own"
    run(panel.rate(2))
    assert panel.interview.turns[0].rating == 2
    run(panel.end())
    assert panel.rating.layout.display == "none"


def test_the_model_answer_is_there_in_practice_only(panel: InterviewPanel) -> None:
    run(panel.start())
    assert {"Hint", "Model answer"} <= seen(panel)
    run(panel.command("/answer"))
    assert "strong answer" in panel.notices.remark.value
    run(panel.reset())
    panel.form.mode.value = "live"
    run(panel.start())
    assert not {"Hint", "Model answer"} & seen(panel)
    assert panel.timer.layout.display == ""
    run(panel.command("/hint"))
    assert "on your own" in panel.notices.remark.value


def test_a_live_interview_ends_with_ones_own_questions_and_the_clock_goes(panel: InterviewPanel) -> None:
    panel.form.mode.value = "live"
    run(panel.start())
    while "what would you like to ask us" not in bubbles(panel)[-1].text:
        run(panel.answer("I don't know."))
    assert "Your own questions" in panel.notices.where.value
    run(panel.answer("Who would I work with?"))
    assert panel.interview is not None
    assert panel.interview.state == "complete"
    assert panel.timer.layout.display == "none"


def test_second_answers_and_explanations_stand_below_the_feedback(panel: InterviewPanel) -> None:
    finished(panel)
    assert panel.exporter.layout.display == ""
    run(panel.answer_again(1, ANSWER))
    run(panel.explain("Why not more for figures?"))
    assert panel.interview is not None
    assert [aside.kind for aside in panel.interview.asides] == ["answer_again", "explain"]
    assert ANSWER[:30] in panel.twin().text
    run(panel.undo())
    assert panel.feedback.value == ""
    assert panel.interview.asides == ()


def test_earlier_interviews_are_offered_and_taken_up(
    panel: InterviewPanel, log: EventLog, history: History
) -> None:
    assert panel.form.last.layout.display == "none", "there is none yet"
    assert panel.before.layout.display == "none"
    run(panel.start())
    held = panel.interview
    assert held is not None
    run(panel.reset())
    other = InterviewPanel(LLM("practice", pace=0), log=log, history=history)
    assert soon(lambda: other.form.last.layout.display == "")
    other.remembering.value = True
    assert soon(lambda: other.before.layout.display == "")
    run(other.past.refresh())
    [entry] = history.entries()
    assert entry.session_id == held.session_id
    other.past._takers(entry.session_id)
    assert soon(lambda: other.interview is not None and other.interview.session_id == held.session_id)
    assert soon(lambda: other.before.layout.display == "none")
    assert other.interview is not None
    run(other.interview.aclose())
    other.close()


def test_a_drill_asks_its_questions_in_their_order(panel: InterviewPanel) -> None:
    run(panel.start())
    run(panel.practise(DRILL))
    assert panel.interview is not None
    while panel.interview.state == "awaiting_answer":
        run(panel.answer("I don't know."))
    assert tuple(turn.question_id for turn in panel.interview.turns) == DRILL
    with pytest.raises(CallerError):
        run(panel.practise(("no-such-question",)))


def test_a_bank_of_ones_own(log: EventLog, history: History) -> None:
    mine = Bank((load_bank().question("technical-when-to-stream"),))
    for panel in _panel(log, history, mine):
        panel.form.count.value = 3
        finished(panel)
        assert panel.interview is not None
        assert [turn.question_id for turn in panel.interview.turns] == ["technical-when-to-stream"]


def test_a_wording_that_breaks_a_limit_gives_way_on_the_screen(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = Scripted(["say Good morning, dear candidate. How old are you, if I may ask that?"])
    monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: says)
    run(panel.start())
    assert panel.interview is not None
    [view] = bubbles(panel)
    assert view.text == panel.interview.turns[0].bank_text
    assert view.state == "complete"
    assert "never asked about" in panel.notices.where.value
    assert "question bank" in view.status


@pytest.mark.parametrize("words", ["Sorry, could you repeat the question?", "What do you mean?"])
def test_who_asks_back_hears_the_question_again(panel: InterviewPanel, words: str) -> None:
    run(panel.start())
    run(panel.answer(words))
    assert panel.interview is not None
    assert panel.interview.turns[0].answer is None
    assert panel.interview.turns[0].text[:20] in panel.notices.remark.value


def test_what_has_no_place_is_said(panel: InterviewPanel) -> None:
    with pytest.raises(IllegalStep):
        run(panel.rate(3))
    with pytest.raises(IllegalStep):
        run(panel.answer_again(1, "x"))
    run(panel.start())
    with pytest.raises(IllegalStep):
        run(panel.explain("Why?"))
    with pytest.raises(CallerError):
        run(panel.rate(9))
