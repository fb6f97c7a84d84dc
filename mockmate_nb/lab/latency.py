"""The latency lab: streaming against batch in pairs, and under load.

    report = await compare(LLM("local"), "Tell me about server-sent events.", pairs=20)
    report                # in a notebook: verdict, figures, pictures
    report.frame          # one row a run

Only what happens in one and the same run of the program, in alternating order, is compared.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.lab import machine
from mockmate_nb.lab.measure import Prompts, checked_prompts, measure
from mockmate_nb.lab.measuring import Measuring
from mockmate_nb.lab.report import Design, Discard, LatencyReport
from mockmate_nb.lab.run import Cache, Mode, Run
from mockmate_nb.lab.sweep import Limits as Limits
from mockmate_nb.lab.sweep import SweepReport as SweepReport
from mockmate_nb.lab.sweep import sweep as sweep
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import Message

MAX_PAIRS = 10_000
FAILURES_IN_A_ROW = 3
"""After so many the service is held to be down, and what there is is kept."""
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
    never seen. Where either run of a pair fails, both are discarded, counted, and done again, as long as no more
    are discarded than were wanted; after three failures in a row, or one that will not change, it ends. Then the
    report has what was measured; where that is nothing, the last failure is raised. `CallerError` for input that
    cannot be used, at once.
    """
    kinds = _kinds(cache)
    asked = checked_prompts(prompts)
    _check(pairs, max_tokens, timeout)
    design = Design(pairs, max_tokens, kinds, seed, len(asked), timeout)
    work = _Comparison(llm, asked, design)
    runs = len(kinds) * 2 * (pairs + 1)
    return Measuring("compare", LatencyReport.empty(llm, design), runs, work.run)


def _kinds(cache: str) -> tuple[Cache, ...]:
    kinds: dict[str, tuple[Cache, ...]] = {"warm": ("warm",), "cold": ("cold",), "both": ("warm", "cold")}
    if cache not in kinds:
        raise CallerError(
            f"cache: {cache!r} is not known.", field="cache", advice='Use "warm", "cold" or "both".'
        )
    return kinds[cache]


def _check(pairs: int, max_tokens: int, timeout: float) -> None:
    if not 1 <= pairs <= MAX_PAIRS:
        raise CallerError(
            f"pairs: {pairs} is not from 1 to {MAX_PAIRS}.",
            field="pairs",
            advice="20 give a usable interval.",
        )
    if max_tokens < 1:
        raise CallerError(f"max_tokens: {max_tokens} leaves nothing to time.", field="max_tokens")
    if not 0 < timeout <= 86_400:
        raise CallerError(f"timeout: {timeout:g} is no number of seconds to wait.", field="timeout")


class _Comparison:
    """The runs of one `compare`, in order."""

    def __init__(self, llm: LLM, prompts: Sequence[list[Message]], design: Design) -> None:
        self._llm, self._prompts, self._design = llm, prompts, design
        self._primed: int | None = None
        self._failed = 0
        self._began = 0.0
        self._done = 0

    async def run(self, work: Measuring[LatencyReport]) -> None:
        self._began = time.perf_counter()
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
            work.report = replace(work.report, finished=len(work.report.pairs_done) == self._design.planned)

    async def _kind(self, work: Measuring[LatencyReport], cache: Cache, first: int) -> None:
        """All pairs of one kind of cache."""
        self._primed = None
        while (warm_up := await self._pair(work, cache, -1, ORDERS[first])) is None:
            pass
        work.report = replace(work.report, warm_up=(*work.report.warm_up, *warm_up))
        for pair in range(self._design.pairs):
            while (runs := await self._pair(work, cache, pair, ORDERS[(first + pair) % 2])) is None:
                pass
            work.report = replace(
                work.report,
                runs=(*work.report.runs, *runs),
                loads=(*work.report.loads, machine.load()),
            )

    async def _pair(
        self, work: Measuring[LatencyReport], cache: Cache, pair: int, order: tuple[Mode, Mode]
    ) -> tuple[Run, ...] | None:
        """Both runs of a pair; None where it is discarded and to be done again."""
        runs: list[Run] = []
        mode = order[0]
        at = self._done
        try:
            await self._prime(cache, max(pair, 0) % len(self._prompts))
            for mode in order:
                what = "warm-up" if pair < 0 else f"pair {pair + 1} of {self._design.pairs}"
                work.step(f"{what}, {cache}", done=self._done)
                runs.append(await self._one(cache, pair, mode))
                self._done += 1
        except MockMateError as fault:
            self._done = at
            self._discard(work, Discard(pair, mode, cache, str(fault.kind), fault.message), fault)
            return None
        self._failed = 0
        work.step(work.doing, done=self._done)
        return tuple(runs)

    async def _one(self, cache: Cache, pair: int, mode: Mode, *, tokens: int | None = None) -> Run:
        prompt = max(pair, 0) % len(self._prompts)
        return await measure(
            self._llm,
            self._prompts[prompt],
            mode,
            pair=pair,
            cache=cache,
            prompt=prompt,
            max_tokens=tokens or self._design.max_tokens,
            seed=self._design.seed,
            timeout=self._design.timeout,
            began=time.perf_counter() - self._began,
        )

    async def _prime(self, cache: Cache, prompt: int) -> None:
        """Have the service read a prompt, where a warm one is wanted and it has read another since."""
        if cache == "warm" and prompt != self._primed:
            await self._one(cache, prompt, "stream", tokens=1)
            self._primed = prompt

    def _discard(self, work: Measuring[LatencyReport], discard: Discard, fault: MockMateError) -> None:
        work.report = replace(work.report, discards=(*work.report.discards, discard))
        self._failed += 1
        if fault.kind is Kind.CONNECTION:
            self._primed = None  # a service that was started anew has forgotten the prompt
        silent = fault.kind is Kind.TIMEOUT and not work.report.runs
        too_many = len(work.report.discards) > self._design.planned
        if silent or not fault.retryable or self._failed >= FAILURES_IN_A_ROW or too_many:
            raise _Over(fault)


class _Over(Exception):  # noqa: N818 - it ends the work; what there is is kept
    def __init__(self, fault: MockMateError) -> None:
        self.fault = fault
