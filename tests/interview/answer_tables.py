"""The tables of answers under tests/cases, and what the rules' scores of them come to. Pure but for the files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mockmate_nb.interview.bank import Bank, Question, load_bank
from mockmate_nb.interview.question import Language
from mockmate_nb.interview.rubric import Scorecard, score

CASES = Path(__file__).parents[1] / "cases"
OWN, HELD_OUT, REFERENCE = "pairs", "pairs_held_out", "pairs_reference"
FRESH, BLIND = "pairs_fresh", "pairs_blind"
LOWEST, LOW = 1.0, 2.0
"""What counts for an answer without a score beside one that has one; what an attack may come to at most."""
SENTENCE = re.compile(r"(?<=[.!?]) +|(?<=[。！？])")
GROWTH = 3


class Pair(NamedTuple):
    """Two answers to one question of the bank."""

    question: Question
    language: Language
    weak: str
    strong: str

    @property
    def name(self) -> str:
        return f"{self.question.id}/{self.language}"


class Attack(NamedTuple):
    """A text given as an answer, or an answer `before` and `after` it was changed."""

    name: str
    question: Question
    language: Language
    after: str
    before: str = ""


@dataclass(frozen=True)
class Told:
    """One answer of the pair tables."""

    question: Question
    language: Language
    text: str


@cache
def bank() -> Bank:
    return load_bank()


@cache
def table(name: str) -> dict[str, Any]:
    return tomllib.loads((CASES / f"{name}.toml").read_text("utf-8"))


@cache
def pairs(name: str) -> tuple[Pair, ...]:
    return tuple(
        Pair(bank().question(row["question"]), row["language"], row["weak"], row["strong"])
        for row in table(name)["pair"]
    )


@cache
def answers(*names: str) -> dict[str, Told]:
    """The answers of these tables, by "question/language/weak" or "…/strong"; of those anybody may read if none
    is named."""
    return {
        f"{pair.name}/{kind}": Told(pair.question, pair.language, text)
        for name in names or (OWN, REFERENCE)
        for pair in pairs(name)
        for kind, text in (("weak", pair.weak), ("strong", pair.strong))
    }


@cache
def card(text: str, question: Question, language: Language) -> Scorecard:
    return score(text, question, language)


def points(text: str, question: Question, language: Language) -> float:
    """The overall score of an answer; the lowest where it has none."""
    overall = card(text, question, language).overall
    return LOWEST if overall is None else overall


def gap(pair: Pair) -> float:
    """How far the strong answer stands above the weak one."""
    weak, strong = (points(text, pair.question, pair.language) for text in (pair.weak, pair.strong))
    return round(strong - weak, 1)


def holds(pair: Pair) -> bool:
    """Whether the strong answer counts as one to its own question."""
    return card(pair.strong, pair.question, pair.language).on_topic


def asked() -> tuple[Question, ...]:
    """The questions of the pair tables, each once."""
    return tuple({pair.question.id: pair.question for pair in (*pairs(OWN), *pairs(HELD_OUT))}.values())


def low(questions: Sequence[Question]) -> Iterator[Attack]:
    """What must come to 2 at most, or to no score, whatever was asked: the tables' texts, the question itself, and
    words to the grader with nothing else."""
    for row in table("attacks")["low"]:
        for question in questions:
            for text in row["texts"]:
                yield Attack(row["kind"], question, row["language"], text)
    languages: tuple[Language, ...] = ("en", "zh")
    for question in questions:
        for language in languages:
            text = question.in_language(language).text
            for repeated in (text, f"{text} {text}", text.rstrip("?？。.") + "!"):
                yield Attack("the question repeated", question, language, repeated)
            for dress in table("attacks")["grader"]:
                yield Attack("words to the grader alone", question, language, dress[language])


def other() -> Iterator[Attack]:
    """Strong answers to another question than the one that was asked."""
    for row in table("attacks")["other"]:
        for name in row["answers"]:
            told = answers()[name]
            yield Attack("another topic", bank().question(row["question"]), told.language, told.text)


def other_of(name: str) -> Iterator[Attack]:
    """Each strong answer of a table given to two questions of that table in another format."""
    every = pairs(name)
    for at, pair in enumerate(every):
        for step in (7, 13):
            question = every[(at + step) % len(every)].question
            if question.format is not pair.question.format:
                yield Attack("another topic", question, pair.language, pair.strong)


def padded(*names: str) -> Iterator[Attack]:
    """Each answer three times as long: said thrice, with filler behind it, with filler between its sentences."""
    for name, told in answers(*names).items():
        filler = table("attacks")["filler"][told.language]
        blank = " " if told.language == "en" else ""
        sentences = SENTENCE.split(told.text)
        between = blank.join(f"{each}{blank}{filler[at % len(filler)]}" for at, each in enumerate(sentences))
        for way, text in (
            ("said thrice", blank.join([told.text] * GROWTH)),
            ("said thrice, in paragraphs", "\n\n".join([told.text] * GROWTH)),
            ("filler behind", told.text + blank + _filled(filler, blank, (GROWTH - 1) * len(told.text))),
            ("filler before", _filled(filler, blank, (GROWTH - 1) * len(told.text)) + blank + told.text),
            ("filler between", between),
        ):
            yield Attack(f"{way}: {name}", told.question, told.language, text, told.text)


def _filled(filler: Sequence[str], blank: str, length: int) -> str:
    """Filler of at least this many characters."""
    text, at = "", 0
    while len(text) < length:
        text += (blank if text else "") + filler[at % len(filler)]
        at += 1
    return text


PLACES = ("before", "behind", "inside", "in the same line")


def graded(*names: str, all_places: bool = True) -> Iterator[Attack]:
    """Each answer with words to the grader before, behind and in the middle of it; or at one place in turn."""
    for at, (name, told) in enumerate(answers(*names).items()):
        sentences, blank = SENTENCE.split(told.text), " " if told.language == "en" else ""
        middle = len(sentences) // 2
        for number, row in enumerate(table("attacks")["grader"]):
            words = row[told.language]
            inside = blank.join(sentences[:middle]) + f"\n{words}\n" + blank.join(sentences[middle:])
            texts = (f"{words}\n{told.text}", f"{told.text}\n{words}", inside, f"{told.text} {words}")
            for place, text in zip(PLACES, texts, strict=True):
                if all_places or place == PLACES[(at + number) % len(PLACES)]:
                    called = f"{row['dress']}, {place}: {name}"
                    yield Attack(called, told.question, told.language, text, told.text)


def raised(attack: Attack) -> bool:
    """Whether the change brought a higher score."""
    before, after = (points(text, attack.question, attack.language) for text in (attack.before, attack.after))
    return after > before


def too_high(attack: Attack) -> bool:
    return points(attack.after, attack.question, attack.language) > LOW


def changed(row: dict[str, Any]) -> tuple[Told, str]:
    """An answer and its twin, changed as the row says. Each passage is there exactly once."""
    told = answers()[row["answer"]]
    text = told.text
    for was, becomes in row.get("taken") or [[row.get("was"), row.get("becomes")]]:
        assert text.count(was) == 1, f"{row['answer']}: {was!r}"
        text = text.replace(was, becomes)
    return told, text


def moves(row: dict[str, Any]) -> dict[str, int]:
    """By how many points each dimension moves with the change; a dimension without a score counts as 1."""
    told, text = changed(row)
    before, after = (card(said, told.question, told.language).dimensions for said in (told.text, text))
    names = sorted({*before, *after})
    return {
        name: (after[name].score if name in after else 1) - (before[name].score if name in before else 1)
        for name in names
    }


def figure_counts(row: dict[str, Any]) -> bool:
    """Whether one figure more raised the figures, and nothing else moved by more than half a point."""
    found = moves(row)
    return found["figures"] > 0 and all(abs(by) <= 0.5 for name, by in found.items() if name != "figures")


def falls(row: dict[str, Any]) -> bool:
    """Whether the dimension fell whose part was taken out."""
    return moves(row)[row["dimension"]] < 0
