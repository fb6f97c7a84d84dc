"""What a model is told when it judges an answer, or explains the feedback. Pure but for the templates.

The scores' anchors are in the prompt, short for a model on one's own machine, whole for a service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from mockmate_nb.interview import rubric
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.prompts import ROOMY, fenced, in_line
from mockmate_nb.interview.prompts import template as template
from mockmate_nb.interview.question import Language, Question

Messages = list[dict[str, str]]
LIMITS: Mapping[Language, tuple[int, int]] = {"en": (300, 1500), "zh": (120, 600)}  # of résumé and answer
NEAR_POINTS, FAR_POINTS = (1, 3, 5), (1, 2, 3, 4, 5)
MAX_ASKED = 500
MAX_SHOWN = 90
FEEDBACK_TAG = re.compile(r"</?(?=feedback\b)", re.IGNORECASE)


def judge_messages(
    question: Question, answer: str, resume: str, language: Language, *, roomy: bool = False
) -> Messages:
    """Messages that have a model judge `answer`, of which they hold the beginning."""
    about, said = (limit * (ROOMY if roomy else 1) for limit in LIMITS[language])
    wording = question.wordings.get(language) or next(iter(question.wordings.values()))
    values = {
        "scale": _scale(language, FAR_POINTS if roomy else NEAR_POINTS),
        "resume": fenced(resume, about),
        "question": in_line(wording.text),
        "points": in_line("; ".join(wording.key_points)) or "–",
        "answer": fenced(answer, said),
    }
    return [{"role": role, "content": text.substitute(values)} for role, text in template("judge", language)]


@cache
def example_texts(language: Language) -> frozenset[str]:
    """What the template's example says of another answer: repeated in a reply, it is about nothing."""
    example = next(text.template for role, text in template("judge", language) if role == "assistant")
    parts = list(json.loads(example).values())
    return frozenset(
        text
        for part in parts
        for text in (part.values() if isinstance(part, dict) else [part])
        if text and isinstance(text, str)
    )


def seen_by_judge(answer: str, language: Language, *, roomy: bool = False) -> str:
    """The part of `answer` that the messages hold."""
    return fenced(answer, LIMITS[language][1] * (ROOMY if roomy else 1))


def explain_messages(
    feedback: Mapping[str, Any], entries: Sequence[tuple[int, Mapping[str, Any]]], asked: str, *, roomy: bool
) -> Messages:
    """Messages that have a model explain `feedback`; of its answers they hold those of `entries`, (number, entry)."""
    language: Language = feedback["language"]
    said = LIMITS[language][1] * (ROOMY if roomy else 1) // max(1, len(entries))
    facts = {
        "summary": feedback["summary"],
        "questions": [_facts(at, entry) for at, entry in entries],
    }
    answers = "\n".join(f"({at}) {entry['answer'][:said]}" for at, entry in entries)
    values = {
        "feedback": FEEDBACK_TAG.sub("‹", fenced(json.dumps(facts, ensure_ascii=False), said * 3)),
        "answer": fenced(answers, said * max(1, len(entries)) + 40),
        "question": in_line(asked[:MAX_ASKED]),
    }
    return [
        {"role": role, "content": text.substitute(values)} for role, text in template("explain", language)
    ]


def _facts(at: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of an entry a model needs in order to explain it."""
    scores = {
        part["label"]: {"score": part["score"], "quote": part["quote"][:MAX_SHOWN], "means": part["anchor"]}
        for part in entry["dimensions"].values()
    }
    facts = {
        "number": at,
        "question": entry["question"],
        "overall": entry["overall"],
        "reason": entry["reason"],
        "scores": scores,
        "fix": entry["fix"],
    }
    return {name: value for name, value in facts.items() if value not in (None, "", {})}


def _scale(language: Language, points: Sequence[int]) -> str:
    lines = []
    for name in RULES:
        anchors = rubric.ANCHORS[name][language]
        told = " ".join(f"{point} = {anchors[point - 1]}" for point in points)
        label = rubric.ANCHORS[name]["name"][language]
        lines.append(f"{name} ({label}): {told}" if name != label.lower() else f"{name}: {told}")
    return "\n".join(lines)
