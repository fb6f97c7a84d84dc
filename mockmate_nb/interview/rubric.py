"""Scores an answer on six dimensions by rules: pure, the same text the same card, each score with a quote.

The scale is anchored at every point (`data/anchors.toml`): 1 no evidence, 2 partial, 3 meets the bar,
4 strong, 5 exceptional. What cannot be scored gets no number. Rules see how an answer is built, not whether it
is true.

`overall` is the mean of the six dimensions, weighted by what the question calls for (`WEIGHTS`). A question about
an experience leans on the example, which holds situation, own action and result. One that asks to explain
leans on layers and detail, then on the trade-off: strong there, it meets the bar without a story of one's own.
The format's own dimensions (`Scorecard.parts`) stand beside it and do not enter it: they look at the same
sentences, and a share of the weight given to them set strong and weak answers no further apart.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Format, Gap, Language, Question
from mockmate_nb.interview.dimensions import RULES, Evidence, Found
from mockmate_nb.interview.figures import PATTERNS
from mockmate_nb.interview.parts import PARTS, STAR
from mockmate_nb.interview.signals import (
    MAX_CHARACTERS,
    Reading,
    content_words,
    is_han,
    is_noise,
    language_of,
    read,
    weight,
)
from mockmate_nb.interview.topic import Topic

SHIPPED = Path(__file__).parent / "data"
ANCHORS: Mapping[str, Any] = tomllib.loads((SHIPPED / "anchors.toml").read_text("utf-8"))
ADVICE: Mapping[str, Any] = tomllib.loads((SHIPPED / "advice.toml").read_text("utf-8"))
CardState = Literal["scored", "not_answered", "not_scored", "not_asked"]

WEIGHTS: Mapping[str, tuple[int, ...]] = {  # in the order of RULES
    "experience": (2, 3, 4, 0, 1, 2),
    "explain": (4, 5, 1, 2, 1, 1),
    "competency": (3, 4, 2, 1, 1, 1),
    "system_design": (2, 4, 1, 2, 1, 1),
    "coding": (3, 4, 1, 2, 1, 1),
    "case": (3, 3, 1, 2, 1, 2),
}
GAPS: Mapping[str, tuple[Gap, ...]] = {
    "experience": (Gap.SITUATION, Gap.ACTION, Gap.RESULT, Gap.FIGURE, Gap.EXAMPLE),
    "explain": (Gap.EXAMPLE, Gap.ALTERNATIVE, Gap.FIGURE),
    "competency": (Gap.EXAMPLE, Gap.ALTERNATIVE, Gap.FIGURE),
    "system_design": (Gap.ALTERNATIVE, Gap.FIGURE, Gap.EXAMPLE),
    "coding": (Gap.EXAMPLE, Gap.ALTERNATIVE, Gap.FIGURE),
    "case": (Gap.FIGURE, Gap.ALTERNATIVE, Gap.EXAMPLE),
}
QUOTED: Mapping[Gap, tuple[str, ...]] = {  # the words of the candidate's own that the advice takes up
    Gap.ACTION: ("team",),
    Gap.EXAMPLE: ("general",),
    Gap.FIGURE: ("vague",),
    Gap.ALTERNATIVE: ("choice",),
}
MAX_QUOTED = 90
MAX_POINTS = 2
COVERING: Mapping[
    Language, tuple[float, float]
] = {  # how much of a key point two sentences, or all, bring up
    "en": (0.34, 0.5),
    "zh": (0.5, 0.6),
}
ROOT = 5  # letters by which two forms of a word are one
EXPERIENCE = re.compile(
    r"\b(?:a time|a situation (?:where|when|in which)|an occasion|an experience|an example of when|have you ever"
    r"|did you|have you (?!use)|you (?:had|faced|led|made|worked|met|did|built|fixed|learned|disagreed))\b"
    r"|经历|(?:讲|说|谈|描述|分享|回想|回忆|举)[^。？?]{0,12}一[次个件段](?!性)"
    r"|有没有(?:过|遇|做|经)|你(?:曾|做过|遇到过|当时|过去)",
    re.IGNORECASE,
)
DECLINED = re.compile(PATTERNS["declined"], re.VERBOSE | re.IGNORECASE)
ASKS_BACK, AROUND = (
    re.compile(f"(?<![A-Za-z])(?:{PATTERNS[name]})(?![A-Za-z])", re.VERBOSE | re.IGNORECASE)
    for name in ("asks_back", "asks_back_around")
)
MAX_ASKED_BACK = 160
PAST = re.compile(f"had|knew|came|let|saw|understood|{PATTERNS['past']}", re.IGNORECASE)
NO_VERB = frozenset(PATTERNS["no_verb"].split())
POLITE = content_words(PATTERNS["polite"])


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """A score of 1-5, the text of the point it meets, the words of the answer that show it ("" for a 1)."""

    score: int
    anchor: str
    quote: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What the rules find in one answer. `overall` is 1-5 to one decimal, None where nothing was scored.

    `dimensions` are the six that hold for any answer; `parts` the format's own, by the names of `parts.PARTS`.
    `gaps` are the missing parts that the question calls for, most important first; `fix` is one thing to do;
    `stronger` is what a fuller answer would hold. `source` says who judged.
    """

    state: CardState
    overall: float | None = None
    reason: str = ""
    dimensions: Mapping[str, DimensionScore] = field(default_factory=dict, hash=False)
    parts: Mapping[str, DimensionScore] = field(default_factory=dict, hash=False)
    gaps: tuple[Gap, ...] = ()
    fix: str = ""
    stronger: str = ""
    on_topic: bool = True
    source: str = "rules"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "source": self.source,
            "state": self.state,
            "overall": self.overall,
            "reason": self.reason,
            "on_topic": self.on_topic,
            "dimensions": _plain(self.dimensions),
            "parts": _plain(self.parts),
            "gaps": [gap.value for gap in self.gaps],
            "fix": self.fix,
            "stronger": self.stronger,
        }


def _plain(scores: Mapping[str, DimensionScore]) -> dict[str, Any]:
    return {name: {"score": s.score, "anchor": s.anchor, "quote": s.quote} for name, s in scores.items()}


def score(answer: str, question: Question, language: Language = "en") -> Scorecard:
    """The card for `answer`, which may be English or Chinese; its texts are in `language`.

    At most the first 20,000 characters are read. `CallerError` for an unknown language; no answer raises.
    """
    if language not in LANGUAGES:
        raise CallerError(
            f"There is no rubric in {language!r}.",
            field="language",
            advice=f"Use one of: {', '.join(LANGUAGES)}.",
        )
    why = _unscored(answer)
    if not why:
        reading = read(answer, _asked(question))
        if reading.sentences:
            return _scored(reading, question, language)
        why = "echo" if reading.echoed else "grader"
    state: CardState = "not_answered" if why in ("empty", "declined", "asks_back") else "not_scored"
    return Scorecard(
        state=state,
        reason=ADVICE[language]["reason"][why],
        fix=_frame(language, "asks_back" if why == "asks_back" else state),
        stronger=_points(_key_points(question, language), kind_of(question), language),
    )


def asks_back(answer: str) -> bool:
    """Whether all that `answer` does is ask what was meant, or to hear the question again."""
    text = answer.strip()
    if len(text) > MAX_ASKED_BACK:
        return False
    rest, asked = ASKS_BACK.subn(" ", text.replace("’", "'"))
    return bool(asked) and not any(map(str.isalnum, AROUND.sub(" ", rest)))


def _unscored(answer: str) -> str:
    """Why there is nothing to score, as a key of the reasons; "" where there is something."""
    head = answer.strip()[:MAX_CHARACTERS]
    if not any(map(str.isprintable, head)) or not head:
        return "empty"
    if not any(map(str.isalpha, head)):
        return "no_words"
    if asks_back(answer):
        return "asks_back"
    rest, declined = DECLINED.subn(" ", head)
    if declined and weight(content_words(rest) - POLITE) < 2:
        return "declined"
    if is_noise(head):
        return "noise"
    return "" if language_of(head) else "language"


def _scored(reading: Reading, question: Question, language: Language) -> Scorecard:
    kind = kind_of(question)
    topic = Topic.of(question)
    points = _key_points(question, language)
    open_points = tuple(point for point in points if not _covers(reading, point, language))
    evidence = Evidence.of(
        reading,
        topic.words,
        personal=kind == "experience",
        asked=_asked(question),
    )
    found = {name: rule(evidence) for name, rule in RULES.items()}
    weights = dict(zip(RULES, WEIGHTS[kind], strict=True))
    overall = sum(found[name].score * weights[name] for name in RULES) / sum(weights.values())
    on_topic = not evidence.sentences or topic.holds(
        reading, personal=evidence.personal, named=len(evidence.terms)
    )
    reasons = ADVICE[language]["reason"]
    reason = [reasons["cut"].format(limit=f"{MAX_CHARACTERS:,}")] if reading.cut else []
    if not on_topic:
        reason.append(reasons["off_topic"])
    elif not any(s.whole for s in reading.sentences) and any(len(s.terms) >= 3 for s in evidence.loose):
        reason.append(reasons["list"])
    told = kind == "experience" or PARTS[question.format] is not STAR
    parts = {name: rule(evidence) for name, rule in PARTS[question.format].items() if told}
    gaps, weakest = _gaps(kind, reading, evidence, found), _weakest(found, weights)
    held = _points(open_points, kind, language)
    return Scorecard(
        state="scored",
        overall=round(overall if on_topic else min(overall, 2.0), 1),
        reason=" ".join(reason),
        dimensions={name: _dimension(name, found[name], reading, language) for name in RULES},
        parts={name: _dimension(name, part, reading, language) for name, part in parts.items()},
        gaps=gaps,
        fix=_fix(reading, evidence, gaps, weakest, language) if on_topic else _frame(language, "off_topic"),
        stronger=_stronger(gaps, weakest, held, language) if on_topic else held,
        on_topic=on_topic,
    )


def kind_of(question: Question) -> str:
    """What the question calls for, as a key of `WEIGHTS`: an experience, an explanation, the format's mix."""
    if question.format is Format.BEHAVIOURAL or EXPERIENCE.search(_asked(question)):
        return "experience"
    return question.format.value if question.format.value in WEIGHTS else "explain"


def _asked(question: Question) -> str:
    return "\n".join(wording.text for wording in question.wordings.values())


def _key_points(question: Question, language: Language) -> tuple[str, ...]:
    wording = question.wordings.get(language)
    return wording.key_points if wording else ()


def _covers(reading: Reading, point: str, language: Language) -> bool:
    """Whether two sentences that stand together, or the whole of them, bring up enough of what it says."""
    words = _roots(content_words(point))
    said = [_roots(sentence.words) for sentence in reading.meant]
    pairs = (one.union(*said[at + 1 : at + 2]) for at, one in enumerate(said))
    near, all_ = (share * weight(words) for share in COVERING[language])
    return bool(words) and (
        any(weight(words & pair) >= near for pair in pairs)
        or weight(words & frozenset().union(*said)) >= all_
    )


def _roots(words: Iterable[str]) -> frozenset[str]:
    """In whatever forms the words come: the beginnings of English ones, single Chinese characters."""
    return frozenset(root for word in words for root in (word if is_han(word) else [word[:ROOT]]))


def _dimension(name: str, found: Found, reading: Reading, language: Language) -> DimensionScore:
    quote = reading.quote(found.sentence, found.at) if found.sentence and found.score > 1 else ""
    return DimensionScore(found.score, ANCHORS[name][language][found.score - 1], quote)


def _gaps(kind: str, reading: Reading, evidence: Evidence, found: Mapping[str, Found]) -> tuple[Gap, ...]:
    """What is missing: nothing that any whole sentence holds; an example first where there is nothing to go by."""
    seen = {cue for sentence in reading.meant if sentence.whole for cue in sentence.cues}
    missing = {
        Gap.SITUATION: "setting" not in seen,
        Gap.ACTION: evidence.action is None,
        Gap.RESULT: "result" not in seen,
        Gap.EXAMPLE: found["example"].score < 3 and not (evidence.action and {"setting", "result"} <= seen),
        Gap.FIGURE: found["figures"].score < 3,
        Gap.ALTERNATIVE: found["trade_off"].score < 3 and "alternative" not in seen,
    }
    gaps = tuple(gap for gap in GAPS[kind] if missing[gap])
    told = evidence.has("setting", "team") or evidence.action if kind == "experience" else evidence.sentences
    return gaps if told else (Gap.EXAMPLE, *(gap for gap in gaps if gap is not Gap.EXAMPLE))


def _weakest(found: Mapping[str, Found], weights: Mapping[str, int]) -> str | None:
    """The dimension from which the overall score would gain most; None where all that count are strong."""
    name = max(weights, key=lambda name: weights[name] * (5 - found[name].score))
    return name if weights[name] and found[name].score < 4 else None


def _fix(
    reading: Reading, evidence: Evidence, gaps: tuple[Gap, ...], weakest: str | None, language: Language
) -> str:
    """One thing to do: about the first gap, else about the weakest dimension; with the candidate's own words."""
    if not gaps:
        return str(ADVICE[language]["dimension"][weakest]["fix"]) if weakest else _frame(language, "keep")
    advice = ADVICE[language]["gap"][gaps[0]]
    place = evidence.first(*QUOTED[gaps[0]]) if gaps[0] in QUOTED else None
    quote = reading.quote(place.sentence, place.at) if place and place.sentence else ""
    return str(advice["quoting"].format(quote=quote) if 0 < len(quote) <= MAX_QUOTED else advice["fix"])


def _stronger(gaps: tuple[Gap, ...], weakest: str | None, points: str, language: Language) -> str:
    if gaps:
        more = ADVICE[language]["gap"][gaps[0]]["stronger"]
    else:
        more = (
            ADVICE[language]["dimension"][weakest]["stronger"]
            if weakest
            else _frame(language, "keep_stronger")
        )
    return (" " if language == "en" else "").join(filter(None, (more, points)))


def _frame(language: Language, name: str) -> str:
    return str(ADVICE[language]["frame"][name])


def _points(points: tuple[str, ...], kind: str, language: Language) -> str:
    """The question's points that the answer's words do not bring up; its meaning may well do so."""
    shown = [point.rstrip(".。;；") for point in points[:MAX_POINTS]]
    forms = [_form(point, language) for point in shown]
    alike = len(shown) > 1 and set(forms) == {"point_named"}
    if not alike:
        shown = [_frame(language, form).format(point=point) for point, form in zip(shown, forms, strict=True)]
    if len(shown) > 1:
        shown = [f"({at}) {phrase}" for at, phrase in enumerate(shown, 1)]
    held = _frame(language, "separator").join(shown)
    if alike:
        held = _frame(language, "points_named").format(points=held)
    frame = _frame(language, "points_lived" if kind == "experience" else "points")
    return frame.format(points=held) if held else ""


def _form(point: str, language: Language) -> str:
    """The frame by which "a strong answer" goes on with a key point: it says, somebody did, or a thing is named."""
    word = point.split(maxsplit=1)[0].rstrip(",").lower()
    if language != "en" or (word.endswith("s") and word not in NO_VERB):
        return "point"
    return "point_done" if word.endswith("ed") or PAST.fullmatch(word) else "point_named"
