"""A coach's words around the scores, in the interview's language (`data/coaching.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from mockmate_nb.interview.question import SHIPPED, Language

_TABLES: Mapping[str, Any] = tomllib.loads((SHIPPED / "coaching.toml").read_text("utf-8"))
BETWEEN: Mapping[Language, str] = {"en": " ", "zh": ""}  # what stands between two sentences
LISTED: Mapping[Language, str] = {"en": ", ", "zh": "、"}


def words(language: Language, table: str) -> Mapping[str, Any]:
    """One table of the texts: sentences by name, some with places to fill; the outlines are lists."""
    found: Mapping[str, Any] = _TABLES[language][table]
    return found
