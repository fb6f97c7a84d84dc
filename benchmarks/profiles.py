"""The rhythms that come with the package: real runs of the two local models, warm and cold.

python -m benchmarks.profiles [--only NAME] [--out FOLDER]      (some five minutes; a quiet machine, please)

The weights must be here: make model, and make model MODEL=qwen.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.report import table
from mockmate_nb.interview.samples import sample
from mockmate_nb.lab.profiling import record_profile
from mockmate_nb.lab.run import Cache
from mockmate_nb.llm import local
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.rhythm import SHIPPED, Profile

TOKENS = 64
JOB_CHARACTERS = 1000


class Plan(NamedTuple):
    """One profile to make; the slow model gets fewer runs."""

    model: str
    cache: Cache
    runs: int


PLANS = {
    "smollm2-warm": Plan("smollm2", "warm", 20),
    "smollm2-cold": Plan("smollm2", "cold", 20),
    "qwen-warm": Plan("qwen", "warm", 8),
    "qwen-cold": Plan("qwen", "cold", 8),
}


def prompt() -> str:
    return f"Ask one question of a job interview for this position:\n\n{sample('en').job[:JOB_CHARACTERS]}"


async def made(name: str) -> Profile:
    model, cache, runs = PLANS[name]
    async with LLM("local", model=model) as llm:
        return await record_profile(llm, prompt(), runs=runs, max_tokens=TOKENS, cache=cache, name=name)


def row(profile: Profile, seconds: float) -> tuple[str, ...]:
    """Medians of a profile: time to the first token, a token after it, whole replies streamed and not."""
    first = median(run.at[0] for run in profile.streams)
    whole = median(run.until(TOKENS) for run in profile.streams)
    token = median((run.until(TOKENS) - run.at[0]) / (TOKENS - 1) for run in profile.streams)
    batch = median(run.seconds for run in profile.batches)
    times = (f"{value * 1000:.1f}" for value in (first, token, whole, batch))
    return (profile.name, *times, f"{batch / first:.1f}", f"{seconds:.0f}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=PLANS, help="make this one alone")
    options.add_argument("--out", type=Path, default=SHIPPED)
    asked = options.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    rows = []
    try:
        for name in (asked.only,) if asked.only else PLANS:
            began = time.monotonic()
            profile = asyncio.run(made(name))
            profile.save(asked.out / f"{name}.json")
            rows.append(row(profile, time.monotonic() - began))
    finally:
        local.close_shared()
    heads = ("profile", "TTFT, ms", "token, ms", "streamed, ms", "batch, ms", "batch / TTFT", "took, s")
    print("\n".join(table(heads, rows)))


if __name__ == "__main__":
    main()
