"""`InterviewPanel`: a whole interview in one cell, its text streaming in place.

Button callbacks only hand over to the worker loop; all that the panel does runs there, so Stop works while a
question streams, whatever the kernel is doing. Each button has its method, for notebooks and for demos.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.aio import Begun
from mockmate_nb.interview.bank import Bank, Language
from mockmate_nb.interview.keeping import something_kept
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.session import Interview
from mockmate_nb.llm.client import LLM, warm_up
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view import drafts
from mockmate_nb.view.acts import Act, Acts
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.commands import dress
from mockmate_nb.view.composer import Composer
from mockmate_nb.view.controls import Controls, Name, may_answer, pressable
from mockmate_nb.view.dialogue import Dialogue
from mockmate_nb.view.drill import DrillView
from mockmate_nb.view.export import Exporter
from mockmate_nb.view.feedback_view import FeedbackView
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.keeper import Keeper
from mockmate_nb.view.notices import Notices
from mockmate_nb.view.panel_twin import panel_twin
from mockmate_nb.view.past import PastView
from mockmate_nb.view.playing import Playing
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.rating import RatingRow
from mockmate_nb.view.styles import sheets
from mockmate_nb.view.timer import Timer
from mockmate_nb.view.twin import Twin
from mockmate_nb.view.words import word

if TYPE_CHECKING:
    from mockmate_nb.interview.history import History

STYLE = sheets("panel.css")


class InterviewPanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The interview as a person meets it: set-up, questions that grow in place, answers, feedback, history.

    `llm`: a model of one's own; without it the form offers the known ones. `resume` and `job` fill the form.
    `panel.interview` is the running `Interview`, None before the start. Every method that acts begins at once;
    `await` it or give it to `run` to wait until its turn has ended. What is refused is raised there; a turn that
    breaks is told on the screen, and in `panel.interview.state`.
    """

    def __init__(
        self,
        llm: LLM | None = None,
        *,
        language: Language | None = None,
        resume: str = "",
        job: str = "",
        log: EventLog | None = None,
        history: History | None = None,
        bank: Bank | None = None,
    ) -> None:
        self._keeper: Keeper | None = None
        self.notices, self.conversation, self.controls = Notices(), Dialogue(), Controls()
        self._acts = Acts(
            lambda: self.notices.hush(self.interview),
            lambda fault: self.notices.tell_fault(fault, self.interview, self.language),
            self._settle,
        )
        self.form = SetupForm(llm, language, resume=resume, job=job)
        spoken = self.form.spoken
        self.composer, self.rating = Composer(language=spoken), RatingRow(language=spoken)
        self.feedback, self.timer = FeedbackView(), Timer(language=spoken)
        self.past, self.drill = PastView(history, log, language=spoken), DrillView(history, language=spoken)
        self.exporter = Exporter(
            lambda: self.interview.entry() if self.interview else None, language=spoken, history=history
        )
        self.before = w.VBox([self.past, self.drill])
        self.title = w.HTML()
        self.remembering, self.presenting = (w.ToggleButton(layout=w.Layout(width="auto")) for _ in range(2))
        for toggle in (self.remembering, self.presenting):
            toggle.add_class("mockmate-quiet")
        head = w.HBox([self.title, self.timer, self.remembering, self.presenting])
        head.add_class("mockmate-head")
        parts = (self.form, self.conversation, self.notices, self.composer, self.rating, self.feedback)
        self._playing = Playing(*parts, self._refresh, self._acts.launched, log, history, bank)
        said = [self.notices.where, self.notices.fault, self.notices.remark]
        talk = [
            self.conversation,
            *said,
            self.composer,
            self.rating,
            self.controls,
            self.feedback,
            self.exporter,
        ]
        super().__init__(children=[head, self.before, self.form, *talk])
        self.add_class("mockmate-panel")
        self._wire()
        self._refresh()
        self._look_for_sessions()
        warm_up()

    def __repr__(self) -> str:
        return "InterviewPanel()"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self._keeper is None:
            self._keeper = Keeper(self)
            self._settle()
        return super()._repr_mimebundle_(**options)

    @property
    def interview(self) -> Interview | None:
        return self._playing.interview

    @property
    def language(self) -> Language:
        return self._playing.language

    # What a person does, and a script as well.

    def start(self) -> Begun[None]:
        """The first question, with what the form holds."""
        return self._begin("start", self._playing.start)

    def take_up(self, session_id: str = "") -> Begun[None]:
        """The interview of that id, or the last one, as it stood; a question that was cut off goes on."""
        return self._begin("take_up", partial(self._playing.take_up, session_id))

    def answer(self, text: str) -> Begun[None]:
        """Give this answer, with the rating that is chosen; the next question, a follow-up or the feedback comes."""
        return self._begin("answer", partial(self._playing.respond, text))

    def rate(self, value: int) -> Begun[None]:
        """One's own rating, 1-5, of the last answer."""
        return self._begin("rate", partial(self._playing.rate, value))

    def skip(self) -> Begun[None]:
        """Go on without an answer."""
        return self._begin("skip", partial(self._playing.turn, "skip"))

    def stop(self) -> Begun[None]:
        """Stop what is being said, before its first character too."""
        return self._begin("stop", self._playing.stop)

    def retry(self) -> Begun[None]:
        """The question once more, from its beginning; what it had said is kept above it."""
        return self._begin("retry", partial(self._playing.turn, "retry"))

    def resume(self) -> Begun[None]:
        """The stopped or failed question once more, from where its text ends."""
        return self._begin("resume", partial(self._playing.turn, "resume"))

    def undo(self) -> Begun[None]:
        """Take back the last answer and what came after it; its text is in the answer box again."""
        return self._begin("undo", self._playing.undo)

    def end(self) -> Begun[None]:
        """End the interview, with feedback on what there is."""
        return self._begin("end", partial(self._playing.turn, "end"))

    def answer_again(self, which: int | str, text: str) -> Begun[None]:
        """Answer the feedback's question of that number (from 1) or id once more, and see both side by side."""
        return self._begin("answer_again", partial(self._playing.answer_again, which, text))

    def explain(self, question: str) -> Begun[None]:
        """Ask about the feedback."""
        return self._begin("explain", partial(self._playing.explain, question))

    def practise(self, question_ids: Sequence[str]) -> Begun[None]:
        """A round of these questions of the bank, with what else the form holds."""
        return self._begin("practise", partial(self._practise, tuple(question_ids)))

    def reset(self) -> Begun[None]:
        """Back to the form, ready for the next one. What runs is stopped; what was said is on disk."""
        return self._begin("reset", self._playing.reset)

    def command(self, name: str) -> Begun[None]:
        """What a line like `/hint` in the answer box does."""
        return self._begin("command", partial(self._playing.command, name))

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
        return self._acts.begin(name, act, self._playing.stop)

    def _wire(self) -> None:
        does = self._playing
        acts: dict[Name, Act] = {
            "stop": does.stop,
            "resume_turn": partial(does.turn, "resume"),
            "retry": partial(does.turn, "retry"),
            "regenerate": partial(does.turn, "retry"),
            "hint": partial(does.command, "/hint"),
            "model_answer": partial(does.command, "/answer"),
            "skip": partial(does.turn, "skip"),
            "undo": does.undo,
            "end": partial(does.turn, "end"),
            "again": does.reset,
        }
        for name, act in acts.items():
            self._on(self.controls[name], act, waits=name != "stop")
        self._on(self.form.start, does.start)
        self._on(self.form.last, does.take_up)
        self.composer.on_send(self._answer_typed)
        self.composer.on_command(self._command_typed)
        self.composer.observe(lambda change: self._keep_draft(change["new"]), "value")
        self.feedback.on_again(lambda which, text: self._pressed(partial(does.answer_again, which, text)))
        self.feedback.on_explain(lambda text: self._pressed(partial(does.explain, text)))
        self.feedback.on_stop(lambda: self._pressed(does.stop, waits=False))
        self.past.on_deleted(drafts.drop_draft)
        self.past.on_take_up(lambda session_id: self._pressed(partial(self._take_up_past, session_id)))
        self.drill.on_practise(lambda ids: self._pressed(partial(self._practise, ids)))
        for choice in (self.form.language, self.form.provider, self.presenting, self.remembering):
            choice.observe(lambda _: from_cell(aio.loop().call_soon_threadsafe, self._chosen), "value")

    def _on(self, button: w.Button, act: Act, *, waits: bool = True) -> None:
        def seen() -> bool:
            return bool(button.layout.display != "none")

        button.on_click(lambda _: self._acts.press(act, may=seen, waits=waits))

    def _pressed(self, act: Act, *, may: Callable[[], bool] = lambda: True, waits: bool = True) -> None:
        self._acts.press(act, may=may, waits=waits)

    def _answer_typed(self, text: str) -> None:
        self._pressed(partial(self._playing.respond, text), may=lambda: self.composer.enabled)

    def _command_typed(self, name: str) -> None:
        waits = name.strip().lower() == "/skip"
        self._pressed(partial(self._playing.command, name), waits=waits)

    def _keep_draft(self, text: str) -> None:
        if self.interview is not None:
            drafts.keep_draft(self.interview.session_id, text)

    # On the worker loop from here on.

    async def _take_up_past(self, session_id: str) -> None:
        """From the history: what is held here gives way, and stays on disk."""
        await self._playing.take_up(session_id)
        self.remembering.value = False

    async def _practise(self, question_ids: tuple[str, ...]) -> None:
        await self._playing.practise(question_ids)
        self.remembering.value = False

    def _look_for_sessions(self) -> None:
        """Offer to take up the last interview where there is one."""

        async def look() -> None:
            self.form.offer_last(bool(await Interview.sessions(self._playing.log)))

        self.form.offer_last(False)
        if self._playing.log is not None or something_kept():
            self._begin("look", look)

    def _chosen(self) -> None:
        if self.interview is None:
            self.notices.hush(None)
        (self.add_class if self.presenting.value else self.remove_class)("mockmate-presenting")
        if self.remembering.value:
            for part in (self.past, self.drill):
                part.refresh()
        self._refresh()
        if not self.remembering.value:
            self.conversation.into_view()

    def _refresh(self) -> None:
        """Which parts are to be seen and pressed in the state the interview is in."""
        language, interview = self.language, self.interview
        say = partial(word, language)
        self.title.value = f"<style>{STYLE}</style><h2>{html.escape(say('title'))}</h2>"
        (self.add_class if language == "zh" else self.remove_class)("mockmate-zh")
        self.presenting.description = say("present_end" if self.presenting.value else "present")
        self.remembering.description = say("past_end" if self.remembering.value else "past")
        self.controls.show(pressable(interview), language)
        dress(self.composer, interview, language)
        self.rating.language = self.timer.language = self.exporter.language = language
        self.timer.set(interview.remaining if interview and interview.state is not State.COMPLETE else None)
        self.past.open_session = interview.session_id if interview else ""
        for part in (self.past, self.drill):
            if self.remembering.value and part.language != language:
                part.speak(language)
        talking = interview is not None and interview.state is not State.COMPLETE and not interview.judging
        seen: dict[Any, bool] = {
            self.before: self.remembering.value,
            self.form: interview is None,
            self.composer: talking,
            self.rating: may_answer(interview),
            self.exporter: interview is not None and interview.feedback is not None,
        }
        for part, shows in seen.items():
            part.layout.display = "" if shows else "none"
        self.notices.stand(interview, language)

    def _settle(self) -> None:
        self._refresh()
        if self._keeper is not None and (self.interview is not None or self._keeper.html):
            self._keeper.keep(self.twin())
