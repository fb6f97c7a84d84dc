"""What is kept of an interview and what follows from it: its attempts at questions, and progress over interviews.

Pure. Every score here is the rules' score: the same scale whichever model was there, so that interviews of
different days can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

Trend = Literal["up", "level", "down", "too_few"]

LEAST, RECENT = 3, 8  # points that a trend needs, and the last ones it looks at
DEAD_BAND = 0.5  # points of the 1-5 scale


@dataclass(frozen=True, slots=True)
class Entry:
    """One interview as it stood at the end of a turn. Times are seconds since the epoch; all else plain JSON values.

    `turns` hold `{number, question_id, question, gap, answer, skipped, rating, asked_at, answered_at}`,
    `feedback` is None before it was given, `again` holds second attempts as `{question_id, at, answer,
    question, compared}`.
    """

    session_id: str
    begun_at: float
    updated_at: float
    state: str
    language: str
    format: str
    level: str
    mode: str
    model: str
    question_count: int
    job_title: str
    turns: list[dict[str, Any]]
    feedback: dict[str, Any] | None
    again: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to a question, its follow-ups' answers with it. `overall` is None and `dimensions` empty where
    nothing was scored."""

    session_id: str
    at: float
    overall: float | None
    dimensions: dict[str, int]
    answer: str


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt with what it is found by. `second` marks one that was made after its feedback had been read."""

    question_id: str
    competency: str
    second: bool
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Progress:
    """A competency over interviews: `points` are (time, score), oldest first, one an interview; their range, the
    latest, and where it goes."""

    competency: str
    points: tuple[tuple[float, float], ...]
    low: float
    high: float
    latest: float
    trend: Trend


def attempts_of(entry: Entry) -> list[Tried]:
    """The entry's answered questions, scored or not, and its second attempts. Unreadable numbers count as none."""
    feedback = entry.feedback or {}
    questions = feedback.get("questions") or _unscored(entry.turns)
    answered = {
        turn.get("question_id"): turn["answered_at"] for turn in entry.turns if turn.get("answered_at")
    }
    found = [
        _tried(entry, question, answered.get(question.get("question_id"), entry.updated_at), second=False)
        for question in questions
    ]
    for again in entry.again:
        question = {"question_id": again.get("question_id"), **again.get("question", {})}
        question["answer"] = again.get("answer") or question.get("answer")
        found.append(_tried(entry, question, again.get("at", entry.updated_at), second=True))
    return [one for one in found if one.question_id and one.attempt.answer.strip()]


def progress_of(points: Iterable[tuple[str, float, float]]) -> list[Progress]:
    """Progress by competency, in the order of their names, from (competency, time, score) of every interview."""
    found = []
    for competency, group in groupby(sorted(points), key=lambda point: point[0]):
        series = tuple((at, score) for _, at, score in group)
        scores = [score for _, score in series]
        found.append(Progress(competency, series, min(scores), max(scores), scores[-1], trend_of(scores)))
    return found


def trend_of(scores: Sequence[float]) -> Trend:
    """Where the last eight scores go: the mean of their later half against the mean of the earlier one.

    With an odd number the middle score belongs to neither half. Half a point of difference, about what two
    questions of one competency differ by in one interview, counts as `level`; fewer than three scores are
    `too_few`. Half-means and not a fitted line: the rule can be said in a sentence, a long pause between
    interviews does not tilt it, and one lucky day among many does not carry it.
    """
    recent = scores[-RECENT:]
    if len(recent) < LEAST:
        return "too_few"
    half = len(recent) // 2
    moved = round((sum(recent[-half:]) - sum(recent[:half])) / half, 6)
    if abs(moved) <= DEAD_BAND:
        return "level"
    return "up" if moved > 0 else "down"


def _tried(entry: Entry, question: Mapping[str, Any], at: Any, *, second: bool) -> Tried:
    dimensions = question.get("dimensions") or {}
    scores = {name: found.get("score") for name, found in dimensions.items() if isinstance(found, Mapping)}
    return Tried(
        str(question.get("question_id") or ""),
        str(question.get("competency") or ""),
        second,
        Attempt(
            entry.session_id,
            _number(at) or entry.updated_at,
            _number(question.get("overall")),
            {name: score for name, score in scores.items() if type(score) is int},
            str(question.get("answer") or ""),
        ),
    )


def _unscored(turns: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A question entry for every main question of an interview without feedback: its answers, no score."""
    answers: dict[str, list[str]] = {}
    for turn in turns:
        answers.setdefault(turn.get("question_id", ""), []).append(turn.get("answer") or "")
    return [
        {"question_id": question_id, "answer": "\n".join(filter(None, said))}
        for question_id, said in answers.items()
    ]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
