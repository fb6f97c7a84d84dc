"""`InterviewPanel`: a whole interview in one cell, its text streaming in place.

Button callbacks only hand over to the worker loop; all that the panel does runs there, so Stop works while a
question streams, whatever the kernel is doing.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import State, Turn, TurnState
from mockmate_nb.interview.session import Interview, TurnReader
from mockmate_nb.llm.client import LLM, warm_up
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view.coalesce import Ending
from mockmate_nb.view.feedback_html import feedback_html
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.stream_view import StreamView
from mockmate_nb.view.words import word
from mockmate_nb.wire.events import (
    Error,
    Event,
    Interrupted,
    InterviewComplete,
    QuestionChunk,
    QuestionComplete,
)
from mockmate_nb.wire.events import Stopped as StoppedEvent

STYLE = (Path(__file__).parent / "static" / "panel.css").read_text("utf-8")
GOES_ON = (State.AWAITING_ANSWER, State.STOPPED, State.FAILED)
ENDINGS: dict[TurnState, Ending] = {TurnState.STOPPED: "stopped", TurnState.FAILED: "failed"}


class InterviewPanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The interview as a person meets it: set-up, questions that grow in place, answers, feedback.

    `llm`: a model of one's own; without it the form offers the known ones. `resume` and `job` fill the form.
    `panel.interview` is the running `Interview`, None before the start.
    """

    def __init__(
        self,
        llm: LLM | None = None,
        *,
        language: Language = "en",
        resume: str = "",
        job: str = "",
        log: EventLog | None = None,
    ) -> None:
        self.interview: Interview | None = None
        self._kept_in, self._llm = log, llm
        self._bubble: StreamView | None = None
        self._turning: Future[None] | None = None
        self.form = SetupForm(llm, language)
        self.form.resume.value, self.form.job.value = resume, job
        self.status, self.message, self.feedback = w.HTML(), w.HTML(), w.HTML()
        self.conversation = w.VBox()
        self.answer = w.Textarea(layout=w.Layout(width="auto", height="110px"))
        self.send, self.stop = w.Button(button_style="primary"), w.Button(button_style="warning")
        self.retry, self.go_on, self.end, self.again = w.Button(), w.Button(), w.Button(), w.Button()
        self._buttons = w.HBox(
            [self.send, self.stop, self.retry, self.go_on, self.end, self.again],
            layout=w.Layout(flex_flow="row wrap", grid_gap="4px"),
        )
        self.title = w.HTML()
        parts = [self.title, self.form, self.message, self.conversation, self.status]
        super().__init__(children=[*parts, self.answer, self._buttons, self.feedback])
        self.add_class("mockmate-panel")
        self._wire()
        self._refresh()
        warm_up()

    def __repr__(self) -> str:
        return "InterviewPanel()"

    @property
    def language(self) -> Language:
        return self.interview.setup.language if self.interview else self.form.spoken

    def _wire(self) -> None:
        self._on(self.form.start, self._start)
        self._on(self.form.last, self._take_up)
        self._on(self.send, self._respond)
        self._on(self.stop, self._stop)
        self._on(self.retry, lambda: self._turn(lambda i: i.retry()))
        self._on(self.go_on, lambda: self._turn(lambda i: i.resume()))
        self._on(self.end, lambda: self._turn(lambda i: i.end()))
        self._on(self.again, self._anew)
        self.form.language.observe(lambda _: from_cell(self._refresh), "value")

    def _on(self, button: w.Button, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        button.on_click(lambda _: from_cell(asyncio.run_coroutine_threadsafe, self._guarded(act), aio.loop()))

    # On the worker loop from here on.

    async def _guarded(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Nothing that goes wrong in a callback is silent: `print` in one is shown nowhere."""
        self.message.value = ""
        try:
            await act()
        except MockMateError as fault:
            self._tell(fault.message, fault.advice)
        except Exception as fault:  # noqa: BLE001 - the panel is the last to see it, and shows it
            self._tell(f"{type(fault).__name__}: {fault}", "")
        finally:
            self._refresh()

    def _tell(self, message: str, advice: str) -> None:
        text = f"<b>{html.escape(message)}</b> {html.escape(advice)}"
        self.message.value = f'<p class="mockmate-error" role="alert">{text}</p>'

    async def _start(self) -> None:
        setup = self.form.setup()
        self.interview = interview = Interview(setup, self.form.llm(), log=self._kept_in)
        try:
            await self._show(interview.start())
        finally:
            if not interview.turns:
                self.interview = None

    async def _take_up(self) -> None:
        sessions = await Interview.sessions(self._kept_in)
        if not sessions:
            raise CallerError(word(self.form.spoken, "none_kept"))
        self.interview = interview = await Interview.load(sessions[-1], self.form.llm(), log=self._kept_in)
        for turn in interview.turns:
            self._open_view(turn.text).finish(ENDINGS.get(turn.state, "complete"))
            if turn.answer is not None:
                self._say(turn.answer)
        self._show_feedback()
        if interview.state is State.FAILED:
            await self._show(interview.resume())

    async def _respond(self) -> None:
        await self._turn(lambda i: i.respond(self.answer.value))

    async def _stop(self) -> None:
        if self.interview is not None:
            await self.interview.stop()

    async def _turn(self, command: Callable[[Interview], TurnReader]) -> None:
        if self.interview is not None:
            await self._show(command(self.interview))

    async def _anew(self) -> None:
        self.interview = None
        self.conversation.children = ()
        self.feedback.value = self.answer.value = ""

    async def _show(self, reader: TurnReader) -> None:
        """The turn's events, shown as they come. The command has taken effect at the first of them."""
        interview = self.interview
        if interview is None:
            return
        before = interview.turns
        began = False
        async for event in reader:
            if not began:
                began = True
                self._begin(interview, before)
            self._apply(event)

    def _begin(self, interview: Interview, before: tuple[Turn, ...]) -> None:
        """The answer just accepted is shown as said; then the view for what comes."""
        at = len(before) - 1
        if before and interview.turns[at].answer is not None and before[at].answer is None:
            self._say(interview.turns[at].answer or "")
            self.answer.value = ""
        self._refresh()
        if not interview.judging:
            if len(interview.turns) == len(before) and self._bubble is not None:
                self._bubble.start()
            else:
                self._open_view()

    def _apply(self, event: Event) -> None:
        view = self._bubble
        match event:
            case QuestionChunk(content=content) if view is not None:
                view.append(content)
                self.status.value = self._status()
            case QuestionComplete() if view is not None:
                view.finish()
            case StoppedEvent() if view is not None:
                view.finish("stopped")
            case Error() | Interrupted():
                if view is not None:
                    view.finish("failed")
                self._tell(getattr(event, "message", ""), "")
            case InterviewComplete():
                self._show_feedback()

    def _open_view(self, text: str = "") -> StreamView:
        self._bubble = view = StreamView(word(self.language, "interviewer"), language=self.language)
        self.conversation.children = (*self.conversation.children, view)
        if text:
            view.append(text)
        return view

    def _say(self, answer: str) -> None:
        said = StreamView(word(self.language, "you"), language=self.language)
        said.add_class("mockmate-answer")
        self.conversation.children = (*self.conversation.children, said)
        said.append(answer)
        said.finish()

    def _show_feedback(self) -> None:
        if self.interview is not None and self.interview.feedback is not None:
            self.feedback.value = feedback_html(self.interview.feedback)

    def _refresh(self) -> None:
        """Which parts are to be seen and pressed in the state the interview is in."""
        say = partial(word, self.language)
        interview = self.interview
        state = interview.state if interview else State.READY
        self.title.value = f"<style>{STYLE}</style><h2>{html.escape(say('title'))}</h2>"
        names = ("send", "stop", "retry", "resume_turn", "end", "again")
        for button, name in zip(self._buttons.children, names, strict=True):
            button.description = say(name)
            button.layout.width = "auto"
        self.answer.placeholder = say("answer_hint")
        runs = state in (State.ASKING, State.JUDGING)
        text = bool(interview and interview.turns and interview.turns[-1].text)
        _seen(self.form, interview is None)
        _seen(self.answer, interview is not None and state is not State.COMPLETE)
        _seen(self.send, state in GOES_ON and text and not (interview and interview.judging))
        _seen(self.stop, runs)
        _seen(self.retry, state in (State.STOPPED, State.FAILED))
        _seen(self.go_on, state in (State.STOPPED, State.FAILED) and text)
        _seen(self.end, state in GOES_ON or state is State.ASKING)
        _seen(self.again, state is State.COMPLETE)
        self.status.value = self._status() if interview else ""

    def _status(self) -> str:
        interview = self.interview
        if interview is None:
            return ""
        lines = [
            word(self.language, "thinking" if interview.state is State.ASKING else interview.state.value)
        ]
        turn = interview.turns[-1] if interview.turns else None
        if turn is not None and turn.source == "bank":
            lines.append(f"{word(self.language, 'bank')} ({turn.note})")
        elif turn is not None and turn.via == "batch":
            lines.append(f"{word(self.language, 'batch')} ({turn.note})")
        lines.append(
            word(self.language, "practice")
            if interview.llm.is_practice
            else f"{interview.llm.settings.provider.label}: {interview.llm.model}. {interview.llm.warning}"
        )
        return f'<p class="mockmate-note mockmate-status" role="status">{html.escape(" ".join(lines))}</p>'


def _seen(widget: Any, seen: bool) -> None:
    widget.layout.display = "" if seen else "none"
