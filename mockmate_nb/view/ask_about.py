"""`AskAbout`: questions about the feedback, and their answers as they stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as w

from mockmate_nb.interview.afterwards import Aside
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.explaining import names_question
from mockmate_nb.view.acts import DOUBLE
from mockmate_nb.view.asides_html import asked_html
from mockmate_nb.view.choosing import chooser, offer
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.feedback_html import weakest
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.question_html import POINTS, Entry
from mockmate_nb.view.run_text import Ending
from mockmate_nb.view.stream_view import StreamView

ENDINGS: Mapping[str, Ending] = {"done": "complete", "stopped": "stopped"}
SUGGESTIONS = 3


class AskAbout(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A thread of questions and answers; below it what one may want to ask, and a line for anything else."""

    def __init__(self) -> None:
        self.thread, self.about = w.VBox(), chooser()
        self.line, self.ask, self.stop = w.Text(layout=w.Layout(width="auto")), w.Button(), w.Button()
        self.suggested = [w.Button(layout=w.Layout(width="auto")) for _ in range(SUGGESTIONS)]
        self._feedback: Mapping[str, Any] = {"language": "en", "questions": []}
        self._shown: dict[int, tuple[Any, StreamView]] = {}
        self._heard = 0
        self._asked: Callable[[str], object] = lambda _: None
        self._pressed = ("", 0.0)
        ways, asking = w.HBox(self.suggested), w.HBox([self.line, self.ask, self.stop])
        super().__init__([self.thread, self.about, ways, asking])
        self._dress(ways, asking)
        self._wire()

    def __repr__(self) -> str:
        return "AskAbout()"

    def on_ask(self, callback: Callable[[str], object]) -> None:
        """Call with a question. Where a question of the interview was chosen from the list and the text names
        none itself, it is put in front."""
        self._asked = callback

    def show(self, feedback: Mapping[str, Any], asides: Sequence[Aside], *, status: str = "") -> None:
        """What was asked and answered so far. `status` stands below an answer under way: whose words it is."""
        language: Language = feedback["language"]
        if feedback is not self._feedback:
            self._feedback = feedback
            self._lay_out((), language, status)
            many = len(feedback["questions"]) > 1
            offer(self.about, feedback, name=say(language, "ask_about"), first=say(language, "ask_whole"))
            self.about.layout.display = "" if many else "none"
            self._suggest()
        self.line.description = say(language, "ask_line")
        self.ask.description, self.stop.description = say(language, "ask_send"), say(language, "stop")
        mine = [aside for aside in asides if aside.kind == "explain"]
        busy, runs = any(not aside.over for aside in asides), any(not aside.over for aside in mine)
        for button in (self.ask, *self.suggested):
            button.disabled = busy
        self.stop.layout.display = "" if runs else "none"
        self._lay_out(mine, language, status)

    def hear(self, content: str) -> None:
        """A piece of the answer under way."""
        view = self._open()
        if view is None:
            return
        self._heard += len(content)
        fresh = self._heard - len(view.text)
        if fresh > 0:
            view.append(content[-fresh:])

    def end(self, ending: Ending, why: str = "") -> None:
        """The answer under way is over."""
        if (view := self._open()) is not None:
            view.finish(ending)
            view.status = why or view.status

    def _open(self) -> StreamView | None:
        if not self._shown:
            return None
        _, view = self._shown[max(self._shown)]
        return view if view.state in ("waiting", "streaming") else None

    def _lay_out(self, asides: Sequence[Aside], language: Language, status: str) -> None:
        old = self._shown
        self._shown = {
            aside.number: old.get(aside.number) or self._new(aside, language, status) for aside in asides
        }
        for aside in asides:
            _, view = self._shown[aside.number]
            if aside.over and view.state in ("waiting", "streaming"):
                view.append(aside.text[len(view.text) :])
                view.finish(ENDINGS.get(aside.ended, "failed"))
        parts = [part for pair in self._shown.values() for part in pair]
        if self.thread.children != tuple(parts):
            self.thread.children = tuple(parts)
        for number in old.keys() - self._shown.keys():
            for part in old[number]:
                close_whole(part)

    def _new(self, aside: Aside, language: Language, status: str) -> tuple[Any, StreamView]:
        asked, view = w.HTML(asked_html(aside.said, language)), StreamView(language=language)
        view.label = say(language, "explained")
        if not aside.over:
            view.status, self._heard = status, 0
        if self.line.value.strip() and aside.said.endswith(self.line.value.strip()):
            self.line.value = ""
        return asked, view

    def _suggest(self) -> None:
        """What one may want to know of the question that is chosen, or of the interview."""
        language: Language = self._feedback["language"]
        entries = self._feedback["questions"]
        at = self._about()
        texts = suggestions(entries[at - 1], language) if at else of_all(entries, language)
        for button, text in zip(self.suggested, [*texts, *[""] * SUGGESTIONS], strict=False):
            button.description = text
            button.layout.display = "" if text else "none"

    def _about(self) -> int:
        """The number of the question that is asked about; 0 where it is none in particular."""
        return 1 if len(self._feedback["questions"]) == 1 else int(self.about.value or 0)

    def _say(self, text: str) -> None:
        language: Language = self._feedback["language"]
        said, chosen = text.strip(), "" if names_question(text) else self.about.value
        asked = say(language, "ask_numbered", at=chosen, text=said) if said and chosen else said
        before, self._pressed = self._pressed, (asked, time.monotonic())
        again = before[0] == asked and self._pressed[1] - before[1] < DOUBLE
        if asked and not self.ask.disabled and not again:
            self._asked(asked)

    def _dress(self, ways: Any, asking: Any) -> None:
        self.add_class("mockmate-after")
        self.line.add_class("mockmate-field")
        self.ask.layout.width = self.stop.layout.width = "auto"
        ways.add_class("mockmate-suggested")
        asking.add_class("mockmate-asking-line")
        for button in (*self.suggested, self.ask, self.stop):
            button.add_class("mockmate-quiet")

    def _wire(self) -> None:
        def entered(_line: object, content: object, _buffers: object) -> None:
            if content == {"event": "submit"}:
                from_cell(self._say, self.line.value)

        self.line.on_msg(entered)
        self.ask.on_click(lambda _: from_cell(self._say, self.line.value))
        self.about.observe(lambda _: from_cell(self._suggest), "value")
        for button in self.suggested:
            button.on_click(lambda pressed: from_cell(self._say, pressed.description))


def suggestions(entry: Entry, language: Language) -> list[str]:
    """What this part of the feedback lets one ask: its score, its weakest dimension, where two scores differ, else
    how it could have been answered."""
    if entry["overall"] is None:
        return [say(language, "ask_why_none"), say(language, "ask_answer")]
    texts = [say(language, "ask_why")]
    weights = entry.get("weights", {})
    counting = [part for name, part in entry["dimensions"].items() if weights.get(name, 1)]
    low = min(counting, key=lambda part: part["score"])
    if low["score"] < POINTS:
        texts.append(say(language, "ask_top_of", label=low["label"]))
    apart = [entry["dimensions"][name]["label"] for name in entry.get("differ", ())]
    return [*texts, say(language, "ask_differ_of", label=apart[0]) if apart else say(language, "ask_answer")]


def of_all(entries: Sequence[Entry], language: Language) -> list[str]:
    """What one may want to know of the interview as a whole."""
    if not entries:
        return []
    return [
        say(language, "ask_why"),
        say(language, "ask_next"),
        say(language, "ask_answer_to", at=weakest(entries) + 1),
    ]
