"""What a candidate is told at the end: a score for each question with its quote, what went well, what to do next.

By the rules of `rubric` alone; `with_judgements` sets a model's judgement beside it. Pure, and plain JSON values
throughout, so that it travels as an event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import rubric
from mockmate_nb.interview.anchors import competency_anchor
from mockmate_nb.interview.bank import Bank, Language, Question
from mockmate_nb.interview.coaching import BETWEEN, words
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.drafting import draft
from mockmate_nb.interview.question import CLOSING, competency_names
from mockmate_nb.interview.quoting import same_words
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.takeaways import improvements, next_drill, strengths, summary
from mockmate_nb.interview.turn import Turn
from mockmate_nb.interview.verdict import differing

VERSION = 2
AGREES = 0.75  # of a point, between a candidate's own rating and the score


def build_feedback(setup: InterviewSetup, turns: Sequence[Turn], bank: Bank) -> dict[str, Any]:
    """The rules' feedback for the turns as they stand.

    `{version, summary, overall, source, model, notice, language, questions, competencies, strengths,
    improvements, next_drill, next_question_id, own_questions, dropped_quotes, dropped_scores}`; for
    `questions` see `question_entry`. `overall` is the mean of the scored questions, None where there is none.
    What the candidate asked in the closing turn stands in `own_questions` and is not scored.
    """
    language = setup.language
    groups = _by_question(turns)
    own = [turn.answer for group in groups for turn in group if _closing(turn) and turn.answer]
    questions = [_entry(group, bank, language) for group in groups if not _closing(group[0])]
    scores = [entry["overall"] for entry in questions if entry["overall"] is not None]
    overall = round(sum(scores) / len(scores), 1) if scores else None
    drill, following = next_drill(questions, bank, setup)
    return {
        "version": VERSION,
        "summary": summary(questions, overall, language),
        "overall": overall,
        "source": "rules",
        "model": "",
        "notice": _notice(language, "rules"),
        "language": language,
        "questions": questions,
        "competencies": _competencies(questions),
        "strengths": strengths(questions, language),
        "improvements": improvements(questions, language),
        "next_drill": drill,
        "next_question_id": following,
        "own_questions": "\n".join(own),
        "dropped_quotes": 0,
        "dropped_scores": 0,
    }


def question_entry(
    question: Question, text: str, answer: str, language: Language, *, rating: int | None = None
) -> dict[str, Any]:
    """One question's part of the feedback, by the rules: its scorecard, and beside it `question` (as `text`),
    `format`, `level`, `competency`, `answer`, the candidate's own `rating` with a `rating_note`, the `anchor`
    of the competency that is met, the `weights` of the dimensions for this kind of question (0: it does not
    count), the `key_points`, a `draft` where it is another text, and no `judgement` yet."""
    card = rubric.score(answer, question, language=language).to_dict()
    for part in ("dimensions", "parts"):
        card[part] = {
            name: {**found, "label": rubric.ANCHORS[name]["name"][language]}
            for name, found in card[part].items()
        }
    wording = question.wordings.get(language)
    weights = dict(zip(RULES, rubric.WEIGHTS[rubric.kind_of(question)], strict=True))
    names = competency_names().get(question.competency)
    told, made = words(language, "entry"), draft(answer, question, language)
    if answer and card["reason"] == rubric.ADVICE[language]["reason"]["declined"]:
        card["reason"] = told["unknown"]
    return {
        "question_id": question.id,
        "question": text,
        "format": question.format.value,
        "level": question.level.value,
        "competency": question.competency,
        "competency_label": names[language] if names else told["own"],
        "answer": answer,
        "rating": rating,
        "rating_note": _rating_note(rating, card["overall"], language),
        **card,
        "weights": weights,
        "anchor": _anchor(question, card["overall"], language) if names else "",
        "key_points": list(wording.key_points) if wording else [],
        "draft": "" if same_words(made, answer) else made,
        "judgement": None,
        "differ": [],
    }


def with_judgement(entry: Mapping[str, Any], judged: Mapping[str, Any]) -> dict[str, Any]:
    """`entry` with a model's judgement beside the rules' scores, and where the two differ."""
    return {**entry, "judgement": judged, "differ": differing(entry["dimensions"], judged["dimensions"])}


def with_judgements(
    feedback: Mapping[str, Any], judged: Mapping[int, Mapping[str, Any]], model: str
) -> dict[str, Any]:
    """`feedback` with the judgements of `model` by the question's place; it says who scored."""
    questions = [
        with_judgement(entry, judged[at]) if at in judged else entry
        for at, entry in enumerate(feedback["questions"])
    ]
    scored = any(each["state"] == "scored" for each in judged.values())
    return {
        **feedback,
        "questions": questions,
        "source": "rules+model" if scored else "rules",
        "model": model if judged else "",
        "notice": _notice(
            feedback["language"], ("both" if scored else "unread") if judged else "rules", model
        ),
        "dropped_quotes": sum(each["dropped_quotes"] for each in judged.values()),
        "dropped_scores": sum(each["dropped_scores"] for each in judged.values()),
    }


def remarks(feedback: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The rules' feedback as (path, text), in the order in which a person should read it."""
    lines = [("summary", feedback["summary"])]
    for at, entry in enumerate(feedback["questions"]):
        lines += ((f"questions.{at}.{path}", text) for path, text in _remarks(entry) if text)
    return lines


def _remarks(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "overall", "" if entry["overall"] is None else str(entry["overall"])
    yield "reason", entry["reason"]
    for table in ("dimensions", "parts"):
        for name, part in entry[table].items():
            yield f"{table}.{name}.score", str(part["score"])
            yield f"{table}.{name}.quote", part["quote"]
    for name in ("fix", "stronger", "draft"):
        yield name, entry[name]


def question_of(bank: Bank, question_id: str, text: str, language: Language) -> Question:
    """The bank's question of that id; for one that is not in it, a question made of its text."""
    try:
        return bank.question(question_id)
    except CallerError:
        return replace(Question.adhoc(text, language), id=question_id)


def _closing(turn: Turn) -> bool:
    return turn.question_id == CLOSING


def _by_question(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Each main question with its follow-ups."""
    groups: list[list[Turn]] = []
    for turn in turns:
        if turn.gap is None or not groups:
            groups.append([turn])
        else:
            groups[-1].append(turn)
    return groups


def _entry(group: Sequence[Turn], bank: Bank, language: Language) -> dict[str, Any]:
    first = group[0]
    answer = "\n".join(turn.answer for turn in group if turn.answer)
    ratings = [turn.rating for turn in group if turn.rating is not None]
    entry = question_entry(
        question_of(bank, first.question_id, first.bank_text, language),
        first.bank_text,
        answer,
        language,
        rating=ratings[-1] if ratings else None,
    )
    if not answer and any(turn.skipped for turn in group):
        entry["reason"] = words(language, "entry")["skipped"]
    return entry


def _anchor(question: Question, overall: float | None, language: Language) -> str:
    """What is heard at the point of the competency's scale that the score is nearest to."""
    if overall is None:
        return ""
    return competency_anchor(question.competency, question.level, round(overall), language)


def _rating_note(rating: int | None, overall: float | None, language: Language) -> str:
    if rating is None or overall is None:
        return ""
    apart = rating - overall
    name = "even" if abs(apart) <= AGREES else "over" if apart > 0 else "under"
    return str(words(language, "rating")[name].format(rating=rating, overall=overall))


def _competencies(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each competency in the order asked, with the mean of its scored questions; one's own questions have none."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for entry in questions:
        if entry["competency"] in competency_names():
            found.setdefault(entry["competency"], []).append(entry)
    rows = []
    for name, entries in found.items():
        scores = [entry["overall"] for entry in entries if entry["overall"] is not None]
        rows.append(
            {
                "competency": name,
                "label": entries[0]["competency_label"],
                "overall": round(sum(scores) / len(scores), 1) if scores else None,
                "questions": len(entries),
            }
        )
    return rows


def _notice(language: Language, name: str, model: str = "") -> str:
    table = words(language, "notice")
    return BETWEEN[language].join((table["always"], table[name].format(model=model)))
