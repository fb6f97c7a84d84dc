"""From a run's first character in the kernel to that character on screen, in a real JupyterLab.

It starts with a call of `append`, or, for an interview, with the first byte of the practice model's reply, and so
takes in client, log and reader. Two ends on the same clock: the character is in the DOM; the frame that shows it is
done (a task after the next animation frame). Times in milliseconds; p50 and p95 are numpy's
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
import json, random, tempfile, threading, time
from mockmate_nb import LLM, Interview, InterviewSetup, StreamView, run
from mockmate_nb.llm import practice
from mockmate_nb.streams.log import open_log

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

class Watched(LLM):
    def stream(self, *args, **options):
        self.last = super().stream(*args, **options)
        return self.last

async def one_interview(text):
    practice.compose = lambda messages, seed: f"{text} and some more words"
    llm = Watched("practice", pace=50)
    interview, run = Interview(setup, llm, log=log), view.start()
    async for event in interview.start():
        if event.type == "question_chunk":
            view.append(event.content, run=run)
    view.finish(run=run)
    ago = time.perf_counter() - (llm.last._began + llm.last.timing.first_byte)
    await interview.aclose()
    return (time.time() - ago) * 1e3

def measure_interview(n):
    return {f"[{i}]": run(one_interview(f"[{i}]")) for i in range(n)}

setup = InterviewSetup(resume_summary="x", job_description="y", question_count=1)
log = open_log(f"sqlite:///{tempfile.mkdtemp()}/log.sqlite")
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
WAYS = {
    "`append` in a cell": "measure",
    "`append` in a thread": "measure_in_thread",
    "first byte of the model": "measure_interview",
}


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
                        "from": name,
                        "until": point,
                        "n": n,
                        "p50": cuts[49],
                        "p95": cuts[94],
                        "max": max(times),
                    }
                )
    return table


def rows(quick: bool = False) -> list[dict[str, object]]:
    """One row a beginning and an end: `from`, `until`, `n`, and `p50`, `p95`, `max` in ms."""
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
