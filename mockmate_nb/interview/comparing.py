"""Two answers to one question side by side: what rose, what fell, and the words that show it now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockmate_nb.interview.coaching import BETWEEN, LISTED, words
from mockmate_nb.interview.question import Language

SLIGHT = 0.05  # scores are to one decimal


def compared(before: Mapping[str, Any], after: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Two entries of a feedback, by the rules' scores:
    `{before, after, dimensions: [{name, label, before, after, quote}], better, worse, summary}`.

    The dimensions are the six and then the format's own; a score is None where an answer had none, and `quote`
    is of the answer `after`. `better` and `worse` are labels of those that moved by a point or more.
    """
    rows = [_row(name, _parts(before), _parts(after)) for name in _parts(before) | _parts(after)]
    moved = [row for row in rows if row["before"] is not None and row["after"] is not None]
    better = [row["label"] for row in moved if row["after"] > row["before"]]
    worse = [row["label"] for row in moved if row["after"] < row["before"]]
    return {
        "before": before["overall"],
        "after": after["overall"],
        "dimensions": rows,
        "better": better,
        "worse": worse,
        "summary": _summary(before["overall"], after["overall"], better, worse, language),
    }


def _parts(entry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The six, then the format's own; an entry of an earlier version has none of its own."""
    return {**entry["dimensions"], **entry.get("parts", {})}


def _row(
    name: str, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    known = after.get(name) or before[name]
    return {
        "name": name,
        "label": known["label"],
        "before": before[name]["score"] if name in before else None,
        "after": after[name]["score"] if name in after else None,
        "quote": after[name]["quote"] if name in after else "",
    }


def _summary(
    before: float | None, after: float | None, better: list[str], worse: list[str], language: Language
) -> str:
    text = words(language, "compare")
    lines = [text[_moved(before, after)].format(before=before, after=after)]
    for name, labels in (("better", better), ("worse", worse)):
        if labels:
            lines.append(text[name].format(labels=LISTED[language].join(labels)))
    if before is not None and after is not None and not (better or worse):
        lines.append(text["same"])
    return BETWEEN[language].join(lines)


def _moved(before: float | None, after: float | None) -> str:
    if before is None:
        return "none" if after is None else "first"
    if after is None:
        return "lost"
    if abs(after - before) < SLIGHT:
        return "level"
    return "up" if after > before else "down"
