"""What a question is: its wordings by language, what an answer may lack, and how to ask for that."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from mockmate_nb.errors import CallerError

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SHIPPED = Path(__file__).parent / "data"
CLOSING = "closing-your-questions"


class Format(StrEnum):
    """The kinds of interview, as companies name them."""

    BEHAVIOURAL = "behavioural"
    COMPETENCY = "competency"
    TECHNICAL = "technical"
    SYSTEM_DESIGN = "system_design"
    CODING = "coding"
    CASE = "case"


class Level(StrEnum):
    JUNIOR = "junior"
    MID = "mid"
    SENIOR = "senior"


class Gap(StrEnum):
    """What an answer may lack; a follow-up asks for exactly one of these."""

    SITUATION = "situation"
    ACTION = "action"
    RESULT = "result"
    EXAMPLE = "example"
    FIGURE = "figure"
    ALTERNATIVE = "alternative"


@dataclass(frozen=True, slots=True)
class Wording:
    """A question in one language. `follow_ups` has an entry for every `Gap`; `probes` is for the report."""

    text: str
    probes: str
    key_points: tuple[str, ...]
    follow_ups: Mapping[Gap, str] = field(hash=False)
    hint: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `roles` are names of role families or "any"; `tags` are lower-case words by which a job
    text is matched; `drill` marks one that can be answered in about 90 seconds."""

    id: str
    competency: str
    format: Format
    level: Level
    roles: tuple[str, ...]
    tags: tuple[str, ...]
    wordings: Mapping[Language, Wording] = field(hash=False)
    drill: bool = False

    def in_language(self, language: Language) -> Wording:
        """The wording in `language`; `CallerError` where the question has none."""
        try:
            return self.wordings[language]
        except KeyError:
            raise CallerError(
                f"Question {self.id!r} has no wording in {language!r}.",
                field="language",
                advice=f"It is there in: {', '.join(self.wordings)}.",
            ) from None

    @classmethod
    def adhoc(cls, text: str, language: Language = "en", competency: str = "general") -> Question:
        """A question from elsewhere, with the generic follow-up for every gap. Same text, same id."""
        if language not in LANGUAGES:
            raise CallerError(
                f"There are no follow-ups in {language!r}.",
                field="language",
                advice=f"Use one of: {', '.join(LANGUAGES)}.",
            )
        if not text.strip():
            raise CallerError("A question needs a text.", field="text", advice="Give the question to ask.")
        text = " ".join(text.split())
        generic = generic_wording(language)
        return cls(
            id=f"adhoc-{hashlib.sha256(text.encode()).hexdigest()[:12]}",
            competency=competency,
            format=Format.COMPETENCY,
            level=Level.MID,
            roles=("any",),
            tags=(),
            wordings={
                language: Wording(text, generic["probes"], (), generic_follow_ups(language), generic["hint"])
            },
        )


@cache
def closing_question() -> Question:
    """The interview's last one: what the candidate would like to ask. No follow-up, no score."""
    wordings: dict[Language, Wording] = {}
    for language in LANGUAGES:
        row = _shipped_table("closing")[language]
        wordings[language] = Wording(
            row["text"], row["probes"], (), generic_follow_ups(language), row["hint"]
        )
    return Question(CLOSING, "communication", Format.COMPETENCY, Level.JUNIOR, ("any",), (), wordings)


@cache
def _shipped_table(name: str) -> dict[str, Any]:
    return tomllib.loads((SHIPPED / f"{name}.toml").read_text("utf-8"))


def generic_wording(language: Language) -> dict[str, Any]:
    """What stands in for `probes` and `hint` where a question comes without them."""
    return dict(_shipped_table("follow_ups")[language])


def generic_follow_ups(language: Language) -> dict[Gap, str]:
    """A follow-up for every gap that suits any question: told from experience or reasoned aloud."""
    return {gap: _shipped_table("follow_ups")[language]["follow_ups"][gap] for gap in Gap}


def competency_names() -> dict[str, dict[Language, str]]:
    """The closed list of competencies, each with its name on screen in every language."""
    table = _shipped_table("names")["competency"]
    return {name: {language: row[language] for language in LANGUAGES} for name, row in table.items()}


def role_words() -> dict[str, tuple[str, ...]]:
    """The closed list of role families, each with the lower-case words that name it in a job text."""
    return {name: tuple(row["words"]) for name, row in _shipped_table("names")["role"].items()}
