"""The list from which a question of the feedback is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as w

from mockmate_nb.interview.bank import Language
from mockmate_nb.view.feedback_html import weakest
from mockmate_nb.view.feedback_words import say

LETTERS = {"en": 64, "zh": 30}


def chooser() -> Any:
    """An empty list; its values are the questions' numbers, from 1."""
    made = w.Dropdown(layout=w.Layout(width="auto"))
    made.add_class("mockmate-field")
    return made


def offer(field: Any, feedback: Mapping[str, Any], *, name: str, first: str = "") -> None:
    """Fill the list with the feedback's questions. `first` stands above them, as 0, and is chosen; where there is
    none, the weakest question is."""
    language: Language = feedback["language"]
    options = [(first, 0)] if first else []
    for at, entry in enumerate(feedback["questions"], 1):
        overall, text = entry["overall"], str(entry["question"])
        limit = LETTERS[language]
        short = text if len(text) <= limit else text[: limit - 2].rstrip() + " …"
        score = say(language, "not_scored") if overall is None else f"{overall:g}"
        options.append((say(language, "option", at=at, text=short, score=score), at))
    field.description = name
    field.options = options
    if options:
        field.value = 0 if first else weakest(feedback["questions"]) + 1
