"""A model that does what a script says, reply by reply, as real bytes through the SDK; and what it is asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx2

from mockmate_nb import LLM, InterviewSetup
from mockmate_nb.wire.events import Event
from mockmate_nb.wire.sse import encode

RESUME = "Built a Kafka ingestion pipeline in Python for a shop with 2 million orders a day."
JOB = "Backend engineer. Python, Kafka, PostgreSQL, on-call."
ANSWER = (
    "At the shop our order pipeline fell behind every evening. I profiled the consumer, found lock contention and "
    "rewrote it to work in batches, which cut p95 from 900 ms to 210 ms. I dropped the idea of more brokers, "
    "because they cost more and hid the cause."
)
Model = Callable[..., "tuple[LLM, Scripted]"]


def setup(**changes: Any) -> InterviewSetup:
    return InterviewSetup(
        **{"resume_summary": RESUME, "job_description": JOB, "question_count": 2, **changes}
    )


def types(events: Sequence[Event]) -> list[str]:
    """Types in order, runs of the same one folded."""
    names = [e.type for e in events]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


class Scripted(httpx2.AsyncBaseTransport):
    """Each request takes the next line of the script, the last one again and again.

    `say TEXT` answers word by word; `cut N TEXT` breaks the line after N words; `hang` sends nothing; `refuse`
    takes no connection; `status N` answers with an error; `empty` says nothing.
    """

    def __init__(self, script: Sequence[str]) -> None:
        self.script = list(script)
        self.asked: list[dict[str, object]] = []
        self.closed = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(json.loads(await request.aread()))
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        act, _, rest = line.partition(" ")
        if act == "refuse":
            raise httpx2.ConnectError("refused", request=request)
        if act == "status":
            return httpx2.Response(int(rest), json={"error": {"message": "no"}})
        if not self.asked[-1].get("stream"):
            message = {"role": "assistant", "content": rest}
            body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            return httpx2.Response(200, stream=httpx2.ByteStream(json.dumps(body).encode()))
        return httpx2.Response(200, stream=_Body(self, act, rest))


class _Body(httpx2.AsyncByteStream):
    def __init__(self, model: Scripted, act: str, rest: str) -> None:
        self._model, self._act, self._rest = model, act, rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._act == "hang":
            await asyncio.Event().wait()
        limit, text = 10**6, self._rest
        if self._act == "cut":
            count, _, text = self._rest.partition(" ")
            limit = int(count)
        words = [w + " " for w in text.split()] if self._act != "empty" else []
        for word in words[:limit]:
            yield _delta(word)
            await asyncio.sleep(0)
        if self._act == "cut":
            raise httpx2.ReadError("cut")
        yield encode(json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
        yield encode("[DONE]")

    async def aclose(self) -> None:
        self._model.closed += 1


def _delta(text: str) -> bytes:
    return encode(json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}))
