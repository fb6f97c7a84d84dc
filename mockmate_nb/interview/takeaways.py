"""What a candidate takes away from a session: its summary, up to three strengths and improvements, the next drill.

Pure. All of it is drawn from scored answers; where they hold less, less is said. One ranking stands behind all
four (`_ranked`), so that they never contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
PULLS_ON: Mapping[str, str] = {  # the dimension that a gap weighs on, where it has another name
    "situation": "example",
    "action": "example",
    "result": "example",
    "figure": "figures",
    "alternative": "trade_off",
}


class Shown(NamedTuple):
    """A dimension that went well, with the words that show it best."""

    dimension: str
    score: int
    quote: str


class Open(NamedTuple):
    """A gap with what mends it and the answer that has it. "keep": nothing to mend."""

    gap: str
    fix: str
    entry: Entry

    @property
    def dimension(self) -> str:
        """The dimension it weighs on; "" where it is none in particular."""
        name = PULLS_ON.get(self.gap, self.gap)
        return name if name in RULES else ""


class Ranking(NamedTuple):
    """Best first; weakest answer first. No dimension stands in both."""

    shown: list[Shown]
    open: list[Open]


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
    return BETWEEN[language].join(filter(None, (opening, _contrast(_ranked(questions, language), language))))


def strengths(questions: Sequence[Entry], language: Language) -> list[str]:
    """What went well, best first, each with the words that show it: no dimension and no words twice."""
    return [_strength(*each, language) for each in _ranked(questions, language).shown]


def improvements(questions: Sequence[Entry], language: Language) -> list[str]:
    """What to work on, the weakest answer first: one fix an answer, then a second one, no gap twice."""
    return [each.fix for each in _ranked(questions, language).open]


def next_drill(questions: Sequence[Entry], bank: Bank, setup: InterviewSetup) -> tuple[str, str]:
    """One sentence on what to practise next, and the id of the bank's question for it: of the competency of the
    answer that the first improvement is about, and not asked yet; "" where the bank has none."""
    language = setup.language
    text = words(language, "drill")
    if not questions:
        return "", ""
    ranked = _ranked(questions, language).open
    weakest = ranked[0].entry if ranked else questions[0]
    chosen = _unasked(weakest["competency"], [entry["question_id"] for entry in questions], bank, setup)
    skill = text[ranked[0].gap if ranked else "keep"]
    asked = chosen.in_language(language).text if chosen else ""
    name = ("with" if ranked else "first") if chosen else "without"
    return str(text[name].format(skill=skill, question=asked)), chosen.id if chosen else ""


def _ranked(questions: Sequence[Entry], language: Language) -> Ranking:
    """The first improvement is the weakest answer's own; its dimension is not praised, and what is praised is not
    among the other improvements."""
    found = _open(_scored(questions), language)
    shown = _shown(_scored(questions), found[0].dimension if found else "")
    praised = {each.dimension for each in shown}
    return Ranking(shown, [each for each in found if each.dimension not in praised][:MOST])


def _open(scored: Sequence[Entry], language: Language) -> list[Open]:
    """All gaps: each answer's first one, the weakest answer's before the others', then each one's second."""
    advice = [
        [Open(gap, fix, entry) for gap, fix in _fixes(entry, language)]
        for entry in sorted(scored, key=lambda entry: entry["overall"])
    ]
    found: dict[str, Open] = {}
    for turn in range(max(map(len, advice), default=0)):
        for each in (own[turn] for own in advice if turn < len(own)):
            what = each.gap if each.dimension == "example" else each.dimension or each.gap
            if each.fix not in [other.fix for other in found.values()]:
                found.setdefault(what, each)
    if len(found) > 1:
        found.pop("keep", None)
    return list(found.values())


def _shown(scored: Sequence[Entry], weakest: str) -> list[Shown]:
    """The dimensions with the highest means that some answer shows well, without `weakest`."""
    means = _means(scored)
    found = sorted(
        (
            (means[name], part["score"], entry["overall"], Shown(name, part["score"], part["quote"]))
            for entry in scored
            if entry["on_topic"] and entry["overall"] >= LEAST_OVERALL
            for name, part in entry["dimensions"].items()
            if name in means and name != weakest and part["score"] >= BAR and part["quote"]
        ),
        key=lambda found: found[:3],
        reverse=True,
    )
    least = STRONG if any(score >= STRONG for _, score, _, _ in found) else BAR
    chosen: list[Shown] = []
    said: set[str] = set()
    for _, score, _, each in found:
        if score >= least and said.isdisjoint((each.dimension, each.quote)):
            said |= {each.dimension, each.quote}
            chosen.append(each)
    return chosen[:MOST]


def _means(scored: Sequence[Entry]) -> dict[str, float]:
    """Each dimension that counts, by the weights of the kinds of question that were answered to the point."""
    means = {}
    for name in RULES:
        weights = [
            (entry["weights"][name], entry["dimensions"][name]["score"])
            for entry in scored
            if entry["on_topic"] and name in entry["dimensions"]
        ]
        if total := sum(weight for weight, _ in weights):
            means[name] = sum(weight * score for weight, score in weights) / total
    return means


def _scored(questions: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in questions if entry["overall"] is not None]


def _band(overall: float, language: Language) -> str:
    text = words(language, "band")
    name = "strong" if overall >= STRONG else "bar" if overall >= BAR else "near"
    return str(text[name if overall >= LEAST_OVERALL else "start"])


def _contrast(ranking: Ranking, language: Language) -> str:
    """Where the answers are strongest and weakest: the first strength's dimension, the first improvement's."""
    text = words(language, "summary")
    first = ranking.open[0]
    if first.gap == "keep":
        worst = ""
    elif first.dimension:
        worst = text["worst"].format(worst=_label(first.dimension, language))
    else:
        worst = text["worst_skill"].format(skill=words(language, "drill")[first.gap])
    if not ranking.shown:
        return str(worst)
    best = text["best" if worst else "best_only"].format(best=_label(ranking.shown[0].dimension, language))
    return BETWEEN[language].join(filter(None, (best, worst)))


def _label(name: str, language: Language) -> str:
    return str(rubric.ANCHORS[name]["name"][language])


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
    held = {PULLS_ON.get(gap, gap) for gap in gaps}
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
