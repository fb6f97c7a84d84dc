"""The same runs by other tools' definitions, each read in that tool's own source. Pure.

vLLM: `vllm bench serve` (endpoint_request_func.py at 02cfb53, serve.py at 009e6d4). GuideLLM 0.8.1
(schemas/base/request_stats.py, schemas/base/statistics.py, backends/openai/http.py). AIPerf 0.13.0 (metrics/types,
metrics/metric_dicts.py, transports). LLMPerf f1d6bed (token_benchmark_ray.py, openai_chat_completions_client.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from mockmate_nb.errors import CallerError
from mockmate_nb.lab.run import Run

if TYPE_CHECKING:
    import pandas as pd

Tool = Literal["vllm", "guidellm", "aiperf", "llmperf"]
TOOLS: tuple[Tool, ...] = get_args(Tool)
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
Method = Literal["linear", "inverted_cdf"]
METHODS: Mapping[Tool, Method] = {
    "vllm": "linear",
    "guidellm": "inverted_cdf",
    "aiperf": "linear",
    "llmperf": "linear",
}
"""Each tool's percentiles in numpy's words; GuideLLM gives the smallest value that has the share at or below it."""


class Weighed(NamedTuple):
    """A value in seconds, or tokens a second, and how much it counts in its tool's mean and percentiles."""

    value: float
    weight: float = 1.0


class Theirs(NamedTuple):
    """A metric of another tool, under its own name and in its own unit."""

    name: str
    unit: Literal["ms", "s", "tokens/s"]
    definition: str
    of: Callable[[Run], list[Weighed]]


def as_defined_by(runs: Sequence[Run], tool: Tool) -> pd.DataFrame:
    """What `tool` would report for the streaming runs among `runs`; batch runs are left out.

    The index has the tool's own names of its metrics; columns `mean`, `p50`, `p95`, `p99`, `n` (how many values),
    `unit` ("ms", "s" or "tokens/s", whichever the tool gives) and `definition`. A metric without values is NaN with
    n = 0. Where tokens were counted by chunks (`Run.counted`), so they are here. Thinking text, which vLLM, GuideLLM
    and AIPerf take for a first token, is not among a run's arrivals. `CallerError` for another tool.
    """
    import pandas as pd

    if tool not in TOOLS:
        raise CallerError(
            f"tool: {tool!r} is not among those whose definitions are known.",
            field="tool",
            advice=f"Give one of {', '.join(TOOLS)}.",
        )
    streams = [run for run in runs if run.mode == "stream"]
    rows = {
        metric.name: {
            **_figures([one for run in streams for one in metric.of(run)], metric.unit, METHODS[tool]),
            "unit": metric.unit,
            "definition": metric.definition,
        }
        for metric in _METRICS[tool]
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("metric")


def _figures(values: Sequence[Weighed], unit: str, method: Method) -> dict[str, float | int]:
    import numpy as np

    counted = [one for one in values if one.weight > 0]
    if not counted:
        return {"mean": np.nan, **dict.fromkeys(QUANTILES, np.nan), "n": 0}
    scale = 1000 if unit == "ms" else 1
    numbers = np.array([one.value * scale for one in counted])
    weights = np.array([one.weight for one in counted])
    if method == "linear":
        found = np.quantile(numbers, list(QUANTILES.values()), method="linear")
    else:
        found = np.quantile(numbers, list(QUANTILES.values()), method="inverted_cdf", weights=weights)
    quantiles = dict(zip(QUANTILES, map(float, found), strict=True))
    return {"mean": float(np.average(numbers, weights=weights)), **quantiles, "n": len(counted)}


def _vllm_ttft(run: Run) -> list[Weighed]:
    return [Weighed(at) for at in run.choices[:1]]


def _vllm_tpot(run: Run) -> list[Weighed]:
    if not run.choices or run.tokens < 2:
        return []
    return [Weighed((run.choices[-1] - run.choices[0]) / (run.tokens - 1))]


def _vllm_itl(run: Run) -> list[Weighed]:
    return [Weighed(after - before) for before, after in pairwise(run.choices)]


def _vllm_e2el(run: Run) -> list[Weighed]:
    return [Weighed(at) for at in run.choices[-1:]]


def _guidellm_zero(run: Run) -> float:
    """When the request's head is first written: once the connection stands, or, on one that stood, with the body."""
    return run.connected or run.sent or 0.0


def _guidellm_ttft(run: Run) -> list[Weighed]:
    return [Weighed(run.first_content - _guidellm_zero(run))]


def _guidellm_tpot(run: Run) -> list[Weighed]:
    if not run.tokens:
        return []
    return [Weighed((run.last_content - _guidellm_zero(run)) / run.tokens, run.tokens)]


def _guidellm_itl(run: Run) -> list[Weighed]:
    return [Weighed(one.value, run.tokens - 1) for one in _content_itl(run)]


def _guidellm_latency(run: Run) -> list[Weighed]:
    return [Weighed(run.e2e - _guidellm_zero(run))]


def _content_itl(run: Run) -> list[Weighed]:
    if run.tokens < 2:
        return []
    return [Weighed((run.last_content - run.first_content) / (run.tokens - 1))]


def _aiperf_second(run: Run) -> list[Weighed]:
    return _aiperf_icl(run)[:1]


def _aiperf_icl(run: Run) -> list[Weighed]:
    return [Weighed(after.at - before.at) for before, after in pairwise(run.arrivals)]


def _aiperf_rate(run: Run) -> list[Weighed]:
    return [Weighed(1 / one.value) for one in _content_itl(run) if one.value > 0]


def _llmperf_itl(run: Run) -> list[Weighed]:
    return [Weighed(run.last_content / len(run.choices))] if run.choices and run.tokens else []


def _first_content(run: Run) -> list[Weighed]:
    return [Weighed(run.first_content)]


_METRICS: Mapping[Tool, tuple[Theirs, ...]] = {
    "vllm": (
        Theirs("ttft_ms", "ms", "to the first event with a choice, even an empty role chunk", _vllm_ttft),
        Theirs(
            "tpot_ms",
            "ms",
            "(E2EL - TTFT) / (n - 1) of each request, n from usage; requests below two tokens left out",
            _vllm_tpot,
        ),
        Theirs(
            "itl_ms",
            "ms",
            "times between events with a choice, of all requests in one heap; the role chunk and the last, empty one "
            "make gaps too, time to the first is not among them",
            _vllm_itl,
        ),
        Theirs(
            "e2el_ms",
            "ms",
            "to the last event with a choice; neither the usage chunk (it was, in older versions) nor [DONE]",
            _vllm_e2el,
        ),
    ),
    "guidellm": (
        Theirs(
            "time_to_first_token_ms",
            "ms",
            "from the first byte of the request's head, connection standing, to the first text that is not empty",
            _guidellm_ttft,
        ),
        Theirs(
            "time_per_output_token_ms",
            "ms",
            "to the last text, the wait for the first included, / n; each request weighs n",
            _guidellm_tpot,
        ),
        Theirs(
            "inter_token_latency_ms",
            "ms",
            "(last text - first text) / (n - 1); each request weighs n - 1",
            _guidellm_itl,
        ),
        Theirs(
            "request_latency",
            "s",
            "from the first byte of the request's head until [DONE] has come and the reply is closed",
            _guidellm_latency,
        ),
    ),
    "aiperf": (
        Theirs("time_to_first_token", "ms", "to the first text that is not empty", _first_content),
        Theirs("time_to_second_token", "ms", "from the first text to the second", _aiperf_second),
        Theirs(
            "inter_token_latency",
            "ms",
            "(last text - first text) / (n - 1) of each request; requests below two tokens left out",
            _content_itl,
        ),
        Theirs(
            "inter_chunk_latency",
            "ms",
            "times between texts, of all requests in one heap; AIPerf estimates the percentiles by a t-digest",
            _aiperf_icl,
        ),
        Theirs(
            "request_latency",
            "ms",
            "to the last text; neither finish reason, usage nor [DONE]",
            lambda run: [Weighed(run.last_content)],
        ),
        Theirs("output_token_throughput_per_user", "tokens/s", "1 / inter token latency", _aiperf_rate),
    ),
    "llmperf": (
        Theirs("ttft_s", "s", "to the first text that is not empty; connects anew each time", _first_content),
        Theirs(
            "inter_token_latency_s",
            "s",
            "(TTFT + the times between texts) / events with a choice, empty ones counted: the first token is in it",
            _llmperf_itl,
        ),
        Theirs("end_to_end_latency_s", "s", "until the reply is closed", lambda run: [Weighed(run.e2e)]),
        Theirs(
            "request_output_throughput_token_per_s",
            "tokens/s",
            "n / end to end; LLMPerf counts n anew with a Llama tokenizer, here it is the run's own",
            lambda run: [Weighed(run.tokens / run.e2e)] if run.e2e > 0 else [],
        ),
    ),
}


class Difference(NamedTuple):
    """One question, and how each answers it."""

    what: str
    ours: str
    vllm: str
    guidellm: str
    aiperf: str
    llmperf: str


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "The clock starts",
        "before the request is made",
        "before the request is made",
        "when the request's head is written, connection standing",
        "before the request is made",
        "before the request is made, on a new connection each time",
    ),
    Difference(
        "TTFT ends at",
        "first text that is not empty",
        "first event with a choice, an empty role chunk too",
        "first text or thinking text that is not empty",
        "first text or thinking text that is not empty",
        "first text that is not empty",
    ),
    Difference(
        "Time per token",
        "TPOT = (e2e - TTFT) / (n - 1)",
        "TPOT = (E2EL - TTFT) / (n - 1)",
        "TPOT = to last text / n, TTFT included; ITL = (last - first text) / (n - 1)",
        "ITL = (last - first text) / (n - 1)",
        "ITL = to last text / events with a choice, TTFT included",
    ),
    Difference(
        "Gaps",
        "between texts, pooled",
        "ITL: between events with a choice, pooled",
        "none",
        "inter chunk latency: between texts, pooled",
        "none",
    ),
    Difference(
        "The whole ends at",
        "end of the reply, [DONE] included",
        "last event with a choice (older versions: the usage chunk)",
        "[DONE] seen and the reply closed",
        "last text",
        "the reply closed",
    ),
    Difference(
        "n, tokens of a reply",
        "usage, or chunks where there is none",
        "usage, or its own tokenizer",
        "usage, or chunks where there is none",
        "its own tokenizer, or usage when told so",
        "a Llama tokenizer; ITL divides by events instead",
    ),
    Difference(
        "A request weighs",
        "one",
        "one; in ITL each gap",
        "its tokens in TPOT and ITL, else one",
        "one; in inter chunk latency each gap",
        "one",
    ),
    Difference(
        "Percentiles (numpy's names)",
        "linear",
        "linear",
        "inverted_cdf, weighed",
        "linear; inter chunk latency by t-digest",
        "linear",
    ),
)
"""Where figures of the same name part; the table for documentation and notebook."""
