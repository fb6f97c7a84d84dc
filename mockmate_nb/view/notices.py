"""What the panel says about itself: where the interview stands, what went wrong, what was asked for."""

from __future__ import annotations

import html

import ipywidgets as w

from mockmate_nb.errors import IllegalStep, MockMateError
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.session import Interview
from mockmate_nb.streams.log import StaleEpoch, StreamEnded
from mockmate_nb.view.status import broken, panel_line
from mockmate_nb.view.words import word
from mockmate_nb.wire.events import Error, Event, Interrupted


class Notices:
    """Three lines: `where` (the state), `fault` (an alert) and `remark` (a hint, a repeated question)."""

    def __init__(self) -> None:
        self.where, self.fault, self.remark = w.HTML(), w.HTML(), w.HTML()

    def hush(self, interview: Interview | None) -> None:
        """Before the next act. What a broken turn has to say stays until a new turn begins."""
        self.remark.value = ""
        if interview is None or interview.state is not State.FAILED:
            self.fault.value = ""

    def stand(self, interview: Interview | None, language: Language) -> None:
        """Say where the interview stands."""
        line = panel_line(interview, language) if interview else ""
        shown = f'<p class="mockmate-note mockmate-status" role="status">{html.escape(line)}</p>'
        self.where.value = shown if line else ""

    def tell(self, message: str, advice: str = "") -> None:
        """Say what went wrong, and what to do."""
        text = f"<b>{html.escape(message)}</b> {html.escape(advice)}"
        self.fault.value = f'<p class="mockmate-error" role="alert">{text}</p>'

    def tell_fault(self, fault: Exception, interview: Interview | None, language: Language) -> None:
        """Say why a command was refused or broke."""
        if isinstance(fault, StaleEpoch | StreamEnded):
            self.tell(word(language, "taken" if isinstance(fault, StaleEpoch) else "deleted"))
        elif isinstance(fault, IllegalStep) and interview is not None:
            self.tell(word(language, "not_now"), panel_line(interview, language))
        elif isinstance(fault, MockMateError):
            self.tell(fault.message, fault.advice)
        else:
            self.tell(f"{type(fault).__name__}: {fault}")

    def tell_break(self, event: Event, language: Language) -> None:
        """Say how a turn broke, if this event says so."""
        match event:
            case Error(message=message, partial=kept):
                self.tell(*broken(message, kept, language))
            case Interrupted():
                self.tell(word(language, "taken"))

    def say(self, text: str) -> None:
        """Answer what a person asked for beside the conversation."""
        self.remark.value = f'<p class="mockmate-hint" role="status">{html.escape(text)}</p>'
