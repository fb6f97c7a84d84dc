"""Ours, GuideLLM and AIPerf in turn on one server whose times are known, round after round."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.latency_peers import MODEL, PEERS, WARM_UP, Asked, P50s
from mockmate_nb import LLM, run
from mockmate_nb.lab.definitions import Tool, as_defined_by
from mockmate_nb.lab.measure import measure
from mockmate_nb.lab.metrics import METRICS
from mockmate_nb.lab.run import Run
from tests.lab.known_truth import Times, Truth, known_truth

Client = Tool | Literal["ours"]
OURS: Literal["ours"] = "ours"


@dataclass(frozen=True)
class Round:
    """Our runs, the p50 that each peer printed, and what the server did meanwhile, by client."""

    ours: Sequence[Run]
    theirs: Mapping[Tool, P50s]
    truth: Mapping[Client, Sequence[Truth]]

    def beside(self, tool: Tool) -> dict[str, tuple[float, float]]:
        """Each metric's p50: ours under that tool's definition, and its own. Both in its unit."""
        frame = as_defined_by(self.ours, tool)
        return {name: (float(frame.loc[name, "p50"]), p50) for name, p50 in self.theirs[tool].items()}

    def p50(self, name: str) -> float:
        """Our own metric of that name, in seconds."""
        found = [value for value in map(METRICS[name].of, self.ours) if value is not None]
        return statistics.median(found)


def rounds(venvs: Mapping[Tool, Path], times: Times, tokens: int, count: int, requests: int) -> list[Round]:
    """`count` rounds of `requests` each; who is first changes from round to round."""
    kept = []
    clients: list[Client] = [OURS, *PEERS]
    with known_truth(times) as server:
        asked = Asked(f"http://127.0.0.1:{server.port}", requests, tokens)
        for number in range(count):
            ours: list[Run] = []
            theirs: dict[Tool, P50s] = {}
            truth: dict[Client, list[Truth]] = {}
            for client in (*clients[number % 3 :], *clients[: number % 3]):
                if client == OURS:
                    ours = run(_ours(asked))
                else:
                    with tempfile.TemporaryDirectory() as folder:
                        theirs[client] = PEERS[client](venvs[client], asked, Path(folder))
                truth[client] = [one for one in server.truths() if one.tokens == tokens][-requests:]
            kept.append(Round(ours, theirs, truth))
    return kept


async def _ours(asked: Asked) -> list[Run]:
    async with LLM(base_url=f"{asked.server}/v1", model=MODEL) as llm:
        prompts = [*asked.prompts[:WARM_UP], *asked.prompts]
        runs = [
            await measure(llm, [{"role": "user", "content": prompt}], "stream", max_tokens=asked.tokens)
            for prompt in prompts
        ]
    return runs[-asked.requests :]
