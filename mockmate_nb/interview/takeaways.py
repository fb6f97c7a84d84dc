"""What a candidate takes away from a session: its summary, up to three strengths and improvements, the next drill.

Pure. All of it is drawn from scored answers; where they hold less, less is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import rubric
from mockmate_nb.interview.bank import Bank
from mockmate_nb.interview.coaching import BETWEEN, words
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.question import Language, Level, Question
from mockmate_nb.interview.setup import InterviewSetup

Entry = Mapping[str, Any]
MOST = 3
TOP, STRONG, BAR = 5, 4, 3
LEAST_OVERALL = 2.5  # of an answer that a strength may be drawn from
MAX_QUOTE = 120


def summary(questions: Sequence[Entry], overall: float | None, language: Language) -> str:
    """Two or three sentences, as a coach would open."""
    text = words(language, "summary")
    scored = _scored(questions)
    if overall is None:
        return str(text["none" if questions else "none_asked"])
    if len(questions) == 1:
        name = "one"
    elif len(scored) == len(questions):
        name = "all"
    else:
        name = "some_one" if len(scored) == 1 else "some"
    opening = text[name].format(
        asked=len(questions), scored=len(scored), overall=overall, band=_band(overall, language)
    )
    return BETWEEN[language].join(filter(None, (opening, _contrast(scored, language))))


def strengths(questions: Sequence[Entry], language: Language) -> list[str]:
    """What went well, best first, each with the words that show it: no dimension and no words twice."""
    found = sorted(
        (
            (part["score"], entry["overall"], name, part["quote"])
            for entry in _scored(questions)
            if entry["on_topic"] and entry["overall"] >= LEAST_OVERALL
            for name, part in entry["dimensions"].items()
            if part["score"] >= BAR and part["quote"]
        ),
        key=lambda strength: (-strength[0], -strength[1]),
    )
    least = STRONG if found and found[0][0] >= STRONG else BAR
    lines: list[str] = []
    said: set[str] = set()
    for score, _, name, quote in found:
        if score >= least and said.isdisjoint((name, quote)) and len(lines) < MOST:
            said |= {name, quote}
            lines.append(_strength(name, score, quote, language))
    return lines


def improvements(questions: Sequence[Entry], language: Language) -> list[str]:
    """What to work on, the weakest answer first: one fix an answer, then a second one, no gap twice."""
    ranked = sorted(_scored(questions), key=lambda entry: entry["overall"])
    advice = [list(_fixes(entry, language)) for entry in ranked]
    lines: dict[str, str] = {}
    for turn in range(max(map(len, advice), default=0)):
        for fixes in advice:
            for gap, fix in fixes[turn : turn + 1]:
                if gap not in lines and fix not in lines.values():
                    lines[gap] = fix
    if len(lines) > 1:
        lines.pop("keep", None)
    return list(lines.values())[:MOST]


def next_drill(questions: Sequence[Entry], bank: Bank, setup: InterviewSetup) -> tuple[str, str]:
    """One sentence on what to practise next, and the id of the bank's question for it: of the weakest answer's
    competency and not asked yet, "" where the bank has none."""
    language = setup.language
    text = words(language, "drill")
    if not questions:
        return "", ""
    ranked = sorted(_scored(questions), key=lambda entry: entry["overall"])
    weakest = ranked[0] if ranked else questions[0]
    chosen = _unasked(weakest["competency"], [entry["question_id"] for entry in questions], bank, setup)
    skill = text[next((gap for gap, _ in _fixes(weakest, language) if gap != "keep"), "keep")]
    asked = chosen.in_language(language).text if chosen else ""
    name = ("with" if ranked else "first") if chosen else "without"
    return str(text[name].format(skill=skill, question=asked)), chosen.id if chosen else ""


def _scored(questions: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in questions if entry["overall"] is not None]


def _band(overall: float, language: Language) -> str:
    text = words(language, "band")
    name = "strong" if overall >= STRONG else "bar" if overall >= BAR else "near"
    return str(text[name if overall >= LEAST_OVERALL else "start"])


def _contrast(scored: Sequence[Entry], language: Language) -> str:
    """Where the answers are strongest and weakest, by the weights of their questions' kinds."""
    on_topic = [entry for entry in scored if entry["on_topic"]]
    if not on_topic:
        return ""
    means = {}
    for name in RULES:
        weights = [(entry["weights"][name], entry["dimensions"][name]["score"]) for entry in on_topic]
        if total := sum(weight for weight, _ in weights):
            means[name] = sum(weight * score for weight, score in weights) / total
    best, worst = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    if means[best] < BAR:
        return ""
    name = "best" if means[worst] < STRONG and worst != best else "best_only"
    text = words(language, "summary")[name]
    return str(text.format(best=_label(best, language), worst=_label(worst, language)))


def _dimension_of(gap: str) -> str:
    """The dimension that a gap weighs on."""
    return {"figure": "figures", "alternative": "trade_off"}.get(gap, "example")


def _label(name: str, language: Language) -> str:
    label = str(rubric.ANCHORS[name]["name"][language])
    return label.lower() if language == "en" else label


def _strength(name: str, score: int, quote: str, language: Language) -> str:
    text = words(language, "strength")
    line = " ".join(quote.split())
    shown = line if len(line) <= MAX_QUOTE else line[:MAX_QUOTE].rpartition(" ")[0] or line[:MAX_QUOTE]
    praise = text[f"{name}_{STRONG if score >= STRONG else BAR}"]
    return str(text["line" if shown == line else "line_cut"].format(praise=praise, quote=shown))


def _fixes(entry: Entry, language: Language) -> Iterator[tuple[str, str]]:
    """The entry's fixes by what they mend: the card's own, then those of its further gaps."""
    if not entry["on_topic"]:
        yield "on_topic", entry["fix"]
        return
    gaps = entry["gaps"]
    if gaps:
        yield gaps[0], entry["fix"]
    elif entry["fix"]:
        by_fix = {row["fix"]: name for name, row in rubric.ADVICE[language]["dimension"].items()}
        yield by_fix.get(entry["fix"], "keep"), entry["fix"]
    for gap in gaps[1:]:
        yield gap, rubric.ADVICE[language]["gap"][gap]["fix"]
    held = {_dimension_of(gap) for gap in gaps}
    parts, weights = entry["dimensions"], entry["weights"]
    open_ = [name for name in parts if weights[name] and parts[name]["score"] < STRONG and name not in held]
    for name in sorted(open_, key=lambda name: weights[name] * (parts[name]["score"] - TOP)):
        yield name, rubric.ADVICE[language]["dimension"][name]["fix"]


def _unasked(competency: str, asked: Sequence[str], bank: Bank, setup: InterviewSetup) -> Question | None:
    """A question of that competency, of the set format and level where there is one; None where none is left."""
    language = setup.language
    of_kind = [q for q in bank.questions if q.competency == competency and language in q.wordings]
    tries = [(format_, levels) for format_ in (setup.format, None) for levels in ((Level(setup.level),), ())]
    for format_, levels in tries:
        try:
            return Bank(tuple(of_kind)).pick(
                format=format_,
                levels=levels,
                text=f"{setup.job_description}\n{setup.resume_summary}",
                exclude=frozenset(asked),
                language=language,
            )
        except CallerError:
            continue
    return None
