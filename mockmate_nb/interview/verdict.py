"""What may be believed of a model's judgement: scores in range, quotes that stand in the answer, no new figure. Pure.

A part that does not hold is dropped and counted, never mended into a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import RootModel

from mockmate_nb.interview import rubric
from mockmate_nb.interview.coaching import words
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.drafting import PROMPTS
from mockmate_nb.interview.figures import amounts
from mockmate_nb.interview.judge_prompts import example_texts
from mockmate_nb.interview.question import Language, Question
from mockmate_nb.interview.quoting import BREAKS, EDGES, HAN, quote_in, same_words
from mockmate_nb.interview.signals import content_words, language_of, terms, weight

MAX_WHY, MAX_WHY_WORDS, MAX_FIX, MAX_DRAFT = 160, 20, 240, 1500
LEAST_SCORED = 4  # of the six dimensions, for an overall score
APART = 2
NUMBER = re.compile(r"(?<![^\W\d_\u3400-\u9fff])\d+(?:[.,:/-]\d+)*")
BRACKETED = re.compile(r"\[[^\[\]]{1,90}\]")  # a place to fill claims nothing
LEAD = re.compile(r"\D{0,2}?(\d+(?:\.\d+)?)(.*)", re.DOTALL)
SENTENCE = re.compile(r".*?(?:[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？；]+[”’）]*|$)\s*", re.DOTALL)


class Verdict(RootModel[dict[str, Any]]):
    """A model's reply: `{dimension: {"quote", "score", "why"}, …, "fix", "draft"}`. Read leniently, part by part."""


def settled(value: Any) -> Any:
    """`value`, an object that still grows, without what may yet change: its last part, at every depth."""
    if not isinstance(value, dict) or not value:
        return None
    *before, (last, growing) = value.items()
    held = settled(growing)
    return dict(before) | ({last: held} if held else {})


def judgement(
    reply: Any, answer: str, known: str, question: Question, language: Language, model: str
) -> dict[str, Any]:
    """What holds of `reply`: `{state, reason, model, overall, dimensions, fix, draft, dropped_quotes,
    dropped_scores}`.

    `answer` is what quotes must stand in; figures and names of a draft must stand there or in `known`, the
    résumé. A dimension has `{score, anchor, quote, label, why, quote_dropped}`; a score without a quote stands.
    `overall` weighs the scores as the rules do, but only those that rest on a quote, or on nothing to quote, a
    1; None where fewer than four do.
    """
    parts = reply if isinstance(reply, dict) else {}
    dimensions: dict[str, dict[str, Any]] = {}
    dropped_quotes = dropped_scores = 0
    for name in RULES:
        if name not in parts:
            continue
        part = parts[name] if isinstance(parts[name], dict) else {"score": parts[name]}
        score, said = score_of(part.get("score")), part.get("quote")
        quote = quote_in(answer, said) if isinstance(said, str) else ""
        lost = bool(not quote and said)
        dropped_quotes += lost
        if score is None:
            dropped_scores += "score" in part
            continue
        dimensions[name] = {
            "score": score,
            "anchor": rubric.ANCHORS[name][language][score - 1],
            "quote": quote if score > 1 else "",
            "label": rubric.ANCHORS[name]["name"][language],
            "why": why_of(part.get("why"), language),
            "quote_dropped": lost,
        }
    if not dimensions:
        return not_scored("no_scores", language, model) | {
            "dropped_quotes": dropped_quotes,
            "dropped_scores": dropped_scores,
        }
    said = own_line(parts.get("draft"), MAX_DRAFT, language)
    return {
        "state": "scored",
        "reason": "",
        "model": model,
        "overall": _overall(dimensions, question),
        "dimensions": dimensions,
        "fix": own_line(parts.get("fix"), MAX_FIX, language),
        "draft": "" if same_words(said, answer) else grounded(said, f"{answer}\n{known}", question, language),
        "dropped_quotes": dropped_quotes,
        "dropped_scores": dropped_scores,
    }


def not_scored(why: str, language: Language, model: str) -> dict[str, Any]:
    """No judgement, and why in plain words; `why` is a kind of fault, "empty" or "no_scores"."""
    return {
        "state": "not_scored",
        "reason": str(words(language, "unjudged")[why]),
        "model": model,
        "overall": None,
        "dimensions": {},
        "fix": "",
        "draft": "",
        "dropped_quotes": 0,
        "dropped_scores": 0,
    }


def differing(rules: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """The dimensions in which the two are two points or more apart."""
    return [
        name
        for name, part in rules.items()
        if name in model and abs(part["score"] - model[name]["score"]) >= APART
    ]


def score_of(value: Any) -> int | None:
    """A whole number from 1 to 5; None for anything else, a number in quote marks too."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in range(1, 6):
        return None
    return int(value)


def why_of(value: Any, language: Language) -> str:
    """At most twenty words on one line; Chinese is bounded by its characters."""
    text = own_line(value, MAX_WHY, language)
    tokens = text.split(" ")
    return text if len(tokens) <= MAX_WHY_WORDS else " ".join(tokens[:MAX_WHY_WORDS]).rstrip(EDGES) + " …"


def one_line(value: Any, limit: int) -> str:
    """`value` as a text of at most `limit` characters without control characters or line breaks; "" for no text."""
    if not isinstance(value, str):
        return ""
    text = " ".join(BREAKS.sub(" ", value).split())
    return text if len(text) <= limit else text[: limit - 2].rstrip() + " …"


def own_line(value: Any, limit: int, language: Language) -> str:
    """`one_line`, but "" for what is copied from the example that the model was shown."""
    copied = isinstance(value, str) and " ".join(value.split()) in example_texts(language)
    return "" if copied else one_line(value, limit)


def grounded(text: str, source: str, question: Question, language: Language) -> str:
    """`text` as far as the candidate could have said it: other figures give way to a place for their own, and a
    sentence is left out where it has a name or term that is neither in `source` nor in the question, or where
    most of its words are new. "" for a text that says the same over and over, as small models do."""
    if _goes_in_circles(text):
        return ""
    place = PROMPTS[language_of(text) or language]["figure"]
    asked = "\n".join(wording.text for wording in question.wordings.values())
    known = {key for key, _ in terms(f"{source}\n{asked}")}
    said = f"{source}\n{asked}".lower()
    theirs = content_words(f"{source}\n{asked}")
    kept = [
        sentence
        for sentence in SENTENCE.findall(text)
        if all(key in known or key in said for key, _ in terms(BRACKETED.sub(" ", sentence)))
        and _mostly_known(BRACKETED.sub(" ", sentence), theirs)
    ]
    return _own_figures("".join(kept).strip(), source, place)


def _goes_in_circles(text: str) -> bool:
    """Whether five words, or ten Chinese characters, in a row come back for a third time."""
    tokens = re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", text.lower())
    length = 10 if HAN.search(text) else 5
    runs = Counter(tuple(tokens[at : at + length]) for at in range(len(tokens) - length + 1))
    return max(runs.values(), default=0) >= 3


def _mostly_known(sentence: str, theirs: frozenset[str]) -> bool:
    new = content_words(sentence)
    return weight(new & theirs) * 2 >= weight(new)


def _own_figures(text: str, source: str, place: str) -> str:
    plain = unicodedata.normalize("NFKC", source)
    keys = [amount.key for amount in amounts(plain)]
    numbers = set(NUMBER.findall(plain))
    spans = [(a.start, a.end) for a in amounts(text) if not _stands(a.key, keys)]
    covered = [(a.start, a.end) for a in amounts(text)]
    spans += [
        match.span()
        for match in NUMBER.finditer(text)
        if unicodedata.normalize("NFKC", match.group()) not in numbers
        and not any(low < match.end() and match.start() < high for low, high in covered)
    ]
    for low, high in sorted(spans, reverse=True):
        text = text[:low] + place + text[high:]
    return re.sub(rf"(?:{re.escape(place)}[\s-]*){{2,}}", place + " ", text).strip()


def _stands(key: str, keys: list[str]) -> bool:
    """Whether an amount is one of `keys`: the same number, and one unit the beginning of the other."""
    key = unicodedata.normalize("NFKC", key)
    if key in keys:
        return True
    number, unit = _split(key)
    return bool(number) and any(
        number == other and (unit.startswith(theirs) or theirs.startswith(unit))
        for other, theirs in map(_split, keys)
    )


def _split(key: str) -> tuple[str, str]:
    found = LEAD.fullmatch(key)
    return (found[1], found[2].strip()) if found else ("", key)


def _overall(dimensions: Mapping[str, Mapping[str, Any]], question: Question) -> float | None:
    proven = {name: part["score"] for name, part in dimensions.items() if part["quote"] or part["score"] == 1}
    if len(proven) < LEAST_SCORED:
        return None
    weights = dict(zip(RULES, rubric.WEIGHTS[rubric.kind_of(question)], strict=True))
    total = sum(weights[name] for name in proven)
    gained = sum(score * weights[name] for name, score in proven.items())
    return round(float(gained / total), 1)
