"""What is kept of one measured request: times, counts, no text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

Mode = Literal["stream", "batch"]
Cache = Literal["warm", "cold"]
Counted = Literal["usage", "chunks"]


class Arrival(NamedTuple):
    """Text that came: when, and how many characters and whole words there were by then."""

    at: float
    characters: int
    words: int


@dataclass(frozen=True, slots=True)
class Run:
    """One request. Times are seconds since it was asked for, as the caller of `LLM` sees them; None: not seen.

    `first_content` is TTFT: the first text that is not empty, in the reader's hands. A batch run has one arrival,
    the whole text. `choices` are the events that carry a choice, with text or without (a role, a finish reason);
    `last_event` is the last that is not the end mark. `tokens` come from the service's `usage`, or, where it
    gives none, are a count of chunks; `thought` of them were never shown. `own_first` and `own_chunk` are the seconds
    that our own client took of TTFT and (median) of a chunk: from the call to the request written, without
    connecting, and from a chunk's bytes being read to the reader. They are in all the other figures too. `server` is
    what the service measured itself (llama.cpp's `timings`, in its own words).
    """

    pair: int
    mode: Mode
    cache: Cache
    prompt: int
    began: float
    first_byte: float
    first_event: float
    first_content: float
    last_content: float
    last_event: float
    e2e: float
    arrivals: Annotated[tuple[Arrival, ...], Field(min_length=1)]
    choices: tuple[float, ...]
    tokens: int
    counted: Counted
    prompt_tokens: int
    characters: int
    bytes: int
    connected: float | None = None
    sent: float | None = None
    headers: float | None = None
    first_word: float | None = None
    first_sentence: float | None = None
    finish_reason: str | None = None
    cost: float = 0.0
    own_first: float | None = None
    own_chunk: float | None = None
    server: Mapping[str, float] = field(default_factory=dict)
    thought: int = 0

    @property
    def shown(self) -> int:
        """Tokens of the text: what a model thinks first is none of it."""
        return max(self.tokens - self.thought, 0)
