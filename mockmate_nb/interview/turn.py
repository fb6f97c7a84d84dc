"""What stands in an interview: a question as it was asked, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mockmate_nb.interview.bank import Gap
from mockmate_nb.interview.steps import Measured


class TurnState(StrEnum):
    WAITING = "waiting"
    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of the interviewer and its answer, None where it is open or was `skipped`.

    `gap` is set on a follow-up; `bank_text` is the bank's own wording, `text` what was said, `earlier` what
    earlier attempts at this turn had said, `withdrawn` the model's words that broke a limit and were replaced.
    `attempt` counts from 1 over all questions that were ever asked at this place. `asked_at` and `answered_at`
    (also of a skip) are in seconds since the epoch, None in old journals; `measured` is None where the model did
    not end the question.
    """

    number: int
    question_id: str
    bank_text: str
    gap: Gap | None = None
    text: str = ""
    state: TurnState = TurnState.WAITING
    source: str | None = None
    via: str | None = None
    note: str = ""
    answer: str | None = None
    rating: int | None = None
    attempt: int = 1
    asked_at: float | None = None
    answered_at: float | None = None
    skipped: bool = False
    earlier: tuple[str, ...] = ()
    withdrawn: str = ""
    measured: Measured | None = None

    @property
    def over(self) -> bool:
        return self.skipped or self.answer is not None
