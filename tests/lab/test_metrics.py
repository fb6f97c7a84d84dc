"""Our metrics, and other tools' figures of the same runs, reckoned by hand."""

from __future__ import annotations

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.lab.metrics import (
    DIFFERENCES,
    METRICS,
    TOOLS,
    Tool,
    as_defined_by,
    gaps,
    pooled_gaps,
)
from tests.lab.simulated_times import simulated_run

# A role chunk at 100 ms, three texts, a finish reason, usage and [DONE]; four tokens; connected after 10 ms.
FIRST = simulated_run(
    [(0.120, 1), (0.140, 2), (0.180, 3)],
    choices=(0.100, 0.120, 0.140, 0.180, 0.185),
    e2e=0.200,
    tokens=4,
    connected=0.010,
    sent=0.011,
)
# No role chunk, two texts of a token each, a finish reason; the connection stood already.
SECOND = simulated_run(
    [(0.300, 1), (0.350, 2)], choices=(0.300, 0.350, 0.360), e2e=0.370, tokens=2, sent=0.002
)
BATCH = simulated_run([(0.9, 20)], mode="batch", tokens=30, e2e=0.91)
ONE_TOKEN = simulated_run([(0.5, 1)], tokens=1, e2e=0.6)

OURS = {  # first run, second run, batch run
    "ttft": (0.120, 0.300, 0.9),
    "tpot": (0.080 / 3, 0.070, None),
    "e2e": (0.200, 0.370, 0.91),
    "gap_p50": (0.030, 0.050, None),
    "gap_p95": (0.039, 0.050, None),
    "gap_p99": (0.0398, 0.050, None),
    "stall": (0.040, 0.050, None),
    "first_word": (0.120, 0.300, 0.9),
    "first_sentence": (None, None, None),
    "words_in_time": (1.0, 1.0, 1.0),
    "tokens_per_second": (20.0, 2 / 0.37, 30 / 0.91),
}


@pytest.mark.parametrize("name", OURS)
def test_our_metrics_are_what_they_say(name: str) -> None:
    for run, expected in zip((FIRST, SECOND, BATCH), OURS[name], strict=True):
        assert METRICS[name].of(run) == (None if expected is None else pytest.approx(expected))


def test_every_metric_says_what_it_is() -> None:
    assert list(METRICS) == list(OURS)
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.definition
        assert metric.source
        assert all(metric.label[language] for language in ("en", "zh"))


def test_one_token_has_no_time_after_the_first() -> None:
    assert METRICS["tpot"].of(ONE_TOKEN) is None


def test_gaps_are_pooled_over_runs() -> None:
    """20, 40 and 50 ms in one heap; between neighbours in proportion."""
    assert gaps(FIRST) == pytest.approx([0.020, 0.040])
    assert gaps(BATCH) == []
    assert pooled_gaps([FIRST, SECOND, BATCH]) == pytest.approx({"p50": 0.040, "p95": 0.049, "p99": 0.0498})
    assert pooled_gaps([BATCH]) == {}


# mean, p50, p95, p99, n
THEIRS: dict[Tool, dict[str, tuple[float, float, float, float, int]]] = {
    "vllm": {
        "ttft_ms": (200, 200, 290, 298, 2),  # 100 and 300: the role chunk counts
        "tpot_ms": (44.1667, 44.1667, 58.4167, 59.6833, 2),  # 85 / 3 and 60 / 1
        "itl_ms": (24.1667, 20, 47.5, 49.5, 6),  # 20 20 40 5, 50 10
        "e2el_ms": (272.5, 272.5, 351.25, 358.25, 2),  # 185 and 360: before usage and [DONE]
    },
    "guidellm": {  # no value between two: the first that has the share at or below it
        "time_to_first_token_ms": (204, 110, 298, 298, 2),  # 120 - 10 and 300 - 2
        "time_per_output_token_ms": (86.3333, 42.5, 174, 174, 2),  # 170 / 4 weighs 4, 348 / 2 weighs 2
        "inter_token_latency_ms": (27.5, 20, 50, 50, 2),  # 60 / 3 weighs 3, 50 / 1 weighs 1
        "request_latency": (0.279, 0.190, 0.368, 0.368, 2),
    },
    "aiperf": {
        "time_to_first_token": (210, 210, 291, 298.2, 2),
        "time_to_second_token": (35, 35, 48.5, 49.7, 2),
        "inter_token_latency": (35, 35, 48.5, 49.7, 2),  # 60 / 3 and 50 / 1, each weighs one
        "inter_chunk_latency": (36.6667, 40, 49, 49.8, 3),
        "request_latency": (265, 265, 341.5, 348.3, 2),  # to the last text
        "output_token_throughput_per_user": (35, 35, 48.5, 49.7, 2),  # 1 / 0.02 and 1 / 0.05
    },
    "llmperf": {
        "ttft_s": (0.210, 0.210, 0.291, 0.2982, 2),
        "inter_token_latency_s": (0.0763333, 0.0763333, 0.1126333, 0.11586, 2),  # 0.18 / 5 and 0.35 / 3
        "end_to_end_latency_s": (0.285, 0.285, 0.3615, 0.3683, 2),
        "request_output_throughput_token_per_s": (12.70270, 12.70270, 19.27027, 19.85405, 2),
    },
}


@pytest.mark.parametrize("tool", TOOLS)
def test_other_tools_figures_of_the_same_runs(tool: Tool) -> None:
    frame = as_defined_by([FIRST, BATCH, SECOND], tool)
    assert list(frame.index) == list(THEIRS[tool])
    for name, expected in THEIRS[tool].items():
        row = frame.loc[name]
        assert tuple(row[["mean", "p50", "p95", "p99", "n"]]) == pytest.approx(expected, rel=1e-5), name
        assert row["unit"] == ("tokens/s" if "throughput" in name else "s" if expected[0] < 1 else "ms")
        assert row["definition"]


LEFT_OUT = {  # what has no value for a reply of one token
    "vllm": {"tpot_ms", "itl_ms"},
    "guidellm": {"inter_token_latency_ms"},
    "aiperf": {
        "time_to_second_token",
        "inter_token_latency",
        "inter_chunk_latency",
        "output_token_throughput_per_user",
    },
    "llmperf": set[str](),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_reply_of_one_token_has_no_time_between_tokens(tool: Tool) -> None:
    frame = as_defined_by([ONE_TOKEN], tool)
    empty = frame[frame["n"] == 0]
    assert set(empty.index) == LEFT_OUT[tool]
    assert empty[["mean", "p50", "p95", "p99"]].isna().all(axis=None)


@pytest.mark.parametrize("tool", TOOLS)
def test_without_streaming_runs_there_are_no_figures(tool: Tool) -> None:
    frame = as_defined_by([BATCH], tool)
    assert list(frame.index) == list(THEIRS[tool])
    assert (frame["n"] == 0).all()


def test_a_tool_that_is_not_known_is_refused() -> None:
    with pytest.raises(CallerError, match="stopwatch"):
        as_defined_by([FIRST], "stopwatch")  # type: ignore[arg-type] # what a reader may type


def test_the_table_of_differences_answers_every_question_for_every_tool() -> None:
    for row in DIFFERENCES:
        assert all(row)
    told = {row.what for row in DIFFERENCES}
    assert {"TTFT ends at", "Time per token", "The whole ends at"} <= told
