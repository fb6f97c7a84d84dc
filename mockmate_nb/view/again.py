"""`AnswerAgain`: one question once more, and the two answers side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as w

from mockmate_nb.interview.afterwards import Aside
from mockmate_nb.interview.bank import Language
from mockmate_nb.view.asides_html import attempt_html, prompt_html
from mockmate_nb.view.choosing import chooser, offer
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.composer import Composer
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.lines import alarm, status
from mockmate_nb.view.publishing import from_cell


class AnswerAgain(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Choose a question, answer it anew, see both answers; the latest stands first."""

    def __init__(self) -> None:
        self.which, self.prompt, self.box = chooser(), w.HTML(), Composer()
        self.note, self.stop, self.results = w.HTML(), w.Button(), w.VBox()
        self._feedback: Mapping[str, Any] = {"language": "en", "questions": []}
        self._cards: dict[int, Any] = {}
        self._last: Aside | None = None
        self._why = ""
        under_way = w.HBox([self.note, self.stop])
        super().__init__([self.which, self.prompt, self.box, under_way, self.results])
        self.add_class("mockmate-after")
        under_way.add_class("mockmate-under-way")
        self.stop.add_class("mockmate-quiet")
        self.which.observe(lambda _: from_cell(self._prompt), "value")

    def __repr__(self) -> str:
        return "AnswerAgain()"

    def on_again(self, callback: Callable[[int, str], object]) -> None:
        """Call with the question's number, from 1, and the text of the second answer."""

        def send(text: str) -> None:
            if text.strip() and self.which.value:
                callback(self.which.value, text)
            else:
                self.box.focus()

        self.box.on_send(send)

    def show(self, feedback: Mapping[str, Any], asides: Sequence[Aside]) -> None:
        """The questions that can be answered again, and what came of those that were."""
        language: Language = feedback["language"]
        if feedback is not self._feedback:
            self._feedback, self._last = feedback, None
            self._lay_out({})
            offer(self.which, feedback, name=say(language, "again_which"))
            self._prompt()
        self.box.language, self.box.label = language, say(language, "again_answer")
        self.box.placeholder, self.box.send_label = say(language, "again_hint"), say(language, "again_send")
        self.box.enabled = all(aside.over for aside in asides)
        self.stop.description = say(language, "stop")
        mine = [aside for aside in asides if aside.kind == "answer_again"]
        self._attend(mine[-1] if mine else None, language)
        self._lay_out({aside.number: aside for aside in mine if aside.result})

    def fail(self, message: str) -> None:
        """Why the answer that is being judged gets no score."""
        self._why = message

    def _attend(self, last: Aside | None, language: Language) -> None:
        """A text leaves the box once it is kept, and is there again where it was not judged."""
        before, self._last = self._last, last
        runs = last is not None and not last.over
        self.stop.layout.display = "" if runs else "none"
        if last is None or last.result:
            self.note.value = ""
        elif runs:
            self.note.value = status(say(language, "again_runs"))
        else:
            why = self._why or say(language, f"ended_{last.ended}")
            self.note.value = alarm(say(language, "again_failed", why=why))
        if last is None:
            return
        new = before is None or before.number != last.number
        if new and self.box.value.strip() == last.said:
            self.box.clear()
            self._why = ""
        if last.over and not last.result and (new or not before or not before.over):
            self.box.value = self.box.value or last.said

    def _lay_out(self, results: Mapping[int, Aside]) -> None:
        """A card a result, the latest first."""
        old = self._cards
        self._cards = {
            number: old[number] if number in old else w.HTML(attempt_html(results[number], self._feedback))
            for number in sorted(results, reverse=True)
        }
        self.results.children = tuple(self._cards.values())
        for number in old.keys() - self._cards.keys():
            close_whole(old[number])

    def _prompt(self) -> None:
        entries = self._feedback["questions"]
        shown = entries and self.which.value
        self.prompt.value = (
            prompt_html(entries[self.which.value - 1], self._feedback["language"]) if shown else ""
        )
