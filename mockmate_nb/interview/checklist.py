"""The preparation checklist as a drill: eight points, the questions that practise each, and when one is met.

A point is met by one answer that reaches all the scores it needs; the rules stand beside the points in
`data/checklist.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Level, load_bank
from mockmate_nb.interview.question import LANGUAGES, SHIPPED, Language
from mockmate_nb.interview.rubric import Scorecard

LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Item:
    """A point of the list. `needs` gives the least score (1-5) by name of a dimension or of a format's part."""

    id: str
    text: str
    question_ids: tuple[str, ...]
    needs: Mapping[str, int] = field(hash=False)

    def met_by(self, card: Scorecard) -> bool:
        """Whether this one answer shows all that the point needs; an answer off the topic shows nothing."""
        found = {**card.dimensions, **card.parts}
        return card.on_topic and all(
            name in found and found[name].score >= least for name, least in self.needs.items()
        )


def checklist(language: Language = "en") -> tuple[Item, ...]:
    """The points in the order of the list; `CallerError` for an unknown language."""
    if language not in LANGUAGES:
        raise CallerError(
            f"There is no checklist in {language!r}.",
            field="language",
            advice=f"Use one of: {', '.join(LANGUAGES)}.",
        )
    return tuple(
        Item(row["id"], row[language], tuple(row["questions"]), dict(row["needs"])) for row in _rows()
    )


def ticked(items: Iterable[Item], cards: Mapping[str, Scorecard]) -> dict[str, bool | None]:
    """By point: True where one of the answers meets it, False where none that was scored does, None where
    none has been scored yet. `cards` holds the card of each question that was answered, by the question's id.
    """
    ticks: dict[str, bool | None] = {}
    for item in items:
        scored = [cards[id_] for id_ in item.question_ids if id_ in cards and cards[id_].state == "scored"]
        ticks[item.id] = any(map(item.met_by, scored)) if scored else None
    return ticks


def drill(language: Language = "en") -> tuple[str, ...]:
    """The questions in the order to practise them, each once: easy ones first, else as the list has them."""
    bank = load_bank()
    ids = dict.fromkeys(id_ for item in checklist(language) for id_ in item.question_ids)
    return tuple(sorted(ids, key=lambda id_: LEVELS.index(bank.question(id_).level)))


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads((SHIPPED / "checklist.toml").read_text("utf-8"))["item"])
