"""The lab's clocks against a server that knows its own times.

Nothing here asserts a time: a busy machine may be late by any amount, at the server or at the client. What holds on
every machine is an order. A figure of ours cannot be less than what the server says it did, which began after ours;
and it cannot be more than a stopwatch held around the call from outside, stopped by the text itself. A clock that
starts late, takes a role for text, or waits for the end falls out of that bracket. How narrow the bracket is when
the machine is quiet is `make bench-latency`'s to say.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

import pytest

from mockmate_nb.lab.measure import measure
from mockmate_nb.lab.run import Mode, Run
from mockmate_nb.llm.client import LLM
from mockmate_nb.wire.sse import ServerSentEvent, iter_events
from tests.lab import known_truth as server_module
from tests.lab.known_truth import WORDS, Known, Times, Truth, known_truth

QUESTION = [{"role": "user", "content": "How do you measure a wait?"}]
TIMES = Times(first=0.06, token=0.004, tokens=12)
EARLY = Times(first=0.06, token=0.004, tokens=12, role="early")


@pytest.fixture(scope="module", params=[TIMES, EARLY], ids=lambda times: f"role {times.role}")
def known(request: pytest.FixtureRequest) -> Iterator[tuple[Known, Times]]:
    with known_truth(request.param) as server:
        yield server, request.param


@dataclass
class Bracket:
    """One request: what we say, what the server did, and the stopwatch around the call."""

    run: Run
    truth: Truth
    first: float
    whole: float


async def bracket(known: Known, mode: Mode, tokens: int) -> Bracket:
    seen: list[float] = []
    async with LLM(base_url=known.url, model="known") as llm:
        began = time.perf_counter()
        run = await measure(
            llm, QUESTION, mode, max_tokens=tokens, on_text=lambda _: seen.append(time.perf_counter())
        )
        whole = time.perf_counter() - began
    (truth,) = await asyncio.to_thread(known.truths)
    return Bracket(run, truth, seen[0] - began, whole)


@pytest.mark.parametrize("tokens", [2, 12, 30])
@pytest.mark.parametrize("mode", ["stream", "batch"])
async def test_a_figure_lies_between_what_the_server_did_and_a_stopwatch(
    known: tuple[Known, Times], mode: Mode, tokens: int
) -> None:
    it = await bracket(known[0], mode, tokens)
    run, truth = it.run, it.truth
    assert (run.tokens, run.counted, truth.tokens, truth.stream) == (
        tokens,
        "usage",
        tokens,
        mode == "stream",
    )
    assert truth.ttft <= run.first_content <= it.first
    assert truth.e2e <= run.last_content <= run.e2e <= it.whole
    between = (run.last_content - run.first_content) / (tokens - 1)
    assert (truth.e2e - it.first) / (tokens - 1) <= between <= (it.whole - truth.ttft) / (tokens - 1)


async def test_no_text_arrives_before_it_was_written(known: tuple[Known, Times]) -> None:
    it = await bracket(known[0], "stream", 30)
    lengths = [len("".join(WORDS[j % len(WORDS)] for j in range(k + 1))) for k in range(30)]
    assert [one.characters for one in it.run.arrivals] == lengths, "each token is an arrival of its own"
    assert all(at.at >= written for at, written in zip(it.run.arrivals, it.truth.written, strict=True))


async def test_a_role_is_no_text(known: tuple[Known, Times]) -> None:
    it = await bracket(known[0], "stream", 12)
    assert len(it.run.choices) == 1 + 12 + 1, "a role, the tokens, a finish reason"
    assert it.run.choices[0] == it.run.first_event <= it.run.first_content
    assert len(it.run.arrivals) == 12


def test_the_server_is_never_early_and_says_when_it_wrote(known: tuple[Known, Times]) -> None:
    server, times = known
    events = [json.loads(event.data) for event in _asked(server, 5, include_usage=True)[:-1]]
    (truth,) = server.truths()
    assert all(did >= due for did, due in zip(truth.written, times.due(5), strict=True))
    assert truth.written == sorted(truth.written)
    deltas = [event["choices"][0]["delta"] for event in events[:-1]]
    assert deltas == [{"role": "assistant"}, *({"content": word} for word in WORDS[:5]), {}]
    assert events[-1]["choices"] == []
    assert events[-1]["usage"]["completion_tokens"] == 5
    assert "usage" not in json.loads(_asked(server, 1, include_usage=False)[-2].data)
    assert [one.tokens for one in server.truths()] == [1], "what was told once is not told again"


def test_a_rhythm_is_its_seeds() -> None:
    even, uneven = Times(first=1.0, token=0.5), Times(first=1.0, token=0.5, jitter=0.1)
    assert even.due(4) == [1.0, 1.5, 2.0, 2.5]
    assert uneven.due(64) == uneven.due(64) != Times(first=1.0, token=0.5, jitter=0.1, seed=1).due(64)
    gaps = [after - before for before, after in pairwise(uneven.due(64))]
    assert all(0.4 <= gap <= 0.6 for gap in gaps)
    assert len(set(gaps)) > 1


def test_the_server_ends_when_its_owner_does() -> None:
    command = [sys.executable, server_module.__file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as reply:
            assert reply.status == 200
        process.stdin.close()
        assert process.wait(timeout=10) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)


def _asked(server: Known, tokens: int, *, include_usage: bool) -> list[ServerSentEvent]:
    """The events of one streamed reply, as they came."""
    body = {"messages": QUESTION, "max_tokens": tokens, "stream": True}
    body["stream_options"] = {"include_usage": include_usage}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        return list(iter_events([connection.getresponse().read()]))
