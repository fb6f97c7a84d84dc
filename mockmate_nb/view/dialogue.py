"""An interview's turns as bubbles: what was asked, what was answered, what an earlier attempt had said."""

from __future__ import annotations

import html
import time
from typing import Any, Literal, NamedTuple

import ipywidgets as w

from mockmate_nb.interview.machine import Turn, TurnState
from mockmate_nb.interview.session import Interview
from mockmate_nb.view.coalesce import Ending
from mockmate_nb.view.conversation import Conversation
from mockmate_nb.view.status import clock, turn_line, waited
from mockmate_nb.view.stream_view import StreamView
from mockmate_nb.view.words import word
from mockmate_nb.wire.events import Error, Event, Interrupted, QuestionChunk, QuestionComplete, Stopped

ENDINGS: dict[TurnState, Ending] = {
    TurnState.COMPLETE: "complete",
    TurnState.STOPPED: "stopped",
    TurnState.FAILED: "failed",
}


class Key(NamedTuple):
    session_id: str
    number: int
    part: Literal["earlier", "asked", "said"]
    which: str | float | None
    """The text of an earlier attempt; else when it was said: the same number may be asked and answered anew."""


def keys(session_id: str, turns: tuple[Turn, ...]) -> list[Key]:
    """What there is to show of these turns, in order."""
    wanted = []
    for turn in turns:
        others = dict.fromkeys(text for text in turn.earlier if text != turn.text)
        wanted += [Key(session_id, turn.number, "earlier", text) for text in others]
        wanted.append(asked_key(session_id, turn))
        if turn.answer is not None or turn.skipped:
            wanted.append(Key(session_id, turn.number, "said", turn.answered_at))
    return wanted


def asked_key(session_id: str, turn: Turn) -> Key:
    return Key(session_id, turn.number, "asked", turn.asked_at)


class Dialogue(Conversation):
    """Follows one `Interview`; `live` shows the turn under way, event by event."""

    def __init__(self) -> None:
        super().__init__()
        self._attempts: dict[Key, int] = {}

    def follow(self, interview: Interview) -> None:
        """Show the interview's turns as they stand."""
        turns, self.language = interview.turns, interview.setup.language
        shown = [(asked_key(interview.session_id, turn), turn.attempt) for turn in turns]
        self._attempts = {key: self._attempts.get(key, attempt) for key, attempt in shown}
        by_number = {turn.number: turn for turn in turns}
        wanted = keys(interview.session_id, turns)
        self.arrange(wanted, lambda key: self._bubble(key, by_number[key.number], interview))

    def into_view(self) -> None:
        """Bring the last turn before the reader."""
        views = [turn for turn in self.children if isinstance(turn, StreamView)]
        if views:
            views[-1].into_view()

    def clear(self) -> None:
        self._attempts = {}
        self.arrange((), lambda _: None)

    def live(self, interview: Interview) -> Live:
        """The last turn's view, open for its text; what of it is known already is shown."""
        self.follow(interview)
        turn = interview.turns[-1]
        key = asked_key(interview.session_id, turn)
        view: StreamView = self[key]
        if self._attempts[key] != turn.attempt:
            self._attempts[key] = turn.attempt
            view.status, view.time = "", clock(turn.asked_at)
            view.set_text(turn.text)
        view.into_view()
        return Live(interview, turn, view)

    def _bubble(self, key: Key, turn: Turn, interview: Interview) -> Any:
        if key.part == "earlier":
            return _earlier(str(key.which), self.language)
        if key.part == "said":
            view = StreamView(word(self.language, "you"), language=self.language, markdown=False)
            view.add_class("mockmate-answer")
            view.time = clock(turn.answered_at)
            view.append(turn.answer if turn.answer is not None else word(self.language, "skipped"))
            view.finish()
            return view
        view = StreamView(word(self.language, "interviewer"), language=self.language)
        view.time = clock(turn.asked_at)
        view.append(turn.text)
        if turn.state in ENDINGS:
            view.finish(ENDINGS[turn.state])
            view.status = turn_line(turn, interview.llm, self.language)
        return view


def _earlier(text: str, language: str) -> Any:
    shown = html.escape(text)
    summary = html.escape(word("zh" if language == "zh" else "en", "earlier_attempt"))
    fold = w.HTML(f"<details><summary>{summary}</summary><p>{shown}</p></details>")
    fold.add_class("mockmate-attempt")
    return fold


class Live:
    """One turn under way: its events go into the view that is its own, and into no later run of it."""

    def __init__(self, interview: Interview, turn: Turn, view: StreamView) -> None:
        self._interview, self._number, self.view = interview, turn.number, view
        self._run, self._known = view.run, len(turn.text)
        self._began = time.monotonic()
        self._first = False

    def apply(self, event: Event) -> bool:
        """Show what the event says; whether it held the turn's first character."""
        match event:
            case QuestionChunk(content=content):
                fresh = content[self._known :]
                self._known = max(0, self._known - len(content))
                self.view.append(fresh, run=self._run)
                return bool(fresh) and self._time_first()
            case QuestionComplete(total_content=whole):
                if (
                    self.view.run == self._run and self.view.text != whole
                ):  # the bank's wording took its place
                    self.view.set_text(whole)
                    self._run = self.view.run
                self._finish("complete")
            case Stopped():
                self._finish("stopped")
            case Error() | Interrupted():
                self._finish("failed")
        return False

    def close(self) -> None:
        """The turn is over: a view that has not heard of its end, as the log was lost, is cut off."""
        self._finish("failed")

    def _time_first(self) -> bool:
        if self._first or self.view.run != self._run:
            return False
        self._first = True
        self.view.status = waited(time.monotonic() - self._began, self._interview.setup.language)
        return True

    def _finish(self, ending: Ending) -> None:
        if self.view.state in ENDINGS.values():
            return
        self.view.finish(ending, run=self._run)
        turn = next((each for each in self._interview.turns if each.number == self._number), None)
        if turn is not None and self.view.run == self._run:
            line = turn_line(turn, self._interview.llm, self._interview.setup.language)
            self.view.status = line or self.view.status
