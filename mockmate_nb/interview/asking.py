"""How a question gets its words: the model's stream, then the model's whole reply, then the bank's own wording.

Each way is tried only while nothing has been said yet; the step that ends the turn says which one it was. Words
that break a limit (`limits`) are not said: the stream is stopped there, and the bank's wording takes the place of
what had been said, in one step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from mockmate_nb.errors import MockMateError, UnreadableReply
from mockmate_nb.interview.limits import Breach, Limits
from mockmate_nb.interview.machine import Turn
from mockmate_nb.interview.prompts import question_messages
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.spoken import Spoken
from mockmate_nb.interview.steps import Asked, Cut, Delta, Measured, Step
from mockmate_nb.llm.client import LLM, Reply
from mockmate_nb.llm.practice import tokens
from mockmate_nb.llm.stream import ChatStream, Message

NEAR_TOKENS, FAR_TOKENS = 160, 1500  # a service's model may think before it speaks
LIMITS = "limits"
NEAR_TEMPERATURE = 0.2  # small models wander when they are left at their default


class Broken(Exception):  # noqa: N818 - the breach is what is told
    """The model's words broke a limit."""

    def __init__(self, breach: Breach) -> None:
        super().__init__(breach)
        self.breach = breach


async def question_steps(
    llm: LLM, setup: InterviewSetup, turns: Sequence[Turn], limits: Limits, *, partial: str = ""
) -> AsyncGenerator[list[Step], None]:
    """The steps of asking the last turn's question, after `partial` if it is taken up in its middle."""
    turn = turns[-1]
    messages = question_messages(setup, turns, roomy=llm.settings.far)
    stream = llm.stream(messages, prefix=partial, **_options(llm))
    silent = True
    try:
        async for steps in _streamed(stream, limits, partial):
            silent = silent and not steps
            yield steps
    except Broken as broken:
        yield [_replaced(turn, broken.breach)]
        return
    except MockMateError as fault:
        if not (silent and turn.bank_text.startswith(partial)):
            raise
        failure = fault
    else:
        yield [Asked("model", "stream", "", _measured(llm, stream, len(partial)))]
        return
    async with aclosing(_otherwise(llm, turn, messages, limits, failure, partial)) as rest:
        async for steps in rest:
            yield steps


async def _otherwise(
    llm: LLM, turn: Turn, messages: list[Message], limits: Limits, failure: MockMateError, partial: str
) -> AsyncGenerator[list[Step], None]:
    """The question by a whole reply, where a second try makes sense and nothing was said; else the bank's words."""
    try:
        if partial or not failure.retryable:
            raise failure  # a whole reply cannot go on from what was said
        reply = await llm.complete(messages, **_options(llm))
        if not (text := _said(reply.text)):
            raise _empty()
    except MockMateError as fault:
        rest, note = turn.bank_text.removeprefix(partial), f"{fault.kind}: {fault.message}"
        async for steps in bank_steps(rest, pace=llm.pace, note=note):
            yield steps
        return
    if (breach := limits.breach(text, finished=True)) is not None:
        yield [_replaced(turn, breach)]
    else:
        note = f"{failure.kind}: {failure.message}"
        yield [Delta(text), Asked("model", "batch", note, _measured(llm, reply))]


def _options(llm: LLM) -> dict[str, Any]:
    if llm.settings.far:
        return {"max_tokens": FAR_TOKENS}
    return {"max_tokens": NEAR_TOKENS, "temperature": NEAR_TEMPERATURE}


def _empty() -> UnreadableReply:
    return UnreadableReply("The model's reply was empty.", advice="Try again, or use another model.")


def _replaced(turn: Turn, breach: Breach) -> Asked:
    return Asked("bank", "stream", f"{LIMITS}: {breach}", text=turn.bank_text)


def _measured(llm: LLM, reply: ChatStream | Reply, kept: int = 0) -> Measured:
    """What the whole reply took; `kept` characters of its text are from an earlier one."""
    timing, usage = reply.timing, reply.usage
    return Measured(
        model=llm.model,
        ttft=_rounded(timing.first_content),
        seconds=_rounded(timing.end) or 0.0,
        tokens=usage.completion_tokens if usage else None,
        estimated=bool(usage and usage.estimated),
        characters=len(reply.text) - kept,
    )


def _rounded(seconds: float | None) -> float | None:
    """To a tenth of a millisecond; a clock's further digits only make the log longer."""
    return None if seconds is None else round(seconds, 4)


async def _streamed(stream: ChatStream, limits: Limits, partial: str) -> AsyncGenerator[list[Step], None]:
    """Deltas with the seams between them at their places; a reply without any text is a fault.

    `Broken` is raised before the words that break a limit are given, and the stream is closed. Words that would
    break one if they ended here are held back until more has come.
    """
    said, held = partial, list[Step]()

    def released(*, finished: bool = False) -> list[Step]:
        if (breach := limits.breach(said, finished=finished)) is not None:
            raise Broken(breach)
        if not held or not (finished or limits.breach(f"{said}.") is None):
            return []
        steps = held.copy()
        held.clear()
        return steps

    async with aclosing(aloud(stream, Spoken(begun=bool(partial)))) as pieces:
        async for piece in pieces:
            if piece is not None:
                said += piece
                held.append(Delta(piece))
                yield released()
            elif said:
                held.append(Cut())
    if not said.strip():
        raise _empty()
    yield released(finished=stream.finish_reason != "stopped")


async def aloud(stream: ChatStream, spoken: Spoken) -> AsyncGenerator[str | None, None]:
    """What is said of the stream, piece by piece, never empty; None where it was cut and another reply goes on."""
    read, seams = len(stream.text.encode()), len(stream.seams)
    async with stream:
        async for batch in stream.batches():
            text = "".join(batch).encode()
            if len(stream.seams) > seams:
                at = min(max(stream.seams[-1] - read, 0), len(text))
                seams = len(stream.seams)
                if piece := spoken.feed(text[:at].decode()):
                    yield piece
                spoken.again()
                yield None
                text, read = text[at:], read + at
            read += len(text)
            if piece := spoken.feed(text.decode()):
                yield piece
    if piece := spoken.close():
        yield piece


def _said(text: str) -> str:
    """A whole reply as it is said aloud."""
    spoken = Spoken(patient=len(text))
    return (spoken.feed(text) + spoken.close()).strip()


async def bank_steps(text: str, *, pace: float, note: str) -> AsyncGenerator[list[Step], None]:
    """The bank's own wording, at the pace of the practice model."""
    for piece in tokens(text):
        yield [Delta(piece)]
        await asyncio.sleep(1 / pace if pace else 0)
    yield [Asked("bank", "stream", note)]
