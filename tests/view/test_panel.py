"""The panel without a page: what each click leads to, and what a person is told before anything is sent."""

from __future__ import annotations

import string
from typing import Any

import pytest

from mockmate_nb import LLM, InterviewPanel, aio
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.samples import sample
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view.feedback_html import feedback_html
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.words import WORDS
from tests.interview.scripted import Scripted
from tests.view.panels import ANSWER, bubbles, seen, send, soon

CLOSED = "http://203.0.113.7:9/v1"  # an address for documents (RFC 5737): never asked, the suite forbids it


def begin(panel: InterviewPanel) -> None:
    panel.form.start.click()
    assert soon(lambda: panel.interview and panel.interview.state == "awaiting_answer")
    assert soon(lambda: "Send answer" in seen(panel))


def test_from_start_to_feedback(panel: InterviewPanel) -> None:
    begin(panel)
    assert "Question 1 of 3" in panel.notices.where.value
    assert "no AI" in panel.notices.where.value
    send(panel, ANSWER)
    assert soon(lambda: len(bubbles(panel)) == 3 and bubbles(panel)[2].state == "complete")
    assert (bubbles(panel)[1].text, panel.composer.value) == (ANSWER, "")
    assert soon(lambda: "End and see feedback" in seen(panel))
    panel.controls["end"].click()
    assert soon(lambda: "Practice, not a hiring verdict" in panel.feedback.value)
    assert soon(lambda: seen(panel) == {"New interview", "Undo"})
    panel.controls["again"].click()
    assert soon(lambda: panel.form.layout.display == "" and not bubbles(panel))


@pytest.mark.parametrize("times", [2, 5])
def test_clicking_again_and_again_is_one_click(panel: InterviewPanel, log: EventLog, times: int) -> None:
    for _ in range(times):
        panel.form.start.click()
    assert soon(lambda: "Send answer" in seen(panel))
    assert len(bubbles(panel)) == 1
    for _ in range(times):
        send(panel, ANSWER)
    assert soon(lambda: len(bubbles(panel)) == 3 and bubbles(panel)[2].state == "complete")
    for _ in range(times):
        panel.controls["end"].click()
    assert soon(lambda: panel.feedback.value)
    assert panel.notices.fault.value == ""
    assert len([name for name in aio.run(log.streams()) if name.endswith("/journal")]) == 1


def test_stop_is_there_before_the_first_character_of_a_later_question(
    panel: InterviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = Scripted(["say Why streams?", "hang"])
    monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: silent)
    begin(panel)
    send(panel, ANSWER)
    assert soon(lambda: len(silent.asked) == 2)
    assert soon(lambda: "Stop" in seen(panel))
    assert "thinking" in panel.notices.where.value
    assert (len(bubbles(panel)), panel.composer.value) == (3, "")
    panel.controls["stop"].click()
    assert soon(lambda: bubbles(panel)[2].state == "stopped")
    assert soon(lambda: {"Retry", "End and see feedback"} <= seen(panel))
    assert "before the first word" in panel.notices.where.value
    assert "Send answer" not in seen(panel), "there is nothing yet that could be answered"


def test_an_empty_answer_is_said_and_kept_out(panel: InterviewPanel) -> None:
    begin(panel)
    send(panel, "  ")
    assert soon(lambda: "still empty" in panel.notices.fault.value)
    assert len(bubbles(panel)) == 1


def test_a_panel_whose_interview_was_taken_up_elsewhere_can_go_on(
    panel: InterviewPanel, log: EventLog
) -> None:
    begin(panel)
    other = InterviewPanel(LLM("practice", pace=0), log=log)
    other.form.last.click()
    assert soon(lambda: other.interview and "Send answer" in seen(other))
    send(panel, ANSWER)
    assert soon(lambda: "taken up in another place" in panel.notices.fault.value)
    assert panel.composer.value == ANSWER, "what was not accepted stays in the box"
    assert other.interview is not None
    aio.run(other.interview.aclose())


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_leaves_without_a_yes(
    monkeypatch: pytest.MonkeyPatch, log: EventLog, language: Language
) -> None:
    monkeypatch.setenv("MOCKMATE_PRICE_IN", "2")
    monkeypatch.setenv("MOCKMATE_COST_CAP", "0.5")
    mine = sample(language)
    llm = LLM(base_url=CLOSED, api_key="sk-never-shown", model="some-model")
    panel = InterviewPanel(llm, language=language, resume=mine.resume, job=mine.job, log=log)
    told = panel.form.destination.value
    assert "203.0.113.7" in told, "where it goes is said before it goes"
    assert "$" in told
    assert "0.5" in told
    assert panel.form.agree.layout.display == ""
    panel.form.start.click()
    assert soon(lambda: "203.0.113.7" in panel.notices.fault.value)
    assert panel.interview is None
    assert aio.run(log.streams()) == []
    shown = panel.notices.fault.value + told + repr(panel)
    assert "sk-never-shown" not in shown


def test_what_stays_here_needs_no_yes() -> None:
    form = SetupForm(LLM("practice"), "en")
    assert form.agree.layout.display == "none"
    assert "Nothing leaves this machine" in form.destination.value


def test_another_model_needs_another_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "DEEPSEEK_API_KEY"):
        monkeypatch.setenv(name, "sk-x")
    form = SetupForm(None, "en")
    form.provider.value = "openai"
    form.agree.value = True
    assert form.llm().settings.provider.name == "openai"
    form.provider.value = "deepseek"
    assert not form.agree.value


def test_the_form_speaks_both_languages_and_keeps_what_was_typed() -> None:
    form = SetupForm(None, "en")
    form.resume.value, form.level.value = "mine", "senior"
    form.language.value = "zh"
    assert (form.resume.value, form.level.value) == ("mine", "senior")
    assert form.start.description == "开始面试"
    assert all(field.description for field in form._named.values()), "every field has its name"
    assert "practice model" not in form.destination.value


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert WORDS["en"].keys() == WORDS["zh"].keys()
    assert {k: blanks(v) for k, v in WORDS["en"].items()} == {k: blanks(v) for k, v in WORDS["zh"].items()}


@pytest.mark.parametrize(
    "place", ["summary", "notice", "strengths", "question", "reason", "fix", "stronger", "quote"]
)
def test_no_text_becomes_markup_in_the_feedback(place: str) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    dimension = {"score": 3, "anchor": "a", "quote": "q", "label": "l"}
    question: dict[str, Any] = {"overall": 3.0, "question": "q", "reason": "r", "fix": "f", "stronger": "s"}
    page: dict[str, Any] = {
        "language": "en",
        "summary": "s",
        "notice": "n",
        "strengths": ["s"],
        "improvements": [],
    }
    for part in (dimension, question, page):
        if place in part:
            part[place] = [hostile] if place == "strengths" else hostile
    page["questions"] = [{**question, "dimensions": {"d": dimension}}]
    shown = feedback_html(page)
    assert "<img" not in shown
    assert "&lt;img" in shown
