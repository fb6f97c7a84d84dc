"""`InterviewPanel`: a whole interview in one cell, its text streaming in place.

Button callbacks only hand over to the worker loop; all that the panel does runs there, so Stop works while a
question streams, whatever the kernel is doing. Each button has its method, for notebooks and for demos.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.aio import Begun
from mockmate_nb.errors import CallerError, IllegalStep, MockMateError
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.session import Interview, TurnReader
from mockmate_nb.interview.setup import MAX_TEXT
from mockmate_nb.llm.client import LLM, warm_up
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view import drafts
from mockmate_nb.view.acts import Act, Acts
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.commands import dress, reply
from mockmate_nb.view.composer import Composer
from mockmate_nb.view.controls import Controls, Name, may_answer, pressable
from mockmate_nb.view.dialogue import Dialogue
from mockmate_nb.view.feedback_html import feedback_html
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.keeper import Keeper
from mockmate_nb.view.notices import Notices
from mockmate_nb.view.panel_twin import panel_twin
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.status import turn_note
from mockmate_nb.view.twin import Twin
from mockmate_nb.view.words import word
from mockmate_nb.wire.events import Interrupted

STYLE = (Path(__file__).parent / "static" / "panel.css").read_text("utf-8")


class InterviewPanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The interview as a person meets it: set-up, questions that grow in place, answers, feedback.

    `llm`: a model of one's own; without it the form offers the known ones. `resume` and `job` fill the form.
    `panel.interview` is the running `Interview`, None before the start. Every method that acts begins at once;
    `await` it or give it to `run` to wait until its turn has ended. What is refused is raised there; a turn that
    breaks is told on the screen, and in `panel.interview.state`.
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
        self._keeper: Keeper | None = None
        self._acts = Acts(
            lambda: self.notices.hush(self.interview),
            lambda fault: self.notices.tell_fault(fault, self.interview, self.language),
            self._settle,
        )
        self.form = SetupForm(llm, language)
        self.form.resume.value, self.form.job.value = resume, job
        self.title, self.feedback, self.notices = w.HTML(), w.HTML(), Notices()
        self.conversation = Dialogue()
        self.composer, self.controls = Composer(language=language), Controls()
        self.presenting = w.ToggleButton(layout=w.Layout(width="auto"))
        self.presenting.add_class("mockmate-quiet")
        head = w.HBox([self.title, self.presenting])
        head.add_class("mockmate-head")
        said = [self.notices.where, self.notices.fault, self.notices.remark]
        talk = [self.conversation, *said, self.composer, self.controls, self.feedback]
        super().__init__(children=[head, self.form, *talk])
        self.add_class("mockmate-panel")
        self._wire()
        self._refresh()
        warm_up()

    def __repr__(self) -> str:
        return "InterviewPanel()"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self._keeper is None:
            self._keeper = Keeper(self)
            self._settle()
        return super()._repr_mimebundle_(**options)

    @property
    def language(self) -> Language:
        return self.interview.setup.language if self.interview else self.form.spoken

    # What a person does, and a script as well.

    def start(self) -> Begun[None]:
        """The first question, with what the form holds."""
        return self._begin("start", self._start)

    def take_up(self) -> Begun[None]:
        """The interview that was held last, as it stood; a question that was cut off goes on."""
        return self._begin("take_up", self._take_up)

    def answer(self, text: str) -> Begun[None]:
        """Give this answer; the next question, a follow-up or the feedback comes."""
        return self._begin("answer", partial(self._respond, text))

    def skip(self) -> Begun[None]:
        """Go on without an answer."""
        return self._begin("skip", partial(self._turn, "skip"))

    def stop(self) -> Begun[None]:
        """Stop what is being said, before its first character too."""
        return self._begin("stop", self._stop)

    def retry(self) -> Begun[None]:
        """The question once more, from its beginning; what it had said is kept above it."""
        return self._begin("retry", partial(self._turn, "retry"))

    def resume(self) -> Begun[None]:
        """The stopped or failed question once more, from where its text ends."""
        return self._begin("resume", partial(self._turn, "resume"))

    def undo(self) -> Begun[None]:
        """Take back the last answer and what came after it; its text is in the answer box again."""
        return self._begin("undo", self._undo)

    def end(self) -> Begun[None]:
        """End the interview, with feedback on what there is."""
        return self._begin("end", partial(self._turn, "end"))

    def reset(self) -> Begun[None]:
        """Back to the form, ready for the next one. What runs is stopped; what was said is on disk."""
        return self._begin("reset", self._reset)

    def command(self, name: str) -> Begun[None]:
        """What a line like `/hint` in the answer box does."""
        return self._begin("command", partial(self._command, name))

    def present(self, on: bool = True) -> None:
        """Large type, controls hidden: for a beamer."""
        self.presenting.value = on

    def twin(self, *, figures: bool = True) -> Twin:
        """The conversation as plain HTML and text, which stays in a notebook without a kernel.

        `figures=False` leaves out times and measurements, for an output that is compared.
        """
        return panel_twin(self.interview, self.language, figures=figures)

    def close(self) -> None:
        """End the panel and all that was made for it. What runs goes on; `reset()` stops it."""
        for part in (*self.children, self.conversation.earlier, self._keeper):
            if part is not None:
                close_whole(part)
        self.layout.close()
        super().close()

    def _begin(self, name: str, act: Act) -> Begun[None]:
        return self._acts.begin(name, act, self._stop)

    def _wire(self) -> None:
        acts: dict[Name, Act] = {
            "stop": self._stop,
            "resume_turn": partial(self._turn, "resume"),
            "retry": partial(self._turn, "retry"),
            "regenerate": partial(self._turn, "retry"),
            "hint": partial(self._command, "/hint"),
            "skip": partial(self._turn, "skip"),
            "undo": self._undo,
            "end": partial(self._turn, "end"),
            "again": self._reset,
        }
        for name, act in acts.items():
            self._on(self.controls[name], act, waits=name != "stop")
        self._on(self.form.start, self._start)
        self._on(self.form.last, self._take_up)
        self.composer.on_send(self._answer_typed)
        self.composer.on_command(self._command_typed)
        self.composer.observe(lambda change: self._keep_draft(change["new"]), "value")
        for choice in (self.form.language, self.form.provider, self.presenting):
            choice.observe(lambda _: from_cell(aio.loop().call_soon_threadsafe, self._chosen), "value")

    def _on(self, button: w.Button, act: Act, *, waits: bool = True) -> None:
        def seen() -> bool:
            return bool(button.layout.display != "none")

        button.on_click(lambda _: self._acts.press(act, may=seen, waits=waits))

    def _answer_typed(self, text: str) -> None:
        self._acts.press(partial(self._respond, text), may=lambda: self.composer.enabled)

    def _command_typed(self, name: str) -> None:
        waits = name.strip().lower() == "/skip"
        self._acts.press(partial(self._command, name), may=lambda: True, waits=waits)

    def _chosen(self) -> None:
        if self.interview is None:
            self.notices.hush(None)
        (self.add_class if self.presenting.value else self.remove_class)("mockmate-presenting")
        self._refresh()
        self.conversation.into_view()

    def _keep_draft(self, text: str) -> None:
        if self.interview is not None:
            drafts.keep_draft(self.interview.session_id, text)

    # On the worker loop from here on.

    async def _start(self) -> None:
        if self.interview is not None:
            raise IllegalStep(word(self.language, "begun"))
        setup = self.form.setup()
        self.interview = interview = Interview(setup, self.form.llm(), log=self._kept_in)
        try:
            await self._show(interview.start())
        finally:
            if not interview.turns:
                self.interview = None

    async def _take_up(self) -> None:
        if self.interview is not None:
            raise IllegalStep(word(self.language, "begun"))
        sessions = await Interview.sessions(self._kept_in)
        if not sessions:
            raise CallerError(word(self.form.spoken, "none_kept"))
        self.interview = interview = await Interview.load(sessions[-1], self.form.llm(), log=self._kept_in)
        self.conversation.follow(interview)
        self.conversation.into_view()
        self.composer.value = drafts.draft(interview.session_id)
        self.composer.focus()
        if interview.state is State.FAILED:
            await self._show(interview.resume())

    async def _respond(self, answer: str) -> None:
        if not answer.strip():
            raise CallerError(word(self.language, "no_answer"), field="answer")
        if len(answer) > MAX_TEXT:
            what, length = word(self.language, "answer"), len(answer)
            raise CallerError(word(self.language, "too_long", what=what, length=length, limit=MAX_TEXT))
        await self._show(self._running().respond(answer), answer=answer)

    async def _turn(self, name: Literal["skip", "retry", "resume", "end"]) -> None:
        command: Callable[[], TurnReader] = getattr(self._running(), name)
        await self._show(command())

    async def _stop(self) -> None:
        if self.interview is not None:
            await self.interview.stop()

    async def _undo(self) -> None:
        interview = self._running()
        text = await interview.undo()
        self.conversation.follow(interview)
        draft = self.composer.value.strip()
        self.composer.value = "\n\n".join(filter(None, [text, draft]))
        self.composer.focus()

    async def _reset(self) -> None:
        interview, self.interview = self.interview, None
        self.conversation.clear()
        self.composer.clear()
        if interview is not None:
            await (interview.stop() if self.form.given else interview.aclose())

    async def _command(self, name: str) -> None:
        interview = self._running()
        match name.strip().lower():
            case "/stop":
                await interview.stop()
            case "/skip":
                await self._turn("skip")
            case other:
                self.notices.say(reply(other, interview, self.language))

    def _running(self) -> Interview:
        if self.interview is None:
            raise IllegalStep(word(self.language, "not_begun"))
        return self.interview

    async def _show(self, reader: TurnReader, *, answer: str = "") -> None:
        """Launch the turn, then show its events as they come, in the view that is its own."""
        interview = self._running()
        producer = await reader.launch()
        if interview is not self.interview:  # another began while this one waited for the log
            return await interview.stop()
        self.notices.fault.value = ""
        if answer and self.composer.value.strip() == answer.strip():
            self.composer.clear()
        self.conversation.follow(interview)
        live = None if interview.judging else self.conversation.live(interview)
        self._acts.launched()
        self._refresh()
        try:
            async for event in reader:
                if live is not None and live.apply(event):
                    self.notices.stand(interview, self.language)
                self.notices.tell_break(event, self.language)
                if isinstance(event, Interrupted):  # written by another: what runs here is of no use any more
                    with contextlib.suppress(MockMateError):
                        await interview.stop()
        finally:
            await asyncio.wait([producer.task])
            if live is not None:
                live.close()
            self._after_turn(interview)

    def _after_turn(self, interview: Interview) -> None:
        if interview is not self.interview:
            return
        self.conversation.follow(interview)
        if interview.state is State.COMPLETE:
            drafts.drop_draft(interview.session_id)
        note = turn_note(interview.turns[-1], self.language)
        if note and may_answer(interview):
            self.notices.say(f"{note}{word(self.language, 'space')}{word(self.language, 'ask_model')}")
        if may_answer(interview):
            self.composer.focus()

    def _refresh(self) -> None:
        """Which parts are to be seen and pressed in the state the interview is in."""
        say, interview = partial(word, self.language), self.interview
        self.title.value = f"<style>{STYLE}</style><h2>{html.escape(say('title'))}</h2>"
        (self.add_class if self.language == "zh" else self.remove_class)("mockmate-zh")
        self.presenting.description = say("present_end" if self.presenting.value else "present")
        self.controls.show(pressable(interview), self.language)
        dress(self.composer, interview, self.language)
        talking = interview is not None and interview.state is not State.COMPLETE and not interview.judging
        for part, seen in ((self.form, interview is None), (self.composer, talking)):
            part.layout.display = "" if seen else "none"
        feedback = interview.feedback if interview else None
        self.feedback.value = feedback_html(feedback) if feedback else ""
        self.notices.stand(interview, self.language)

    def _settle(self) -> None:
        self._refresh()
        if self._keeper is not None and (self.interview is not None or self._keeper.html):
            self._keeper.keep(self.twin())
