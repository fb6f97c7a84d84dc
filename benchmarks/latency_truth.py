"""Our figures beside known times: those of our own server, which says what it did, and of GuideLLM's."""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.latency_peers import MODEL, mock_server
from benchmarks.report import Promise
from mockmate_nb import LLM, run
from mockmate_nb.lab.latency import compare
from mockmate_nb.lab.measure import measure
from mockmate_nb.lab.metrics import METRICS
from mockmate_nb.lab.run import Run
from tests.lab.known_truth import Times, Truth, known_truth

TIMES, TOKENS = Times(first=0.3, token=0.02), 32
WHOLE = TIMES.due(TOKENS)[-1]
TRUTH = {"ttft": TIMES.first, "tpot": TIMES.token, "e2e": WHOLE, "batch_e2e": WHOLE}
SHARE, MORE = 0.02, 0.003
"""How far a median may be from a known time: so much of it, and so many seconds."""
STREAMED = ("ttft", "tpot", "e2e")
QUESTION = [{"role": "user", "content": "What did you measure?"}]


def known_times(guidellm: Path, pairs: int) -> list[Promise]:
    """A comparison on our server, and as many streams of GuideLLM's `mock-server`, each beside a bare socket's."""
    with known_truth(TIMES) as server:
        report = run(compare(LLM(base_url=server.url, model=MODEL), [QUESTION], pairs, max_tokens=TOKENS))
        did = _done([one for one in server.truths() if one.tokens == TOKENS])
    kept = [
        _near(f"`{name}` on our server", meant, report.interval(name).value, f"it did {_ms(did[name])}")
        for name, meant in TRUTH.items()
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        mock_server(guidellm, TIMES.first, TIMES.token, Path(folder)) as address,
    ):
        _bare(address)  # its first answer is late
        both = [(run(_stream(address)), _bare(address)) for _ in range(pairs)]
    for name in STREAMED:
        measured = statistics.median(METRICS[name].of(ours) or 0.0 for ours, _ in both)
        seen = statistics.median(getattr(bare, name) for _, bare in both)
        what, beside = f"`{name}` on guidellm's `mock-server`", f"it means {_ms(TRUTH[name])}"
        kept.append(_near(what, seen, measured, beside, by=" as a bare socket sees it"))
    return kept


async def _stream(address: str) -> Run:
    async with LLM(base_url=f"{address}/v1", model=MODEL) as llm:
        return await measure(llm, QUESTION, "stream", max_tokens=TOKENS)


def _done(truths: Sequence[Truth]) -> dict[str, float]:
    """The middle of what our server did, under our names."""
    streams = [one for one in truths if one.stream]
    found = {name: statistics.median(getattr(one, name) for one in streams) for name in STREAMED}
    return {**found, "batch_e2e": statistics.median(one.e2e for one in truths if not one.stream)}


def _near(what: str, truth: float, measured: float, beside: str, by: str = "") -> Promise:
    room = SHARE * truth + MORE
    met = abs(measured - truth) <= room
    return Promise(f"{what}, p50", f"{_ms(truth)} ± {_ms(room)}{by}", f"{_ms(measured)}; {beside}", met)


class Bare(NamedTuple):
    """A stopwatch's figures of one stream, in seconds, by our definitions."""

    ttft: float
    tpot: float
    e2e: float


def _bare(address: str) -> Bare:
    """A stream read line by line by the standard library; nothing is looked into before it has ended."""
    body = {"model": MODEL, "messages": QUESTION, "max_tokens": TOKENS, "stream": True}
    with closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)) as connection:
        connection.connect()
        began = time.perf_counter()
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"}
        )
        reply = connection.getresponse()
        lines = [(time.perf_counter() - began, line) for line in iter(reply.readline, b"")]
        whole = time.perf_counter() - began
    first = next(at for at, line in lines if _text(line))
    return Bare(first, (whole - first) / (TOKENS - 1), whole)


def _text(line: bytes) -> str:
    """The text of one event of a stream; "" for a line of anything else."""
    if not line.startswith(b"data: {"):
        return ""
    choices: Sequence[Mapping[str, Any]] = json.loads(line[6:])["choices"]
    return str(choices[0]["delta"].get("content") or "") if choices else ""


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"
