"""What a report holds, as checked and frozen values; texts of people and models stand in them as they were written.

The rules' scores and a model's stand side by side and are never mixed into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mockmate_nb.interview.question import Language
from mockmate_nb.interview.record import Trend

SCHEMA_VERSION: Literal[1] = 1
Point = Annotated[int, Field(ge=1, le=5)]
Points = Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)]
Time = Annotated[float, Field(ge=0, le=2.5e11, allow_inf_nan=False)]


class Part(BaseModel):
    """A value of the report. What it does not know is left out, so that a later feedback can be read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Score(Part):
    """A dimension's point with its anchor and the words of the answer that earned it; `why` is a model's."""

    score: Point
    anchor: str = ""
    quote: str = ""
    label: str = ""
    why: str = ""


class Judgement(Part):
    """What a model found, set beside the rules."""

    state: str = "not_scored"
    reason: str = ""
    model: str = ""
    overall: Points | None = None
    dimensions: dict[str, Score] = {}
    fix: str = ""
    draft: str = ""
    dropped_quotes: int = 0
    dropped_scores: int = 0


class Asked(Part):
    """A question, what was answered to it and its follow-ups, and what came of it. `state` is empty where the
    interview had no feedback yet."""

    question_id: str = ""
    question: str = ""
    format: str = ""
    level: str = ""
    competency: str = ""
    competency_label: str = ""
    answer: str = ""
    rating: Point | None = None
    rating_note: str = ""
    state: str = ""
    overall: Points | None = None
    reason: str = ""
    on_topic: bool = True
    dimensions: dict[str, Score] = {}
    parts: dict[str, Score] = {}
    fix: str = ""
    stronger: str = ""
    anchor: str = ""
    key_points: tuple[str, ...] = ()
    draft: str = ""
    judgement: Judgement | None = None
    differ: tuple[str, ...] = ()


class Competency(Part):
    """The mean of the scored questions of one competency, None where none was scored."""

    competency: str = ""
    label: str = ""
    overall: Points | None = None
    questions: int = 0


class Moved(Part):
    """A dimension before and after; None where it was not scored."""

    name: str = ""
    label: str = ""
    before: Points | None = None
    after: Points | None = None
    quote: str = ""


class Compared(Part):
    """Two attempts at one question, side by side."""

    before: Points | None = None
    after: Points | None = None
    dimensions: tuple[Moved, ...] = ()
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    summary: str = ""


class SecondAttempt(Part):
    """One question answered once more, after the feedback."""

    question_id: str = ""
    at: Time = 0.0
    answer: str = ""
    question: Asked = Asked()
    compared: Compared = Compared()


class ProgressRow(Part):
    """A competency over interviews: (time, score) points, their range, the latest, the trend."""

    competency: str
    label: str = ""
    points: tuple[tuple[Time, Points], ...]
    low: Points
    high: Points
    latest: Points
    trend: Trend


class Content(Part):
    """A whole report. `model` put the questions into words; `source` and `judge` say who scored."""

    schema_version: Literal[1] = SCHEMA_VERSION
    session_id: str
    begun_at: Time
    updated_at: Time
    language: Language
    format: str
    level: str
    mode: str
    model: str
    question_count: int
    job_title: str
    finished: bool
    summary: str = ""
    overall: Points | None = None
    source: str = ""
    judge: str = ""
    notice: str = ""
    questions: tuple[Asked, ...] = ()
    competencies: tuple[Competency, ...] = ()
    strengths: tuple[str, ...] = ()
    improvements: tuple[str, ...] = ()
    next_drill: str = ""
    again: tuple[SecondAttempt, ...] = ()
    progress: tuple[ProgressRow, ...] = ()

    def asked(self, question_id: str) -> Asked | None:
        return next((asked for asked in self.questions if asked.question_id == question_id), None)

    @property
    def dimensions(self) -> dict[str, float | None]:
        """Each dimension's label with its mean over the scored questions, by the rules."""
        found: dict[str, list[int]] = {}
        for asked in self.questions:
            for score in asked.dimensions.values():
                found.setdefault(score.label, []).append(score.score)
        return {label: round(sum(scores) / len(scores), 1) for label, scores in found.items()}


def overlay(compared: Compared) -> tuple[Mapping[str, float | None], Mapping[str, float | None]]:
    """The labels with their values after, and before, for a radar of both."""
    return (
        {moved.label: moved.after for moved in compared.dimensions},
        {moved.label: moved.before for moved in compared.dimensions},
    )
