"""A model that does what a script says, reply by reply, as real bytes through the SDK."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx2

from mockmate_nb.wire.sse import encode


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
