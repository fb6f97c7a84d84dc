"""`FeedbackView`: the feedback while it grows, as it stands, and what a person does with it afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.interview.afterwards import Aside
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.question import CLOSING
from mockmate_nb.interview.session import Interview
from mockmate_nb.view.again import AnswerAgain
from mockmate_nb.view.ask_about import AskAbout
from mockmate_nb.view.esm import STATIC
from mockmate_nb.view.feedback_html import feedback_html
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.growing import Growing
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.wire.events import (
    Chunk,
    Done,
    Error,
    Event,
    FeedbackChunk,
    Interrupted,
    InterviewComplete,
    Stopped,
)

STYLE = (STATIC / "feedback.css").read_text("utf-8")
BROKEN = (State.STOPPED, State.FAILED)
GAP = 0.25
"""Seconds between two pictures of a feedback that grows."""


class FeedbackView(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Shows one interview's feedback. Every method may be called from any thread.

    `show` after every change of the interview, `grow` with the events of its feedback, `live` with those of an
    `explain` or `answer_again`. The same feedback is sent to the page once: what a person has unfolded stays so.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._interview: Interview | None = None
        self._feedback: dict[str, Any] | None = None
        self._language: Language = "en"
        self._growing, self._over = Growing(), False
        self._drawn, self._due = -GAP, False
        self.growing, self.page = w.HTML(), w.HTML()
        self.again, self.ask = AnswerAgain(), AskAbout()
        self.doors = {"again": w.ToggleButton(), "ask": w.ToggleButton()}
        self.row = w.HBox(list(self.doors.values()))
        style = w.HTML(f"<style>{STYLE}</style>", layout=w.Layout(display="none"))
        super().__init__([style, self.growing, self.page, self.row, self.again, self.ask])
        self._dress()
        self.show(None)

    def __repr__(self) -> str:
        return "FeedbackView()"

    @property
    def value(self) -> str:
        """The HTML of the feedback that stands; empty where there is none."""
        return str(self.page.value)

    def on_again(self, callback: Callable[[int, str], object]) -> None:
        """Call with a question's number, from 1, and a second answer to it."""
        self.again.on_again(callback)

    def on_explain(self, callback: Callable[[str], object]) -> None:
        """Call with a question about the feedback."""
        self.ask.on_ask(callback)

    def on_stop(self, callback: Callable[[], object]) -> None:
        """Call when the explanation or judgement under way is to be stopped."""
        for part in (self.again, self.ask):
            part.stop.on_click(lambda _: from_cell(callback))

    def show(self, interview: Interview | None) -> None:
        """What there is of the interview's feedback and what came after it; nothing of it for None."""
        with self._lock:
            from_cell(self._show, interview)

    def grow(self, event: Event) -> None:
        """An event of the feedback's turn. Others change nothing."""
        with self._lock:
            match event:
                case FeedbackChunk(path=path, content=content):
                    if self._over:
                        self._growing, self._over = Growing(), False
                    self._growing.take(path, content)
                    self._draw_soon()
                case InterviewComplete(feedback=feedback):
                    self._over = True
                    from_cell(self._put, feedback)
                case Stopped() | Error() | Interrupted():
                    self._over = True
                    self._draw()

    def live(self, event: Event) -> None:
        """An event of the explanation or second answer under way; `show` before the first and after the last."""
        with self._lock:
            match event:
                case Chunk(content=content):
                    self.ask.hear(content)
                case Done():
                    self.ask.end("complete")
                case Stopped():
                    self.ask.end("stopped")
                case Error(message=message):
                    from_cell(self.again.fail, message)
                    from_cell(self.ask.end, "failed", message)
                case Interrupted():
                    self.ask.end("failed")

    def _show(self, interview: Interview | None) -> None:
        before, self._interview = self._interview, interview
        if interview is not before:
            self._growing, self._over = Growing(), False
        self._language = interview.setup.language if interview else self._language
        broken = interview is not None and interview.judging and interview.state in BROKEN
        if broken and not self._over:
            self._over = True
            self._draw()
        feedback = interview.feedback if interview else None
        new = self._put(feedback)
        for part in (self.row, self.again, self.ask):
            part.layout.display = "none"
        if interview is None or self._feedback is None:
            if interview is None or not interview.judging:
                self.growing.value = ""
            return
        asides = interview.asides
        self._doors(asides, new=new)
        self.again.show(self._feedback, asides)
        self.ask.show(self._feedback, asides, status=self._whose(interview))

    def _put(self, feedback: dict[str, Any] | None) -> bool:
        """Put this feedback on the page; whether it is another than the one that stood there."""
        if feedback is not None:
            self.growing.value = ""
        if feedback == self._feedback:
            return False
        self._feedback = feedback
        self.page.value = feedback_html(feedback) if feedback else ""
        return True

    def _doors(self, asides: tuple[Aside, ...], *, new: bool) -> None:
        """The buttons that open what comes after; where there is something already, they are open."""
        self.row.layout.display = "" if self._feedback and self._feedback["questions"] else "none"
        kinds = {"again": "answer_again", "ask": "explain"}
        for name, door in self.doors.items():
            door.description = say(self._language, name)
            if new:
                door.value = any(aside.kind == kinds[name] for aside in asides)
        self._unfold()

    def _unfold(self) -> None:
        for name, part in (("again", self.again), ("ask", self.ask)):
            part.layout.display = "" if self.doors[name].value and self._feedback else "none"

    def _whose(self, interview: Interview) -> str:
        """Whose words an explanation is."""
        return say(self._language, "explained_rules") if interview.llm.is_practice else interview.llm.model

    def _draw_soon(self) -> None:
        """At once, or when the gap since the last picture is over; then with all that has come until then."""
        now = time.monotonic()
        if self._due or not self._growing.judged:
            return
        if now - self._drawn >= GAP:
            self._draw()
        else:
            self._due = True
            worker = aio.loop()
            worker.call_soon_threadsafe(worker.call_later, self._drawn + GAP - now, self._wake)

    def _wake(self) -> None:
        with self._lock:
            self._due = False
            if self._feedback is None and not self._over:
                self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        from_cell(setattr, self.growing, "value", self._picture())

    def _picture(self) -> str:
        turns = self._interview.turns if self._interview else ()
        asked = [
            turn.bank_text
            for at, turn in enumerate(turns)
            if (turn.gap is None or not at) and turn.question_id != CLOSING
        ]
        return self._growing.html(asked, self._language, over=self._over)

    def _dress(self) -> None:
        self.row.add_class("mockmate-doors")
        for name, door in self.doors.items():
            door.layout.width = "auto"
            door.icon = {"again": "repeat", "ask": "question-circle"}[name]
            door.add_class("mockmate-quiet")
            door.observe(lambda _: from_cell(self._unfold), "value")
