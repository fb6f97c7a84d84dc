"""Where interviews are kept: the log that holds every event, and the history that is made from it at turn ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mockmate_nb.errors import MockMateError
from mockmate_nb.interview.afterwards import Aside
from mockmate_nb.interview.machine import Machine
from mockmate_nb.interview.record import Entry
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.settings import home, keeps_on_disk
from mockmate_nb.streams.log import EventLog, open_log

if TYPE_CHECKING:
    from mockmate_nb.interview.history import History

FILE = "interviews.sqlite"
_log: EventLog | None = None
_history: History | None = None


def default_log() -> EventLog:
    """The log on this machine's disk, in `settings.home()`, or in memory where nothing is kept; one a process."""
    global _log
    if _log is None:
        _log = open_log(f"sqlite:///{home() / FILE}" if keeps_on_disk() else "memory:")
    return _log


def something_kept() -> bool:
    """Whether there is a log by default already; none is made."""
    return _log is not None or (keeps_on_disk() and (home() / FILE).exists())


def default_history() -> History:
    """The history beside the log; one a process. Loads SQLAlchemy: call it in a thread."""
    from mockmate_nb.interview.history import open_history

    global _history
    if _history is None:
        _history = open_history()
    return _history


class Keeping:
    """Writes an interview's entries to a history, one after the other; the newest replaces one that still waits.

    A history that cannot be written stops no interview: all of it is in the log.
    """

    def __init__(self, history: History | None = None) -> None:
        self._history = history
        self._next: Entry | None = None
        self._task: asyncio.Task[None] | None = None

    def keep(self, entry: Entry) -> None:
        """To be written soon; on the worker loop."""
        self._next = entry
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write(), name="mockmate-history")

    async def settled(self) -> None:
        """All that was given is written."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _write(self) -> None:
        while (entry := self._next) is not None:
            self._next = None
            try:
                await asyncio.to_thread(self._put, entry)
            except MockMateError as fault:
                logging.getLogger(__name__).warning("The history was not written: %s", fault)

    def _put(self, entry: Entry) -> None:
        (self._history or default_history()).keep(entry)


def entry_of(
    setup: InterviewSetup, job_title: str, model: str, machine: Machine, asides: Sequence[Aside], *, at: float
) -> Entry:
    """The interview as it stands, for the history. `at`: now."""
    turns = machine.turns
    return Entry(
        session_id=machine.session_id,
        begun_at=next((turn.asked_at for turn in turns if turn.asked_at), at),
        updated_at=at,
        state=machine.state.value,
        language=setup.language,
        format=setup.interview_format,
        level=setup.level,
        mode=setup.mode,
        model=model,
        question_count=setup.question_count,
        job_title=job_title,
        turns=[
            {
                "number": turn.number,
                "question_id": turn.question_id,
                "question": turn.bank_text,
                "gap": turn.gap.value if turn.gap else None,
                "answer": turn.answer,
                "skipped": turn.skipped,
                "rating": turn.rating,
                "asked_at": turn.asked_at,
                "answered_at": turn.answered_at,
            }
            for turn in turns
        ],
        feedback=machine.feedback,
        again=[
            aside.result
            for aside in asides
            if aside.result and machine.feedback is not None and aside.judgement == machine.judgement
        ],
    )
