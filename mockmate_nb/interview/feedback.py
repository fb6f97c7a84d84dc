"""What a candidate is told at the end: a score for each question with its quote, what went well, what to work on.

By the rules of `rubric` alone, and it says so. Plain JSON values throughout, so that it travels as an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockmate_nb.interview import rubric
from mockmate_nb.interview.bank import Bank, Language, Question
from mockmate_nb.interview.machine import Turn
from mockmate_nb.interview.setup import InterviewSetup

MOST, BAR = 3, 3
NOTICE: dict[Language, str] = {
    "en": "Practice, not a hiring verdict. Scored by fixed rules, without a model.",
    "zh": "这是练习，不是录用结论。评分由固定规则得出，没有使用模型。",
}
NONE_ANSWERED: dict[Language, str] = {
    "en": "No answer was given that could be scored. That is fine: start again when you are ready.",
    "zh": "这次没有可以评分的回答。没关系，准备好了随时可以再来。",
}
SUMMARY: dict[Language, str] = {
    "en": "Of {asked} questions, {scored} could be scored. Overall: {overall} of 5.",
    "zh": "共 {asked} 题，其中 {scored} 题可以评分。总体得分：{overall}（满分 5 分）。",
}


def build_feedback(setup: InterviewSetup, turns: Sequence[Turn], bank: Bank) -> dict[str, Any]:
    """The feedback for the turns as they stand.

    `{summary, overall, source, notice, language, questions: [{question, answer, rating, …scorecard}],
    strengths, improvements, next_drill}`; `overall` is the mean of the scored questions, None where there is
    none.
    """
    language = setup.language
    questions = [_judged(group, bank, language) for group in _by_question(turns)]
    scores = [q["overall"] for q in questions if q["overall"] is not None]
    overall = round(sum(scores) / len(scores), 1) if scores else None
    scored = [q for q in questions if q["overall"] is not None]
    improvements = _improvements(scored)
    return {
        "summary": SUMMARY[language].format(scored=len(scored), asked=len(questions), overall=overall)
        if scored
        else NONE_ANSWERED[language],
        "overall": overall,
        "source": "rules",
        "notice": NOTICE[language],
        "language": language,
        "questions": questions,
        "strengths": _strengths(scored),
        "improvements": improvements,
        "next_drill": improvements[0] if improvements else "",
    }


def remarks(feedback: dict[str, Any]) -> list[tuple[str, str]]:
    """The feedback's texts as (path, text), in the order in which a person should read them."""
    lines = [("summary", feedback["summary"])]
    for at, question in enumerate(feedback["questions"]):
        lines += [
            (f"questions.{at}.{name}", question[name]) for name in ("fix", "stronger") if question[name]
        ]
    return lines


def _by_question(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Each main question with its follow-ups."""
    groups: list[list[Turn]] = []
    for turn in turns:
        if turn.gap is None or not groups:
            groups.append([turn])
        else:
            groups[-1].append(turn)
    return groups


def _judged(group: Sequence[Turn], bank: Bank, language: Language) -> dict[str, Any]:
    question: Question = bank.question(group[0].question_id)
    answer = "\n".join(turn.answer for turn in group if turn.answer)
    card = rubric.score(answer, question, language=language).to_dict()
    for name, dimension in card["dimensions"].items():
        dimension["label"] = rubric.ANCHORS[name]["name"][language]
    if not answer and any(turn.skipped for turn in group):
        card["reason"] = rubric.ADVICE[language]["reason"]["declined"]
    ratings = [turn.rating for turn in group if turn.rating is not None]
    return {
        "question_id": question.id,
        "question": group[0].bank_text,
        "competency": question.competency,
        "answer": answer,
        "rating": ratings[-1] if ratings else None,
        **card,
    }


def _strengths(scored: Sequence[dict[str, Any]]) -> list[str]:
    """The best dimensions that reach the bar, with the words that earned them; the same words once."""
    best = sorted(
        (
            (d["score"], d["quote"], d["label"])
            for question in scored
            if question["on_topic"]
            for d in question["dimensions"].values()
            if d["score"] >= BAR and d["quote"]
        ),
        key=lambda found: -found[0],
    )
    labels: dict[str, list[str]] = {}
    for _, quote, label in best:
        labels.setdefault(quote, []).append(label)
    return [f"{' · '.join(names)}: “{quote}”" for quote, names in labels.items()][:MOST]


def _improvements(scored: Sequence[dict[str, Any]]) -> list[str]:
    """One fix a question, the weakest question first, no fix twice."""
    fixes = [question["fix"] for question in sorted(scored, key=lambda q: q["overall"]) if question["fix"]]
    return list(dict.fromkeys(fixes))[:MOST]
