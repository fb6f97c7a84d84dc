"""The steps an interview can take: what a person commands, what a model says, how a turn ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from mockmate_nb.interview.bank import Gap


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model's reply took: `ttft` (time to the first non-empty content) and `seconds` since the request.

    `tokens` and `characters` are those of the reply; tokens are `estimated` where the service counted none. All
    is of the request that the words came from: after a continuation, of the rest alone.
    """

    model: str
    ttft: float | None
    seconds: float
    tokens: int | None
    estimated: bool
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """Open the next question, after `answer` to the one before it, or where that one is `skipped`.

    `at`: when, in seconds since the epoch; `rating`: the candidate's own, 1-5, of the answer.
    """

    question_id: str
    bank_text: str
    gap: Gap | None = None
    answer: str | None = None
    skipped: bool = False
    at: float | None = None
    rating: int | None = None
    name: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class Judge:
    """Close the questions, the last one with its `answer`, `skipped`, or left open; the feedback comes next."""

    answer: str | None = None
    skipped: bool = False
    at: float | None = None
    rating: int | None = None
    name: Literal["judge"] = "judge"


@dataclass(frozen=True, slots=True)
class Again:
    """The question or feedback once more: from its beginning, or a broken-off question from `partial`."""

    partial: str = ""
    name: Literal["again"] = "again"


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the last answer or skip, and all that came after it."""

    name: Literal["undo"] = "undo"


@dataclass(frozen=True, slots=True)
class Rate:
    """The candidate's own rating, 1-5, of the last answer, or of the answer to turn `number`."""

    value: int
    number: int | None = None
    name: Literal["rate"] = "rate"


@dataclass(frozen=True, slots=True)
class Delta:
    content: str
    name: Literal["delta"] = "delta"


@dataclass(frozen=True, slots=True)
class Cut:
    """The text goes on after a cut; the seam is at its present end."""

    name: Literal["cut"] = "cut"


@dataclass(frozen=True, slots=True)
class Asked:
    """The question stands. `text` replaces, in one step, all that was said: the bank's wording for the model's."""

    source: Literal["model", "bank"]
    via: Literal["stream", "batch"]
    note: str = ""
    measured: Measured | None = None
    text: str | None = None
    name: Literal["asked"] = "asked"


@dataclass(frozen=True, slots=True)
class Remark:
    """A piece of the feedback's text at `path`."""

    path: str
    content: str
    name: Literal["remark"] = "remark"


@dataclass(frozen=True, slots=True)
class Judged:
    feedback: dict[str, Any] = field(hash=False)
    name: Literal["judged"] = "judged"


@dataclass(frozen=True, slots=True)
class Halt:
    """The person stopped the turn."""

    name: Literal["halt"] = "halt"


@dataclass(frozen=True, slots=True)
class Fail:
    """The turn broke; `interrupted` where the process that ran it died."""

    kind: str
    message: str
    retryable: bool = True
    raw: str = ""
    interrupted: bool = False
    name: Literal["fail"] = "fail"


Journalled = Ask | Judge | Again | Undo | Rate  # what a person commands
Step = Journalled | Delta | Cut | Asked | Remark | Judged | Halt | Fail
