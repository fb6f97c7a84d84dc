"""An interview brought back from the log: its journal's commands and its turns' events, taken again in order."""

from __future__ import annotations

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import journal
from mockmate_nb.interview.machine import Machine, step
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.steps import Again, Rate
from mockmate_nb.streams.log import EventLog
from mockmate_nb.wire.events import TERMINALS, Command


async def recall(log: EventLog, session_id: str) -> tuple[InterviewSetup, Machine, int]:
    """Set-up, machine and epoch of a session; the session is taken over, so that its old writer can write no more.

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
    epoch = 1 + max(int(event_id.partition(".")[0]) for event_id, _ in records)
    await log.append(journal_id, [Command(name=journal.TAKEN_OVER)], epoch=epoch)
    records = await log.read(journal_id)  # with what its old writer still got in
    setup, machine = None, Machine(session_id)
    for _, command in records:
        if not isinstance(command, Command) or command.name == journal.TAKEN_OVER:
            continue
        if command.name == journal.SETUP:
            setup = InterviewSetup.from_dict(command.arguments)
            continue
        kept = journal.from_command(command)
        machine, _ = step(machine, Again() if isinstance(kept, Again) else kept)
        if machine.runs and not isinstance(kept, Rate):
            machine = await _replay(log, machine, epoch)
    if setup is None:
        raise CallerError(f"The journal of {session_id[:40]!r} holds no set-up.", field="session_id")
    return setup, machine, epoch


async def _replay(log: EventLog, machine: Machine, epoch: int) -> Machine:
    """The machine after the turn's events; one without an end is ended as interrupted."""
    stream_id = machine.stream_id
    records = await log.read(stream_id)
    for _, event in records:
        if (again := journal.from_event(event)) is not None:
            machine, _ = step(machine, again)
    if records and records[-1][1].type in TERMINALS:
        return machine
    machine, events = step(machine, journal.INTERRUPTED)
    await log.append(stream_id, events, epoch=epoch)
    return machine
