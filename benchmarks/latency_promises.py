"""What the latency lab promises, as rows: other tools, our own cost, intervals, a real model."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from benchmarks.latency_model import PROMISED, WANTED
from benchmarks.latency_peers import METRICS
from benchmarks.latency_rounds import OURS, Round
from benchmarks.latency_truth import TRUTH
from benchmarks.report import Promise, extent
from mockmate_nb.lab.definitions import Tool
from mockmate_nb.lab.intervals import Interval
from mockmate_nb.lab.report import LatencyReport
from tests.lab.simulated_times import FAMILIES, Of, coverage

APART = 3.0
"""Per cent that our p50, by another tool's definition, may be from that tool's own."""
OWN_FIRST, OWN_CHUNK = 1e-3, 50e-6
"""Seconds that our client may take of TTFT, and of a chunk."""
COVERED = (0.92, 0.98)
"""The share of simulated experiments whose 95 % interval holds the truth."""
CLOCKS: Sequence[tuple[str, str, Mapping[Tool, str]]] = (
    ("TTFT", "ttft", {"guidellm": "time_to_first_token_ms", "aiperf": "time_to_first_token"}),
    ("TPOT, ITL", "tpot", {"guidellm": "inter_token_latency_ms", "aiperf": "inter_token_latency"}),
    ("whole request", "e2e", {"guidellm": "request_latency", "aiperf": "request_latency"}),
)
"""What all three measure, under our name and under theirs."""
NOT_RUN = "not measured: `make model`, then `make bench-latency`"


def beside_peers(held: Sequence[Round]) -> list[Promise]:
    """Each metric of each tool: how far our p50, by its definition, is above its own, round by round."""
    kept = []
    for tool, names in METRICS.items():
        for name in names:
            both = [one.beside(tool)[name] for one in held]
            apart = [100 * (ours / theirs - 1) for ours, theirs in both]
            kept.append(
                Promise(
                    f"`{name}` by {tool}'s definition, ours above its own, p50",
                    f"± {APART:g} %",
                    f"{statistics.median(apart):+.2f} % ({min(apart):+.2f} to {max(apart):+.2f})",
                    abs(statistics.median(apart)) <= APART,
                )
            )
    return kept


def clocks(held: Sequence[Round]) -> list[tuple[str, ...]]:
    """The p50 that each printed of the same server in the same minutes, in ms, with the least and most of a round."""
    rows = []
    for what, name, theirs in CLOCKS:
        did = [1000 * statistics.median(getattr(one, name) for one in each.truth[OURS]) for each in held]
        ours = [1000 * each.p50(name) for each in held]
        peers = [
            [
                each.theirs[tool][metric] * (1000 if tool == "guidellm" and name == "e2e" else 1)
                for each in held
            ]
            for tool, metric in theirs.items()
        ]
        printed = (extent(values, 2) for values in (did, ours, *peers))
        rows.append((what, f"{1000 * TRUTH[name]:.0f}", *printed))
    return rows


def own_cost(held: Sequence[Round]) -> list[Promise]:
    """What our own client takes, as each run says itself."""
    runs = [one for each in held for one in each.ours]
    kept = []
    for what, most, found in (
        ("TTFT", OWN_FIRST, [one.own_first for one in runs if one.own_first is not None]),
        ("a chunk", OWN_CHUNK, [one.own_chunk for one in runs if one.own_chunk is not None]),
    ):
        middle = statistics.median(found)
        kept.append(
            Promise(
                f"our own client's part of {what}, taken out of no figure, p50",
                f"≤ {_us(most)}",
                f"{_us(middle)} ({_us(min(found))} to {_us(max(found))}, {len(found)} requests)",
                middle <= most,
            )
        )
    return kept


def covered(experiments: int) -> list[Promise]:
    """How often the intervals hold the truth of times that were drawn, 20 pairs each; on all cores."""
    wanted: tuple[Of, ...] = ("median", "ratio")
    with ProcessPoolExecutor() as pool:
        asked = {
            family: [pool.submit(coverage, family, of, experiments=experiments) for of in wanted]
            for family in FAMILIES
        }
        found = {family: [one.result() for one in each] for family, each in asked.items()}
    low, high = COVERED
    return [
        Promise(
            f"95 % intervals of {family} times hold the truth, 20 pairs, {experiments:,} experiments",
            f"{100 * low:.0f}-{100 * high:.0f} %",
            f"median {100 * shares[0]:.1f} %, ratio {100 * shares[1]:.1f} %",
            all(low <= share <= high for share in shares),
        )
        for family, shares in found.items()
    ]


def real_model(found: Mapping[int, LatencyReport]) -> Promise:
    """What is promised of it: 64 tokens, with a warm prompt cache."""
    what, wanted = f"SmolLM2, {PROMISED} tokens, warm: batch / TTFT", f"lower end > {WANTED:g}"
    if PROMISED not in found:
        return Promise(what, wanted, NOT_RUN, None)
    ratio = found[PROMISED].interval("batch_over_ttft", "warm")
    return Promise(what, wanted, times(ratio), ratio.low > WANTED)


def times(value: Interval) -> str:
    """A ratio with its interval."""
    ends = f"{value.low:.2f}-{value.high:.2f}" if value.known else "too few pairs for an interval"
    return f"{value.value:.2f} × ({ends})"


def _us(seconds: float) -> str:
    return f"{1e6 * seconds:.0f} µs"
