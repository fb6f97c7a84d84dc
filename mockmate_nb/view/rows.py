"""`Rows`: a list whose rows can be chosen; all its texts are set as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import ipywidgets
import traitlets

from mockmate_nb.interview.bank import Language
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.publishing import PublishedWidget, from_cell


@dataclass(frozen=True, slots=True)
class Row:
    """A row. With `act` it has a button of that name, else its title is the button. `mark` stands before it, and
    `marked` says what the mark means."""

    id: str
    title: str
    facts: tuple[str, ...] = ()
    badge: str = ""
    mark: Literal["yes", "no", "none", ""] = ""
    marked: str = ""
    lines: tuple[str, ...] = ()
    act: str = ""


class Rows(PublishedWidget):
    """The rows, and below them a button for more where `more` names one.

    Callbacks run on the kernel's thread, one after another; each should hand over and return.
    """

    _esm = joined("rows.js")
    _css = STATIC / "rows.css"

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    more = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    """What the list is, for a screen reader."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)

    def __init__(self) -> None:
        self._choosers, self._extenders = ipywidgets.CallbackDispatcher(), ipywidgets.CallbackDispatcher()
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: from_cell(self._hear, content))

    def __repr__(self) -> str:
        return f"Rows({len(self.rows)})"

    def on_choose(self, callback: Callable[[str], object]) -> None:
        """Call with the id of the row that is pressed."""
        self._choosers.register_callback(callback)

    def on_more(self, callback: Callable[[], object]) -> None:
        self._extenders.register_callback(callback)

    def show(self, rows: list[Row], *, more: str = "", label: str, language: Language) -> None:
        """These rows, in one step."""
        shown = [
            {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(row).items()}
            for row in rows
        ]
        with self.hold_sync():
            self.rows, self.more, self.label, self.language = shown, more, label, language

    def focus_row(self, id: str) -> None:  # noqa: A002 - the row's own name for it
        """Put the focus on that row, or on the first where it is not there."""
        self.send({"type": "focus", "id": id})

    def _hear(self, content: Any) -> None:
        match content:
            case {"type": "choose", "id": str(id_)} if any(row["id"] == id_ for row in self.rows):
                self._choosers(id_)
            case {"type": "more"} if self.more:
                self._extenders()
