"""`LatencyReport`: tables that follow from the runs, words that claim no more, JSON that comes back the same."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.lab.machine import Load
from mockmate_nb.lab.report import RATIOS, Design, Discard, LatencyReport
from mockmate_nb.lab.run import Arrival, Cache, Mode, Run

MODES: tuple[Mode, ...] = ("stream", "batch")
COLUMNS = (
    "pair mode cache ttft tpot e2e gap_p50 gap_p95 gap_p99 stall first_word first_sentence tokens characters"
)


def made(pair: int, mode: Mode, cache: Cache = "warm", *, first: float = 0.1, whole: float = 1.1) -> Run:
    """A run of 11 tokens at even gaps, from `first` to `whole` seconds; a batch run has all at its end."""
    step = (whole - first) / 10
    at = [first + step * n for n in range(11)] if mode == "stream" else [whole]
    size = 11 // len(at)
    return Run(
        pair=pair,
        mode=mode,
        cache=cache,
        prompt=0,
        began=float(pair),
        first_byte=at[0],
        first_event=at[0],
        first_content=at[0],
        last_content=at[-1],
        last_event=at[-1],
        e2e=whole,
        arrivals=tuple(Arrival(when, 5 * size * (n + 1), size * (n + 1)) for n, when in enumerate(at)),
        choices=tuple(at),
        tokens=11,
        counted="usage",
        prompt_tokens=7,
        characters=55,
        bytes=999,
        first_word=at[0],
        first_sentence=None,
        server={"prompt_ms": 3.5},
    )


def report(
    pairs: int = 8, caches: tuple[Cache, ...] = ("warm",), *, even: bool = False, **more: Any
) -> LatencyReport:
    """Batch takes some eleven times as long as streaming's first text, or, where it is `even`, about as long."""

    def whole(pair: int, mode: Mode) -> float:
        if mode == "stream":
            return 1.1
        return (0.1 + pair / 1000) * (1.02 if pair % 2 else 0.98) if even else 1.1 + pair / 500

    runs = [
        made(pair, mode, cache, first=0.1 + pair / 1000, whole=whole(pair, mode))
        for cache in caches
        for pair in range(pairs)
        for mode in MODES
    ]
    design = Design(pairs, 64, caches, 3, 1, 60.0)
    return LatencyReport("m", "a service", design, tuple(runs), finished=True, **more)


def test_the_frame_has_a_row_a_run_and_the_promised_columns() -> None:
    frame = report().frame
    assert len(frame) == 16
    assert set(COLUMNS.split()) <= set(frame.columns)
    first = frame.iloc[0]
    assert (first["pair"], first["mode"], first["cache"]) == (0, "stream", "warm")
    assert first["ttft"] == pytest.approx(0.1)
    assert first["tpot"] == pytest.approx(0.1)
    assert first["e2e"] == pytest.approx(1.1)
    assert first["stall"] == pytest.approx(0.1)


def test_the_summary_has_a_row_a_metric_with_its_interval() -> None:
    summary = report().summary
    assert {"ttft", "tpot", "e2e", "batch_e2e", *RATIOS} <= set(summary.index)
    assert list(summary.columns) == ["cache", "median", "low", "high", "n", "discarded"]
    row = summary.loc["ttft"]
    assert row["low"] <= row["median"] <= row["high"]
    assert row["median"] == pytest.approx(0.1035)
    assert summary["n"].eq(8).all()


def test_the_ratio_is_taken_pair_by_pair() -> None:
    found = report().interval("batch_over_ttft")
    ratios = sorted((1.1 + pair / 500) / (0.1 + pair / 1000) for pair in range(8))
    assert found.value == pytest.approx((ratios[3] + ratios[4]) / 2)


def test_both_kinds_of_cache_have_rows_of_their_own() -> None:
    summary = report(caches=("warm", "cold")).summary
    assert sorted(summary.loc["ttft"]["cache"]) == ["cold", "warm"]


def test_half_a_pair_counts_as_none() -> None:
    whole = report(6)
    halved = replace(whole, runs=whole.runs[:-1])
    assert len(halved.pairs_done) == 5
    assert halved.summary["n"].eq(5).all()


def test_discards_are_counted_where_they_happened_and_the_warm_up_apart() -> None:
    lost = (Discard(2, "batch", "warm", "server", "x"), Discard(-1, "stream", "warm", "server", "x"))
    assert report(discards=lost).summary["discarded"].eq(1).all()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_verdict_claims_a_gain_only_where_the_interval_lies_above_one(language: Any) -> None:
    gain, none = report().verdict(language), report(even=True).verdict(language)
    assert gain != none
    assert ("No clear gain" if language == "en" else "没有明显的好处") in none
    assert ("No clear gain" if language == "en" else "没有明显的好处") not in gain


def test_a_verdict_for_each_kind_of_cache() -> None:
    assert len(report(caches=("warm", "cold")).verdict().splitlines()) == 2


@pytest.mark.parametrize("pairs", [0, 1, 2])
def test_few_pairs_give_figures_but_no_interval_and_no_claim(pairs: int) -> None:
    few = report(pairs)
    assert few.verdict()
    assert "95 % confidence" not in few.verdict()
    if pairs:
        assert math.isnan(few.interval("ttft").low)


@pytest.mark.parametrize("tool", ["vllm", "guidellm", "aiperf", "llmperf"])
def test_other_tools_figures_come_from_the_same_runs(tool: Any) -> None:
    frame = report().as_defined_by(tool)
    assert {"mean", "p50", "unit"} <= set(frame.columns)
    assert not frame["p50"].isna().all()


def test_it_comes_back_from_json_the_same() -> None:
    kept = report(
        caches=("warm", "cold"),
        discards=(Discard(1, "batch", "cold", "server", "x"),),
        loads=(Load(0.5, 0.25), Load(None, 0.5)),
        machine={"system": "Linux"},
        warm_up=(made(-1, "stream"),),
    )
    back = LatencyReport.from_json(kept.json())
    assert back == kept
    assert back.summary.equals(kept.summary)
    assert back.html() == kept.html()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no latency report"),
        ("{}", "no latency report: model"),
        (json.dumps(json.loads(report().json()) | {"version": 9}), "version 9"),
        (report().json().replace('"stream"', '"torrent"'), "no latency report: runs"),
    ],
)
def test_what_it_did_not_write_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(CallerError, match=words):
        LatencyReport.from_json(text)


def test_an_unknown_metric_is_refused_with_those_there_are() -> None:
    with pytest.raises(CallerError, match="batch_over_ttft"):
        report().interval("speed")
    with pytest.raises(CallerError, match="cold"):
        report().interval("ttft", "cold")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_its_page_says_what_was_measured_on_what(language: Any) -> None:
    page = report(
        machine={"processor": "A <b>fine</b> one"},
        discards=(Discard(0, "batch", "warm", "server", "<script>x</script>"),),
        loads=(Load(3.0, 0.9),),
    ).html(language)
    assert "A &lt;b&gt;fine&lt;/b&gt; one" in page
    assert ("1; 7 to 7 tokens each" if language == "en" else "1 个；每个 7 到 7 个词元") in page
    assert "<script" not in page
    assert page.count('<img alt="') >= 3
    assert "<svg" not in page, "an untrusted notebook would show its letters alone"


def test_a_report_without_runs_has_a_page_too() -> None:
    assert "othing" in report(0).html()


def test_it_says_of_itself_what_it_is() -> None:
    assert repr(report()) == "<LatencyReport: m, 8 of 8 pairs>"


def test_whole_times_are_batch_over_stream() -> None:
    slow_batch = report(even=False)
    assert slow_batch.interval("batch_over_stream").value == pytest.approx((1.106 + 1.108) / 2.2)


def test_discards_count_for_their_own_kind_of_cache() -> None:
    lost = (Discard(2, "batch", "cold", "server", "x"),)
    summary = report(caches=("warm", "cold"), discards=lost).summary
    assert set(summary[summary["cache"] == "warm"]["discarded"]) == {0}
    assert set(summary[summary["cache"] == "cold"]["discarded"]) == {1}


def test_the_services_own_times_are_told_in_seconds() -> None:
    told = report()
    runs = tuple(replace(run, server={"prompt_ms": 12.5, "predicted_ms": 2500.0}) for run in told.runs)
    page = replace(told, runs=runs).html()
    assert "prompt read in 12.5 ms, tokens made in 2.50 s" in page


@pytest.mark.parametrize(("queue", "busy"), [(0.5, False), (1.3, False), (1.5, True), (6.0, True)])
def test_a_busy_machine_is_told_of_from_seven_tenths_a_core_on(queue: float, busy: bool) -> None:
    page = report(loads=(Load(queue, 0.5),), machine={"processor": "Any, 2 cores"}).html()
    assert ("The machine was busy" in page) is busy


def test_our_own_share_is_told_where_it_was_seen() -> None:
    told = report()
    runs = tuple(replace(run, own_first=0.001, own_chunk=0.00002) for run in told.runs)
    assert "1.00 ms of each time to the first text, 0.0200 ms a chunk" in replace(told, runs=runs).html()
    assert "Our own client" not in told.html()


@pytest.mark.parametrize(
    ("language", "labels"),
    [("en", ("Time to first text", "Streaming: whole time")), ("zh", ("首段文字时间", "流式：总用时"))],
)
def test_each_figure_is_called_what_it_is(language: Any, labels: tuple[str, ...]) -> None:
    table = report().html(language).partition("<table>")[2].partition("</table>")[0]
    for label in labels:
        assert label in table
    assert "p50 / p95" not in table
