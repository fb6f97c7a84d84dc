"""What each point of the scale sounds like for a competency at a level, in both languages.

Behaviourally anchored scales (Smith and Kendall 1963): a point is not a word of praise but what is heard at it.
The scale is the rubric's, 1 no evidence to 5 exceptional; the texts stand in `data/competency_anchors.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank_file import Table, near
from mockmate_nb.interview.question import LANGUAGES, SHIPPED, Language, Level, competency_names

Five = tuple[str, str, str, str, str]
Anchors = Mapping[str, Mapping[Level, Mapping[Language, Five]]]
T = TypeVar("T")


def competency_anchor(competency: str, level: Level | str, point: int, language: Language = "en") -> str:
    """What is heard at `point` (1-5) of `competency` at `level`; `CallerError` for what is not known."""
    texts = competency_anchors(competency, level, language)
    if not isinstance(point, int) or isinstance(point, bool) or not 1 <= point <= 5:
        raise CallerError(
            f"The scale has no point {point!r}.", field="point", advice="Use a whole number from 1 to 5."
        )
    return texts[point - 1]


def competency_anchors(competency: str, level: Level | str, language: Language = "en") -> Five:
    """The texts of all five points, weakest first; `CallerError` for what is not known."""
    of_competency = _known("competency", competency, _shipped())
    return _known("language", language, _known("level", level, of_competency))


def read_anchors(path: Path) -> Anchors:
    """All anchors of a TOML file: for every competency and level a table with five texts in each language.

    Each fault is a `CallerError` that names file, entry and field, and says what to do.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as fault:  # ValueError: not UTF-8, or not TOML
        raise CallerError(
            f"{path.name} cannot be read as TOML: {fault}.",
            field="path",
            advice="Check that the file is there, that it is UTF-8, and mend the line that is named.",
        ) from fault
    file = Table(path.name, values)
    file.closed(competency_names())
    return {competency: _levels(_inner(file, competency)) for competency in competency_names()}


@cache
def _shipped() -> Anchors:
    return read_anchors(SHIPPED / "competency_anchors.toml")


def _known(field: str, name: str, table: Mapping[Any, T]) -> T:
    if name in table:
        return table[name]
    raise CallerError(
        f"There are no anchors for {field} {name!r}.", field=field, advice=near(name, tuple(table))
    )


def _levels(table: Table) -> dict[Level, dict[Language, Five]]:
    table.closed(tuple(Level))
    return {level: _texts(_inner(table, level)) for level in Level}


def _inner(table: Table, name: str) -> Table:
    path = f"{table.prefix}{name}"
    value = table.values.get(name)
    if not isinstance(value, dict):
        raise table.fault(name, "is missing or no table", f"Begin it with a line [{path}].")
    return Table(table.where, value, f"{path}.")


def _texts(table: Table) -> dict[Language, Five]:
    table.closed(LANGUAGES)
    texts: dict[Language, Five] = {}
    for language in LANGUAGES:
        found = table.texts(language)
        if len(found) != 5:
            raise table.fault(
                language, f"has {len(found)} texts", "Give five, one for each point, weakest first."
            )
        if len(set(found)) != 5:
            raise table.fault(language, "says the same at two points", "Give each point a text of its own.")
        texts[language] = (found[0], found[1], found[2], found[3], found[4])
    return texts
