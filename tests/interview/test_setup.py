"""The set-up: what cannot be used is refused before anything starts, with the field, the fault and the remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockmate_nb import InterviewSetup
from mockmate_nb.errors import CallerError, Kind

GOOD: dict[str, Any] = {"resume_summary": "Built things.", "job_description": "Build more."}
BAD: list[tuple[str, Any, str, str]] = [
    ("resume_summary", "", "empty", "text"),
    ("resume_summary", " \n ", "empty", "text"),
    ("resume_summary", None, "no text", "string"),
    ("resume_summary", "x" * 1_000_000, "1,000,000 characters", "Shorten"),
    ("job_description", "", "empty", "text"),
    ("job_description", "x" * 60_001, "60,001 characters", "Shorten"),
    ("user_id", "u" * 201, "201 characters", "Shorten"),
    ("language", "fr", "'fr' is not known", "en, zh"),
    ("interviewer_style", "rude", "'rude' is not known", "friendly"),
    ("interview_format", "quiz", "'quiz' is not known", "behavioural"),
    ("level", "god", "'god' is not known", "junior"),
    ("mode", "dry", "'dry' is not known", "practice, live"),
    ("question_count", 0, "0 is not a whole number", "3 to 5"),
    ("question_count", 500, "500 is not a whole number", "3 to 5"),
    ("question_count", 2.5, "2.5 is not a whole number", "3 to 5"),
    ("question_count", True, "True is not a whole number", "3 to 5"),
    ("minutes", 0, "0 is not a whole number", "six a question"),
    ("minutes", 1.5, "1.5 is not a whole number", "six a question"),
    ("own_questions", "Why us?", "no list of texts", "as in"),
    ("question_ids", "a-b", "no list of texts", "as in"),
    ("own_questions", ["Why us?", 3], "no list of texts", "as in"),
    ("own_questions", [f"Question {n}?" for n in range(21)], "there are 21", "matter most"),
    ("own_questions", ["x" * 301], "301 characters", "one question"),
]


@pytest.mark.parametrize(
    ("field", "value", "fault", "remedy"), BAD, ids=[f"{b[0]} {str(b[1])[:8]!r}" for b in BAD]
)
def test_refused(field: str, value: Any, fault: str, remedy: str) -> None:
    with pytest.raises(CallerError) as caught:
        InterviewSetup(**{**GOOD, field: value})
    assert caught.value.field == field
    assert caught.value.kind is Kind.BAD_REQUEST
    assert fault in caught.value.message
    assert remedy in caught.value.advice
    assert len(str(caught.value)) < 300, "a megabyte does not come back in the error"


def test_there_and_back() -> None:
    setup = InterviewSetup(**GOOD, language="zh", question_count=20, interview_format="case")
    assert InterviewSetup.from_dict(setup.to_dict()) == setup
    assert setup.format == "case"
    assert InterviewSetup(**GOOD).format is None


def test_half_characters_do_not_reach_the_log() -> None:
    assert InterviewSetup(**{**GOOD, "resume_summary": "a\ud800b"}).resume_summary == "a\ufffdb"
    assert InterviewSetup(**{**GOOD, "resume_summary": "🚀"}).resume_summary == "🚀"


def test_own_questions_are_each_one_line_and_there_once() -> None:
    setup = InterviewSetup(**GOOD, own_questions=(" Why\n us? ", "Why us?", " ", "And you?"))
    assert setup.own_questions == ("Why us?", "And you?")
    assert InterviewSetup.from_dict(json.loads(json.dumps(setup.to_dict()))) == setup


@pytest.mark.parametrize(
    ("mode", "minutes", "seconds"), [("practice", 30, None), ("live", None, 1080), ("live", 30, 1800)]
)
def test_a_live_interview_has_its_time(mode: Any, minutes: int | None, seconds: float | None) -> None:
    assert InterviewSetup(**GOOD, mode=mode, minutes=minutes).seconds == seconds
