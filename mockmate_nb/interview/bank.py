"""The question bank: which questions there are, and which of them fits next.

The questions stand in `data/questions_*.toml`; one's own file of the same shape takes their place.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank_file import near, read_questions
from mockmate_nb.interview.question import (
    LANGUAGES,
    SHIPPED,
    Format,
    Gap,
    Language,
    Level,
    Question,
    Wording,
    competency_names,
    role_words,
)

__all__ = ["LANGUAGES", "Bank", "Format", "Gap", "Language", "Level", "Question", "Wording", "load_bank"]


MOST_MATCHES = 7
"""Tags in a job's text beyond which a question fits no better."""


@dataclass(frozen=True)
class Bank:
    """Questions to choose from, in a fixed order. `asides` are known by their id and never picked: the candidate's
    own questions, the closing one."""

    questions: tuple[Question, ...]
    asides: tuple[Question, ...] = ()

    @property
    def competencies(self) -> dict[str, dict[Language, str]]:
        """The closed list of competencies, each with its name in every language."""
        return competency_names()

    def question(self, id: str) -> Question:  # noqa: A002 - the field's own name
        """The question of that id; `CallerError` with near matches where there is none."""
        for question in (*self.questions, *self.asides):
            if question.id == id:
                return question
        raise CallerError(
            f"The bank has no question {id!r}.", field="id", advice=near(id, [q.id for q in self.questions])
        )

    def pick(
        self,
        *,
        format: Format | None = None,  # noqa: A002 - the field's own name
        levels: Collection[Level] = (),
        competencies: Sequence[str] = (),
        text: str = "",
        title: str = "",
        wanted: str = "",
        exclude: Collection[str] = frozenset(),
        language: Language = "en",
        seed: int = 0,
        drill: bool = False,
    ) -> Question:
        """The question that fits best among those not in `exclude`; the same arguments give the same one.

        `format`, `levels`, `language` and `drill` must be met. Of what is left come first: questions for a
        role that `title`, else `text` (the job) names, or for any; competencies the caller lists; those that the
        excluded questions have covered least, and where formats mix, formats covered least; those for the role
        itself; most tags in `text`, those in `wanted` (what the job asks for and the résumé lacks) twice, counted
        in powers of two; the caller's order of competencies. Another `seed` than 0 takes another of those that fit.
        `CallerError` when none is left.
        """
        candidates = [
            question
            for question in self.questions
            if question.id not in exclude
            and language in question.wordings
            and (format is None or question.format == format)
            and (not levels or question.level in levels)
            and (question.drill or not drill)
        ]
        if not candidates:
            raise CallerError(
                f"The bank has no question left (format {format or 'any'}, "
                f"levels {', '.join(levels) or 'any'}, language {language}"
                f"{', drill' if drill else ''}; {len(exclude)} excluded).",
                field="exclude" if exclude else "format",
                advice="Exclude fewer, widen the format or the levels, or load a bank of your own.",
            )
        asked = [question for question in self.questions if question.id in exclude]
        covered = Counter(question.competency for question in asked)
        formats = Counter(question.format for question in asked) if format is None else Counter()
        order = {name: place for place, name in enumerate(competencies)}
        text, wanted = text.lower(), wanted.lower()
        roles = _roles_named(title.lower()) or _roles_named(text)

        def rank(question: Question) -> tuple[bool, int, int, bool, int, int, bytes]:
            matches = sum(
                (_mentions(text, tag) > 0) + 2 * (_mentions(wanted, tag) > 0) for tag in question.tags
            )
            fits = min(matches, MOST_MATCHES).bit_length()
            return (
                bool(roles) and roles.isdisjoint(question.roles),
                question.competency not in order,
                covered[question.competency] + formats[question.format],
                not seed and roles.isdisjoint({*question.roles} - {"any"}),
                -(fits > 0) if seed else -fits,
                0 if seed else order.get(question.competency, 0),
                hashlib.sha256(f"{seed} {question.id}".encode()).digest(),
            )

        return min(candidates, key=rank)


def load_bank(path: str | Path | None = None) -> Bank:
    """The shipped bank, or the one in a TOML file or in a folder's `questions*.toml`.

    Every fault in a file is a `CallerError` that names file, entry and field, and says what to do.
    """
    return _shipped() if path is None else Bank(read_questions(Path(path).expanduser()))


@cache
def _shipped() -> Bank:
    return Bank(read_questions(SHIPPED))


def _mentions(text: str, term: str) -> int:
    """How often lower-case `text` names `term`: as a word, with its plural; Chinese terms anywhere."""
    if term not in text:
        return 0
    if not term.isascii():
        return text.count(term)
    word = re.escape(term)  # stands first, where the engine skips ahead to it: a quarter of the time
    return len(re.findall(rf"{word}(?<![a-z0-9]{word})(?:e?s)?(?![a-z0-9])", text))


def _roles_named(text: str) -> set[str]:
    """The role families that `text` is about, with "any"; empty where it names none.

    A role named less than half as often as the first one is a neighbour of the job, not the job.
    """
    counts = {role: sum(_mentions(text, word) for word in words) for role, words in role_words().items()}
    most = max(counts.values())
    return {"any", *(role for role, count in counts.items() if count * 2 >= most)} if most else set()
