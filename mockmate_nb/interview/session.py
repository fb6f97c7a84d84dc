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
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any, Self

from mockmate_nb import aio
from mockmate_nb.errors import CallerError, IllegalStep, Kind, MockMateError
from mockmate_nb.interview import journal, policy, rubric
from mockmate_nb.interview.asking import question_steps
from mockmate_nb.interview.bank import Bank, Level, load_bank
from mockmate_nb.interview.feedback import build_feedback, remarks
from mockmate_nb.interview.machine import Machine, State, Turn, step
from mockmate_nb.interview.recall import recall
from mockmate_nb.interview.setup import MAX_TEXT, InterviewSetup, well_formed
from mockmate_nb.interview.steps import Again, Ask, Fail, Halt, Judge, Judged, Rate, Remark, Step
from mockmate_nb.llm.client import LLM
from mockmate_nb.settings import home
from mockmate_nb.streams.log import EventLog, open_log
from mockmate_nb.streams.producer import Producer
from mockmate_nb.wire.events import Command, Event, SessionStarted

_default: EventLog | None = None


def default_log() -> EventLog:
    """The log on this machine's disk, in `settings.home()`; one a process."""
    global _default
    if _default is None:
        _default = open_log(f"sqlite:///{home() / 'interviews.sqlite'}")
    return _default


class TurnReader:
    """The events of one command's turn, as an async iterable on the caller's own loop.

    The command takes effect with `launch`, or else at the first step of the iteration. Leaving early does not end
    the turn; `stop()` does.
    """

    def __init__(self, interview: Interview, command: Callable[[], Coroutine[Any, Any, Producer]]) -> None:
        self._interview, self._command = interview, command
        self._producer: Producer | None = None

    async def launch(self) -> Producer:
        """Let the command take effect, and its turn run; raises where it has no place. A second call does nothing."""
        if self._producer is None:
            self._producer = await aio.on_worker(self._command())
        return self._producer

    async def stop(self) -> None:
        await self._interview.stop()

    async def __aiter__(self) -> AsyncGenerator[Event, None]:
        producer = await self.launch()
        async with contextlib.aclosing(producer.follow()) as events:
            async for event in events:
                yield event


class Interview:
    """A mock interview. `log` defaults to a file on this machine, `bank` to the shipped questions.

    `start`, `respond`, `retry`, `resume` and `end` give the events of a turn; all but `rate` raise
    `IllegalStep`, and change nothing, where the interview's state does not allow them.
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
        self._plan = policy.Plan(
            bank=self._bank,
            language=setup.language,
            format=setup.format,
            level=Level(setup.level),
            question_count=setup.question_count,
            text=f"{setup.job_description}\n{setup.resume_summary}",
            seed=0,
        )

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

    def start(self) -> TurnReader:
        """The first question: `session_started`, then its text as it arrives."""
        self._may("start", State.READY)
        return TurnReader(self, self._start)

    def respond(self, answer: str) -> TurnReader:
        """The next question, a follow-up, or the feedback. The answer is on disk before anything else happens."""
        text = _checked(answer)
        self._may("respond", State.AWAITING_ANSWER, State.STOPPED, State.FAILED)
        return TurnReader(self, lambda: self._respond(text))

    def retry(self) -> TurnReader:
        """The stopped or failed question (or feedback) once more, from its beginning."""
        self._may("retry", State.STOPPED, State.FAILED)
        return TurnReader(self, lambda: self._again(""))

    def resume(self) -> TurnReader:
        """The stopped or failed question once more, from where its text ends."""
        self._may("resume", State.STOPPED, State.FAILED)
        partial = self.turns[-1].text if self.turns and not self.judging else ""
        return TurnReader(self, lambda: self._again(partial))

    def end(self) -> TurnReader:
        """End the interview now, with feedback on what there is. A running question is stopped first."""
        self._may("end", *(s for s in State if s not in (State.READY, State.COMPLETE, State.JUDGING)))
        return TurnReader(self, self._end)

    async def stop(self) -> None:
        """End the turn that runs, before its first character too; its text stays, the interview goes on."""
        await aio.on_worker(self._stop())

    async def rate(self, value: int) -> None:
        """The candidate's own rating, 1-5, of the last answer."""
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
            raise CallerError(f"rating: {str(value)[:20]} is not a whole number from 1 to 5.", field="rating")
        await aio.on_worker(self._command(Rate(value)))

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

    # On the worker loop from here on.

    async def _start(self) -> Producer:
        opening = self._next()
        if not isinstance(opening, Ask):
            raise CallerError("The bank has no question for this set-up.", field="interview_format")
        setup = Command(name=journal.SETUP, arguments=self.setup.to_dict())
        await self._command(opening, before=[setup])
        return self._produce(SessionStarted(session_id=self.session_id))

    async def _respond(self, answer: str) -> Producer:
        await self._command(self._next(answer))
        return self._produce()

    async def _again(self, partial: str) -> Producer:
        return self._produce(*await self._command(Again(partial)), partial=partial)

    async def _end(self) -> Producer:
        await self._stop()
        if self.judging:
            return await self._again("")
        await self._command(Judge())
        return self._produce()

    async def _stop(self) -> None:
        if self._producer is not None and self._machine.runs:
            await self._producer.stop()

    def _may(self, name: str, *states: State) -> None:
        if self.state not in states:
            allowed = " or ".join(s.value.replace("_", " ") for s in states)
            raise IllegalStep(
                f"{name}() has no place now: the interview is {self.state.value.replace('_', ' ')}.",
                advice=f"It needs to be {allowed}.",
            )

    async def _command(
        self, command: Ask | Judge | Again | Rate, *, before: Sequence[Event] = ()
    ) -> tuple[Event, ...]:
        """Keep the command, then let it take effect; an illegal one is not kept. One at a time."""
        async with self._turnstile:
            step(self._machine, command)
            kept = [*before, journal.to_command(command)]
            await self.log.append(journal.journal_id(self.session_id), kept, epoch=self._epoch)
            self._machine, events = step(self._machine, command)  # which may have moved on meanwhile
            return events

    def _next(self, answer: str | None = None) -> Ask | Judge:
        asked = [self._asked(turn, turn.answer) for turn in self.turns]
        if answer is not None and self.turns:
            asked[-1] = self._asked(self.turns[-1], answer)
        match policy.next_step(self._plan, asked):
            case policy.Ask(question=question):
                text = question.in_language(self.setup.language).text
                return Ask(question.id, text, answer=answer)
            case policy.Probe(question=question, gap=gap, text=text):
                return Ask(question.id, text, gap=gap, answer=answer)
            case _:
                return Judge(answer)

    def _asked(self, turn: Turn, answer: str | None) -> policy.Asked:
        question = self._bank.question(turn.question_id)
        card = None if answer is None else rubric.score(answer, question, language=self.setup.language)
        return policy.Asked(question_id=turn.question_id, gap=turn.gap, answer=answer, card=card)

    def _produce(self, *first: Event, partial: str = "") -> Producer:
        """Run the turn that the machine has opened, in a task of its own."""
        producer = Producer(self.log, self._machine.stream_id, epoch=self._epoch)
        producer.start(self._batches(first, partial), on_stop=lambda: self._take(Halt()), on_fault=self._fail)
        self._producer = producer
        return producer

    async def _batches(
        self, first: tuple[Event, ...], partial: str
    ) -> AsyncGenerator[tuple[Event, ...], None]:
        if first:
            yield first
        async with contextlib.aclosing(self._feedback() if self.judging else self._question(partial)) as turn:
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

    def _question(self, partial: str) -> AsyncGenerator[list[Step], None]:
        return question_steps(self.llm, self.setup, self.turns, partial=partial)

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
