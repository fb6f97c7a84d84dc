"""`Interview`: the one place where machine, policy, model and log meet.

Every command is in the session's own stream (`<session>/journal`) before it takes effect, and every event of a
turn in the turn's stream before anybody sees it; so `Interview.load` brings back all that was shown and all
that was answered, whatever ended the kernel.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Self

from mockmate_nb import aio
from mockmate_nb.errors import CallerError, IllegalStep
from mockmate_nb.interview import journal
from mockmate_nb.interview.afterwards import Aside, judged_question
from mockmate_nb.interview.bank import Bank, Question, load_bank
from mockmate_nb.interview.conduct import Conduct, now
from mockmate_nb.interview.drafting import model_answer
from mockmate_nb.interview.keeping import Keeping, default_history, default_log
from mockmate_nb.interview.machine import Machine, State, Turn
from mockmate_nb.interview.recall import recall
from mockmate_nb.interview.record import Entry
from mockmate_nb.interview.setup import InterviewSetup, spoken_text
from mockmate_nb.interview.steps import Again, Journalled, Rate, Undo
from mockmate_nb.interview.turn_reader import TurnReader as TurnReader
from mockmate_nb.llm.client import LLM
from mockmate_nb.streams.log import EventLog
from mockmate_nb.streams.producer import Producer

if TYPE_CHECKING:
    from mockmate_nb.interview.history import History

OPEN = (State.AWAITING_ANSWER, State.STOPPED, State.FAILED)


class Interview:
    """A mock interview. `log` and `history` default to files on this machine, `bank` to the shipped questions.

    `start`, `respond`, `skip`, `retry`, `resume` and `end` give the events of a turn. A command that the
    interview's state does not allow, or, but for `end`, whose turn has been replaced meanwhile, raises
    `IllegalStep` and changes nothing.
    """

    def __init__(
        self,
        setup: InterviewSetup,
        llm: LLM | None = None,
        *,
        log: EventLog | None = None,
        bank: Bank | None = None,
        history: History | None = None,
    ) -> None:
        machine = Machine(f"s-{secrets.token_hex(8)}")
        log, bank, keeping = log or default_log(), bank or load_bank(), Keeping(history)
        self._conduct = Conduct(setup, llm or LLM(), log, bank, keeping, machine)

    def __repr__(self) -> str:
        return f"Interview(state={self.state.value!r}, turns={len(self.turns)})"

    @property
    def setup(self) -> InterviewSetup:
        return self._conduct.setup

    @property
    def llm(self) -> LLM:
        return self._conduct.llm

    @property
    def log(self) -> EventLog:
        return self._conduct.log

    @property
    def session_id(self) -> str:
        return self._conduct.machine.session_id

    @property
    def state(self) -> State:
        return self._conduct.machine.state

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self._conduct.machine.turns

    @property
    def feedback(self) -> dict[str, Any] | None:
        return self._conduct.machine.feedback

    @property
    def judging(self) -> bool:
        """Whether the turn under way, stopped or failed is the feedback."""
        return self._conduct.machine.judging

    @property
    def asides(self) -> tuple[Aside, ...]:
        """What came after the feedback: questions about it, and second answers. An undo takes them back with it."""
        machine = self._conduct.machine
        if machine.feedback is None:
            return ()
        return tuple(aside for aside in self._conduct.asides if aside.judgement == machine.judgement)

    @property
    def hint(self) -> str:
        """The bank's hint on the question that is open; empty in live mode and where none is open."""
        question = self._open_question
        return question.in_language(self.setup.language).hint if question else ""

    @property
    def model_answer(self) -> str:
        """What a full answer to the open question holds; empty in live mode and where none is open."""
        question = self._open_question
        return model_answer(question, self.setup.language) if question else ""

    @property
    def remaining(self) -> float | None:
        """Seconds that a live interview has left, at least 0; None in practice and before the first question."""
        seconds, began = self.setup.seconds, self.turns[0].asked_at if self.turns else None
        return None if seconds is None or began is None else max(0.0, began + seconds - time.time())

    @property
    def _open_question(self) -> Question | None:
        if not self.turns or self.judging or self.setup.mode == "live":
            return None
        return self._conduct.bank.question(self.turns[-1].question_id)

    def entry(self) -> Entry:
        """The interview as the history keeps it; `Report.of` makes a report of it."""
        return self._conduct.entry()

    def start(self) -> TurnReader:
        """The first question: `session_started`, then its text as it arrives."""
        self._may("start", State.READY)
        return self._reader(self._conduct.start)

    def respond(self, answer: str, *, rating: int | None = None) -> TurnReader:
        """The next question, a follow-up, or the feedback. The answer is on disk before anything else happens.

        `rating`: the candidate's own of this answer, 1-5, which the feedback will set beside its score.
        """
        text, own = spoken_text(answer), None if rating is None else _point(rating)
        self._may("respond", *OPEN, question=True)
        return self._turn(lambda: self._conduct.following(text, rating=own))

    def skip(self) -> TurnReader:
        """Pass the question over without an answer: the next question, or the feedback."""
        self._may("skip", *OPEN, question=True)
        return self._turn(lambda: self._conduct.following(skipped=True))

    def retry(self) -> TurnReader:
        """The question once more, worded anew from its beginning; or the stopped or failed feedback."""
        self._may("retry", *OPEN)
        return self._turn(Again)

    def resume(self) -> TurnReader:
        """The stopped or failed question once more, from where its text ends."""
        self._may("resume", State.STOPPED, State.FAILED)
        return self._turn(lambda: Again("" if self.judging else self.turns[-1].text))

    def end(self) -> TurnReader:
        """End the interview now, with feedback on what there is. A running question is stopped first."""
        self._may("end", *OPEN, State.ASKING)
        return self._reader(self._conduct.end)

    async def undo(self) -> str:
        """Take back the last answer or skip and all that came after it, feedback too; gives the answer's text.

        Its question is open again. Not while a turn runs: stop() it first.
        """
        self._may("undo", *OPEN, State.COMPLETE)
        machine = self._conduct.machine
        await aio.on_worker(self._conduct.move(Undo, on=machine.stream_id))
        taken = machine.last_over
        return (taken.answer or "") if taken else ""

    async def stop(self) -> None:
        """End the turn that runs, before its first character too; its text stays, the interview goes on."""
        await aio.on_worker(self._conduct.stop())

    async def rate(self, value: int, *, turn: int | None = None) -> None:
        """The candidate's own rating, 1-5, of the last answer, or of the answer to the turn of that number."""
        point = _point(value)
        await aio.on_worker(self._conduct.move(lambda: Rate(point, turn)))

    def explain(self, question: str) -> TurnReader:
        """An answer to a question about the feedback: `chunk` by `chunk`. Without a model, from the rules."""
        return self._aside(Aside("explain", spoken_text(question, "question")))

    def answer_again(self, which: int | str, answer: str) -> TurnReader:
        """The feedback's question of that number (from 1) or id, answered once more: `complete` holds the judgement
        of the second answer, and both side by side."""
        entry = judged_question(self.feedback or {}, which)
        return self._aside(Aside("answer_again", spoken_text(answer), entry["question_id"], at=now()))

    async def aclose(self) -> None:
        """Stop what runs and close this interview's connections to the model. What is kept stays kept."""
        await aio.on_worker(self._conduct.close())

    @classmethod
    async def load(
        cls,
        session_id: str,
        llm: LLM | None = None,
        *,
        log: EventLog | None = None,
        bank: Bank | None = None,
        history: History | None = None,
    ) -> Self:
        """The interview as it stood. A turn that was cut off is `failed` with its text: `resume()` goes on there."""
        return await aio.on_worker(cls._load(session_id, llm, log or default_log(), bank, history))

    @staticmethod
    async def sessions(log: EventLog | None = None) -> list[str]:
        """Ids of the interviews that the log holds, the one used last at the end."""
        names = await (log or default_log()).streams()
        return [name.removesuffix(journal.SUFFIX) for name in names if name.endswith(journal.SUFFIX)]

    @staticmethod
    async def delete(session_id: str, log: EventLog | None = None, *, history: History | None = None) -> None:
        """Take an interview out of the history and out of the log, text and all. It must not be running."""
        log = log or default_log()

        async def drop() -> None:
            for name in await log.streams(f"{session_id}/"):
                await log.drop(name)
            await asyncio.to_thread(lambda: (history or default_history()).delete(session_id))

        await aio.on_worker(drop())

    def _may(self, name: str, *states: State, question: bool = False) -> None:
        if question and self.judging and self.state in states:
            raise IllegalStep(
                f"{name}() has no place now: the questions are closed, the feedback was broken off.",
                advice="Use retry() for the feedback, or undo() to go back to the last question.",
            )
        if self.state not in states:
            allowed = " or ".join(s.value.replace("_", " ") for s in states)
            raise IllegalStep(
                f"{name}() has no place now: the interview is {self.state.value.replace('_', ' ')}.",
                advice=f"It needs to be {allowed}.",
            )

    def _turn(self, command: Callable[[], Journalled]) -> TurnReader:
        on = self._conduct.machine.stream_id
        return self._reader(lambda: self._conduct.turn(command, on))

    def _reader(self, command: Callable[[], Coroutine[Any, Any, Producer]]) -> TurnReader:
        return TurnReader(command, self.stop, self._conduct.settled)

    def _aside(self, aside: Aside) -> TurnReader:
        self._may(aside.kind, State.COMPLETE)
        return self._reader(lambda: self._conduct.aside(aside))

    @classmethod
    async def _load(
        cls, session_id: str, llm: LLM | None, log: EventLog, bank: Bank | None, history: History | None
    ) -> Self:
        recalled = await recall(log, session_id)
        interview = cls.__new__(cls)
        interview._conduct = Conduct(  # noqa: SLF001 - its own other constructor
            recalled.setup,
            llm or LLM(),
            log,
            bank or load_bank(),
            Keeping(history),
            recalled.machine,
            epoch=recalled.epoch,
            asides=recalled.asides,
        )
        return interview


def _point(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
        raise CallerError(f"rating: {str(value)[:20]} is not a whole number from 1 to 5.", field="rating")
    return value
