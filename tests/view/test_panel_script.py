"""Everything a person can do on the panel, a script can do too."""

from __future__ import annotations

from typing import Any

import pytest

from mockmate_nb import LLM, InterviewPanel, MockMateError, run
from mockmate_nb.errors import IllegalStep
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.samples import sample
from mockmate_nb.streams.log import EventLog
from tests.interview.scripted import Scripted
from tests.view.panels import ANSWER, bubbles, command, seen, soon


def test_a_whole_interview_by_script(panel: InterviewPanel) -> None:
    run(panel.start())
    assert [view.state for view in bubbles(panel)] == ["complete"]
    while panel.interview is not None and panel.interview.state == "awaiting_answer":
        run(panel.answer(ANSWER))
    assert "Practice, not a hiring verdict" in panel.feedback.value
    twin = panel.twin()
    assert ANSWER in twin.text
    assert run(twin) is twin
    run(panel.reset())
    assert (panel.interview, panel.conversation.children, panel.feedback.value) == (None, (), "")
    assert panel.form.layout.display == ""


async def test_await_works_on_any_loop(panel: InterviewPanel) -> None:
    await panel.start()
    await panel.answer(ANSWER)
    assert len(bubbles(panel)) == 3
    await panel.stop()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda p: p.answer("x"), "No interview has begun"),
        (lambda p: p.undo(), "No interview has begun"),
        (lambda p: p.command("/hint"), "No interview has begun"),
        (lambda p: p.take_up(), "no earlier interview"),
    ],
    ids=["answer", "undo", "hint", "take up"],
)
def test_what_has_no_place_is_raised_and_shown(panel: InterviewPanel, act: Any, words: str) -> None:
    with pytest.raises(MockMateError, match=words):
        run(act(panel))
    assert words in panel.message.value


def test_a_second_start_changes_nothing(panel: InterviewPanel) -> None:
    run(panel.start())
    with pytest.raises(IllegalStep):
        run(panel.start())
    assert len(bubbles(panel)) == 1


def test_undo_gives_the_answer_back(panel: InterviewPanel) -> None:
    run(panel.start())
    run(panel.answer(ANSWER))
    run(panel.undo())
    assert panel.composer.value == ANSWER
    assert len(bubbles(panel)) == 1
    assert "Undo" not in seen(panel), "there is nothing more to take back"
    run(panel.answer("Another answer, a shorter one."))
    assert [view.text for view in bubbles(panel)][1] == "Another answer, a shorter one."


def test_undo_takes_the_feedback_back_as_well(panel: InterviewPanel) -> None:
    run(panel.start())
    run(panel.answer(ANSWER))
    run(panel.end())
    assert panel.feedback.value
    assert panel.composer.layout.display == "none"
    run(panel.undo())
    assert (panel.feedback.value, panel.composer.value) == ("", ANSWER)
    assert panel.composer.layout.display == ""


def test_a_skipped_question_is_said_so(panel: InterviewPanel) -> None:
    run(panel.start())
    run(panel.skip())
    assert bubbles(panel)[1].text == "Skipped."
    assert "Question 2 of 3" in panel.status.value


def test_regenerate_keeps_what_was_there(panel: InterviewPanel) -> None:
    run(panel.start())
    before = bubbles(panel)[0].text
    assert "Regenerate" in seen(panel)
    run(panel.retry())
    assert bubbles(panel)[0].state == "complete"
    assert before.split()[0] in panel.conversation.children[0].value, "the earlier attempt is folded above it"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/hint", "A hint:"),
        ("/repeat", "The question again:"),
        ("/help", "Ctrl+Enter"),
        ("/HELP", "Ctrl+Enter"),
    ],
)
def test_a_command_is_answered_beside_the_conversation(panel: InterviewPanel, name: str, words: str) -> None:
    run(panel.start())
    command(panel, name)
    assert soon(lambda: words in panel.note.value)
    assert len(bubbles(panel)) == 1


def test_an_unknown_command_says_which_there_are(panel: InterviewPanel) -> None:
    run(panel.start())
    command(panel, "/<b>x")
    assert soon(lambda: "/skip" in panel.message.value)
    assert "<b>x" not in panel.message.value


def test_stop_by_command_while_a_question_streams(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Scripted(["hang"])
    monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: silent)
    begun = panel.start()
    assert soon(lambda: len(silent.asked) == 1 and "Stop" in seen(panel))
    command(panel, "/stop")
    run(begun)
    assert bubbles(panel)[0].state == "stopped"
    assert "Continue" not in seen(panel), "there is nothing to go on from"


def test_a_broken_turn_says_what_happened_what_was_kept_and_what_to_press(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockmate_nb.llm.stream.FIRST_DELAY", 0.001)
    cut = Scripted(["cut 2 Why do streams resume?"])
    monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: cut)
    run(panel.start())
    assert bubbles(panel)[0].state == "failed"
    assert bubbles(panel)[0].text.startswith("Why do ")
    for words in ("cut in the middle", "are kept", "Press Continue"):
        assert words in panel.message.value
    assert {"Continue", "Retry", "End and see feedback"} <= seen(panel)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_draft_outlives_the_kernel(log: EventLog, language: Language) -> None:
    mine = sample(language)
    before = InterviewPanel(
        LLM("practice", pace=0), language=language, resume=mine.resume, job=mine.job, log=log
    )
    run(before.start())
    before.composer.value = "half a sentence"
    after = InterviewPanel(LLM("practice", pace=0), language=language, log=log)
    run(after.take_up())
    assert after.composer.value == "half a sentence"
    run(after.answer(ANSWER))
    assert after.composer.value == ""
    run(after.reset())
    again = InterviewPanel(LLM("practice", pace=0), language=language, log=log)
    run(again.take_up())
    assert again.composer.value == "", "an answer that was given is no draft"
    run(again.reset())


def test_two_panels_do_not_disturb_one_another(log: EventLog) -> None:
    mine = sample("en")
    panels = [
        InterviewPanel(LLM("practice", pace=0), resume=mine.resume, job=mine.job, log=log) for _ in range(2)
    ]
    begun = [each.start() for each in panels]
    for start in begun:
        run(start)
    run(panels[0].answer(ANSWER))
    assert [len(bubbles(each)) for each in panels] == [3, 1]
    for each in panels:
        run(each.reset())


def test_presenting_is_one_press_and_one_call(panel: InterviewPanel) -> None:
    panel.present()
    assert "mockmate-presenting" in panel._dom_classes
    panel.presenting.value = False
    assert "mockmate-presenting" not in panel._dom_classes


def test_the_status_line_tells_time_rate_tokens_and_whose_words(panel: InterviewPanel) -> None:
    run(panel.start())
    line = bubbles(panel)[0].status
    for words in ("first character after", "tokens", "offline, no AI"):
        assert words in line
