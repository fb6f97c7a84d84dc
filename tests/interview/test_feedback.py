"""Feedback: honest numbers, each with the words that earned it."""

from __future__ import annotations

import json

import pytest

from mockmate_nb import InterviewSetup
from mockmate_nb.interview.bank import LANGUAGES, Gap, Language, load_bank
from mockmate_nb.interview.feedback import build_feedback, remarks
from mockmate_nb.interview.machine import Turn
from mockmate_nb.view.feedback_html import feedback_html

FRIDAY = "technical-friday-deployment"
GOOD = (
    "A Friday deployment is safe when taking it back takes minutes. I shipped a retry change on a Friday, and a "
    "retry storm took our gateway down for 40 minutes. Since then I send each change to 5 % of the traffic first. "
    "I chose flags over a freeze, because a freeze only makes Monday's release larger."
)
BANK = load_bank()


def turn(number: int, answer: str | None, *, question: str = FRIDAY, gap: Gap | None = None) -> Turn:
    text = BANK.question(question).in_language("en").text
    return Turn(number, question, text, gap=gap, text=text, answer=answer)


def setup(language: Language = "en") -> InterviewSetup:
    return InterviewSetup(resume_summary="r", job_description="j", language=language)


def test_every_quote_stands_in_the_answer() -> None:
    feedback = build_feedback(setup(), [turn(1, GOOD)], BANK)
    question = feedback["questions"][0]
    assert question["overall"] >= 3
    quotes = [d["quote"] for d in question["dimensions"].values() if d["quote"]]
    assert quotes
    assert all(quote in GOOD for quote in quotes)
    assert feedback["strengths"]
    assert len(feedback["strengths"]) == len({s.partition("“")[2] for s in feedback["strengths"]}), (
        "no quote twice"
    )


def test_a_follow_up_counts_with_its_question() -> None:
    turns = [turn(1, GOOD), turn(2, "Nothing that cannot be taken back.", gap=Gap.ALTERNATIVE)]
    feedback = build_feedback(setup(), turns, BANK)
    assert len(feedback["questions"]) == 1
    assert "Nothing that" in feedback["questions"][0]["answer"]


@pytest.mark.parametrize("answers", [[], [None], ["I don't know."], ["", None]], ids=repr)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_answered_is_no_number(answers: list[str | None], language: Language) -> None:
    turns = [turn(at, answer) for at, answer in enumerate(answers, 1)]
    feedback = build_feedback(setup(language), turns, BANK)
    assert feedback["overall"] is None
    assert feedback["strengths"] == []
    assert feedback["summary"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_who_judged_and_that_it_is_practice(language: Language) -> None:
    feedback = build_feedback(setup(language), [turn(1, GOOD)], BANK)
    assert feedback["source"] == "rules"
    assert {"en": "not a hiring verdict", "zh": "不是录用结论"}[language] in feedback["notice"]
    assert json.loads(json.dumps(feedback)) == feedback


def test_remarks_name_their_places() -> None:
    feedback = build_feedback(setup(), [turn(1, GOOD), turn(2, "fine")], BANK)
    assert remarks(feedback)[0] == ("summary", feedback["summary"])
    for path, content in remarks(feedback)[1:]:
        _, at, name = path.split(".")
        assert feedback["questions"][int(at)][name] == content


def test_html_lets_no_markup_in() -> None:
    hostile = "<img src=x onerror=alert(1)> " + GOOD
    page = feedback_html(build_feedback(setup(), [turn(1, hostile), turn(2, "fine")], BANK))
    assert "<img" not in page
    assert page.count("<details") == 2
