"""A provider's rhythm taken down: real runs, streamed and whole, made into a `Profile` for the practice model."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import pairwise

from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.lab import machine
from mockmate_nb.lab.measure import measure
from mockmate_nb.lab.prompts import Prompts, checked_prompts
from mockmate_nb.lab.run import Cache, Mode, Run
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.rhythm import BatchRun, Label, Profile, StreamRun, check_name, shared_out

MAX_RUNS = 1000
TRIES = 3
LEAST = 1e-5  # seconds
FACTS = ("processor", "threads", "memory", "python", "packages")
CACHES_ZH: Mapping[Cache, str] = {"warm": "热", "cold": "冷"}


async def record_profile(
    llm: LLM,
    prompts: Prompts,
    *,
    runs: int = 8,
    max_tokens: int = 64,
    cache: Cache = "warm",
    name: str,
    seed: int = 0,
) -> Profile:
    """The rhythm of `llm` out of `runs` pairs of a streamed and a whole reply, each kind first in turn.

    The prompts are taken one after the other, not in turn, and each is asked once unmeasured, so that with "warm"
    the prompt cache knows it; with "cold" every request has a prompt that was never seen. Nothing of prompts,
    replies or key is in the profile. Raises `CallerError` for bad arguments and for a reply that comes in one piece,
    and the `MockMateError` of a request that failed `TRIES` times.
    """
    asked = checked_prompts(prompts)
    check_name(name)
    if not 1 <= runs <= MAX_RUNS or max_tokens < 2:
        raise CallerError(
            f"runs is {runs} and max_tokens {max_tokens}: there must be 1 to {MAX_RUNS} runs of 2 tokens at least.",
            field="max_tokens" if 1 <= runs <= MAX_RUNS else "runs",
            advice="8 runs of 64 tokens show a rhythm.",
        )
    found: dict[Mode, list[Run]] = {"stream": [], "batch": []}
    order = sorted(run % len(asked) for run in range(runs))
    for pair, (before, prompt) in enumerate(pairwise([-1, *order])):
        kinds: list[Mode] = ["batch", "stream"] if pair % 2 else ["stream", "batch"]
        warm_up: list[Mode] = [] if prompt == before else ["stream"]
        for at, mode in enumerate(warm_up + kinds):
            run = await _worked(
                partial(
                    measure,
                    llm,
                    asked[prompt],
                    mode,
                    pair=pair,
                    cache=cache,
                    max_tokens=max_tokens,
                    seed=seed,
                )
            )
            if at >= len(warm_up):
                found[mode].append(run)
    facts = {key: fact for key, fact in machine.facts(llm).items() if key in FACTS}
    today = datetime.now(UTC).date()
    return profile_of(
        found["stream"], found["batch"], name=name, model=llm.model, machine=facts, made_on=today
    )


def profile_of(
    streams: Sequence[Run],
    batches: Sequence[Run],
    *,
    name: str,
    model: str,
    machine: Mapping[str, str],
    made_on: date,
) -> Profile:
    """The profile of these runs, batch i beside stream i, all of one cache. Pure.

    Times are from the request being sent on, less our own client's share of a piece, which playing adds anew. Where
    the service counts more tokens than it sent pieces, each piece gets its share of them by its length.
    `CallerError` for a streamed reply in one piece: that is no rhythm.
    """
    if any(len(run.arrivals) < 2 for run in streams):
        raise CallerError(
            "A streamed reply came in one piece: there is no rhythm to take down.",
            advice="Ask for more tokens, or check that the service, or a proxy before it, streams at all.",
        )
    cache, threads = streams[0].cache, machine.get("threads")
    where = machine.get("processor", "an unnamed machine") + (f", threads: {threads}" if threads else "")
    return Profile(
        name=name,
        label=Label(
            en=f"{model}, {cache} prompt cache, recorded on {made_on} ({where}): a recording, not a live model",
            zh=f"{model}，{CACHES_ZH[cache]}提示缓存，{made_on} 录制（{where}）：这是录制，不是实时模型",
        ),
        model=model,
        cache=cache,
        prompt_tokens=round(statistics.median(run.prompt_tokens for run in streams)),
        machine=dict(machine),
        made_on=made_on,
        streams=tuple(_stream_run(run) for run in streams),
        batches=tuple(
            BatchRun(seconds=_since_sent(run, run.e2e), tokens=max(1, run.shown)) for run in batches
        ),
    )


def _stream_run(run: Run) -> StreamRun:
    ends = [0, *(one.characters for one in run.arrivals)]
    tokens = shared_out(run.shown, [b - a for a, b in pairwise(ends)])
    several = any(count != 1 for count in tokens)
    times = tuple(_since_sent(run, one.at) for one in run.arrivals)
    return StreamRun(at=times, tokens=tuple(tokens) if several else ())


def _since_sent(run: Run, at: float) -> float:
    return max(LEAST, at - (run.sent or 0.0) - (run.own_chunk or 0.0))


async def _worked(ask: Callable[[], Awaitable[Run]]) -> Run:
    """One request that worked: a fault that may pass is met by asking again."""
    for _ in range(TRIES - 1):
        try:
            return await ask()
        except MockMateError as error:
            if not error.retryable:
                raise
    return await ask()
