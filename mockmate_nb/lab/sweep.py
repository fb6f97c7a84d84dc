"""A load sweep: the same requests by 1, 2, 4, 8, … readers at once, and how many of them still get what they need."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from pydantic import TypeAdapter

from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.interview.question import Language
from mockmate_nb.lab import machine, metrics
from mockmate_nb.lab.kept import VERSION, Source, read, source_of
from mockmate_nb.lab.machine import Load
from mockmate_nb.lab.measure import measure
from mockmate_nb.lab.measuring import Measuring
from mockmate_nb.lab.prompts import (
    Prompts,
    checked_count,
    checked_prompts,
    checked_seconds,
    checked_tokens,
)
from mockmate_nb.lab.run import Run
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import Message, backoff

if TYPE_CHECKING:
    import pandas as pd

MAX_STREAMS, MAX_REQUESTS, WARM_UPS = 256, 10_000, 3


class Limits(NamedTuple):
    """What a request has to keep to be a good one: seconds to the first text, and seconds a token after it."""

    ttft: float = 1.0
    tpot: float = 0.1

    def met(self, run: Run) -> bool:
        """Whether a run keeps both; one without a time a token has but the first to keep."""
        tpot = metrics.METRICS["tpot"].of(run)
        return run.first_content <= self.ttft and (tpot is None or tpot <= self.tpot)


class Failure(NamedTuple):
    """A request that failed: its kind and words."""

    kind: str
    message: str


@dataclass(frozen=True)
class Level:
    """So many streams at once: the requests that were answered, those that failed, and how long it all took."""

    streams: int
    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]
    seconds: float
    load: Load


@dataclass(frozen=True)
class SweepReport:
    """What each level of load gave. `finished` is false where it was stopped; then the last level may be short."""

    model: str
    provider: str
    limits: Limits
    requests: int
    max_tokens: int
    prompts: int = 1
    levels: tuple[Level, ...] = ()
    machine: Mapping[str, str] = field(default_factory=dict)
    source: Source = "model"
    finished: bool = False
    version: int = VERSION

    def __repr__(self) -> str:
        return (
            f"<SweepReport: {self.model}, {', '.join(str(level.streams) for level in self.levels)} streams>"
        )

    @property
    def frame(self) -> pd.DataFrame:
        """One row a level; times in seconds (numpy's linear percentiles), `goodput` the share of all requests that
        were good, failed ones included, and `good_per_second` how many good ones a second."""
        import pandas as pd

        return pd.DataFrame([_row(level, self.limits) for level in self.levels], columns=COLUMNS)

    def json(self) -> str:
        """All of it; `from_json` reads it back."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> SweepReport:
        """A report that was kept. `CallerError` for anything else."""
        return read(text, _ADAPTER, "sweep report")

    def html(self, language: Language = "en") -> str:
        """Figures, pictures and what it ran on; safe to show in any page."""
        from mockmate_nb.lab.sweep_html import page

        return page(self, language)

    def _repr_html_(self) -> str:
        return self.html()


COLUMNS = [
    *("streams", "requests", "failed", "ttft_p50", "ttft_p95", "tpot_p50", "tpot_p95"),
    *("tokens_per_second", "goodput", "good_per_second"),
]
_ADAPTER: TypeAdapter[SweepReport] = TypeAdapter(SweepReport)


def sweep(
    llm: LLM,
    prompts: Prompts,
    streams: Sequence[int] = (1, 2, 4, 8),
    *,
    requests: int = 8,
    max_tokens: int = 64,
    limits: Limits = Limits(),  # noqa: B008 - a frozen tuple
    seed: int = 0,
    timeout: float = 60.0,
) -> Measuring[SweepReport]:
    """Streaming requests by so many readers at once, a level after the other. To be awaited.

    Each reader asks again as soon as its reply has ended (a closed loop), until the level has had `requests`
    requests, or as many as it has readers where that is more. Each prompt is asked once before, which is not counted;
    whether the service still has it in its cache is its own affair, the more so with several prompts in turn.
    A request that fails is counted, and the level goes on; where all of a level fail it ends there. After a stop
    the report has the levels so far, and of the last one what was answered. `CallerError` for input that cannot be
    used, at once.
    """
    asked = checked_prompts(prompts)
    counts = tuple(checked_count("streams", count, 1, MAX_STREAMS) for count in streams)
    if not counts:
        raise CallerError("streams: there is none.", field="streams", advice="Give some, as in (1, 2, 4, 8).")
    bounds = Limits(*(checked_seconds("limits", limit) for limit in limits))
    each = checked_count("requests", requests, 1, MAX_REQUESTS)
    empty = SweepReport(
        llm.model,
        llm.settings.destination,
        bounds,
        each,
        checked_tokens(llm, max_tokens),
        len(asked),
        source=source_of(llm),
    )
    total = len(asked) + sum(max(each, count) for count in counts)
    seed = checked_count("seed", seed, 0, 2**63 - 1)
    plan = _Sweep(llm, asked, counts, seed, checked_seconds("timeout", timeout))
    return Measuring("sweep", empty, total, plan.run)


class _Sweep:
    """The requests of one sweep."""

    def __init__(
        self,
        llm: LLM,
        prompts: Sequence[Sequence[Message]],
        streams: tuple[int, ...],
        seed: int,
        timeout: float,
    ) -> None:
        self._llm, self._prompts, self._streams = llm, prompts, streams
        self._seed, self._timeout = seed, timeout
        self._began = 0.0
        self._done = 0

    async def run(self, work: Measuring[SweepReport]) -> None:
        self._began = time.perf_counter()
        machine.load()
        work.report = replace(work.report, machine=machine.facts(self._llm))
        for prompt in range(len(self._prompts)):
            work.step("warm-up")
            await self._warm_up(work, prompt)
            self._done += 1
        for streams in self._streams:
            if not await self._level(work, streams):
                return
        work.report = replace(work.report, finished=True)

    async def _warm_up(self, work: Measuring[SweepReport], prompt: int) -> None:
        for attempt in range(1, WARM_UPS + 1):
            try:
                await self._one(work, prompt)
            except MockMateError as fault:
                if attempt == WARM_UPS or not fault.retryable:
                    raise
                await asyncio.sleep(backoff(attempt))
            else:
                return

    async def _level(self, work: Measuring[SweepReport], streams: int) -> bool:
        """One level; kept too where it is stopped. Whether it makes sense to go on."""
        runs: list[Run] = []
        failures: list[Failure] = []
        left = itertools.islice(itertools.count(), max(work.report.requests, streams))
        work.step(f"{streams} at once", done=self._done)

        async def reader() -> None:
            for number in left:
                try:
                    runs.append(await self._one(work, number % len(self._prompts)))
                except MockMateError as fault:
                    failures.append(Failure(str(fault.kind), fault.message))
                self._done += 1
                work.step(work.doing, done=self._done)

        machine.load()
        began = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(streams):
                    group.create_task(reader(), name="mockmate-sweep-reader")
        finally:
            seconds = time.perf_counter() - began
            if runs or failures:
                level = Level(streams, tuple(runs), tuple(failures), seconds, machine.load())
                work.report = replace(work.report, levels=(*work.report.levels, level))
        return bool(runs)

    async def _one(self, work: Measuring[SweepReport], prompt: int) -> Run:
        return await measure(
            self._llm,
            self._prompts[prompt],
            "stream",
            prompt=prompt,
            max_tokens=work.report.max_tokens,
            seed=self._seed,
            timeout=self._timeout,
            began=time.perf_counter() - self._began,
        )


def _row(level: Level, limits: Limits) -> dict[str, float]:
    first = [run.first_content for run in level.runs]
    rest = [tpot for run in level.runs if (tpot := metrics.METRICS["tpot"].of(run)) is not None]
    good = sum(limits.met(run) for run in level.runs)
    asked = len(level.runs) + len(level.failures)
    values = (
        *(level.streams, asked, len(level.failures)),
        *(_percentile(first, 50), _percentile(first, 95), _percentile(rest, 50), _percentile(rest, 95)),
        *(sum(run.tokens for run in level.runs) / level.seconds, good / asked, good / level.seconds),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _percentile(values: Sequence[float], share: float) -> float:
    import numpy as np

    return float(np.percentile(values, share, method="linear")) if values else float("nan")
