"""One measured request: the clocks around one call of `LLM.stream` or `LLM.complete`."""

from __future__ import annotations

import math
import secrets
import statistics
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jiter

from mockmate_nb.errors import UnreadableReply
from mockmate_nb.lab.prompts import NUMBER_DIGITS, numbered
from mockmate_nb.lab.run import Arrival, Cache, Mode, Run
from mockmate_nb.lab.waiting import Words
from mockmate_nb.llm.chunks import DONE, Usage
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import Message
from mockmate_nb.llm.tap import Step, Tap

MOST = 1e12
FIXED_LENGTH = ("local", "vllm")
"""Providers whose servers know `ignore_eos`, so that every reply has just `max_tokens` tokens."""


class Marks(Tap):
    """When things happened to one request, by `time.perf_counter`: `called` is when this was made, just before it."""

    once = True

    def __init__(self) -> None:
        self.called = self.zero = time.perf_counter()
        self.steps: dict[Step, float] = {}
        self.pieces: list[float] = []
        self.events: list[tuple[float, str]] = []
        self.bytes = 0

    def asked(self) -> None:
        self.zero = time.perf_counter()

    def step(self, step: Step) -> None:
        self.steps[step] = time.perf_counter()

    async def piece(self, raw: bytes) -> bytes:
        self.pieces.append(time.perf_counter())
        self.bytes += len(raw)
        return raw

    def event(self, data: str) -> None:
        self.events.append((time.perf_counter(), data))

    def since(self, step: Step) -> float | None:
        at = self.steps.get(step)
        return None if at is None else at - self.called

    def reading(self, at: float) -> float | None:
        """When the piece was read that was the last before `at`."""
        place = bisect_right(self.pieces, at)
        return self.pieces[place - 1] if place else None


async def measure(
    llm: LLM,
    messages: Sequence[Message],
    mode: Mode,
    *,
    pair: int = 0,
    cache: Cache = "warm",
    prompt: int = 0,
    max_tokens: int = 64,
    seed: int = 0,
    timeout: float = 60.0,  # noqa: ASYNC109 - it bounds a silence, not the call
    began: float = 0.0,
    on_text: Callable[[str], None] | None = None,
) -> Run:
    """One request at temperature 0, timed from the call of `LLM` on; `on_text` gets each delta as it arrives.

    `cache="cold"` makes the prompt one that was never seen, by a number at its start, and asks llama.cpp to
    leave its prompt cache alone. Where the server can, the reply has exactly `max_tokens` tokens. Raises the
    `MockMateError` of a request that fails; one that is cut is not taken up again; `UnreadableReply` for a
    reply without text. `began` is only kept.
    """
    await llm.ready()
    options: dict[str, Any] = {
        "max_tokens": max_tokens,
        "temperature": None if llm.settings.provider.name == "openai" else 0,  # its newest models refuse any
        "timeout": timeout,
        "extra": body_fields(llm, cache, seed),
    }
    asked = numbered(messages, secrets.randbelow(10**NUMBER_DIGITS)) if cache == "cold" else list(messages)
    reader, marks = _Reader(on_text), Marks()
    if mode == "stream":
        stream = llm.stream(asked, tap=marks, **options)
        async for batch in stream.batches():
            reader.take(time.perf_counter(), batch)
        end = time.perf_counter()
        finish, usage = stream.finish_reason, stream.usage
    else:
        reply = await llm.complete(asked, tap=marks, **options)
        end = time.perf_counter()  # counting its words is our own affair
        reader.take(end, [reply.text])
        finish, usage = reply.finish_reason, reply.usage
    if not reader.close():
        raise UnreadableReply(
            "The model's reply held no text, so there is nothing to time.",
            advice="Ask for more tokens (a model that thinks first may use them all up), or ask something else.",
        )
    return Run(
        pair=pair,
        mode=mode,
        cache=cache,
        prompt=prompt,
        began=began,
        finish_reason=finish,
        cost=llm.estimate(usage.prompt_tokens, usage.completion_tokens) if usage else 0.0,
        **_run(marks, reader, usage or Usage(0, 0, estimated=True), end),
    )


async def prime(
    llm: LLM,
    messages: Sequence[Message],
    *,
    seed: int = 0,
    timeout: float = 60.0,  # noqa: ASYNC109 - it bounds a silence, not the call
) -> None:
    """Have the service read a prompt, so that its cache knows it. What it answers, if anything, does not matter."""
    stream = llm.stream(
        messages, max_tokens=1, timeout=timeout, tap=Marks(), extra=body_fields(llm, "warm", seed)
    )
    async for _ in stream:
        pass


class _Reader:
    """Takes the text as it comes, and notes when it came."""

    def __init__(self, on_text: Callable[[str], None] | None) -> None:
        self._on_text = on_text
        self._words = Words()
        self._characters = 0
        self.seen: list[Arrival] = []
        self.first_sentence: float | None = None

    def take(self, at: float, deltas: Sequence[str]) -> None:
        for delta in filter(None, deltas):
            self._characters += len(delta)
            self.seen.append(Arrival(at, self._characters, self._words.feed(delta)))
            if self.first_sentence is None and self._words.first_sentence:
                self.first_sentence = at
            if self._on_text is not None:
                self._on_text(delta)

    def close(self) -> bool:
        """The text has ended: its last word is whole. Whether there is any text."""
        if not self.seen:
            return False
        last = self.seen[-1]
        self.seen[-1] = last._replace(words=self._words.close())
        if self.first_sentence is None and self._words.first_sentence:
            self.first_sentence = last.at
        return True


def body_fields(llm: LLM, cache: Cache, seed: int) -> dict[str, Any]:
    """Further fields of the request's body: the seed, and what this provider's server knows besides."""
    provider = llm.settings.provider.name
    fields: dict[str, Any] = {"seed": seed}
    if provider in FIXED_LENGTH:
        fields["ignore_eos"] = True
    if provider == "local":
        fields["cache_prompt"] = cache == "warm"
    return fields


def _run(marks: Marks, reader: _Reader, usage: Usage, end: float) -> dict[str, Any]:
    """The fields of a `Run` that come out of its marks."""
    zero, seen = marks.called, reader.seen
    events = [(at - zero, data) for at, data in marks.events if data != DONE]
    chunks = [(at, _read(data)) for at, data in events]
    arrivals = tuple(one._replace(at=one.at - zero) for one in seen)
    sentence = reader.first_sentence
    own = [one.at - read for one in seen if (read := marks.reading(one.at)) is not None]
    text = arrivals[0].at
    return {
        "first_byte": marks.pieces[0] - zero if marks.pieces else text,
        "first_event": events[0][0] if events else text,
        "first_content": arrivals[0].at,
        "last_content": arrivals[-1].at,
        "last_event": events[-1][0] if events else arrivals[-1].at,
        "e2e": end - zero,
        "arrivals": arrivals,
        "choices": tuple(at for at, chunk in chunks if chunk.get("choices")),
        "tokens": len(arrivals) if usage.estimated else usage.completion_tokens,
        "counted": "chunks" if usage.estimated else "usage",
        "prompt_tokens": usage.prompt_tokens,
        "characters": arrivals[-1].characters,
        "bytes": marks.bytes,
        "connected": marks.since("connected"),
        "sent": marks.since("sent"),
        "headers": marks.since("headers"),
        "first_word": next((one.at for one in arrivals if one.words), None),
        "first_sentence": None if sentence is None else sentence - zero,
        "own_first": _own_first(marks, own),
        "own_chunk": statistics.median(own) if own else None,
        "server": _timings(chunks),
        "thought": _thought(chunks),
    }


def _own_first(marks: Marks, own: Sequence[float]) -> float | None:
    """What our client adds to TTFT: making and writing the request, and handing the first text to the reader."""
    steps = marks.steps
    if not own or not {"connecting", "connected", "sent"} <= steps.keys():
        return None
    return steps["connecting"] - marks.called + steps["sent"] - steps["connected"] + own[0]


def _read(data: str) -> Mapping[str, Any]:
    try:
        value = jiter.from_json(data.encode())
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}


def _timings(chunks: Sequence[tuple[float, Mapping[str, Any]]]) -> dict[str, float]:
    """llama.cpp's own measurements, out of the last chunk that has them."""
    told = [chunk["timings"] for _, chunk in chunks if isinstance(chunk.get("timings"), Mapping)]
    numbers = told[-1].items() if told else ()
    return {str(name): float(value) for name, value in numbers if _sound(value)}


def _thought(chunks: Sequence[tuple[float, Mapping[str, Any]]]) -> int:
    """Tokens that were thought and never shown, where the service counts them."""
    for _, chunk in reversed(chunks):
        usage = chunk.get("usage")
        details = usage.get("completion_tokens_details") if isinstance(usage, Mapping) else None
        if isinstance(details, Mapping) and _sound(details.get("reasoning_tokens")):
            return int(details["reasoning_tokens"])
    return 0


def _sound(value: object) -> bool:
    """Whether a number that a service gives can be reckoned with."""
    if not isinstance(value, int | float):
        return False
    return 0 <= value < MOST if isinstance(value, int) else math.isfinite(value) and 0 <= value < MOST
