"""`InterviewPanel`: a whole interview in one cell, its text streaming in place.

Button callbacks only hand over to the worker loop; all that the panel does runs there, so Stop works while a
question streams, whatever the kernel is doing.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Coroutine
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
from mockmate_nb.streams.log import EventLog, StaleEpoch
from mockmate_nb.view.coalesce import Ending
from mockmate_nb.view.feedback_html import feedback_html
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.stream_view import StreamView
from mockmate_nb.view.words import provider_label, word
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
        self._kept_in = log
        self._bubble: StreamView | None = None
        self._launching: object | None = None
        self.form = SetupForm(llm, language)
        self.form.resume.value, self.form.job.value = resume, job
        self.status, self.message, self.feedback = w.HTML(), w.HTML(), w.HTML()
        self.conversation = w.VBox()
        self.answer = w.Textarea(continuous_update=False, layout=w.Layout(width="auto"), rows=5)
        self.answer.add_class("mockmate-field")
        self.send, self.stop = w.Button(button_style="primary"), w.Button(button_style="warning")
        self.retry, self.go_on, self.end, self.again = w.Button(), w.Button(), w.Button(), w.Button()
        self._buttons = w.HBox(
            [self.send, self.stop, self.retry, self.go_on, self.end, self.again],
            layout=w.Layout(flex_flow="row wrap", grid_gap="4px"),
        )
        self.title = w.HTML()
        talk = [self.conversation, self.status, self.message, self.answer, self._buttons]
        super().__init__(children=[self.title, self.form, *talk, self.feedback])
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
        self._on(self.stop, self._stop, waits=False)
        self._on(self.retry, lambda: self._turn(lambda i: i.retry()))
        self._on(self.go_on, lambda: self._turn(lambda i: i.resume()))
        self._on(self.end, lambda: self._turn(lambda i: i.end()))
        self._on(self.again, self._anew)
        for choice in (self.form.language, self.form.provider):
            choice.observe(lambda _: from_cell(self._chosen), "value")

    def _chosen(self) -> None:
        self.message.value = ""
        self._refresh()

    def _on(
        self, button: w.Button, act: Callable[[], Coroutine[Any, Any, None]], *, waits: bool = True
    ) -> None:
        def clicked(_: object) -> None:
            from_cell(asyncio.run_coroutine_threadsafe, self._guarded(button, act, waits=waits), aio.loop())

        button.on_click(clicked)

    # On the worker loop from here on.

    async def _guarded(
        self, button: w.Button, act: Callable[[], Coroutine[Any, Any, None]], *, waits: bool
    ) -> None:
        """One command at a time takes effect, so that a double click is one; nothing that goes wrong is silent."""
        mine = object()
        if waits:
            if self._launching is not None or button.layout.display == "none":
                return
            self._launching = mine
        self.message.value = ""
        try:
            await act()
        except StaleEpoch:
            self._tell(word(self.language, "taken"), "")
        except MockMateError as fault:
            self._tell(fault.message, fault.advice)
        except Exception as fault:  # noqa: BLE001 - the panel is the last to see it, and shows it
            self._tell(f"{type(fault).__name__}: {fault}", "")
        finally:
            if self._launching is mine:
                self._launching = None
            self._refresh()

    def _tell(self, message: str, advice: str) -> None:
        text = f"<b>{html.escape(message)}</b> {html.escape(advice)}"
        self.message.value = f'<p class="mockmate-error" role="alert">{text}</p>'

    async def _start(self) -> None:
        if self.interview is not None:
            return
        setup = self.form.setup()
        self.interview = interview = Interview(setup, self.form.llm(), log=self._kept_in)
        try:
            await self._show(interview.start())
        finally:
            if not interview.turns:
                self.interview = None

    async def _take_up(self) -> None:
        if self.interview is not None:
            return
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
        if not self.answer.value.strip():
            raise CallerError(word(self.language, "no_answer"), field="answer")
        await self._turn(lambda i: i.respond(self.answer.value))

    async def _stop(self) -> None:
        if self.interview is not None:
            await self.interview.stop()

    async def _turn(self, command: Callable[[Interview], TurnReader]) -> None:
        if self.interview is not None:
            await self._show(command(self.interview))

    async def _anew(self) -> None:
        self.interview = self._bubble = None
        self.conversation.children = ()
        self.feedback.value = ""

    async def _show(self, reader: TurnReader) -> None:
        """Launch the turn, then show its events as they come, in the view that is its own."""
        interview = self.interview
        if interview is None:
            return
        before = interview.turns
        await reader.launch()
        view = self._begin(interview, before)
        run = view.run if view is not None else 0
        self._launching = None
        self._refresh()
        async for event in reader:
            self._apply(event, view, run)

    def _begin(self, interview: Interview, before: tuple[Turn, ...]) -> StreamView | None:
        """The answer just accepted is shown as said; then the view for what comes, None for feedback."""
        at = len(before) - 1
        if before and interview.turns[at].answer is not None and before[at].answer is None:
            self._say(interview.turns[at].answer or "")
            self.answer.value = ""
        if interview.judging:
            return None
        if len(interview.turns) > len(before) or self._bubble is None:
            return self._open_view()
        self._bubble.start()
        return self._bubble

    def _apply(self, event: Event, view: StreamView | None, run: int) -> None:
        match event:
            case QuestionChunk(content=content) if view is not None:
                view.append(content, run=run)
                self.status.value = self._status()
            case QuestionComplete() if view is not None:
                view.finish(run=run)
            case StoppedEvent() if view is not None:
                view.finish("stopped", run=run)
            case Error(message=message):
                self._break(view, run, message)
            case Interrupted():
                self._break(view, run, word(self.language, "taken"))
            case InterviewComplete():
                self._show_feedback()

    def _break(self, view: StreamView | None, run: int, message: str) -> None:
        if view is not None:
            view.finish("failed", run=run)
        self._tell(message, "")

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
        self.answer.description, self.answer.placeholder = say("answer"), say("answer_hint")
        runs = state in (State.ASKING, State.JUDGING)
        text = bool(interview and interview.turns and interview.turns[-1].text)
        _seen(self.form, interview is None)
        _seen(self.answer, interview is not None and state is not State.COMPLETE)
        _seen(self.send, state in GOES_ON and text and not (interview and interview.judging))
        _seen(self.stop, runs)
        _seen(self.retry, state in (State.STOPPED, State.FAILED))
        _seen(self.go_on, state in (State.STOPPED, State.FAILED) and text)
        _seen(self.end, state in GOES_ON or state is State.ASKING)
        _seen(self.again, state in (State.COMPLETE, State.STOPPED, State.FAILED))
        self.status.value = self._status() if interview else ""

    def _status(self) -> str:
        interview = self.interview
        if interview is None:
            return ""
        turn, model = interview.turns[-1] if interview.turns else None, interview.llm
        said = turn is not None and bool(turn.text)
        name = {State.ASKING: "asking" if said else "thinking", State.STOPPED: "stopped" if said else "early"}
        lines = [word(self.language, name.get(interview.state, interview.state.value))]
        if turn is not None and not interview.judging:
            at = sum(each.gap is None for each in interview.turns)
            lines.insert(0, word(self.language, "place", at=at, of=interview.setup.question_count))
            if turn.note:
                why = "bank" if turn.source == "bank" else turn.via or "failed"
                lines.append(f"{word(self.language, why)} ({turn.note})")
        if model.is_practice:
            lines.append(word(self.language, "practice"))
        else:
            lines.append(f"{provider_label(model.settings, self.language)}: {model.model}. {model.warning}")
        return f'<p class="mockmate-note mockmate-status" role="status">{html.escape(" ".join(lines))}</p>'


def _seen(widget: Any, seen: bool) -> None:
    widget.layout.display = "" if seen else "none"
