"""One stream in a real JupyterLab, and what it took: bytes, messages, time in the kernel and on the page.

The page counts its WebSocket frames itself and keeps the moment when the text's last line is in the DOM; the
wall clock of page and kernel is one. The page's time is CPU time of its main thread, by Chromium's own count.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import psutil
from playwright import async_api as playwright
from playwright.async_api import Browser, CDPSession, Page

from benchmarks.corpus import corpus, letters
from benchmarks.view_ways import WAYS
from tests.browser.jupyter import Kernel, Lab, Server, open_lab

LATE_SECONDS = 15.0
"""How long after the last chunk the whole text is waited for; and how long a kernel may lag behind its pace."""
SETTLE_SECONDS = 0.5
CELLS = ("ways.show()", "ways.stream()", "ways.ready()")
PROBE = """(() => {
    const bench = window.bench = { frames: [], tasks: [], seen: 0 };
    // The wall clock in fractions of a millisecond: performance.now() moved onto Date.now().
    let shift = -Infinity;
    for (const end = performance.now() + 20; performance.now() < end;)
        shift = Math.max(shift, Date.now() - performance.now());
    const now = bench.now = () => shift + performance.now();
    const type = (frame) => {
        if (!(frame instanceof ArrayBuffer)) return "";
        const view = new DataView(frame);
        const [from, to] = [16, 24].map((at) => Number(view.getBigUint64(at, true)));
        return /"msg_type": ?"(\\w+)"/.exec(new TextDecoder().decode(new Uint8Array(frame, from, to - from)))?.[1];
    };
    window.WebSocket = class extends WebSocket {
        constructor(...args) {
            super(...args);
            this.addEventListener("message", ({ data }) => {
                bench.frames.push([now(), data.byteLength ?? data.length, type(data)]);
            });
        }
    };
    new PerformanceObserver((list) => bench.tasks.push(...list.getEntries())).observe({ type: "longtask" });

    const hidden = (node) =>
        node.nodeType === 1 && (/^(BUTTON|STYLE|SCRIPT)$/.test(node.tagName) || node.ariaHidden === "true");
    const inside = (node) => [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes];
    const roots = (node) => [...node.querySelectorAll("*")].flatMap(
        ({ shadowRoot }) => shadowRoot ? [shadowRoot, ...roots(shadowRoot)] : []);
    const find = ({ cell, selector }) => {
        const area = document.querySelectorAll(".jp-Notebook .jp-Cell")[cell]?.querySelector(".jp-OutputArea");
        if (!area || !selector) return null;
        const near = area.querySelectorAll(selector);
        if (near.length) return near[near.length - 1];
        return roots(area).map((root) => root.querySelector(selector)).find((found) => found) ?? null;
    };
    const text = (node) => {
        if (node.nodeType === 3) return node.data;
        const all = hidden(node) ? "" : inside(node).map(text).join("");
        return node.tagName === "DIV" ? `\\n${all}\\n` : all;
    };
    const tail = (node, length) => {
        if (node.nodeType === 3) return node.data.trimEnd().slice(-length);
        let end = "";
        for (const root of hidden(node) ? [] : [node, node.shadowRoot])
            for (let at = root?.lastChild; at && end.length < length; at = at.previousSibling)
                end = tail(at, length - end.length) + end;
        return end;
    };
    bench.ready = (wanted) => !wanted.selector || wanted.cell > 0 || find(wanted) !== null;
    bench.longest = () => Math.max(
        0, ...bench.tasks.filter(({ startTime }) => startTime >= bench.begun).map(({ duration }) => duration));
    bench.text = (wanted) => {
        dispatchEvent(new Event("beforeprint")); // a long text is on the page as a whole when it is printed
        const node = find(wanted);
        const all = node ? text(node) : "";
        dispatchEvent(new Event("afterprint"));
        return all;
    };
    bench.begin = (wanted) => {
        bench.end?.();
        Object.assign(bench, { frames: [], tasks: [], seen: 0, begun: performance.now() });
        const look = () => {
            const node = bench.seen ? null : find(wanted);
            if (node && tail(node, 2 * wanted.mark.length).endsWith(wanted.mark)) bench.seen = now();
        };
        const observer = new MutationObserver(look);
        const options = { childList: true, characterData: true, subtree: true };
        const notebook = document.querySelector(".jp-Notebook");
        observer.observe(notebook, options);
        // A shadow root must be observed by itself, and may come late.
        const timer = wanted.shadow ? setInterval(() => {
            for (const root of roots(notebook)) observer.observe(root, options);
            look();
        }, 50) : 0;
        bench.end = () => {
            observer.disconnect();
            clearInterval(timer);
        };
    };
    // After a reload: when as much text is back as there was.
    const goal = Number(sessionStorage.getItem("bench-goal"));
    const waiting = goal ? setInterval(() => {
        const log = document.querySelector(".mm-stream-text");
        if (!log || text(log).length < goal) return;
        bench.back = performance.now();
        clearInterval(waiting);
    }, 20) : 0;
})()"""


@dataclass(frozen=True)
class Run:
    """What one stream of `n` chunks took; times in seconds but `longest`, milliseconds of wall time."""

    name: str
    n: int
    bytes: int
    messages: int
    """Frames that the page's WebSocket received, of every kind."""
    busiest: tuple[int, int]
    """Most frames in any one second: of every kind, and of those that may bring text (TEXT_FRAMES)."""
    spent: float
    """From the first chunk to the last."""
    kernel: float
    page: float
    longest: float
    """The longest task of the page's main thread, 0 if none took 50 ms."""
    late: float
    """From the last chunk to the whole text in the DOM; infinity if never."""
    right: bool
    state: str
    memory: int
    """By how many bytes the kernel grew at most."""


class Wanted(NamedTuple):
    """Where on the page the text is looked for (as in `Way`), its last line and its length in characters."""

    selector: str
    cell: int
    shadow: bool
    mark: str
    length: int
    rendered: bool


TEXT_FRAMES = ("comm_msg", "display_data", "execute_result", "stream", "update_display_data")


@dataclass
class Bench:
    """A notebook of the three cells in which streams run one after the other."""

    lab: Lab
    cdp: CDPSession
    process: psutil.Process
    loaded: bool = False
    spoilt: bool = False
    """A stream did not come to its end: what runs after it would be measured wrongly."""
    most: int = 0
    """Bytes of memory that the kernel had at most, looked at twice a second while a thread streams."""
    marks: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def page(self) -> Page:
        return self.lab.page

    async def run(
        self, name: str, n: int, *, size: int = 5, rate: float = 1000.0, thread: bool = False
    ) -> Run:
        """One stream of `n` chunks; in a cell that runs as long, or with `thread` while the kernel is idle."""
        wanted = await self.prepare(name, n, size=size, rate=rate)
        begun = await self._spent()
        self.most = 0
        finished = await self._stream((n / rate if rate else 0) + LATE_SECONDS, thread=thread)
        told = (
            json.loads(await self.lab.kernel("print(ways.told())")) if finished else {"first": 0, "last": 0}
        )
        seen = await self._seen() if finished and wanted.selector else 0.0
        await asyncio.sleep(SETTLE_SECONDS)
        ended = await self._spent()
        self.spoilt = not finished or (bool(wanted.selector) and not seen)
        found = await self.page.evaluate("() => ({ frames: bench.frames, longest: bench.longest() })")
        frames: list[tuple[float, int, str]] = found["frames"]
        texts = [frame for frame in frames if frame[2] in TEXT_FRAMES]
        return Run(
            name=name,
            n=n,
            bytes=sum(frame[1] for frame in frames),
            messages=len(frames),
            busiest=(busiest(frames), busiest(texts)),
            spent=(told["last"] - told["first"]) / 1e3,
            kernel=ended["kernel"] - begun["kernel"],
            page=ended["page"] - begun["page"],
            longest=found["longest"],
            late=(seen - told["last"]) / 1e3 if seen else math.inf,
            right=bool(wanted.selector) and await self.right(wanted),
            state=await self.state(),
            memory=int(max(ended["memory"], self.most) - begun["memory"]),
        )

    async def prepare(self, name: str, n: int, *, size: int = 5, rate: float = 1000.0) -> Wanted:
        """Show what the stream will be written into, and begin to watch; gives what is looked for."""
        way, mark = WAYS[name], f"End of stream {next(self.marks):06d}"
        await self.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        if name == "panel" and not self.loaded:
            await self.lab.run_cell(2)
            self.loaded = True
        await self.lab.kernel(f"ways.choose({name!r}, {n * size}, {mark!r}, size={size}, rate={rate})")
        await self.lab.run_cell(0)
        wanted = Wanted(way.selector, way.cell, way.shadow, mark, n * size, way.rendered)
        await self.page.wait_for_function("wanted => bench.ready(wanted)", arg=wanted._asdict())
        await asyncio.sleep(SETTLE_SECONDS)
        self.lab.received.clear()
        await self.page.evaluate("wanted => bench.begin(wanted)", wanted._asdict())
        return wanted

    async def quiet(self) -> None:
        """Wait until a page that fell behind can be left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3 * LATE_SECONDS):
                await self.page.evaluate("() => null")

    async def right(self, wanted: Wanted) -> bool:
        """Whether the text on the page has all letters and digits of the text that was sent, and no others."""
        shown: str = await self.page.evaluate("wanted => bench.text(wanted)", wanted._asdict())
        sent = corpus(wanted.length, wanted.mark)
        return letters(shown, rendered=wanted.rendered) == letters(sent, rendered=wanted.rendered)

    async def state(self) -> str:
        """The view's own word on its text: `complete` once length and CRC-32 are right; "" if there is none."""
        found = "() => document.querySelector('.mm-stream-bubble')?.dataset.state ?? ''"
        return str(await self.page.evaluate(found))

    async def _stream(self, within: float, *, thread: bool) -> bool:
        """False if the kernel does not come to the end of the stream `within` so many seconds."""
        try:
            async with asyncio.timeout(within):
                if thread:
                    await self.lab.kernel("ways.stream_in_thread()")
                    while await self.lab.kernel("print(ways.runs())") == "True\n":
                        await asyncio.sleep(0.5)
                        self.most = max(self.most, self.process.memory_info().rss)
                else:
                    await self.lab.run_cell(1)
        except TimeoutError:
            self.process.send_signal(2)
            return False
        return True

    async def _seen(self) -> float:
        """When the last line was in the DOM, in ms of the wall clock; 0 if it is not within LATE_SECONDS."""
        with contextlib.suppress(TimeoutError, playwright.TimeoutError):
            async with asyncio.timeout(LATE_SECONDS):  # a page that is too busy keeps no time of its own
                await self.page.wait_for_function("() => bench.seen", polling=50)
                return float(await self.page.evaluate("() => bench.seen"))
        return 0.0

    async def _spent(self) -> dict[str, float]:
        metrics = (await self.cdp.send("Performance.getMetrics"))["metrics"]
        used = self.process.cpu_times()
        return {
            "page": next(m["value"] for m in metrics if m["name"] == "TaskDuration"),
            "kernel": used.user + used.system,
            "memory": self.process.memory_info().rss,
        }


def busiest(frames: list[tuple[float, int, str]]) -> int:
    """The most frames in any one second; each frame: milliseconds, bytes, kind."""
    most, begin = 0, 0
    for at, frame in enumerate(frames):
        while frames[begin][0] <= frame[0] - 1000:
            begin += 1
        most = max(most, at - begin + 1)
    return most


@asynccontextmanager
async def open_bench(server: Server, browser: Browser, *, kernel: Kernel = "python3") -> AsyncIterator[Bench]:
    """A fresh page and a fresh kernel."""
    async with open_lab(server, browser) as lab:
        await lab.page.add_init_script(PROBE)
        await lab.open(CELLS, kernel=kernel)
        number = await lab.kernel("import os; from benchmarks import view_ways as ways; print(os.getpid())")
        cdp = await lab.page.context.new_cdp_session(lab.page)
        await cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        yield Bench(lab=lab, cdp=cdp, process=psutil.Process(int(number)))
