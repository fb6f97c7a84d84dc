"""The latency lab's promises, each against what was measured.

python -m benchmarks.latency [--quick] [--without-model] [--guidellm VENV] [--aiperf VENV] [--out FILE]

It writes its own section of docs/benchmarks.md. GuideLLM and AIPerf stand in virtual environments of their own, whose
packages do not go together with ours; `make bench-latency` makes them.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks import latency_model, latency_promises
from benchmarks.latency_peers import PEERS, version
from benchmarks.latency_promises import times
from benchmarks.latency_rounds import Round, rounds
from benchmarks.latency_truth import TIMES, TOKENS, known_times
from benchmarks.report import Promise, replaced, table
from mockmate_nb.lab.machine import load
from mockmate_nb.lab.report import LatencyReport

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "benchmarks.md"
HEADING = "## Latency"


class Effort(NamedTuple):
    """How much is measured: pairs on servers of known times, rounds of so many requests, experiments, a model."""

    pairs: int
    rounds: int
    requests: int
    experiments: int
    lengths: Mapping[int, int]


FULL = Effort(10, 5, 8, 1000, latency_model.PAIRS)
QUICK = Effort(6, 1, 4, 50, {latency_model.PROMISED: 6})


def section(
    promises: Sequence[Promise],
    held: Sequence[Round],
    found: Mapping[int, LatencyReport],
    versions: Mapping[str, str],
    quick: bool,
) -> list[str]:
    """The lines of the section."""
    words = {True: "yes", False: "**no**", None: "-"}
    named = ", ".join(f"{name} {said}" for name, said in versions.items())
    heads = ("p50 in ms", "meant", "server did", "ours", *PEERS)
    lines = [
        HEADING,
        "",
        f"Made by `make bench-latency` on {datetime.now(UTC):%Y-%m-%d}{', quickly' if quick else ''}: Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {load().queue}; {named}.",
        f"Servers of known times send {TOKENS} tokens: the first after {TIMES.first:g} s, then one every "
        f"{TIMES.token:g} s. Three clients take turns on one, in changing order: {len(held)} rounds of "
        f"{len(held[0].ours)} requests each; what differs by round is shown as median, least and most.",
        "",
        *table(("promise", "wanted", "measured", "met"), [(*row[:3], words[row.met]) for row in promises]),
        "",
        "Each tool's own figures, where all mean the same but for the moments at which their clocks start and end:",
        "",
        *table(heads, latency_promises.clocks(held)),
    ]
    return lines + model_lines(found)


def model_lines(found: Mapping[int, LatencyReport]) -> list[str]:
    """SmolLM2 at each length of answer, with what the reports say in words."""
    if not found:
        return []
    rows, words = [], []
    for tokens, report in found.items():
        for cache in report.design.caches:
            ratios = [report.interval(name, cache) for name in ("batch_over_ttft", "batch_over_stream")]
            waits = [report.interval(name, cache).value for name in ("ttft", "batch_e2e")]
            rows.append(
                (tokens, cache, ratios[0].n, *map(times, ratios), *(f"{1000 * one:.0f}" for one in waits))
            )
        words += [f"- {tokens} tokens: {line}" for line in report.verdict().splitlines()]
    heads = ("tokens", "cache", "pairs", "batch / TTFT", "batch / streamed whole", "TTFT, ms", "batch, ms")
    return ["", "SmolLM2 on this machine:", "", *table(heads, rows), "", "In the reports' words:", "", *words]


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a smoke test; its figures say little")
    options.add_argument("--without-model", action="store_true", help="leave SmolLM2 out")
    for name in PEERS:
        options.add_argument(f"--{name}", type=Path, default=ROOT / f".venv-{name}", metavar="VENV")
    options.add_argument("--out", type=Path, default=OUT)
    asked = options.parse_args()
    venvs = {name: getattr(asked, name) for name in PEERS}
    for name, venv in venvs.items():
        if not (venv / "bin" / name).exists():
            options.error(f"{name} is not in {venv}; `make bench-latency` puts it there.")
    effort = QUICK if asked.quick else FULL
    promises = known_times(venvs["guidellm"], effort.pairs)
    held = rounds(venvs, TIMES, TOKENS, effort.rounds, effort.requests)
    promises += latency_promises.beside_peers(held) + latency_promises.own_cost(held)
    promises += latency_promises.covered(effort.experiments)
    found = {} if asked.without_model else latency_model.reports(effort.lengths)
    promises.append(latency_promises.real_model(found))
    lines = section(
        promises, held, found, {name: version(venv, name) for name, venv in venvs.items()}, asked.quick
    )
    print("\n".join(lines))
    text = asked.out.read_text("utf-8") if asked.out.exists() else ""
    asked.out.write_text(replaced(text, lines), "utf-8")


if __name__ == "__main__":
    main()
