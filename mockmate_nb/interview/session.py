"""`Interview`: the one place where machine, policy, model and log meet.

Every command is in the session's own stream (`<session>/journal`) before it takes effect, and every event of a
turn in the turn's stream before anybody sees it; so `Interview.load` brings back all that was shown and all
that was answered, whatever ended the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Self

from mockmate_nb import aio
from mockmate_nb.errors import CallerError, IllegalStep, Kind, MockMateError
from mockmate_nb.interview import journal
from mockmate_nb.interview.asking import question_steps
from mockmate_nb.interview.bank import Bank, load_bank
from mockmate_nb.interview.feedback import build_feedback, remarks
from mockmate_nb.interview.following import following, plan_of
from mockmate_nb.interview.machine import Machine, State, Turn, step
from mockmate_nb.interview.question import generic_wording
from mockmate_nb.interview.recall import recall
from mockmate_nb.interview.setup import MAX_TEXT, InterviewSetup, well_formed
from mockmate_nb.interview.steps import (
    Again,
    Ask,
    Fail,
    Halt,
    Journalled,
    Judge,
    Judged,
    Rate,
    Remark,
    Step,
    Undo,
)
from mockmate_nb.interview.turn_reader import TurnReader as TurnReader
from mockmate_nb.llm.client import LLM
from mockmate_nb.settings import home
from mockmate_nb.streams.log import EventLog, open_log
from mockmate_nb.streams.producer import Producer
from mockmate_nb.wire.events import Command, Event, SessionStarted

OPEN = (State.AWAITING_ANSWER, State.STOPPED, State.FAILED)
_default: EventLog | None = None


def default_log() -> EventLog:
    """The log on this machine's disk, in `settings.home()`; one a process."""
    global _default
    if _default is None:
        _default = open_log(f"sqlite:///{home() / 'interviews.sqlite'}")
    return _default


class Interview:
    """A mock interview. `log` defaults to a file on this machine, `bank` to the shipped questions.

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
    ) -> None:
        self._open(setup, llm, log, bank, Machine(f"s-{secrets.token_hex(8)}"), epoch=1)

    def _open(
        self,
        setup: InterviewSetup,
        llm: LLM | None,
        log: EventLog | None,
        bank: Bank | None,
        machine: Machine,
        *,
        epoch: int,
    ) -> None:
        self.setup = setup
        self.llm = llm or LLM()
        self.log = log or default_log()
        self._bank = bank or load_bank()
        self._machine = machine
        self._epoch = epoch
        self._producer: Producer | None = None
        self._turnstile = asyncio.Lock()
        self._plan = plan_of(setup, self._bank)

    def __repr__(self) -> str:
        return f"Interview(state={self.state.value!r}, turns={len(self.turns)})"

    @property
    def session_id(self) -> str:
        return self._machine.session_id

    @property
    def state(self) -> State:
        return self._machine.state

    @property
    def turns(self) -> tuple[Turn, ...]:
        return self._machine.turns

    @property
    def feedback(self) -> dict[str, Any] | None:
        return self._machine.feedback

    @property
    def judging(self) -> bool:
        """Whether the turn under way, stopped or failed is the feedback."""
        return self._machine.judging

    @property
    def hint(self) -> str:
        """The bank's hint on the question that is open, in the interview's language; empty where none is open."""
        if not self.turns or self.judging:
            return ""
        language = self.setup.language
        try:
            return self._bank.question(self.turns[-1].question_id).in_language(language).hint
        except CallerError:  # a question from elsewhere
            return str(generic_wording(language)["hint"])

    def start(self) -> TurnReader:
        """The first question: `session_started`, then its text as it arrives."""
        self._may("start", State.READY)
        return TurnReader(self._start, self.stop)

    def respond(self, answer: str) -> TurnReader:
        """The next question, a follow-up, or the feedback. The answer is on disk before anything else happens."""
        text = _checked(answer)
        self._may("respond", *OPEN, question=True)
        return self._turn(lambda: self._following(text))

    def skip(self) -> TurnReader:
        """Pass the question over without an answer: the next question, or the feedback."""
        self._may("skip", *OPEN, question=True)
        return self._turn(lambda: self._following(skipped=True))

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
        return TurnReader(self._end, self.stop)

    async def undo(self) -> str:
        """Take back the last answer or skip and all that came after it, feedback too; gives the answer's text.

        Its question is open again. Not while a turn runs: stop() it first.
        """
        self._may("undo", *OPEN, State.COMPLETE)
        machine = self._machine
        await aio.on_worker(self._command(Undo, on=machine.stream_id))
        taken = machine.last_over
        return (taken.answer or "") if taken else ""

    async def stop(self) -> None:
        """End the turn that runs, before its first character too; its text stays, the interview goes on."""
        await aio.on_worker(self._stop())

    async def rate(self, value: int) -> None:
        """The candidate's own rating, 1-5, of the last answer."""
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
            raise CallerError(f"rating: {str(value)[:20]} is not a whole number from 1 to 5.", field="rating")
        await aio.on_worker(self._command(lambda: Rate(value)))

    async def aclose(self) -> None:
        """Stop what runs and close this interview's connections to the model. What is kept stays kept."""

        async def close() -> None:
            await self._stop()
            await self.llm.aclose()

        await aio.on_worker(close())

    @classmethod
    async def load(
        cls,
        session_id: str,
        llm: LLM | None = None,
        *,
        log: EventLog | None = None,
        bank: Bank | None = None,
    ) -> Self:
        """The interview as it stood. A turn that was cut off is `failed` with its text: `resume()` goes on there."""
        return await aio.on_worker(cls._load(session_id, llm, log or default_log(), bank))

    @staticmethod
    async def sessions(log: EventLog | None = None) -> list[str]:
        """Ids of the interviews that the log holds, the one used last at the end."""
        names = await (log or default_log()).streams()
        return [name.removesuffix(journal.SUFFIX) for name in names if name.endswith(journal.SUFFIX)]

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
        on = self._machine.stream_id

        async def launch() -> Producer:
            return self._produce(*await self._command(command, on=on))

        return TurnReader(launch, self.stop)

    # On the worker loop from here on.

    async def _start(self) -> Producer:
        setup = Command(name=journal.SETUP, arguments=self.setup.to_dict())
        await self._command(self._opening, on="", before=[setup])
        return self._produce(SessionStarted(session_id=self.session_id))

    async def _end(self) -> Producer:
        if self.state is State.ASKING:
            await self._stop()
        await self._command(lambda: Again() if self.judging else Judge(at=_now()))
        return self._produce()

    async def _stop(self) -> None:
        if self._producer is not None and self._machine.runs:
            await self._producer.stop()

    async def _command(
        self, command: Callable[[], Journalled], *, on: str | None = None, before: Sequence[Event] = ()
    ) -> tuple[Event, ...]:
        """Keep the command, then let it take effect; an illegal one is not kept. One at a time.

        `on`: the stream of the turn that it was given for.
        """
        async with self._turnstile:
            await self._settled()
            if on is not None and on != self._machine.stream_id:
                raise IllegalStep(
                    "The interview has moved on since this command was given.",
                    advice="Look at its turns, and give it again if it is still wanted.",
                )
            given = command()
            step(self._machine, given)
            kept = [*before, journal.to_command(given)]
            await self.log.append(journal.journal_id(self.session_id), kept, epoch=self._epoch)
            self._machine, events = step(self._machine, given)  # which may have moved on meanwhile
            return events

    async def _settled(self) -> None:
        """The end of a turn is in the log before any command that follows it is."""
        if self._producer is not None and not self._machine.runs and not self._producer.task.done():
            await asyncio.wait([self._producer.task])

    def _opening(self) -> Ask:
        opening = self._following()
        if not isinstance(opening, Ask):
            raise CallerError("The bank has no question for this set-up.", field="interview_format")
        return opening

    def _following(self, answer: str | None = None, *, skipped: bool = False) -> Ask | Judge:
        return following(self._plan, self.turns, answer, skipped=skipped, at=_now())

    def _produce(self, *first: Event) -> Producer:
        """Run the turn that the machine has opened, in a task of its own."""
        producer = Producer(self.log, self._machine.stream_id, epoch=self._epoch)
        producer.start(self._batches(first), on_stop=lambda: self._take(Halt()), on_fault=self._fail)
        self._producer = producer
        return producer

    async def _batches(self, first: tuple[Event, ...]) -> AsyncGenerator[tuple[Event, ...], None]:
        if first:
            yield first
        async with contextlib.aclosing(self._feedback() if self.judging else self._question()) as turn:
            async for steps in turn:
                yield tuple(event for each in steps for event in self._take(each))

    def _take(self, each: Step) -> tuple[Event, ...]:
        self._machine, events = step(self._machine, each)
        return events

    def _fail(self, error: Exception) -> tuple[Event, ...]:
        if isinstance(error, MockMateError):
            return self._take(Fail(error.kind, str(error), error.retryable, error.raw))
        logging.getLogger(__name__).error("A turn broke on a fault of its own.", exc_info=error)
        return self._take(
            Fail(Kind.SERVER, f"The turn broke on a fault of its own ({type(error).__name__}).")
        )

    def _question(self) -> AsyncGenerator[list[Step], None]:
        return question_steps(self.llm, self.setup, self.turns, partial=self.turns[-1].text)

    async def _feedback(self) -> AsyncGenerator[list[Step], None]:
        feedback = build_feedback(self.setup, self.turns, self._bank)
        for path, content in remarks(feedback):
            yield [Remark(path, content)]
        yield [Judged(feedback)]

    @classmethod
    async def _load(cls, session_id: str, llm: LLM | None, log: EventLog, bank: Bank | None) -> Self:
        setup, machine, epoch = await recall(log, session_id)
        interview = cls.__new__(cls)
        interview._open(setup, llm, log, bank, machine, epoch=epoch)  # noqa: SLF001 - its own other constructor
        return interview


def _checked(answer: str) -> str:
    if not isinstance(answer, str) or not answer.strip():
        raise CallerError(
            "answer: there is no text in it.", field="answer", advice="Say a sentence, or use end()."
        )
    if len(answer) > MAX_TEXT:
        raise CallerError(
            f"answer: it has {len(answer):,} characters; at most {MAX_TEXT:,} are read.",
            field="answer",
            advice="Shorten it; two minutes of speech are about 1,500 characters.",
        )
    return well_formed(answer).strip()


def _now() -> float:
    """The time, in seconds since the epoch, to the millisecond."""
    return round(time.time(), 3)
