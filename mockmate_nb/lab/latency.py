"""The latency lab: streaming against batch in pairs, and under load.

    report = run(compare(LLM("local"), "Tell me about server-sent events.", pairs=20))
    report                # in a notebook: verdict, figures, pictures
    report.frame          # one row a run

Only what happens in one and the same run of the program, in alternating order, is compared.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.lab import machine
from mockmate_nb.lab.measure import measure, prime
from mockmate_nb.lab.measuring import Measuring
from mockmate_nb.lab.prompts import (
    Prompts,
    checked_count,
    checked_prompts,
    checked_seconds,
    checked_tokens,
    numbered,
)
from mockmate_nb.lab.report import Design, Discard, LatencyReport
from mockmate_nb.lab.run import Cache, Mode, Run
from mockmate_nb.lab.sweep import Limits as Limits
from mockmate_nb.lab.sweep import SweepReport as SweepReport
from mockmate_nb.lab.sweep import sweep as sweep
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import MAX_RETRY_AFTER, Message, backoff

MAX_PAIRS = 1_000
FAILURES_IN_A_ROW = 3
"""After so many the service is held to be down, and what there is is kept."""
DISCARDS_A_PAIR = 2
ORDERS: tuple[tuple[Mode, Mode], ...] = (("stream", "batch"), ("batch", "stream"))


def compare(
    llm: LLM,
    prompts: Prompts,
    pairs: int = 20,
    *,
    max_tokens: int = 64,
    cache: Cache | str = "warm",
    seed: int = 0,
    timeout: float = 60.0,
) -> Measuring[LatencyReport]:
    """Measure streaming and batch in `pairs` pairs, `cache` being "warm", "cold" or "both". To be awaited.

    Before the pairs of each kind, one run of each way is made and kept apart. A pair is two requests for the same
    prompt, in an order that alternates, at temperature 0 with the same seed and the same limit of tokens; prompts
    take turns. "warm": the prompt has just been read by the service, so that a prompt cache has it; "cold": it was
    never seen. Each begins with a number, [000000000] or another each time, so that both are as long.

    Where either run of a pair fails, both are discarded, counted, and done again after the wait that the service asks
    for, as long as no more than two a pair that was wanted are discarded; after three failures in a row, or one that
    will not change, it ends. Then the report has what was measured; where that is nothing, the last failure is
    raised. `CallerError` for input that cannot be used, at once; also for more pairs than a recording holds.
    """
    asked = checked_prompts(prompts)
    design = Design(
        checked_count("pairs", pairs, 1, MAX_PAIRS, "20 give a usable interval."),
        checked_tokens(llm, max_tokens),
        _kinds(llm, cache),
        checked_count("seed", seed, 0, 2**63 - 1),
        len(asked),
        checked_seconds("timeout", timeout),
    )
    _check_recorded(llm, asked, design)
    work = _Comparison(llm, asked, design)
    runs = len(design.caches) * 2 * (pairs + 1)
    return Measuring("compare", LatencyReport.empty(llm, design), runs, work.run)


def _kinds(llm: LLM, cache: str) -> tuple[Cache, ...]:
    kinds: dict[str, tuple[Cache, ...]] = {"warm": ("warm",), "cold": ("cold",), "both": ("warm", "cold")}
    if cache not in kinds:
        raise CallerError(
            f"cache: {cache!r} is not known.", field="cache", advice='Use "warm", "cold" or "both".'
        )
    known = llm.profile.cache if llm.profile else "warm"
    if (llm.is_practice or llm.settings.provider.name == "recording") and cache != known:
        raise CallerError(
            f"cache: {llm.model} has no prompt cache; its times are those of a {known} one.",
            field="cache",
            advice=f'Use cache="{known}".',
        )
    return kinds[cache]


def _check_recorded(llm: LLM, prompts: Sequence[list[Message]], design: Design) -> None:
    """A recording that is played again and again would look like many pairs, and be few."""
    each = -(-design.pairs // len(prompts))
    for prompt in prompts:
        held = [
            llm.recorded(numbered(prompt, 0), stream=stream, max_tokens=design.max_tokens)
            for stream in (True, False)
        ]
        different = min((count for count in held if count is not None), default=None)
        if different is not None and 0 < different < each:
            raise CallerError(
                f"pairs: the recording holds {different} different replies to this prompt; played more often they "
                "would only look like more.",
                field="pairs",
                advice=f"Use pairs={different * len(prompts)}.",
            )


class _Comparison:
    """The runs of one `compare`, in order."""

    def __init__(self, llm: LLM, prompts: Sequence[list[Message]], design: Design) -> None:
        self._llm, self._design = llm, design
        self._prompts = {"warm": [numbered(prompt, 0) for prompt in prompts], "cold": prompts}
        self._primed: int | None = None
        self._just_primed = False
        self._failed = 0
        self._began = self._spent = 0.0
        self._done = 0

    async def run(self, work: Measuring[LatencyReport]) -> None:
        self._began, self._spent = time.perf_counter(), self._llm.spent
        machine.load()  # the first look begins the count
        work.report = replace(work.report, machine=machine.facts(self._llm))
        first = random.Random(self._design.seed).randrange(2)  # noqa: S311 - a seeded coin
        try:
            for cache in self._design.caches:
                await self._kind(work, cache, first)
        except _Over as over:
            if not work.report.runs:
                raise over.fault from None
        finally:
            done = len(work.report.pairs_done) == self._design.planned
            work.report = replace(work.report, finished=done, cost=self._llm.spent - self._spent)

    async def _kind(self, work: Measuring[LatencyReport], cache: Cache, first: int) -> None:
        """All pairs of one kind of cache."""
        self._primed = None
        while (warm_up := await self._pair(work, cache, -1, ORDERS[first])) is None:
            pass
        work.report = replace(work.report, warm_up=(*work.report.warm_up, *warm_up))
        for pair in range(self._design.pairs):
            while (runs := await self._pair(work, cache, pair, ORDERS[(first + pair) % 2])) is None:
                pass
            report = work.report
            work.report = replace(report, runs=(*report.runs, *runs), loads=(*report.loads, machine.load()))

    async def _pair(
        self, work: Measuring[LatencyReport], cache: Cache, pair: int, order: tuple[Mode, Mode]
    ) -> tuple[Run, ...] | None:
        """Both runs of a pair; None where it is discarded and to be done again."""
        runs: list[Run] = []
        part: Mode | Literal["prime"] = "prime"
        at = self._done
        try:
            await self._prime(cache, max(pair, 0) % self._design.prompts)
            for mode in order:
                part = mode
                what = "warm-up" if pair < 0 else f"pair {pair + 1} of {self._design.pairs}"
                work.step(f"{what}, {cache}", done=self._done)
                runs.append(await self._one(cache, pair, mode))
                self._done += 1
        except MockMateError as fault:
            self._done = at
            await self._discard(work, Discard(pair, part, cache, str(fault.kind), fault.message), fault)
            return None
        self._failed = 0
        work.step(work.doing, done=self._done)
        return tuple(runs)

    async def _one(self, cache: Cache, pair: int, mode: Mode) -> Run:
        prompt = max(pair, 0) % self._design.prompts
        return await measure(
            self._llm,
            self._prompts[cache][prompt],
            mode,
            pair=pair,
            cache=cache,
            prompt=prompt,
            max_tokens=self._design.max_tokens,
            seed=self._design.seed,
            timeout=self._design.timeout,
            began=time.perf_counter() - self._began,
        )

    async def _prime(self, cache: Cache, prompt: int) -> None:
        """Have the service read a prompt, where a warm one is wanted and it has read another since."""
        self._just_primed = cache == "warm" and prompt != self._primed
        if self._just_primed:
            messages = self._prompts[cache][prompt]
            await prime(self._llm, messages, seed=self._design.seed, timeout=self._design.timeout)
            self._primed = prompt

    async def _discard(self, work: Measuring[LatencyReport], discard: Discard, fault: MockMateError) -> None:
        work.report = replace(work.report, discards=(*work.report.discards, discard))
        self._failed += 1
        if not self._just_primed:  # else a service that fails each third request would only be primed
            self._primed = None
        wait = getattr(fault, "retry_after", 0.0)
        silent = fault.kind is Kind.TIMEOUT and not work.report.runs
        too_many = len(work.report.discards) > DISCARDS_A_PAIR * (self._design.planned + 1)
        hopeless = not fault.retryable or wait > MAX_RETRY_AFTER
        if silent or hopeless or self._failed >= FAILURES_IN_A_ROW or too_many:
            raise _Over(fault)
        await asyncio.sleep(max(wait, backoff(self._failed)))


class _Over(Exception):  # noqa: N818 - it ends the work; what there is is kept
    def __init__(self, fault: MockMateError) -> None:
        self.fault = fault
