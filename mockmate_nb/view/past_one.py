"""One earlier interview on the page: its report, attempts side by side, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as w

from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.record import Entry
from mockmate_nb.view.confirm import Confirm
from mockmate_nb.view.export import Exporter
from mockmate_nb.view.lines import note, status
from mockmate_nb.view.past_words import say
from mockmate_nb.view.publishing import from_cell


class PastInterview(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """`back`, `take_up` and `compare` are its buttons, `remove` asks before it calls `on_remove`."""

    def __init__(self, exporter: Exporter, on_remove: Callable[[], object]) -> None:
        self.exporter = exporter
        self.back, self.take_up = (w.Button(layout=w.Layout(width="auto")) for _ in range(2))
        self.compare = w.ToggleButton(layout=w.Layout(width="auto"))
        self.remove = Confirm(on_remove)
        self.back.add_class("mockmate-back")
        for button in (self.back, self.take_up, self.compare):
            button.add_class("mockmate-quiet")
        self.take_up.add_class("mockmate-likely")
        self.told, self.attempts, self.report = w.HTML(), w.HTML(), w.HTML()
        bar = w.HBox([self.back, self.take_up, self.compare, self.remove])
        bar.add_class("mockmate-bar")
        super().__init__([bar, exporter, self.told, self.attempts, self.report])
        self.compare.observe(lambda _: from_cell(self._unfold), "value")

    def __repr__(self) -> str:
        return "PastInterview()"

    def speak(self, language: Language) -> None:
        self._language = language
        self.back.description = say(language, "back")
        names = ("delete", "delete_sure", "delete_yes", "keep")
        self.remove.speak(*(say(language, name) for name in names))
        self.exporter.language = language
        self._unfold()

    def wait(self) -> None:
        """Nothing of an interview; it comes."""
        self._fill("", "", status(say(self._language, "preparing")))
        for part in (self.take_up, self.remove, self.exporter):
            part.layout.display = "none"

    def show(self, entry: Entry, report: str, attempts: str, *, in_log: bool) -> None:
        """The interview, as HTML of ours; `in_log`: it can be taken up."""
        over = entry.state == State.COMPLETE.value
        self.take_up.description = say(self._language, "open_again" if over else "take_up")
        self._fill(report, attempts, "" if in_log else note(say(self._language, "not_in_log")))
        self.take_up.layout.display = "" if in_log else "none"
        self.remove.layout.display = self.exporter.layout.display = ""

    def clear(self) -> None:
        """Nothing of an interview stays in the page or in a widget's state."""
        self._fill("", "", "")

    def _fill(self, report: str, attempts: str, told: str) -> None:
        self.remove.withdraw()
        self.exporter.reset()
        self.report.value, self.attempts.value, self.told.value = report, attempts, told
        self.told.layout.display = "" if told else "none"
        self.compare.value = False
        self.compare.layout.display = "" if attempts else "none"
        self._unfold()

    def _unfold(self) -> None:
        unfolded = self.compare.value
        self.compare.description = say(self._language, "compare_end" if unfolded else "compare")
        self.attempts.layout.display = "" if unfolded else "none"
