"""The report of an interview, for oneself: as Markdown, HTML, JSON and PDF, out of what the history keeps.

report = Report.of(interview.entry(), history.progress())
Path("report.html").write_text(report.html(), "utf-8")
await report.pdf("report.pdf")
assert Report.from_json(report.json()) == report
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import report_html, report_markdown
from mockmate_nb.interview.question import LANGUAGES, Language, competency_names
from mockmate_nb.interview.record import Entry, Progress
from mockmate_nb.interview.report_parts import SCHEMA_VERSION, Content
from mockmate_nb.interview.report_pdf import print_pdf
from mockmate_nb.interview.setup import well_formed


@dataclass(frozen=True, slots=True)
class Report:
    """One interview's report. It holds no overall verdict, on purpose: it is for practice."""

    content: Content

    @classmethod
    def of(cls, entry: Entry, progress: Sequence[Progress] = ()) -> Report:
        """The report of an interview, finished or not; `progress` is `History.progress()`.

        Feedback of an earlier version is taken as it is, without what it lacks. `CallerError` where a value
        of it cannot be, as a score of 9.
        """
        feedback = entry.feedback or {}
        language: Language = entry.language if entry.language in LANGUAGES else "en"
        names = {name: label[language] for name, label in competency_names().items()}
        values = {
            **{name: feedback[name] for name in _FROM_FEEDBACK if feedback.get(name) is not None},
            **{name: getattr(entry, name) for name in _FROM_ENTRY},
            "language": language,
            "finished": entry.feedback is not None,
            "judge": feedback.get("model") or "",
            "questions": [
                _labelled(question, names) for question in feedback.get("questions") or _unscored(entry.turns)
            ],
            "again": entry.again,
            "progress": [
                {
                    "competency": row.competency,
                    "label": names.get(row.competency, row.competency),
                    "points": row.points,
                    "low": row.low,
                    "high": row.high,
                    "latest": row.latest,
                    "trend": row.trend,
                }
                for row in progress
            ],
        }
        return cls(_checked(values, "The interview's record"))

    def markdown(self) -> str:
        return report_markdown.markdown(self.content)

    def html(self) -> str:
        """A whole page, that needs nothing but itself."""
        return report_html.html(self.content)

    def json(self) -> str:
        return self.content.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `json` gave. `CallerError` for another text, and for one of another schema version."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as fault:
            raise CallerError(
                f"This is not JSON: {fault}.", field="text", advice="Give what Report.json() gave."
            ) from fault
        version = values.get("schema_version") if isinstance(values, dict) else None
        if version != SCHEMA_VERSION:
            raise CallerError(
                f"This is no report of schema version {SCHEMA_VERSION} (schema_version: {str(version)[:20]}).",
                field="schema_version",
                advice="Update mockmate-nb, if a newer version of it wrote the report.",
            )
        return cls(_checked(values, "The report"))

    async def pdf(self, path: str | Path) -> Path:
        """Print the page to an A4 PDF at `path` by the Chromium or Chrome of this machine.

        `CallerError` where there is none or the path cannot be written, `MockMateError` where it fails.
        """
        return await asyncio.to_thread(print_pdf, self.html(), path)


_FROM_FEEDBACK = (
    "summary",
    "overall",
    "source",
    "notice",
    "competencies",
    "strengths",
    "improvements",
    "next_drill",
)
_FROM_ENTRY = (
    "session_id",
    "begun_at",
    "updated_at",
    "format",
    "level",
    "mode",
    "model",
    "question_count",
    "job_title",
)


MAX_DEPTH = 24
MAX_SPOKES = 24  # dimensions of a picture; there are six
MAX_LABEL = 2000
MAX_ROWS = {"questions": 500, "again": 100, "progress": 100, "competencies": 500}
MAX_POINTS = 20_000  # of all competencies over time


def _checked(values: Any, what: str) -> Content:
    try:
        content = Content.model_validate(_clean(values, what))
    except ValidationError as fault:
        first = fault.errors()[0]
        raise _unreadable(what, ".".join(str(step) for step in first["loc"]), first["msg"]) from fault
    for place, found, most in _sizes(content):
        if found > most:
            raise _unreadable(what, place, f"{found} is more than {most}")
    for at, row in enumerate(content.progress):
        if not row.points:
            raise _unreadable(what, f"progress.{at}.points", "there is none")
    return content


def _sizes(content: Content) -> Iterator[tuple[str, int, int]]:
    """What makes a report long to draw: its place, how much of it there is, how much there may be."""
    for name, most in MAX_ROWS.items():
        yield name, len(getattr(content, name)), most
    spokes = set(content.dimensions)
    yield "questions.dimensions", len(spokes), MAX_SPOKES
    yield "progress.points", sum(len(row.points) for row in content.progress), MAX_POINTS
    for row in content.progress:
        yield "progress.label", len(row.label or row.competency), MAX_LABEL
    for second in content.again:
        moved = second.compared.dimensions
        spokes |= {each.label for each in moved}
        yield "again.compared.dimensions", len(moved), MAX_SPOKES
    yield "label", max(map(len, spokes), default=0), MAX_LABEL


def _unreadable(what: str, place: str, why: str) -> CallerError:
    return CallerError(
        f"{what} cannot be read at {place}: {why}.",
        field=place,
        advice="It was changed by hand, or written by another version of this package.",
    )


def _clean(value: Any, what: str, depth: int = 0) -> Any:
    """The same values; half characters, which no file can hold, are U+FFFD. `CallerError` for what is nested too
    deep."""
    if isinstance(value, str):
        return well_formed(value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth == MAX_DEPTH:
        raise _unreadable(what, "a value", f"it is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        return {_clean(name, what): _clean(inner, what, depth + 1) for name, inner in value.items()}
    return [_clean(inner, what, depth + 1) for inner in value]


def _labelled(question: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    competency = question.get("competency", "")
    return {"competency_label": names.get(competency, competency), **question}


def _unscored(turns: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A question for every main question of an interview without feedback, with all answers to it."""
    found: list[dict[str, Any]] = []
    for turn in turns:
        if turn.get("gap") is None or not found:
            found.append(
                {"question_id": turn.get("question_id"), "question": turn.get("question"), "said": []}
            )
        found[-1]["said"].append(turn.get("answer") or "")
        if turn.get("rating") is not None:
            found[-1]["rating"] = turn["rating"]
    return [question | {"answer": "\n".join(filter(None, question.pop("said")))} for question in found]
