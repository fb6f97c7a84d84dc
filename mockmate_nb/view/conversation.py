"""The turns of a conversation in their order; beyond a hundred the older ones fold into a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.interview.bank import Language
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.words import word

SHOWN = 100


class Conversation(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Widgets under keys. `arrange` says which are wanted and in what order; only what is new is made.

    What folds away keeps growing and comes back as it then is; what is no longer wanted is closed.
    """

    def __init__(self) -> None:
        self._turns: dict[Any, Any] = {}
        self._open = False
        self.language: Language = "en"
        self.earlier = w.Button(layout=w.Layout(width="auto"))
        self.earlier.add_class("mockmate-earlier")
        self.earlier.on_click(lambda _: from_cell(aio.loop().call_soon_threadsafe, self._toggle))
        super().__init__()
        self.add_class("mockmate-conversation")

    def __repr__(self) -> str:
        return f"Conversation({len(self._turns)} turns)"

    def __getitem__(self, key: Any) -> Any:
        return self._turns[key]

    def __contains__(self, key: object) -> bool:
        return key in self._turns

    def arrange(self, wanted: Sequence[Any], make: Callable[[Any], Any]) -> None:
        """Show the widgets of these keys in this order; `make` gives one for a key that is new."""
        old = self._turns
        self._turns = {key: old[key] if key in old else make(key) for key in wanted}
        self._show()
        for key in old.keys() - self._turns.keys():
            close_whole(old[key])

    def _toggle(self) -> None:
        self._open = not self._open
        self._show()

    def _show(self) -> None:
        turns = tuple(self._turns.values())
        for turn in turns:
            turn.tabbable = turn is turns[-1]  # one stop for the Tab key, from which arrow keys scroll
        if len(turns) <= SHOWN:
            self.children = turns
            return
        name = "hide_earlier" if self._open else "show_earlier"
        self.earlier.description = word(self.language, name, count=len(turns) - SHOWN)
        self.children = (self.earlier, *(turns if self._open else turns[-SHOWN:]))
