"""From a click on Stop to the last character that still comes, in a real JupyterLab.

An interview with the practice model streams into a view; the button is a plain one of ipywidgets, wired as the
package says it must be: the callback hands over to the worker loop. Python's word that the model's connection
was closed, and when, is asked for at the end.
"""

from __future__ import annotations

import json
import random
import statistics
from typing import Any

from playwright.async_api import Browser

from benchmarks.view_lab import PROBE
from tests.browser.jupyter import Kernel, Lab, Server, open_lab

SETUP = """
import asyncio, contextlib, json, time
import ipywidgets
from benchmarks.corpus import corpus
from mockmate_nb import LLM, Interview, InterviewSetup, StreamView, aio
from mockmate_nb.llm import practice
from mockmate_nb.streams.log import open_log
from mockmate_nb.view.publishing import from_cell

practice.compose = lambda messages, seed: corpus(20_000, "end")
closed, whole = [], []

class Watched(practice._Paced):
    async def __aiter__(self):
        async for item in super().__aiter__():
            yield item
        whole.append(True)

    async def aclose(self):
        closed.append(time.time_ns() / 1e6)

practice._Paced = Watched

async def turns(n):
    setup = InterviewSetup(resume_summary="x", job_description="y", question_count=1)
    # Few tokens in all are let through for a question: the pace leaves time for a click.
    globals()["interview"] = Interview(setup, LLM("practice", pace=100), log=open_log("memory:"))
    command = interview.start
    for _ in range(n):
        run = view.start()
        async for event in command():
            if event.type == "question_chunk":
                view.append(event.content, run=run)
            if event.type == "stopped":
                view.finish("stopped", run=run)
        view.finish("complete", run=run)
        command = interview.retry
        await asyncio.sleep(0.2)
    await interview.aclose()

def on_worker(work):
    return from_cell(asyncio.run_coroutine_threadsafe, work, aio.loop())

view, button = StreamView("Interviewer"), ipywidgets.Button(description="Stop")
button.add_class("bench-stop")
button.on_click(lambda _: on_worker(interview.stop()))
ipywidgets.VBox([view, button])
"""
CLICK = """async ({ after, within }) => {
    const log = document.querySelector(".mm-stream-text");
    const root = document.querySelector(".mm-stream-bubble");
    const until = (met) => new Promise((resolve, reject) => {
        const end = bench.now() + within;
        const look = setInterval(() => {
            if (!met() && bench.now() < end) return;
            clearInterval(look);
            met() ? resolve() : reject(new Error(`Still ${root.dataset.state}: ${log.textContent.slice(-80)}`));
        }, 5);
    });
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    await until(() => root.dataset.state === "streaming" && log.textContent.length > 20);
    await pause(after);
    let [length, last] = [log.textContent.length, 0];
    const observer = new MutationObserver(() => {
        if (log.textContent.length > length) last = bench.now();
        length = log.textContent.length;
    });
    observer.observe(log, { childList: true, characterData: true, subtree: true });
    const clicked = bench.now();
    document.querySelector(".bench-stop").click();
    try {
        await until(() => root.dataset.state !== "streaming");
        const state = root.dataset.state;
        await pause(100);
        return { clicked, last: last || clicked, state };
    } finally {
        observer.disconnect();
    }
}"""
WAYS: tuple[tuple[str, Kernel, bool], ...] = (
    ("ipykernel 7, idle", "python3", False),
    ("ipykernel 7, a cell awaits", "python3", True),
    ("ipykernel 6.31, idle", "ipykernel6", False),
)
WITHIN_MS = 10_000


async def _clicks(lab: Lab, n: int, *, awaits: bool) -> list[dict[str, Any]]:
    if awaits:
        await lab.run_cell(1, wait=False)
    else:
        await lab.kernel(f"_ = on_worker(turns({n}))")
    dice = random.Random(1)
    return [
        await lab.page.evaluate(CLICK, {"after": dice.uniform(100, 400), "within": WITHIN_MS})
        for _ in range(n)
    ]


async def stops(server: Server, browser: Browser, way: tuple[str, Kernel, bool], n: int) -> dict[str, Any]:
    """`n` clicks: p50, p95 and the longest time to the last new character, in ms; whether all took effect.

    `closed` is the longest time from a click to the close of the model's connection, in ms.
    """
    _, kernel, awaits = way
    async with open_lab(server, browser) as lab:
        await lab.page.add_init_script(PROBE)
        await lab.open([SETUP, f"await asyncio.wrap_future(on_worker(turns({n})))"], kernel=kernel)
        await lab.run_cell(0)
        await lab.page.wait_for_selector(".bench-stop")
        clicks = await _clicks(lab, n, awaits=awaits)
        found = json.loads(await lab.kernel("print(json.dumps([closed, whole]))"))
    late = sorted(click["last"] - click["clicked"] for click in clicks)
    cuts = statistics.quantiles(late, n=100, method="inclusive")
    pairs = zip(clicks, found[0], strict=False)
    return {
        "n": n,
        "p50": cuts[49],
        "p95": cuts[94],
        "max": late[-1],
        "stopped": all(click["state"] == "stopped" for click in clicks) and not found[1],
        "closed": max(at - click["clicked"] for click, at in pairs) if len(found[0]) >= n else float("inf"),
    }
