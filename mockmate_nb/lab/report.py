"""`LatencyReport`: what a comparison found, as tables, words, HTML and JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field, TypeAdapter

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import Language
from mockmate_nb.lab import intervals, metrics
from mockmate_nb.lab.definitions import Tool, as_defined_by
from mockmate_nb.lab.intervals import Interval, median_interval, ratio_interval
from mockmate_nb.lab.kept import VERSION, Source, read, source_of
from mockmate_nb.lab.machine import Load
from mockmate_nb.lab.run import Cache, Mode, Run
from mockmate_nb.lab.verdict import verdict
from mockmate_nb.llm.client import LLM

if TYPE_CHECKING:
    import pandas as pd

RATIOS = ("batch_over_ttft", "batch_over_stream")


class Design(NamedTuple):
    """How it was measured: pairs wanted of each kind of cache, the limit of tokens, seed, number of prompts."""

    pairs: int
    max_tokens: int
    caches: Annotated[tuple[Cache, ...], Field(min_length=1)]
    seed: int
    prompts: int
    timeout: float

    @property
    def planned(self) -> int:
        return self.pairs * len(self.caches)


class Discard(NamedTuple):
    """A pair that was not kept: in which of its requests it failed, and how. Pair -1 is the warm-up."""

    pair: int
    part: Mode | Literal["prime"]
    cache: Cache
    kind: str
    message: str


@dataclass(frozen=True)
class LatencyReport:
    """Streaming against batch, in pairs.

    `runs` are those that count, two a pair; `warm_up` those before them; `discards` the pairs that failed and were
    done again. `cost` is in US dollars, all requests included. `finished` is false where it was stopped or given
    up. In a notebook it shows itself; no text of any reply is in it.
    """

    model: str
    provider: str
    design: Design
    runs: tuple[Run, ...] = ()
    warm_up: tuple[Run, ...] = ()
    discards: tuple[Discard, ...] = ()
    loads: tuple[Load, ...] = ()
    cost: float = 0.0
    machine: Mapping[str, str] = field(default_factory=dict)
    source: Source = "model"
    finished: bool = False
    version: int = VERSION

    @classmethod
    def empty(cls, llm: LLM, design: Design) -> LatencyReport:
        return cls(llm.model, llm.settings.destination, design, source=source_of(llm))

    def __repr__(self) -> str:
        return f"<LatencyReport: {self.model}, {len(self.pairs_done)} of {self.design.planned} pairs>"

    @property
    def pairs_done(self) -> list[tuple[Cache, Run, Run]]:
        """Each whole pair: its cache, its streaming run, its batch run."""
        found: dict[tuple[str, int], dict[str, Run]] = {}
        for run in self.runs:
            found.setdefault((run.cache, run.pair), {})[run.mode] = run
        return [
            (both["stream"].cache, both["stream"], both["batch"]) for both in found.values() if len(both) == 2
        ]

    @property
    def frame(self) -> pd.DataFrame:
        """One row a run, times in seconds; see `mockmate_nb.lab.run.Run` and `metrics.METRICS` for the columns."""
        import pandas as pd

        return pd.DataFrame([_row(run) for run in self.runs], columns=_COLUMNS)

    @property
    def summary(self) -> pd.DataFrame:
        """One row a metric and cache: median with its 95 % interval, over n runs or pairs; how many were discarded.

        The metrics are those of the streaming runs, then `batch_e2e`, then two ratios of each pair:
        `batch_over_ttft`, how many times earlier streaming shows something, and `batch_over_stream`, how many times
        longer batch takes in all.
        """
        import pandas as pd

        rows = []
        for cache in self.design.caches:
            discarded = sum(one.cache == cache and one.pair >= 0 for one in self.discards)
            for name, interval in self._intervals(cache).items():
                row = {"metric": name, "cache": cache, "median": interval.value}
                rows.append(
                    {
                        **row,
                        "low": interval.low,
                        "high": interval.high,
                        "n": interval.n,
                        "discarded": discarded,
                    }
                )
        columns = ["metric", "cache", "median", "low", "high", "n", "discarded"]
        return pd.DataFrame(rows, columns=columns).set_index("metric")

    def interval(self, metric: str, cache: Cache = "warm") -> Interval:
        """One row of the summary. `CallerError` for a metric or a kind of cache that is not there."""
        found = self.found(metric, cache)
        if not self.has(cache):
            raise CallerError(
                f"cache: no pair with a {cache} cache was measured.",
                field="cache",
                advice="Measure again, or look at what there is: report.summary.",
            )
        if found is None:
            raise CallerError(
                f"metric: there is no {metric!r} for a {cache} cache here.",
                field="metric",
                advice=f"Known are {', '.join((*metrics.METRICS, 'batch_e2e', *RATIOS))}.",
            )
        return found

    def found(self, metric: str, cache: Cache) -> Interval | None:
        """`interval`, or None where there is none."""
        return self._intervals(cache).get(metric)

    def has(self, cache: Cache) -> bool:
        """Whether there is a pair with this kind of cache."""
        return bool(self._intervals(cache))

    def _intervals(self, cache: Cache) -> dict[str, Interval]:
        return self._by_cache.get(cache, {})

    @cached_property
    def _by_cache(self) -> dict[Cache, dict[str, Interval]]:
        return {cache: self._computed(cache) for cache in self.design.caches}

    def _computed(self, cache: Cache) -> dict[str, Interval]:
        """Each metric's interval. All of it follows from the runs: the bootstrap's seed is fixed."""
        pairs = [(stream, batch) for kind, stream, batch in self.pairs_done if kind == cache]
        if not pairs:
            return {}
        streams, batches = [stream for stream, _ in pairs], [batch for _, batch in pairs]
        seed = self.design.seed
        found = {}
        for name, metric in metrics.METRICS.items():
            values = _values(streams, metric.of)
            if values:
                found[name] = median_interval(values, seed)
        whole = [run.e2e for run in batches]
        found["batch_e2e"] = median_interval(whole, seed)
        found["batch_over_ttft"] = ratio_interval(whole, [run.first_content for run in streams], seed)
        found["batch_over_stream"] = ratio_interval(whole, [run.e2e for run in streams], seed)
        return found

    def verdict(self, language: Language = "en") -> str:
        """In plain words, a paragraph a kind of cache: whether streaming shows something earlier, how surely."""
        said = [
            verdict(
                self.interval("batch_over_ttft", cache),
                self.interval("batch_over_stream", cache),
                cache=cache,
                language=language,
                ttft=self.interval("ttft", cache).value,
                batch=self.interval("batch_e2e", cache).value,
            )
            for cache in self.design.caches
            if self.has(cache)
        ]
        if not said:
            return NOTHING[language]
        return "\n".join([SOURCES[self.source][language] + said[0], *said[1:]])

    def as_defined_by(self, tool: Tool, cache: Cache | None = None) -> pd.DataFrame:
        """The streaming runs' figures as "vllm", "guidellm", "aiperf" or "llmperf" would give them.

        `cache`: of those runs alone; None: of all.
        """
        return as_defined_by([run for run in self.runs if cache in (None, run.cache)], tool)

    def json(self) -> str:
        """All of it; `from_json` reads it back."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> LatencyReport:
        """A report that was kept. `CallerError` for anything else."""
        return read(text, _ADAPTER, "latency report")

    def html(self, language: Language = "en") -> str:
        """Verdict, figures, pictures and what it ran on; safe to show in any page."""
        from mockmate_nb.lab.report_html import page

        return page(self, language)

    def _repr_html_(self) -> str:
        return self.html()


SOURCES: Mapping[Source, Mapping[Language, str]] = {
    "model": {"en": "", "zh": ""},
    "practice": {"en": "Simulated by the practice model. ", "zh": "由练习模型模拟。"},
    "recording": {"en": "Out of a recording. ", "zh": "来自录制的回复。"},
}
NOTHING: Mapping[Language, str] = {"en": "Nothing was measured yet.", "zh": "还没有测到任何结果。"}
METHOD = intervals.METHOD
_ADAPTER: TypeAdapter[LatencyReport] = TypeAdapter(LatencyReport)
_PLAIN = (
    "connected",
    "sent",
    "headers",
    "first_byte",
    "first_event",
    "last_content",
    "tokens",
    "counted",
    "prompt_tokens",
    "characters",
    "bytes",
    "cost",
    "finish_reason",
    "own_first",
    "own_chunk",
    "began",
)
_COLUMNS = ["pair", "mode", "cache", "prompt", *metrics.METRICS, *_PLAIN]


def _row(run: Run) -> dict[str, Any]:
    measured = {name: metric.of(run) for name, metric in metrics.METRICS.items()}
    plain = {name: getattr(run, name) for name in _PLAIN}
    return {
        "pair": run.pair,
        "mode": run.mode,
        "cache": run.cache,
        "prompt": run.prompt,
        **measured,
        **plain,
    }


def _values(runs: list[Run], of: Callable[[Run], float | None]) -> list[float]:
    found = [of(run) for run in runs]
    return [value for value in found if value is not None and math.isfinite(value)]
