"""What may be believed of a model's judgement: scores in range, quotes that stand in the answer, no new figure. Pure.

A part that does not hold is dropped and counted, never mended into a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import RootModel

from mockmate_nb.interview import rubric
from mockmate_nb.interview.coaching import words
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.drafting import PROMPT, PROMPTS
from mockmate_nb.interview.figures import amounts
from mockmate_nb.interview.judge_prompts import example_texts
from mockmate_nb.interview.question import Language, Question
from mockmate_nb.interview.quoting import BREAKS, EDGES, HAN, quote_in, same_words
from mockmate_nb.interview.signals import content_words, language_of, terms, weight

MAX_WHY, MAX_WHY_WORDS, MAX_FIX, MAX_DRAFT = 160, 20, 240, 1500
LEAST_SCORED = 4  # of the six dimensions, for an overall score
APART = 2
NUMBER = re.compile(r"(?<![^\W\d_\u3400-\u9fff])\d+(?:[.,:/-]\d+)*")
BRACKET = re.compile(r"\s*[\[\]{}【】]\s*")
SIGN = re.compile(  # ½ ² Ⅻ ① ㈠ and their like, with the digits before them
    r"[\d.,]{0,12}[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u218b\u2460-\u24ff\u2776-\u2793\u3021-\u3029"
    r"\u3192-\u3195\u3220-\u3229\u3248-\u325f\u3280-\u3289\u32b1-\u32bf\U0001f100-\U0001f10c]+"
)
TEENS = r"ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
TENS = r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
ONES = r"two|three|four|five|six|seven|eight|nine"
DIGITS = {name: str(at) for at, name in enumerate(f"{ONES}|ten|eleven|twelve".split("|"), 2)}
MOST = "{0,12}"
SCALED = r"(?:hundreds?|thousands?|(?:m|b|tr)illions?|dozens?)"
COUNT = rf"(?:zero|{ONES}|{TEENS}|{TENS}|{SCALED}|half(?!-)|halves|twice|thrice)"
SPELL = r"(?:minute|hour|day|night|week|weekend|month|year|quarter|sprint|morning|afternoon|evening)\b"
ZH_ONES, ZH_SCALES = "一二两三四五六七八九", "十百千万亿"
WORDED = re.compile(
    rf"""
      (?:\b\d[\d.,]{MOST}[\s-]|\b(?:an?|one|several|few)\s+)?\b{SCALED}\b(?:\s+of\s+{SCALED}\b)*
    | \b(?:half[\s-](?:an?\s+)?)?{COUNT}(?:(?:\s+and\s+an?\s+|\s+an?\s+|[\s-]){COUNT})*\b
      (?!-(?:phase|way|tier|factor|eyes)\b)
    | \b(?:doubl|tripl|quadrupl|halv)(?:es|ing)\b | \b(?:double|triple|quadruple|halve)(?=\s(?:the|what|our|its)\b)
    | \b(?:{ONES}|ten|hundred|thousand|several|many)[\s-]?fold\b
    | \b(?:an?\s+|one\s+)?single\s+{SPELL}
    | (?:(?<=\bin\s)|(?<=\bwithin\s)|(?<=\bunder\s)|(?<=\btook\s)|(?<=\bover\s)|(?<=\bfor\s)|(?<=\bafter\s))
      (?:an?|one)\s+{SPELL}
    | (?<!第)(?!千万[别不要])[{ZH_ONES}十百千][{ZH_SCALES}][{ZH_ONES}{ZH_SCALES}零〇]*
    | [几数上][{ZH_SCALES}]+ | 成[百千]上[千万] | 十[{ZH_ONES}] | [{ZH_ONES}零〇]{{3,}}
    | (?<![第这那])[二两三四五六七八九十](?:台|名|位|家|人|折|个?(?:上午|下午|晚上|周末|通宵))
    | 一(?:个(?:上午|下午|晚上|早上|周末|通宵|星期|月|小时)|(?:周|夜|晚|天)(?=之?内|之间|就))
    | 半(?:天|年|个?月|个?小时)
    """,
    re.VERBOSE | re.IGNORECASE,
)
SPELLS = re.compile(rf"\b(?:an?|one|single)\s+{SPELL}", re.IGNORECASE)
ARTICLES = re.compile(r"\b(?:an?|one|single)\b")
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
        if all(key in known or key in said for key, _ in terms(_bare(sentence)))
        and _mostly_known(_bare(sentence), theirs)
    ]
    return _own_figures("".join(kept).strip(), source, asked, place)


def _bare(sentence: str) -> str:
    """Without the places to fill that the rules' draft has, which claim nothing; other brackets claim what is in
    them."""
    return BRACKET.sub(" ", PROMPT.sub(" ", sentence))


def _goes_in_circles(text: str) -> bool:
    """Whether five words, or ten Chinese characters, in a row come back for a third time."""
    tokens = re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", text.lower())
    length = 10 if HAN.search(text) else 5
    runs = Counter(tuple(tokens[at : at + length]) for at in range(len(tokens) - length + 1))
    return max(runs.values(), default=0) >= 3


def _mostly_known(sentence: str, theirs: frozenset[str]) -> bool:
    new = content_words(sentence)
    return weight(new & theirs) * 2 >= weight(new)


def _own_figures(text: str, source: str, asked: str, place: str) -> str:
    plain = _plain(source)
    keys = [amount.key for amount in amounts(plain)]
    numbers = set(NUMBER.findall(plain))
    found = amounts(text)
    covered = [(a.start, a.end) for a in found] + [match.span() for match in PROMPT.finditer(text)]
    spans = [(a.start, a.end) for a in found if not _stands(a.key, keys)]
    spans += [
        match.span()
        for match in NUMBER.finditer(text)
        if _plain(match.group()) not in numbers
        and not any(low < match.end() and match.start() < high for low, high in covered)
    ]
    signs = numbers | set(SIGN.findall(source))
    spelled = signs | _spelled(f"{plain}\n{asked}")
    for pattern, known, key in ((SIGN, signs, _plain), (WORDED, spelled, _words_of)):
        spans += [
            match.span()
            for match in pattern.finditer(text)
            if known.isdisjoint((match.group(), key(match.group()), DIGITS.get(key(match.group()), "")))
            and not any(low <= match.start() and match.end() <= high for low, high in covered)
        ]
    for low, high in _merged(spans):
        text = text[:low] + place + text[high:]
    return re.sub(rf"(?:{re.escape(place)}[\s-]*){{2,}}", place + " ", text).strip()


def _spelled(text: str) -> set[str]:
    """The numbers that a text has in words."""
    return {_words_of(match.group()) for pattern in (WORDED, SPELLS) for match in pattern.finditer(text)}


def _words_of(number: str) -> str:
    """A number in words, for comparing: lower case, without articles."""
    return " ".join(ARTICLES.sub(" ", number.lower()).replace("-", " ").split())


def _plain(text: str) -> str:
    """½ as 1/2, Ⅻ as XII, ② as 2."""
    return unicodedata.normalize("NFKC", text).replace("\u2044", "/")


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places from the last to the first, overlapping ones as one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if found and low < found[-1][1]:
            low, high = found[-1][0], max(high, found.pop()[1])
        found.append((low, high))
    return found[::-1]


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
