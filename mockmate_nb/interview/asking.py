"""How a question gets its words: the model's stream, then the model's whole reply, then the bank's own wording.

Each way is tried only while nothing has been said yet; the step that ends the turn says which one it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from mockmate_nb.errors import MockMateError, UnreadableReply
from mockmate_nb.interview.machine import Turn
from mockmate_nb.interview.prompts import question_messages
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.steps import Asked, Cut, Delta, Measured, Step
from mockmate_nb.llm.client import LLM, Reply
from mockmate_nb.llm.practice import tokens
from mockmate_nb.llm.stream import ChatStream, Message

NEAR_TOKENS, FAR_TOKENS = 160, 1500  # a service's model may think before it speaks
CUT_SHORT = "length: the model's reply reached its limit and stops there."
NEAR_TEMPERATURE = 0.2  # small models wander when they are left at their default


async def question_steps(
    llm: LLM, setup: InterviewSetup, turns: Sequence[Turn], *, partial: str = ""
) -> AsyncGenerator[list[Step], None]:
    """The steps of asking the last turn's question, after `partial` if it is taken up in its middle."""
    turn = turns[-1]
    far = llm.settings.leaves_machine
    messages = question_messages(setup, turns, roomy=far)
    limit, temperature = (FAR_TOKENS, None) if far else (NEAR_TOKENS, NEAR_TEMPERATURE)
    stream = llm.stream(messages, max_tokens=limit, temperature=temperature, prefix=partial)
    try:
        async for steps in _streamed(stream):
            yield steps
    except MockMateError as fault:
        if fault.partial != partial or not turn.bank_text.startswith(partial):
            raise
        failure = fault
    else:
        note = CUT_SHORT if stream.finish_reason == "length" else ""
        yield [Asked("model", "stream", note, _measured(llm, stream, len(partial)))]
        return
    try:
        if partial:
            raise failure  # a whole reply cannot go on from what was said
        reply = await _whole(llm, messages, limit, temperature, failure)
    except MockMateError as fault:
        rest, note = turn.bank_text.removeprefix(partial), f"{fault.kind}: {fault.message}"
        async for steps in bank_steps(rest, pace=llm.pace, note=note):
            yield steps
    else:
        note = f"{failure.kind}: {failure.message}"
        yield [Delta(reply.text.strip()), Asked("model", "batch", note, _measured(llm, reply))]


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


async def _streamed(stream: ChatStream) -> AsyncGenerator[list[Step], None]:
    """Deltas with the seams between them at their places; a reply without any text is a fault."""
    said, seams = len(stream.text.encode()), len(stream.seams)
    async with stream:
        async for batch in stream.batches():
            text = "".join(batch).encode()
            if len(stream.seams) > seams:
                at = min(max(stream.seams[-1] - said, 0), len(text))
                seams = len(stream.seams)
                steps: list[Step] = [*_delta(text[:at]), Cut(), *_delta(text[at:])]
            else:
                steps = _delta(text)
            said += len(text)
            yield steps
    if not stream.text.strip():
        raise UnreadableReply("The model's reply was empty.", advice="Try again, or use another model.")


def _delta(text: bytes) -> list[Step]:
    return [Delta(text.decode())] if text else []


async def _whole(
    llm: LLM, messages: list[Message], limit: int, temperature: float | None, failure: MockMateError
) -> Reply:
    """The same question by the batch call, where a second try makes sense."""
    if not failure.retryable:
        raise failure
    reply = await llm.complete(messages, max_tokens=limit, temperature=temperature)
    if not reply.text.strip():
        raise UnreadableReply("The model's reply was empty.", advice="Try again, or use another model.")
    return reply


async def bank_steps(text: str, *, pace: float, note: str) -> AsyncGenerator[list[Step], None]:
    """The bank's own wording, at the pace of the practice model."""
    for piece in tokens(text):
        yield [Delta(piece)]
        await asyncio.sleep(1 / pace if pace else 0)
    yield [Asked("bank", "stream", note)]
