"""What a delta costs the client: `LLM.stream` against the openai SDK's own stream of the same bytes.

    python benchmarks/client.py [--quick]

Both ask the same `AsyncOpenAI` client, whose transport replays recorded chat chunks without any pause: in
64 kB pieces, one event a piece, and one event a piece with a turn of the event loop before each, as a network
does it. Both read the text of every delta. The runs are interleaved, in an order that turns with each round;
the first round is not counted. A cost is microseconds a delta, CPU time of the process and wall time; shown are
the median over the rounds and, in brackets, the quartiles. A ratio compares two runs of the same round.
In the third feed both ways also pay for the loop's own turn.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from statistics import median, quantiles
from typing import Any

import httpx2
from openai import AsyncOpenAI

from mockmate_nb.llm import sdk
from mockmate_nb.llm.client import LLM

DELTAS, ROUNDS = 5000, 15
TARGET = 8.0
WORD = " a word of it"
HEAD = {
    "id": "chatcmpl-9f2c0e5b7a814d0f9b",
    "object": "chat.completion.chunk",
    "created": 1760000000,
    "model": "practice-1",
    "system_fingerprint": "fp_44709d6fcb",
}
DELTA = {"index": 0, "delta": {"content": WORD}, "logprobs": None, "finish_reason": None}
EVENT = b"data: " + json.dumps({**HEAD, "choices": [DELTA], "usage": None}).encode() + b"\n\n"
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
MESSAGES = [{"role": "user", "content": "Hello?"}]
WAYS = ("ours", "sdk")


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


FEEDS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], bool]] = {
    "64 kB pieces": (lambda events: cut(b"".join(events), 65_536), False),
    "an event a piece": (lambda events: events, False),
    "an event a piece and a turn of the loop": (lambda events: events, True),
}


class Replay(httpx2.AsyncBaseTransport, httpx2.AsyncByteStream):
    def __init__(self, pieces: list[bytes], turn: bool) -> None:
        self._pieces, self._turn = pieces, turn

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:  # noqa: ARG002 - the same for all
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if self._turn:
                await asyncio.sleep(0)
            yield piece


async def ours(client: AsyncOpenAI) -> int:
    llm = LLM(base_url="http://127.0.0.1:9/v1", model="m")
    setattr(llm, "_connect", lambda *_: client)  # noqa: B010 - no public way puts a recording in the place of a service
    return sum([len(delta) async for delta in llm.stream(MESSAGES)])


async def through_sdk(client: AsyncOpenAI) -> int:
    create: Any = client.chat.completions.create  # its types want more than plain dicts
    length = 0
    async for chunk in await create(model="m", messages=MESSAGES, stream=True):
        if chunk.choices and (content := chunk.choices[0].delta.content):
            length += len(content)
    return length


async def timed(work: Awaitable[int], deltas: int) -> dict[str, float]:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    length = await work
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert length == deltas * len(WORD)
    return {"cpu": 1e6 * cpu / deltas, "wall": 1e6 * wall / deltas}


async def measure(client: AsyncOpenAI, deltas: int, rounds: int) -> list[dict[str, dict[str, float]]]:
    found = []
    for number in range(rounds + 1):
        order = WAYS if number % 2 else WAYS[::-1]
        work = {"ours": ours, "sdk": through_sdk}
        found.append({way: await timed(work[way](client), deltas) for way in order})
    return found[1:]


def spread(values: list[float]) -> dict[str, float]:
    low, _, high = quantiles(values, n=4, method="inclusive")
    return {"median": round(median(values), 2), "low": round(low, 2), "high": round(high, 2)}


def rows(quick: bool) -> list[dict[str, Any]]:
    """One row a feed: microseconds a delta of each way, how many times ours is cheaper, whether that is enough."""
    deltas, rounds = (500, 2) if quick else (DELTAS, ROUNDS)
    table = []
    for name, (pieces_of, turn) in FEEDS.items():
        pieces = pieces_of([*[EVENT] * deltas, END])
        client = sdk.connect("http://127.0.0.1:9/v1", "none", transport=Replay(pieces, turn))
        found = asyncio.run(measure(client, deltas, rounds))
        ratio = spread([one["sdk"]["cpu"] / one["ours"]["cpu"] for one in found])
        costs = {
            f"{way}_{clock}": spread([one[way][clock] for one in found])
            for way in WAYS
            for clock in ("cpu", "wall")
        }
        row = {"feed": name, "deltas": deltas, "pieces": len(pieces), **costs}
        table.append({**row, "cheaper": ratio, "met": ratio["median"] >= TARGET})
    return table


def main() -> None:
    options = argparse.ArgumentParser(description="What a delta costs the client.")
    options.add_argument("--quick", action="store_true", help="a tenth of the size, two rounds: a smoke test")
    heads = (f"{'ours, CPU':>20}", f"{'SDK, CPU':>22}", f"{'ours, wall':>20}", f"{'SDK, wall':>22}")
    print(f"{'microseconds a delta':40}{''.join(heads)}   cheaper by")
    for row in rows(options.parse_args().quick):
        cells = (row["ours_cpu"], row["sdk_cpu"], row["ours_wall"], row["sdk_wall"])
        shown = [f"{cell['median']:.1f} ({cell['low']:.1f}-{cell['high']:.1f})" for cell in cells]
        line = f"{row['feed']:40}" + "".join(
            f"{text:>{width}}" for text, width in zip(shown, (20, 22, 20, 22), strict=True)
        )
        best = row["cheaper"]
        line += f"   {best['median']:.1f} ({best['low']:.1f}-{best['high']:.1f})"
        print(line + ("" if row["met"] else "  BELOW TARGET"))


if __name__ == "__main__":
    main()
