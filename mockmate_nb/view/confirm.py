"""A button that asks once more, in its own place, before it does what cannot be undone."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from mockmate_nb.view.lines import status
from mockmate_nb.view.publishing import from_cell


class Confirm(w.HBox):  # type: ignore[misc]  # ipywidgets ships no types
    """`on_yes` is called on the kernel's thread after the second press; it should hand over and return."""

    def __init__(self, on_yes: Callable[[], object]) -> None:
        self._on_yes = on_yes
        self._question = ""
        self.first, self.yes, self.no = (w.Button(layout=w.Layout(width="auto")) for _ in range(3))
        self.question = w.HTML()
        for button in (self.first, self.yes, self.no):
            button.add_class("mockmate-quiet")
        self.yes.add_class("mockmate-danger")
        super().__init__([self.first, self.question, self.yes, self.no])
        self.add_class("mockmate-confirm")
        self.first.on_click(lambda _: from_cell(self._ask))
        self.no.on_click(lambda _: from_cell(self._decline))
        self.yes.on_click(lambda _: from_cell(self._agree))
        self.withdraw()

    def __repr__(self) -> str:
        return f"Confirm({self.first.description!r})"

    def speak(self, name: str, question: str, yes: str, no: str) -> None:
        self.first.description, self.yes.description, self.no.description = name, yes, no
        self._question = question
        if self.question.value:
            self.question.value = status(question)

    def withdraw(self) -> None:
        """Ask nothing."""
        self._show(asks=False)

    def _show(self, *, asks: bool) -> None:
        self.question.value = status(self._question) if asks else ""
        self.first.layout.display = "none" if asks else ""
        for part in (self.question, self.yes, self.no):
            part.layout.display = "" if asks else "none"

    def _ask(self) -> None:
        self._show(asks=True)
        self.no.focus()

    def _decline(self) -> None:
        self._show(asks=False)
        self.first.focus()

    def _agree(self) -> None:
        if self.question.value:  # the second half of a double click finds nothing asked any more
            self._show(asks=False)
            self._on_yes()
