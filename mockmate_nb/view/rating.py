"""`RatingRow`: what a person thinks of an answer before anybody has scored it."""

from __future__ import annotations

from typing import cast

import traitlets

from mockmate_nb.interview.bank import Language
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.publishing import PublishedWidget, from_cell

POINTS = range(1, 6)


class RatingRow(PublishedWidget):
    """Five points beside the answer box; `value` is None where none is chosen. A second press takes a point back."""

    _esm = joined("rating.js")
    _css = STATIC / "rating.css"

    value = traitlets.Int(None, min=1, max=5, allow_none=True).tag(sync=True)
    """From 1 to 5."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)
    """Of the row's words."""
    label = traitlets.Unicode().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """What a screen reader says of each point."""

    def __init__(self, *, language: Language = "en") -> None:
        super().__init__(language=language)

    def __repr__(self) -> str:
        return f"RatingRow(value={self.value})"

    def clear(self) -> None:
        """No point is chosen."""
        from_cell(setattr, self, "value", None)

    @traitlets.default("label")
    def _first_label(self) -> str:
        return say(cast("Language", self.language), "rate")

    @traitlets.default("names")
    def _first_names(self) -> list[str]:
        return [say(cast("Language", self.language), f"rate_{point}") for point in POINTS]

    @traitlets.observe("language")
    def _speak(self, _change: object) -> None:
        self.label, self.names = self._first_label(), self._first_names()
