"""A stream on screen: `StreamView` beside other ways, in one real JupyterLab, and what it promises.

python -m benchmarks.view [--quick] [--only ROW …] [--out FILE]

It writes its own section of docs/benchmarks.md, which `python -m benchmarks` keeps; with `--only` it prints.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser

from benchmarks import view_promises as promises
from benchmarks.report import Promise, extent, replaced, table
from benchmarks.view_lab import LATE_SECONDS, Run, open_bench
from benchmarks.view_promises import MB
from benchmarks.view_ways import WAYS
from tests.browser.jupyter import Server, chromium, jupyter_server

OUT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
HEADING = "## A stream on screen"
COMPARED = ("idle", "ours", "html", "display", "print", "chatlas", "panel")
ALWAYS = ("idle", "ours", "html")
PROMISES = {
    "messages": promises.messages,
    "burst": promises.burst,
    "reload": promises.reload,
    "long": promises.long_text,
}
ROWS = ("ways", *PROMISES, "stop")
PEERS = ("ipywidgets", "anywidget", "jupyterlab", "ipykernel", "chatlas", "panel")


class Job(NamedTuple):
    name: str
    n: int
    thread: bool = False


def plan(quick: bool) -> list[Job]:
    """The ways side by side: each round has them once a size, beginning at another way each time.

    `ALWAYS` run in every round; the others in two, with the longest text in one. Ours runs in a thread too, and
    often enough for a 95th percentile. A quick run is one round, the longer text through `ALWAYS` only.
    """
    sizes, rounds = ((500, 2_000), 1) if quick else ((500, 2_000, 8_000), 3)
    there = [name for name in COMPARED if _installed(WAYS[name].needs)]

    def times(name: str, n: int) -> int:
        if name in ALWAYS:
            return rounds
        return (1 if n < sizes[-1] else 0) if quick else (2 if n < sizes[-1] else 1)

    jobs = []
    for at in range(rounds):
        for n in sizes:
            names = [name for name in there if times(name, n) > at]
            turn = at * 2 % len(names)
            jobs += [Job(name, n) for name in names[turn:] + names[:turn]]
            jobs += [Job("ours", n, thread=True)] * (2 if n == sizes[0] else 1)
        jobs.append(Job("idle", sizes[-1], thread=True))
    return jobs


def _installed(package: str) -> bool:
    try:
        return not package or bool(metadata.version(package))
    except metadata.PackageNotFoundError:
        return False


async def run_jobs(server: Server, browser: Browser, jobs: Iterable[Job]) -> dict[Job, list[Run]]:
    """All streams one after the other; a page and kernel that could not cope are left for fresh ones.

    A way whose kernel cannot keep up is not tried again.
    """
    left, done = list(jobs), dict[Job, list[Run]]()
    while left:
        async with open_bench(server, browser) as bench:
            await bench.run("ours", 100)
            while left and not bench.spoilt:
                job = left.pop(0)
                run = await bench.run(job.name, job.n, thread=job.thread)
                done.setdefault(job, []).append(run)
                if not run.spent:
                    left = [other for other in left if other.name != job.name]
            await bench.quiet()
    return done


class Cost(NamedTuple):
    """What the runs of one way at one size took, less the idle control: medians."""

    bytes: float
    kernel: float
    page: float


def cost(done: dict[Job, list[Run]], job: Job) -> Cost:
    idle = done[job._replace(name="idle")]

    def less(of: Callable[[Run], float]) -> float:
        return statistics.median(map(of, done[job])) - statistics.median(map(of, idle))

    return Cost(less(lambda run: run.bytes), less(lambda run: run.kernel), less(lambda run: run.page))


def ways_table(done: dict[Job, list[Run]], n: int) -> list[str]:
    """One row a way, those that were given up before this size too."""
    heads = (
        "way",
        "MB",
        "messages/s",
        "kernel CPU, s",
        "page, s",
        "longest task, ms",
        "last chunk → DOM, s",
        "right",
    )
    rows: list[Sequence[str]] = []
    for name in COMPARED[1:]:
        runs = done.get(Job(name, n))
        given_up = any(not run.spent for job, runs in done.items() if job.name == name for run in runs)
        if runs:
            rows.append((WAYS[name].title, *_way_row(cost(done, Job(name, n)), runs)))
        elif given_up:
            rows.append((WAYS[name].title, *["unfinished with less"] * (len(heads) - 1)))
    return table(heads, rows)


def _way_row(took: Cost, runs: list[Run]) -> Sequence[str]:
    ended = [run for run in runs if run.spent]
    right = sum(run.right for run in runs)
    return (
        f"{took.bytes / MB:.3f}" if took.bytes < MB else f"{took.bytes / MB:.1f}",
        extent([run.messages / run.spent for run in ended], 0) if ended else "unfinished",
        f"{took.kernel:.2f}",
        f"{took.page:.2f}",
        extent([run.longest for run in runs], 0) if any(run.longest for run in runs) else "< 50",
        extent([run.late for run in runs], 3),
        "yes" if right == len(runs) else f"**{right} of {len(runs)}**",
    )


def compared(done: dict[Job, list[Run]]) -> Iterator[Promise]:
    """The promises that are about sizes and other ways."""
    big = max(job.n for job in done)
    ours, html = cost(done, Job("ours", big)), cost(done, Job("html", big))
    growth = ours.bytes / cost(done, Job("ours", big // 4)).bytes
    share = html.bytes / ours.bytes
    yield Promise(f"bytes, {big // 4:,} → {big:,} chunks", "≤ 4.5 ×", f"{growth:.2f} ×", growth <= 4.5)
    yield Promise(
        f"bytes of `HTML.value +=`, {big:,} chunks", "≥ 300 × ours", f"{share:,.0f} × ours", share >= 300
    )
    in_cell, in_thread = (cost(done, Job("ours", big, thread)).kernel / big * 1e3 for thread in (False, True))
    yield Promise(
        f"kernel CPU a chunk, {big:,} chunks",
        "≤ 0.1 ms",
        f"{in_cell:.3f} in a cell, {in_thread:.3f} ms in a thread",
        max(in_cell, in_thread) <= 0.1,
    )
    part = ours.page / html.page
    yield Promise(
        f"page's main thread, {big:,} chunks at 1,000 a second",
        "≤ 1/3 of `HTML.value +=`",
        f"{part:.2f} ({ours.page:.2f} against {html.page:.2f} s)",
        part <= 1 / 3,
    )
    yield promises.latency([run for job, runs in done.items() if job.name == "ours" for run in runs])
    tasks, idle = (
        [run.longest for job, runs in done.items() if job.name == name for run in runs]
        for name in ("ours", "idle")
    )
    slow = sum(task > 50 for task in tasks)
    yield Promise(
        "tasks over 50 ms on the page, wall time",
        "none",
        f"in {slow} of {len(tasks)} streams, longest {max(tasks):.0f} ms; with no text at all "
        f"in {sum(task > 50 for task in idle)} of {len(idle)}, longest {max(idle):.0f} ms",
        slow == 0,
    )


async def measure(quick: bool, only: Sequence[str]) -> tuple[dict[Job, list[Run]], list[Promise]]:
    """The ways, by job; and the promises, those that `only` names."""
    done: dict[Job, list[Run]] = {}
    kept: list[Promise] = []
    async with jupyter_server() as server, chromium() as browser:
        if "ways" in only:
            done = await run_jobs(server, browser, plan(quick))
            kept += compared(done)
        rows = [row for name, row in PROMISES.items() if name in only]
        if rows:
            async with open_bench(server, browser) as bench:
                await bench.run("ours", 100)
                for row in rows:
                    kept += await row(bench, quick)
        if "stop" in only:
            kept += await promises.stopping(server, browser, quick)
    return done, kept


def section(quick: bool = False, only: Sequence[str] = ROWS) -> list[str]:
    """The lines of the section: the promises, then the ways, a table a size."""
    done, kept = asyncio.run(measure(quick, only))
    words = {True: "yes", False: "**no**", None: "-"}
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PEERS if _installed(name))
    lines = [
        HEADING,
        "",
        f"Made by `make bench-view` on {datetime.now(UTC):%Y-%m-%d}{', quickly' if quick else ''}: "
        f"{os.cpu_count()} cores; {versions}.",
        "One real JupyterLab in headless Chromium; the same Markdown text in chunks of 5 characters, 1,000 a",
        "second unless said. CPU times are those of the whole kernel process and of the page's main thread, less",
        "those of a cell that only keeps the pace; bytes and messages are all that the page's WebSocket received.",
        "",
        *table(("promise", "wanted", "measured", "met"), [(*row[:3], words[row.met]) for row in kept]),
    ]
    for n in sorted({job.n for job in done}):
        lines += ["", f"{n:,} chunks, {5 * n / 1000:g} kB of text:", "", *ways_table(done, n)]
    if done:
        lines += ["", NOTE]
    return lines


NOTE = (
    "Median (least-most). `unfinished`: the kernel was not through with its chunks "
    f"{LATE_SECONDS:.0f} s after the time they take at this pace; `never`: not in the page {LATE_SECONDS:.0f} s "
    "after the last chunk. Right: all letters and digits of the text, and no others, are on the page at the end."
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a smoke test; its figures say little")
    options.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"of {', '.join(ROWS)}")
    options.add_argument("--out", type=Path, default=OUT)
    asked = options.parse_args()
    lines = section(asked.quick, asked.only or ROWS)
    print("\n".join(lines))
    if not asked.only:
        text = asked.out.read_text("utf-8") if asked.out.exists() else ""
        asked.out.write_text(replaced(text, lines), "utf-8")


if __name__ == "__main__":
    main()
