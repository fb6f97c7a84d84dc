"""The steps an interview can take: what a person commands, what a model says, how a turn ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from mockmate_nb.interview.bank import Gap


@dataclass(frozen=True, slots=True)
class Ask:
    """Open the next question, after `answer` to the one before it (None at the start)."""

    question_id: str
    bank_text: str
    gap: Gap | None = None
    answer: str | None = None
    name: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class Judge:
    """Close the questions, after a last `answer` if there is one; the feedback comes next."""

    answer: str | None = None
    name: Literal["judge"] = "judge"


@dataclass(frozen=True, slots=True)
class Again:
    """Take up the question or feedback that was stopped or failed, from its beginning or from `partial`."""

    partial: str = ""
    name: Literal["again"] = "again"


@dataclass(frozen=True, slots=True)
class Rate:
    """The candidate's own rating, 1-5, of the last answer."""

    value: int
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
    source: Literal["model", "bank"]
    via: Literal["stream", "batch"]
    note: str = ""
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


Step = Ask | Judge | Again | Rate | Delta | Cut | Asked | Remark | Judged | Halt | Fail
