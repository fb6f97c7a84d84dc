"""What is measured of a run: our definitions, each with its source. Other tools' stand in `definitions`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from mockmate_nb.interview.question import Language
from mockmate_nb.lab.definitions import DIFFERENCES, TOOLS, Tool, as_defined_by
from mockmate_nb.lab.run import Run
from mockmate_nb.lab.waiting import stall, words_in_time

__all__ = [
    "DIFFERENCES",
    "METRICS",
    "PERCENTILE_METHOD",
    "TOOLS",
    "Metric",
    "Tool",
    "as_defined_by",
    "gaps",
    "pooled_gaps",
    "tokens_per_second",
    "tpot",
]

Unit = Literal["s", "share", "tokens/s"]
PERCENTILE_METHOD: Literal["linear"] = "linear"
"""numpy's name for it: between two neighbours in order, in proportion (type 7 of Hyndman & Fan 1996)."""


@dataclass(frozen=True)
class Metric:
    """One figure of one run: `of` gives it, or None where this run has none (a batch run has no gaps)."""

    name: str
    of: Callable[[Run], float | None]
    unit: Unit
    label: Mapping[Language, str]
    definition: str
    source: str


def tpot(run: Run) -> float | None:
    """Seconds a token after the first: (e2e - TTFT) / (n - 1), n the tokens that were shown.

    None for batch, below two tokens, and where all text came at once: then nothing was streamed.
    """
    if run.mode == "batch" or run.shown < 2 or run.last_content <= run.first_content:
        return None
    return (run.e2e - run.first_content) / (run.shown - 1)


def tokens_per_second(run: Run) -> float | None:
    """Tokens of the reply a second of the whole time."""
    return run.tokens / run.e2e if run.e2e > 0 else None


def gaps(run: Run) -> list[float]:
    """Seconds between each arrival of text and the next; empty for a batch run."""
    return [after.at - before.at for before, after in pairwise(run.arrivals)]


def pooled_gaps(runs: Iterable[Run]) -> dict[str, float]:
    """ "p50", "p95" and "p99" of all gaps of all runs together, in seconds; empty where there is none.

    Pooled, a stall weighs the same in whichever run it was; a mean of each run's percentiles would hide it.
    """
    return _percentiles([gap for run in runs for gap in gaps(run)])


def _percentiles(values: list[float]) -> dict[str, float]:
    import numpy as np

    if not values:
        return {}
    found = np.percentile(values, (50, 95, 99), method=PERCENTILE_METHOD)
    return dict(zip(("p50", "p95", "p99"), map(float, found), strict=True))


def _gap(name: str) -> Callable[[Run], float | None]:
    return lambda run: _percentiles(gaps(run)).get(name)


_GAPS = "numpy's linear percentile; the gap is what AIPerf calls inter chunk latency"
_ALL = (
    Metric(
        "ttft",
        lambda run: run.first_content,
        "s",
        {"en": "time to first text", "zh": "首段文字时间"},
        "From asking to the first text that is not empty, in the reader's hands. Batch: to the whole text.",
        "GuideLLM and AIPerf count the same event; vLLM counts an empty role chunk too",
    ),
    Metric(
        "tpot",
        tpot,
        "s",
        {"en": "time per token after the first", "zh": "之后每个词元的时间"},
        "(e2e - TTFT) / (n - 1), n the tokens of the text by the service's usage (less what it thought, where it "
        "counts that), or by chunks where it has none.",
        "the formula of vLLM's benchmark (vllm bench serve)",
    ),
    Metric(
        "e2e",
        lambda run: run.e2e,
        "s",
        {"en": "whole time", "zh": "总时间"},
        "From asking to the end of the reply, end mark included.",
        "as LLMPerf and GuideLLM end it; vLLM and AIPerf stop at the last chunk",
    ),
    Metric(
        "gap_p50",
        _gap("p50"),
        "s",
        {"en": "gap between pieces, median", "zh": "片段间隔中位数"},
        "Median of the times between one arrival of text and the next.",
        _GAPS,
    ),
    Metric(
        "gap_p95",
        _gap("p95"),
        "s",
        {"en": "gap between pieces, 95th percentile", "zh": "片段间隔第95百分位"},
        "95th percentile of the times between one arrival of text and the next.",
        _GAPS,
    ),
    Metric(
        "gap_p99",
        _gap("p99"),
        "s",
        {"en": "gap between pieces, 99th percentile", "zh": "片段间隔第99百分位"},
        "99th percentile of the times between one arrival of text and the next.",
        _GAPS,
    ),
    Metric(
        "stall",
        stall,
        "s",
        {"en": "longest standstill", "zh": "最长停顿"},
        "The longest of the times between one arrival of text and the next.",
        "as video streaming counts rebuffering",
    ),
    Metric(
        "first_word",
        lambda run: run.first_word,
        "s",
        {"en": "time to first whole word", "zh": "首个完整词的时间"},
        "From asking until a word is there and what follows it; a Chinese character is a word.",
        "ours: tokens are parts of words, readers read words",
    ),
    Metric(
        "first_sentence",
        lambda run: run.first_sentence,
        "s",
        {"en": "time to first whole sentence", "zh": "首个完整句子的时间"},
        "From asking until the first sentence is there with its end mark.",
        "ours: the first moment at which something can be understood or spoken",
    ),
    Metric(
        "words_in_time",
        words_in_time,
        "share",
        {"en": "words there before the reader wants them", "zh": "赶在读者之前到达的词"},
        "Share of words that are there when a reader wants them who starts at the first and reads 238 words a "
        "minute (Chinese: 255 characters) without a pause.",
        "pace: Brysbaert 2019, Trauzettel-Klosinski & Dietz 2012; idea: Liu et al. 2024 (Andes, arXiv 2404.16283)",
    ),
    Metric(
        "tokens_per_second",
        tokens_per_second,
        "tokens/s",
        {"en": "tokens a second", "zh": "每秒词元数"},
        "n / e2e: tokens of the reply over the whole time of this request.",
        "LLMPerf's request output throughput",
    ),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
