"""What the view promises, each against what was measured: rates, latency, Stop, reload, long texts."""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Sequence

from playwright.async_api import Browser

from benchmarks.report import Promise
from benchmarks.view_lab import Bench, Run
from benchmarks.view_stop import WAYS as STOPS
from benchmarks.view_stop import stops
from tests.browser.jupyter import Server
from tests.browser.serving import kernels

MB = 1e6
SERVER_LIMIT = 3_000
"""Messages in three seconds above which Jupyter Server drops the rest."""


def percentile(values: Sequence[float], percent: int) -> float:
    """numpy's linear percentile."""
    if len(values) < 2 or math.inf in values:
        return max(values)
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def messages(bench: Bench, quick: bool) -> list[Promise]:
    """At any rate of chunks: messages with text in any one second, and frames of every kind."""
    jobs = [(2_000, 1_000.0), (10_000, 0.0), (200, 100.0), (10_000, 5_000.0)][: 2 if quick else 4]
    runs = [
        await bench.run("ours", n, rate=rate, thread=thread) for n, rate in jobs for thread in (False, True)
    ]
    text, every = (max(run.busiest[kind] for run in runs) for kind in (1, 0))
    asked = ", ".join(f"{rate:,.0f}" if rate else "a burst" for _, rate in jobs)
    return [
        Promise(
            f"messages with text in any one second, chunks a second: {asked}",
            "≤ 30",
            f"{text}; with all else the kernel says {every}",
            text <= 30 and 3 * every < SERVER_LIMIT and all(run.right for run in runs),
        )
    ]


def latency(runs: Sequence[Run]) -> Promise:
    """Of streams of every size, in cells and in threads."""
    late, sizes = [run.late * 1e3 for run in runs], sorted({run.n for run in runs})
    return Promise(
        f"last chunk → the whole text in the DOM, {sizes[0]:,} to {sizes[-1]:,} chunks",
        "p95 ≤ 100 ms",
        f"p50 {percentile(late, 50):.0f}, p95 {percentile(late, 95):.0f}, max {max(late):.0f} ms "
        f"(n = {len(late)}){_wrong(runs)}",
        percentile(late, 95) <= 100 and all(run.right for run in runs),
    )


async def burst(bench: Bench, quick: bool) -> list[Promise]:
    jobs = [False, True] * (1 if quick else 3)
    runs = [await bench.run("ours", 10_000, rate=0, thread=thread) for thread in jobs]
    worst = max(run.late for run in runs)
    return [
        Promise(
            "10,000 chunks in one burst, last chunk → complete",
            "complete, ≤ 1 s",
            f"median {statistics.median(run.late for run in runs):.2f}, max {worst:.2f} s "
            f"(n = {len(runs)})" + _wrong(runs),
            worst <= 1 and all(run.right for run in runs),
        )
    ]


async def reload(bench: Bench, quick: bool) -> list[Promise]:
    """How soon the text is back, from the start of the navigation, while the stream goes on."""
    back, right = [], []
    for _ in range(1 if quick else 3):
        wanted = await bench.prepare("ours", 8_000)
        await bench.lab.kernel("ways.stream_in_thread()")
        await asyncio.sleep(2)
        await bench.lab.save()
        length = await bench.page.evaluate(
            "() => document.querySelector('.mm-stream-text').textContent.length"
        )
        await bench.page.evaluate("goal => sessionStorage.setItem('bench-goal', goal)", length)
        await bench.page.reload()
        await bench.lab.ready()
        await bench.page.wait_for_function("() => bench.back")
        back.append(float(await bench.page.evaluate("() => bench.back")) / 1e3)
        await bench.page.evaluate("() => sessionStorage.clear()")
        await bench.page.wait_for_selector('.mm-stream-bubble[data-state="complete"]')
        right.append(await bench.right(wanted))
    return [
        Promise(
            "reload in mid-stream → the text is back",
            "≤ 3 s; hash equal at the end",
            f"max {max(back):.1f} s (n = {len(back)}); {sum(right)} of {len(right)} right at the end",
            max(back) <= 3 and all(right),
        )
    ]


async def long_text(bench: Bench, quick: bool) -> list[Promise]:
    """In pieces of 1 kB, 1,000 a second, while the kernel is idle."""
    n = 2_000 if quick else 10_000
    run = await bench.run("ours", n, size=1_000, thread=True)
    return [
        Promise(
            f"{n // 1_000} MB of text at 1 MB/s",
            "complete, hash equal, kernel +60 MB at most, no task over 100 ms",
            f"{run.state}{_wrong([run])}, {run.late:.2f} s after the last chunk, +{run.memory / MB:.0f} MB, "
            f"longest task {run.longest:.0f} ms",
            run.right and run.memory <= 60 * MB and run.longest <= 100,
        )
    ]


def _wrong(runs: Sequence[Run]) -> str:
    wrong = sum(not run.right or run.state != "complete" for run in runs)
    return f", **{wrong} wrong**" if wrong else ""


async def stopping(server: Server, browser: Browser, quick: bool) -> list[Promise]:
    """A row a kernel; one whose kernel is not installed is said to be so."""
    table = []
    for way in STOPS:
        what, wanted = f"click on Stop → last new character, {way[0]}", "p95 ≤ 150 ms; the connection closed"
        if way[1] not in kernels():
            table.append(Promise(what, wanted, "not measured: this kernel is not installed", None))
            continue
        found = await stops(server, browser, way, 5 if quick else 20)
        measured = (
            f"p50 {found['p50']:.0f}, p95 {found['p95']:.0f}, max {found['max']:.0f} ms (n = {found['n']}); "
            f"closed within {found['closed']:.0f} ms"
        )
        met = found["stopped"] and found["p95"] <= 150 and found["closed"] < math.inf
        table.append(Promise(what, wanted, measured, met))
    return table
