"""From `append` of a run's first character to that character on screen, in a real JupyterLab.

Three points on one machine's clock: `append` is called in the kernel; the character is in the DOM; the frame
that shows it is done (a task after the next animation frame). Times in milliseconds; p50 and p95 are numpy's
linear percentiles. Run `python benchmarks/first_paint.py [--quick]`.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys

from tests.browser.jupyter import Lab, chromium, jupyter_server, open_lab

TARGET_MS = 50.0
SETUP = """
import json, random, threading, time
from mockmate_nb.view.stream_view import StreamView

def measure(n):
    called = {}
    for i in range(n):
        run = view.start()
        time.sleep(random.uniform(0.1, 0.25))
        called[f"<{i}>"] = time.time_ns() / 1e6
        view.append(f"<{i}>", run=run)
        time.sleep(0.1)
        view.finish(run=run)
    return called

def measure_in_thread(n):
    called = {}
    thread = threading.Thread(target=lambda: called.update(measure(n)))
    thread.start()
    thread.join()
    return called

view = StreamView("Interviewer")
view
"""
WATCH = """() => {
    // The wall clock in fractions of a millisecond: performance.now() moved onto Date.now().
    let shift = -Infinity;
    for (const end = performance.now() + 20; performance.now() < end;)
        shift = Math.max(shift, Date.now() - performance.now());
    const now = () => shift + performance.now();
    const log = document.querySelector(".mm-stream-text");
    window.seen = {};
    new MutationObserver(() => {
        const text = log.textContent;
        if (!text || text in window.seen) return;
        const times = window.seen[text] = { dom: now() };
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => { times.frame = now(); };
            port2.postMessage(null);
        });
    }).observe(log, { childList: true, characterData: true, subtree: true });
}"""
WAYS = {"in a cell": "measure", "in a thread": "measure_in_thread"}


async def _latencies(lab: Lab, way: str, n: int) -> dict[str, list[float]]:
    await lab.page.evaluate(WATCH)
    called: dict[str, float] = json.loads(await lab.kernel(f"print(json.dumps({way}({n})))"))
    seen: dict[str, dict[str, float]] = await lab.page.evaluate("() => window.seen")
    return {point: [seen[text][point] - at for text, at in called.items()] for point in ("dom", "frame")}


async def _measure(n: int) -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    async with jupyter_server() as server, chromium() as browser, open_lab(server, browser) as lab:
        await lab.open([SETUP])
        await lab.run_all()
        await lab.kernel("_ = measure(3)")
        for name, way in WAYS.items():
            for point, times in (await _latencies(lab, way, n)).items():
                cuts = statistics.quantiles(times, n=100, method="inclusive")
                table.append(
                    {
                        "append": name,
                        "until": point,
                        "n": n,
                        "p50": cuts[49],
                        "p95": cuts[94],
                        "max": max(times),
                    }
                )
    return table


def rows(quick: bool = False) -> list[dict[str, object]]:
    """One row a way to append and a point: `append`, `until`, `n`, and `p50`, `p95`, `max` in ms."""
    return asyncio.run(_measure(40 if quick else 120))


def main() -> None:
    table = rows(quick="--quick" in sys.argv[1:])
    print(" | ".join(table[0]))
    for row in table:
        print(
            " | ".join(f"{value:.1f}" if isinstance(value, float) else str(value) for value in row.values())
        )
    worst = max(float(str(row["p95"])) for row in table if row["until"] == "frame")
    print(f"p95 until the frame is done: {worst:.1f} ms; the target is {TARGET_MS:.0f} ms.")


if __name__ == "__main__":
    main()
