"""An interview brought back from the log: its journal's commands and its turns' events, taken again in order."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import journal
from mockmate_nb.interview.afterwards import ASIDES, Aside
from mockmate_nb.interview.machine import Machine, step
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.steps import Again, Ask, Judge, Rate, Undo
from mockmate_nb.streams.log import EventLog, StreamEnded
from mockmate_nb.wire.events import TERMINALS, Command, Interrupted, QuestionChunk


class Recalled(NamedTuple):
    """A session as it stood, and the epoch of whoever goes on with it."""

    setup: InterviewSetup
    machine: Machine
    epoch: int
    asides: tuple[Aside, ...]


async def recall(log: EventLog, session_id: str) -> Recalled:
    """The session from the log's journal and streams; taken over, so that its old writer can write no more.

    A turn that its kernel never ended gets its terminal event, `interrupted`, here. `CallerError` for a session
    that is not in the log.
    """
    journal_id = journal.journal_id(session_id)
    records = await log.read(journal_id)
    if not records:
        raise CallerError(
            f"There is no interview {session_id[:40]!r} in this log.",
            field="session_id",
            advice="await Interview.sessions() lists them.",
        )
    while True:
        epoch = 1 + max(int(event_id.partition(".")[0]) for event_id, _ in records)
        taken = await log.append(journal_id, [Command(name=journal.TAKEN_OVER)], epoch=epoch)
        records = await log.read(journal_id)  # with what its old writer still got in
        if next(event_id for event_id, _ in records if event_id.startswith(f"{epoch}.")) in taken:
            break  # nobody else has taken it over at the same moment
    setup, machine, asides = None, Machine(session_id), []
    for _, command in records:
        if not isinstance(command, Command) or command.name == journal.TAKEN_OVER:
            continue
        if command.name == journal.SETUP:
            setup = InterviewSetup.from_dict(command.arguments)
            continue
        if command.name in ASIDES:
            asides.append(await _aside(log, session_id, Aside.of(command), epoch))
            continue
        kept = journal.from_command(command)
        if isinstance(kept, Rate | Undo):
            machine, _ = step(machine, kept)
        else:
            machine = await _replay(log, machine, kept, epoch)
    if setup is None:
        raise CallerError(f"The journal of {session_id[:40]!r} holds no set-up.", field="session_id")
    return Recalled(setup, machine, epoch, tuple(asides))


async def _replay(log: EventLog, machine: Machine, command: Ask | Judge | Again, epoch: int) -> Machine:
    """The machine after the command and its turn's events. A turn without an end is ended as interrupted."""
    after, opening = step(machine, command)
    events = [event for _, event in await log.read(after.stream_id)]
    if not events or events[-1].type not in TERMINALS:
        rest = [] if events else opening
        partial = "".join(e.content for e in [*rest, *events] if isinstance(e, QuestionChunk))
        with contextlib.suppress(StreamEnded):  # its old writer has just ended it
            await log.append(after.stream_id, [*rest, Interrupted(partial=partial)], epoch=epoch)
        events = [event for _, event in await log.read(after.stream_id)]
    if tuple(events[: len(opening)]) == opening:  # else the log was not to be written when the turn began
        events = events[len(opening) :]
    for event in events:
        if (again := journal.from_event(event, after.turns[-1].text)) is not None:
            after, _ = step(after, again)
    return after


async def _aside(log: EventLog, session_id: str, aside: Aside, epoch: int) -> Aside:
    """The aside with what its stream holds; one without an end is ended as interrupted."""
    stream_id = aside.stream_id(session_id)
    for _, event in await log.read(stream_id):
        aside = aside.taken(event)
    if not aside.over:
        with contextlib.suppress(StreamEnded):  # its old writer has just ended it
            await log.append(stream_id, [aside.interrupted()], epoch=epoch)
        aside = aside.taken(aside.interrupted())
    return aside
