"""An interview's work on the worker loop: commands kept and then taken, turns run in tasks of their own.

All of it runs on that one loop; `session.Interview` is the door to it from everywhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace

from mockmate_nb.errors import CallerError, IllegalStep, Kind, MockMateError
from mockmate_nb.interview import journal
from mockmate_nb.interview.afterwards import Aside, answers, replies
from mockmate_nb.interview.asking import question_steps
from mockmate_nb.interview.bank import Bank
from mockmate_nb.interview.following import following, plan_of
from mockmate_nb.interview.judging import feedback_steps
from mockmate_nb.interview.keeping import Keeping, entry_of
from mockmate_nb.interview.limits import Limits
from mockmate_nb.interview.machine import Machine, State, step
from mockmate_nb.interview.reading import compare, read_job, read_resume
from mockmate_nb.interview.record import Entry
from mockmate_nb.interview.refining import refined
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.steps import Again, Ask, Fail, Halt, Journalled, Judge, Rate, Step, Undo
from mockmate_nb.llm.client import LLM
from mockmate_nb.streams.log import EventLog
from mockmate_nb.streams.producer import Producer
from mockmate_nb.wire.events import Command, Event, SessionStarted


@dataclass
class Conduct:
    """What is held of one interview, and what moves it. `epoch` is this writer's in the session's streams."""

    setup: InterviewSetup
    llm: LLM
    log: EventLog
    bank: Bank
    keeping: Keeping
    machine: Machine
    epoch: int = 1
    asides: tuple[Aside, ...] = ()
    producer: Producer | None = None
    aside_runs: bool = False
    refining: asyncio.Task[None] | None = None
    turnstile: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.plan = plan_of(self.setup, self.bank, self.machine.turns)
        self.bank = self.plan.bank  # with the questions from elsewhere
        self.job_title = read_job(self.setup.job_description).title

    @property
    def runs(self) -> bool:
        return self.machine.runs or self.aside_runs

    def entry(self) -> Entry:
        """The interview as the history keeps it."""
        return entry_of(self.setup, self.job_title, self.llm.model, self.machine, self.asides, at=time.time())

    async def start(self) -> Producer:
        setup = Command(name=journal.SETUP, arguments=self.setup.to_dict())
        await self.command(self._opening, on="", before=[setup])
        producer = self._produce(SessionStarted(session_id=self.machine.session_id))
        if not self.llm.is_practice:
            producer.task.add_done_callback(lambda _: self._refine_soon())
        return producer

    async def turn(self, command: Callable[[], Journalled], on: str) -> Producer:
        return self._produce(*await self.command(command, on=on))

    async def end(self) -> Producer:
        if self.machine.state is State.ASKING:
            await self.stop()
        await self.command(lambda: Again() if self.machine.judging else Judge(at=now()))
        return self._produce()

    async def move(self, command: Callable[[], Undo | Rate], on: str | None = None) -> None:
        """A command that begins no turn."""
        await self.command(command, on=on)
        await self.keep()

    async def stop(self) -> None:
        await self._stop_refining()
        if self.producer is not None and self.runs:
            await self.producer.stop()

    async def close(self) -> None:
        await self.stop()
        await self.settled()
        await self.llm.aclose()

    async def settled(self) -> None:
        """The end of the last turn is in the log and in the history."""
        if self.producer is not None and not self.runs and not self.producer.task.done():
            await asyncio.wait([self.producer.task])
        await self.keeping.settled()

    async def keep(self) -> None:
        self.keeping.keep(self.entry())
        await self.keeping.settled()

    async def command(
        self, command: Callable[[], Journalled], *, on: str | None = None, before: Sequence[Event] = ()
    ) -> tuple[Event, ...]:
        """Keep the command, then let it take effect; an illegal one is not kept. One at a time.

        `on`: the stream of the turn that it was given for.
        """
        async with self.turnstile:
            await self._turn_written()
            if self.aside_runs:
                raise IllegalStep(
                    "An answer about the feedback is being given.", advice="stop() it, or wait."
                )
            if on is not None and on != self.machine.stream_id:
                raise IllegalStep(
                    "The interview has moved on since this command was given.",
                    advice="Look at its turns, and give it again if it is still wanted.",
                )
            given = command()
            step(self.machine, given)
            await self._journal([*before, journal.to_command(given)])
            self.machine, events = step(self.machine, given)  # which may have moved on meanwhile
            return events

    async def aside(self, aside: Aside) -> Producer:
        """A question about the feedback, or a second answer: kept, then answered in a stream of its own."""
        async with self.turnstile:
            await self._turn_written()
            if self.machine.state is not State.COMPLETE or self.aside_runs:
                raise IllegalStep(
                    f"{aside.kind}() has its place when the feedback stands, one at a time.",
                    advice="end() the interview first, or wait for the answer under way.",
                )
            aside = aside.placed(len(self.asides) + 1, self.machine.judgement)
            await self._journal([aside.command()])
            self.asides = (*self.asides, aside)
            self.aside_runs = True
        producer = Producer(self.log, aside.stream_id(self.machine.session_id), epoch=self.epoch)
        producer.start(self._aside(aside), on_stop=self._aside_stopped, on_fault=self._aside_failed)
        return self._owned(producer)

    async def _aside(self, aside: Aside) -> AsyncGenerator[Sequence[Event], None]:
        feedback = self.machine.feedback or {}
        if aside.kind == "explain":
            source = replies(self.llm, self.setup, feedback, aside)
        else:
            source = answers(self.llm, self.setup, self.bank, feedback, aside)
        async with contextlib.aclosing(source) as events:
            async for event in events:
                yield self._aside_batch(event)

    def _aside_batch(self, *events: Event) -> tuple[Event, ...]:
        """The events, taken into the last aside; its end frees the place for another."""
        for event in events:
            self.asides = (*self.asides[:-1], self.asides[-1].taken(event))
        self.aside_runs = not self.asides[-1].over
        return events

    def _aside_stopped(self) -> tuple[Event, ...]:
        return self._aside_batch(self.asides[-1].stopped())

    def _aside_failed(self, error: Exception) -> tuple[Event, ...]:
        return self._aside_batch(self.asides[-1].failed(_fail(error)))

    def _refine_soon(self) -> None:
        """While the first answer is thought about: what the job wants and the résumé lacks, as the model reads it."""
        if self.machine.state is State.AWAITING_ANSWER and not self.turnstile.locked():
            work = self._refine()
            self.refining = asyncio.get_running_loop().create_task(work, name="mockmate-refining")

    async def _refine(self) -> None:
        resume, job = self.setup.resume_summary, self.setup.job_description
        match = await refined(self.llm, resume, job, compare(read_resume(resume), read_job(job)))
        self.plan = replace(self.plan, wanted="\n".join(match.missing))

    async def _stop_refining(self) -> None:
        if self.refining is not None and not self.refining.done():
            self.refining.cancel()
            await asyncio.wait([self.refining])

    async def _turn_written(self) -> None:
        """The end of a turn is in the log before any command that follows it is."""
        if self.producer is not None and not self.runs and not self.producer.task.done():
            await asyncio.wait([self.producer.task])

    async def _journal(self, commands: Sequence[Event]) -> None:
        await self.log.append(journal.journal_id(self.machine.session_id), commands, epoch=self.epoch)

    def _opening(self) -> Ask:
        opening = self.following()
        if not isinstance(opening, Ask):
            raise CallerError("The bank has no question for this set-up.", field="interview_format")
        return opening

    def following(
        self, answer: str | None = None, *, skipped: bool = False, rating: int | None = None
    ) -> Ask | Judge:
        return following(self.plan, self.machine.turns, answer, skipped=skipped, rating=rating, at=now())

    def _produce(self, *first: Event) -> Producer:
        """Run the turn that the machine has opened, in a task of its own."""
        producer = Producer(self.log, self.machine.stream_id, epoch=self.epoch)
        producer.start(
            self._batches(first),
            on_stop=lambda: self._take(Halt()),
            on_fault=lambda error: self._take(_fail(error)),
        )
        return self._owned(producer)

    def _owned(self, producer: Producer) -> Producer:
        self.producer = producer
        producer.task.add_done_callback(lambda _: self._keep_ended(producer))
        return producer

    def _keep_ended(self, producer: Producer) -> None:
        """The turn goes into the history once its end is in the log; where another has taken over, his does."""
        if producer.ended:
            self.keeping.keep(self.entry())

    async def _batches(self, first: tuple[Event, ...]) -> AsyncGenerator[tuple[Event, ...], None]:
        if first:
            yield first
        async with contextlib.aclosing(
            self._feedback() if self.machine.judging else self._question()
        ) as turn:
            async for steps in turn:
                yield tuple(event for each in steps for event in self._take(each))

    def _take(self, each: Step) -> tuple[Event, ...]:
        self.machine, events = step(self.machine, each)
        return events

    def _question(self) -> AsyncGenerator[list[Step], None]:
        turns = self.machine.turns
        wording = self.bank.question(turns[-1].question_id).in_language(self.setup.language)
        known = "\n".join([self.setup.resume_summary, *(turn.answer or "" for turn in turns)])
        limits = Limits(turns[-1].bank_text, wording.key_points, known, self.setup.language)
        return question_steps(self.llm, self.setup, turns, limits, partial=turns[-1].text)

    def _feedback(self) -> AsyncGenerator[list[Step], None]:
        return feedback_steps(self.llm, self.setup, self.machine.turns, self.bank)


def _fail(error: Exception) -> Fail:
    if isinstance(error, MockMateError):
        return Fail(error.kind, str(error), error.retryable, error.raw)
    logging.getLogger(__name__).error("A turn broke on a fault of its own.", exc_info=error)
    return Fail(Kind.SERVER, f"The turn broke on a fault of its own ({type(error).__name__}).")


def now() -> float:
    """The time, in seconds since the epoch, to the millisecond."""
    return round(time.time(), 3)
