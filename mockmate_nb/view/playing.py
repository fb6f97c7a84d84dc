"""What a panel does with its interview: every act of a person, on the worker loop, shown where it belongs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from mockmate_nb.errors import CallerError, IllegalStep, MockMateError
from mockmate_nb.interview.bank import Bank, Language
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.rubric import asks_back
from mockmate_nb.interview.session import Interview, TurnReader
from mockmate_nb.interview.setup import MAX_TEXT
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view import drafts
from mockmate_nb.view.commands import reply
from mockmate_nb.view.composer import Composer
from mockmate_nb.view.controls import may_answer
from mockmate_nb.view.dialogue import Dialogue
from mockmate_nb.view.feedback_view import FeedbackView
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.notices import Notices
from mockmate_nb.view.rating import RatingRow
from mockmate_nb.view.status import turn_note
from mockmate_nb.view.words import word
from mockmate_nb.wire.events import Interrupted

if TYPE_CHECKING:
    from mockmate_nb.interview.history import History


@dataclass
class Playing:
    """The interview that is held, None before the start, and the parts of the panel it is shown in.

    `refresh` is called when another state stands, `launched` when a command has taken effect.
    """

    form: SetupForm
    conversation: Dialogue
    notices: Notices
    composer: Composer
    rating: RatingRow
    feedback: FeedbackView
    refresh: Callable[[], None]
    launched: Callable[[], None]
    log: EventLog | None = None
    history: History | None = None
    bank: Bank | None = None
    interview: Interview | None = None

    @property
    def language(self) -> Language:
        return self.interview.setup.language if self.interview else self.form.spoken

    async def start(self) -> None:
        """The first question, with what the form holds; another choice of questions than the time before."""
        self._none_held()
        before = await Interview.sessions(self.log)
        await self._begin(self._made(seed=len(before)))

    def _made(self, **changes: Any) -> Interview:
        """A new interview with what the form holds, and these `changes` to it."""
        setup = replace(self.form.setup(), **changes)
        return Interview(setup, self.form.llm(), log=self.log, bank=self.bank, history=self.history)

    async def _begin(self, interview: Interview) -> None:
        self.interview = interview
        try:
            await self._show(interview.start())
        finally:
            if not interview.turns:
                self.interview = None

    async def take_up(self, session_id: str = "") -> None:
        """The interview of that id, or the one that was held last. With an id, what is held gives way."""
        if not session_id:
            self._none_held()
        sessions = await Interview.sessions(self.log)
        if not sessions or (session_id and session_id not in sessions):
            raise CallerError(word(self.form.spoken, "none_kept"))
        kept: dict[str, Any] = {"log": self.log, "bank": self.bank, "history": self.history}
        llm = self.form.llm()
        if self.interview is not None:
            await self.reset()
        self.interview = interview = await Interview.load(session_id or sessions[-1], llm, **kept)
        self.conversation.follow(interview)
        self.feedback.show(interview)
        self.conversation.into_view()
        self.composer.value = drafts.draft(interview.session_id)
        self.composer.focus()
        if interview.state is State.FAILED:
            await self._show(interview.resume())

    async def practise(self, question_ids: Sequence[str]) -> None:
        """These questions of the bank, one after the other. What is held gives way, and stays on disk."""
        ids = tuple(question_ids)
        drill = {"question_ids": ids, "question_count": len(ids), "own_questions": (), "mode": "practice"}
        made = self._made(**drill)
        if self.interview is not None:
            await self.reset()
        await self._begin(made)

    async def respond(self, answer: str) -> None:
        if not answer.strip():
            raise CallerError(word(self.language, "no_answer"), field="answer")
        if len(answer) > MAX_TEXT:
            what, length = word(self.language, "answer"), len(answer)
            raise CallerError(word(self.language, "too_long", what=what, length=length, limit=MAX_TEXT))
        interview = self.held()
        if may_answer(interview) and asks_back(answer):  # as in a room: it is said once more
            self.notices.say(reply("/repeat", interview, self.language))
            self.composer.clear()
        else:
            await self._show(interview.respond(answer, rating=self.rating.value), answer=answer)

    async def turn(self, name: Literal["skip", "retry", "resume", "end"]) -> None:
        command: Callable[[], TurnReader] = getattr(self.held(), name)
        await self._show(command())

    async def stop(self) -> None:
        if self.interview is not None:
            await self.interview.stop()

    async def undo(self) -> None:
        interview = self.held()
        text = await interview.undo()
        self.conversation.follow(interview)
        self.feedback.show(interview)
        draft = self.composer.value.strip()
        self.composer.value = "\n\n".join(filter(None, [text, draft]))
        self.composer.focus()

    async def rate(self, value: int) -> None:
        await self.held().rate(value)

    async def answer_again(self, which: int | str, text: str) -> None:
        await self._aside(self.held().answer_again(which, text))

    async def explain(self, text: str) -> None:
        await self._aside(self.held().explain(text))

    async def reset(self) -> None:
        interview, self.interview = self.interview, None
        self.conversation.clear()
        self.composer.clear()
        self.rating.clear()
        self.feedback.show(None)
        if interview is not None:
            await (interview.stop() if self.form.given else interview.aclose())

    async def command(self, name: str) -> None:
        interview = self.held()
        match name.strip().lower():
            case "/stop":
                await interview.stop()
            case "/skip":
                await self.turn("skip")
            case other:
                self.notices.say(reply(other, interview, self.language))

    def held(self) -> Interview:
        if self.interview is None:
            raise IllegalStep(word(self.language, "not_begun"))
        return self.interview

    def _none_held(self) -> None:
        if self.interview is not None:
            raise IllegalStep(word(self.language, "begun"))

    async def _show(self, reader: TurnReader, *, answer: str = "") -> None:
        """Launch the turn, then show its events as they come, in the view that is its own."""
        interview = self.held()
        producer = await reader.launch()
        if interview is not self.interview:  # another began while this one waited for the log
            return await interview.stop()
        self.notices.fault.value = ""
        if answer and self.composer.value.strip() == answer.strip():
            self.composer.clear()
        self.rating.clear()
        self.conversation.follow(interview)
        live = None if interview.judging else self.conversation.live(interview)
        self.feedback.show(interview)
        self.launched()
        self.refresh()
        try:
            async for event in reader:
                if live is not None and live.apply(event):
                    self.notices.stand(interview, self.language)
                if live is None and interview is self.interview:
                    self.feedback.grow(event)
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
        self.feedback.show(interview)
        if interview.state is State.COMPLETE:
            drafts.drop_draft(interview.session_id)
        note = turn_note(interview.turns[-1], self.language)
        if note and may_answer(interview):
            self.notices.say(f"{note}{word(self.language, 'space')}{word(self.language, 'ask_model')}")
        if may_answer(interview):
            self.composer.focus()

    async def _aside(self, reader: TurnReader) -> None:
        """What comes after the feedback: its events go to the view of the feedback."""
        interview = self.held()
        await reader.launch()
        if interview is not self.interview:
            return await interview.stop()
        self.feedback.show(interview)
        self.launched()
        self.refresh()
        try:
            async for event in reader:
                if interview is self.interview:
                    self.feedback.live(event)
        finally:
            if interview is self.interview:
                self.feedback.show(interview)
