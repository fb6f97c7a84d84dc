"""Everything a person can do on the panel, a script can do too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from ipywidgets.widgets import widget

from mockmate_nb import LLM, InterviewPanel, MockMateError, run
from mockmate_nb.errors import IllegalStep
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.limits import Limits
from mockmate_nb.interview.samples import sample
from mockmate_nb.streams.log import EventLog
from tests.interview.scripted import Scripted
from tests.view.panels import ANSWER, bubbles, command, seen, send, soon


@pytest.fixture(autouse=True)
def _anything_may_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "breach", lambda *_, **__: None)


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
    assert words in panel.notices.fault.value


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
    assert "Question 2 of 3" in panel.notices.where.value


def test_regenerate_keeps_what_was_there(panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    says = Scripted(["say <b>Why</b> streams?", "say What are streams for?"])
    monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: says)
    run(panel.start())
    assert "Regenerate" in seen(panel)
    run(panel.retry())
    assert [view.text.strip() for view in bubbles(panel)] == ["What are streams for?"]
    assert "&lt;b&gt;Why&lt;/b&gt; streams?" in panel.conversation.children[0].value, (
        "folded above it, as text"
    )


def test_regenerate_with_the_same_words_leaves_one_question(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mockmate_nb.llm.client.PracticeTransport", lambda **_: Scripted(["say Why streams?"])
    )
    run(panel.start())
    run(panel.retry())
    assert panel.conversation.children == tuple(bubbles(panel))
    assert len(bubbles(panel)) == 1


def test_continue_goes_on_without_a_word_twice(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockmate_nb.llm.stream.FIRST_DELAY", 0.001)
    cut = Scripted([*["cut 2 Why do"] * 4, "say streams resume?"])
    monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: cut)
    run(panel.start())
    assert bubbles(panel)[0].state == "failed"
    kept = bubbles(panel)[0].text
    run(panel.resume())
    assert panel.interview is not None
    assert bubbles(panel)[0].text == panel.interview.turns[0].text
    assert bubbles(panel)[0].text.startswith(kept)
    assert bubbles(panel)[0].state == "complete"


def test_reset_while_a_question_streams_and_a_new_start(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = Scripted(["hang", "say Why streams?"])
    monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: hangs)
    first = panel.start()
    assert soon(lambda: len(hangs.asked) == 1)
    run(panel.reset())
    run(first)
    assert panel.interview is None
    assert hangs.closed == 1, "nobody is asked any more"
    run(panel.start())
    assert [view.text.strip() for view in bubbles(panel)] == ["Why streams?"]


def test_a_draft_is_not_lost_by_undo(panel: InterviewPanel) -> None:
    run(panel.start())
    run(panel.answer(ANSWER))
    panel.composer.value = "half a sentence"
    run(panel.undo())
    assert panel.composer.value == f"{ANSWER}\n\nhalf a sentence"


def test_a_double_click_takes_back_one_answer(panel: InterviewPanel) -> None:
    run(panel.start())
    run(panel.answer(ANSWER))
    run(panel.answer(ANSWER))
    panel.controls["undo"].click()
    assert soon(lambda: len(bubbles(panel)) == 3)
    panel.controls["undo"].click()
    run(panel.command("/help"))
    assert len(bubbles(panel)) == 3


def test_a_log_that_is_lost_ends_the_bubble(panel: InterviewPanel, log: EventLog) -> None:
    run(panel.start())

    async def full(*_: object, **__: object) -> list[str]:
        raise OSError("disk full")

    append, count = log.append, 0

    async def fails_later(*args: Any, **options: Any) -> list[str]:
        nonlocal count
        count += 1
        return await (append if count == 1 else full)(*args, **options)

    log.append = fails_later  # type: ignore[method-assign]  # a disk that fills up after the command is kept
    with pytest.raises(OSError, match="disk full"):
        run(panel.answer(ANSWER))
    assert "disk full" in panel.notices.fault.value
    assert bubbles(panel)[-1].state == "failed"


def test_closing_leaves_no_widget_behind(log: EventLog) -> None:
    def open_widgets() -> int:
        return len(widget._instances)

    mine = sample("en")
    before = open_widgets()
    made = InterviewPanel(LLM("practice", pace=0), resume=mine.resume, job=mine.job, log=log)
    made._repr_mimebundle_()
    run(made.start())
    run(made.answer(ANSWER))
    started = open_widgets()
    run(made.undo())
    assert open_widgets() < started
    run(made.reset())
    made.close()
    assert open_widgets() == before


def test_what_has_no_place_is_told_in_the_panels_language(log: EventLog) -> None:
    mine = sample("zh")
    made = InterviewPanel(LLM("practice", pace=0), language="zh", resume=mine.resume, job=mine.job, log=log)
    run(made.start())
    with pytest.raises(IllegalStep):
        run(made.resume())
    assert "现在还不能这样做" in made.notices.fault.value
    assert "has no place" not in made.notices.fault.value
    run(made.reset())


def test_stopped_feedback_says_what_can_be_pressed(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(panel.start())
    run(panel.answer(ANSWER))

    async def never(_: object) -> AsyncGenerator[list[Any], None]:
        await asyncio.Event().wait()
        yield []

    monkeypatch.setattr("mockmate_nb.interview.conduct.Conduct._feedback", never)
    ends = panel.end()
    assert soon(lambda: "Stop" in seen(panel))
    run(panel.stop())
    run(ends)
    assert "Retry" in panel.notices.where.value
    assert "Retry" in seen(panel)
    assert "Continue" not in seen(panel) | {panel.notices.where.value}


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
    assert soon(lambda: words in panel.notices.remark.value)
    assert len(bubbles(panel)) == 1


def test_an_unknown_command_says_which_there_are(panel: InterviewPanel) -> None:
    run(panel.start())
    command(panel, "/<b>x")
    assert soon(lambda: "/skip" in panel.notices.fault.value)
    assert "<b>x" not in panel.notices.fault.value


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
        assert words in panel.notices.fault.value
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
    run(after.answer("So."))
    assert after.composer.value == "half a sentence", "what a person is writing is not a script's to take"
    send(after, ANSWER)
    assert soon(lambda: after.composer.value == "" and after.composer.enabled)
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
    assert soon(lambda: "mockmate-presenting" in panel._dom_classes)
    panel.presenting.value = False
    assert soon(lambda: "mockmate-presenting" not in panel._dom_classes)


def test_the_status_line_tells_time_rate_tokens_and_whose_words(panel: InterviewPanel) -> None:
    run(panel.start())
    line = bubbles(panel)[0].status
    for words in ("first character after", "tokens", "offline, no AI"):
        assert words in line
