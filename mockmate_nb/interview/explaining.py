"""Answers a candidate's question about the feedback by rules: which score is meant, what it rests on, what the
next point would take. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mockmate_nb.interview import rubric
from mockmate_nb.interview.coaching import BETWEEN, LISTED, words
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.question import LANGUAGES, Language

MAX_READ = 1000
TOP = 5
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMERALS = {
    word: at
    for numerals in (ORDINALS, CARDINALS, "一二三四五六七八九十")
    for at, word in enumerate(numerals, 1)
}
NUMBERED = re.compile(
    r"(?:\bquestions?|\banswers?|\bq)\s*(?:no\.?|number|#)?\s*(\d{1,2}|" + "|".join(NUMERALS) + r")(?![\w.])"
    r"|\b(" + "|".join(ORDINALS) + r")\s+(?:question|answer|one)\b"
    r"|\b(\d{1,2})(?:st|nd|rd|th)\s+(?:question|answer|one)\b"
    r"|第\s*(\d{1,2}|[一二三四五六七八九十])\s*(?:道|个)?(?:题|问|回答)|题目?\s*(\d{1,2})",
    re.IGNORECASE,
)
LAST = re.compile(
    r"\b(?:last|final)\s+(?:question|answer|one)\b|最后一?(?:道|个)?(?:题|问|回答)", re.IGNORECASE
)
SCORED = re.compile(r"(?<![\d.])([1-5])(?![\d.])")
ALIASES: Mapping[str, str] = {
    "layers": r"\blayers?\b|\bstructure|\bdepth\b|层次|深度|结构",
    "detail": r"\bdetails?\b|\bspecifics?\b|细节|具体",
    "example": r"\b(?:real )?examples?\b|\bcase\b|\bstory\b|案例|例子|举例|实例",
    "trade_off": r"\btrade[\s_-]?offs?\b|\balternatives?\b|权衡|取舍|利弊",
    "pitfall": r"\bpit\s?falls?\b|\bdifficult(?:y|ies)\b|踩坑|坑|陷阱|困难",
    "figures": r"\bfigures?\b|\bnumbers?\b(?!\s*\d)|\bmetrics?\b|\bdata\b|数字|数据|量化",
}


ASKS = re.compile(
    r"\b(?:why|how|what|which|score|low|high|better|stronger|improve|explain|point)|为什么|为何|怎|哪|分|低|高|改|好",
    re.IGNORECASE,
)


class Meant(NamedTuple):
    """What a question is about: the place of an entry and the name of a dimension or part; None where not said."""

    at: int | None = None
    name: str | None = None


def meant(feedback: Mapping[str, Any], asked: str) -> Meant:
    """Which entry and dimension `asked` is about. Where it names a dimension but no question: the only entry, else
    the one with the score that is named, else the weakest in it."""
    text = asked[:MAX_READ]
    entries = feedback["questions"]
    name = _named(text)
    said = _place(text, len(entries))
    if said is not None:
        return Meant(said if 0 <= said < len(entries) else None, name)
    if len(entries) == 1 and (name or ASKS.search(text)):
        return Meant(0, name)
    return Meant(_by_score(entries, name, text) if name else None, name)


def explanation(feedback: Mapping[str, Any], asked: str) -> str:
    """The rules' own answer; where it is not clear what is meant, what can be asked."""
    language: Language = feedback["language"]
    text = words(language, "explain")
    entries = feedback["questions"]
    if not any(entry["overall"] is not None for entry in entries):
        return str(text["nothing"])
    at, name = meant(feedback, asked)
    if at is None:
        labels = [str(rubric.ANCHORS[each]["name"][language]) for each in RULES]
        return str(text["help"].format(labels=LISTED[language].join(labels)))
    entry = entries[at]
    if entry["overall"] is None:
        lines, fix = [text["unscored"].format(at=at + 1, reason=entry["reason"])], entry["fix"]
    elif name is None or name not in _parts(entry):
        lines, fix = _of_question(at, entry, language), entry["fix"]
    else:
        lines = _of_dimension(at, entry, name, language)
        own = rubric.ADVICE[language]["dimension"].get(name, {"fix": entry["fix"]})["fix"]
        fix = own if _parts(entry)[name]["score"] < TOP else ""
    return BETWEEN[language].join([*lines, text["fix"].format(fix=fix)] if fix else lines)


def _named(text: str) -> str | None:
    """The dimension or part that `text` names first, by its label in either language or by what people call it."""
    found = {
        name: match.start() for name, alias in ALIASES.items() if (match := re.search(alias, text, re.I))
    }
    for name, row in rubric.ANCHORS.items():
        for language in LANGUAGES:
            label = str(row["name"][language]).lower()
            edge = r"\b" if label.isascii() else ""
            if match := re.search(edge + re.escape(label) + edge, text.lower()):
                found[name] = min(found.get(name, len(text)), match.start())
    return min(found, key=lambda name: found[name], default=None)


def _place(text: str, count: int) -> int | None:
    """The place that is named, whether there is such a one or not."""
    if match := NUMBERED.search(text):
        said = next(group for group in match.groups() if group).lower()
        return (int(said) if said.isdecimal() else NUMERALS[said]) - 1
    return count - 1 if count and LAST.search(text) else None


def _by_score(entries: Sequence[Mapping[str, Any]], name: str, text: str) -> int | None:
    scores = {at: _parts(entry)[name]["score"] for at, entry in enumerate(entries) if name in _parts(entry)}
    said = SCORED.search(text)
    same = [at for at, score in scores.items() if said and score == int(said[1])]
    return same[0] if same else min(scores, key=lambda at: scores[at], default=None)


def _parts(entry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {**entry["dimensions"], **entry.get("parts", {})}


def _weight(entry: Mapping[str, Any], name: str) -> int:
    """How much a dimension counts; in the feedback of an earlier version all do."""
    return int(entry.get("weights", {}).get(name, 1))


def _of_question(at: int, entry: Mapping[str, Any], language: Language) -> list[str]:
    """The highest and the lowest of its dimensions, and what would lift the lowest."""
    counting = [pair for pair in entry["dimensions"].items() if _weight(entry, pair[0])]
    ranked = sorted(counting, key=lambda pair: -pair[1]["score"])
    high, low = ranked[0][1], ranked[-1][1]
    lines = [entry["reason"]] if entry["reason"] else []
    lines.append(
        words(language, "explain")["overall"].format(
            at=at + 1, overall=entry["overall"], high=_scored(high, language), low=_scored(low, language)
        )
    )
    return [*lines, _next(ranked[-1][0], low["score"], language)]


def _of_dimension(at: int, entry: Mapping[str, Any], name: str, language: Language) -> list[str]:
    """The anchor met, the quote, what the next point would take, and what the model gave."""
    text = words(language, "explain")
    part = _parts(entry)[name]
    label = part["label"]
    lines = [
        text["dimension"].format(label=label, at=at + 1, score=part["score"], anchor=part["anchor"]),
        text["quote"].format(quote=part["quote"].rstrip(".。")) if part["quote"] else text["no_quote"],
        _next(name, part["score"], language),
    ]
    if not _weight(entry, name):
        lines.append(text["uncounted"])
    judged = (entry.get("judgement") or {}).get("dimensions", {}).get(name)
    if judged:
        lines.append(text["judged" if judged["why"] else "judged_bare"].format(**judged))
    return lines


def _next(name: str, score: int, language: Language) -> str:
    """What the next point of the scale means."""
    text = words(language, "explain")
    if score >= TOP:
        return str(text["top"])
    return str(text["next"].format(point=score + 1, anchor=rubric.ANCHORS[name][language][score]))


def _scored(part: Mapping[str, Any], language: Language) -> str:
    label, score = part["label"], part["score"]
    return f"{label} ({score})" if language == "en" else f"{label}（{score} 分）"
