"""The worker loop, and `run()` in all the places where people call it."""

from __future__ import annotations

import _thread
import asyncio
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import pytest

from mockmate_nb import aio
from mockmate_nb.errors import CallerError
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.practice import ABOUT

HELLO = [{"role": "user", "content": "Hello?"}]
ABOUT_EN = ABOUT["en"]


async def where() -> threading.Thread:
    return threading.current_thread()


async def count(end: int) -> AsyncIterator[int]:
    for n in range(end):
        await asyncio.sleep(0)
        yield n


async def fail() -> None:
    raise ZeroDivisionError("mine")


async def fail_after(end: int) -> AsyncIterator[int]:
    async for n in count(end):
        yield n
    raise ZeroDivisionError("mine")


def worker() -> threading.Thread:
    aio.loop()
    assert aio._thread is not None
    return aio._thread


def test_work_runs_on_the_worker() -> None:
    assert aio.run(where()) is worker()
    assert aio.loop() is aio.loop()
    assert worker().daemon


def test_run_gives_a_value_or_a_list() -> None:
    assert aio.run(asyncio.sleep(0, "value")) == "value"
    assert aio.run(count(3)) == [0, 1, 2]
    assert aio.run(count(0)) == []


def test_run_takes_whatever_can_be_awaited() -> None:
    class Promise:
        def __await__(self) -> Generator[Any, Any, str]:
            return asyncio.sleep(0, "kept").__await__()

    promise: Awaitable[str] = Promise()
    assert aio.run(promise) == "kept"


async def test_run_inside_another_loop() -> None:
    """A plain cell of a notebook: the kernel's loop stands still, the worker's does not."""
    assert aio.run(where()) is worker()
    assert aio.run(count(2)) == [0, 1]


@pytest.mark.parametrize("work", [fail, lambda: fail_after(2)])
def test_a_fault_is_the_callers_to_see(work: Callable[[], Any]) -> None:
    with pytest.raises(ZeroDivisionError, match="mine"):
        aio.run(work())


@pytest.mark.parametrize("work", [where, lambda: count(2)])
def test_run_on_the_worker_itself_is_an_error_not_a_deadlock(work: Callable[[], Any]) -> None:
    async def nested() -> object:
        return aio.run(work())

    with pytest.raises(CallerError, match="worker loop") as caught:
        aio.run(nested())
    assert "await" in caught.value.advice


@pytest.mark.parametrize("work", [None, 5, [1], where, count, LLM])
def test_run_of_what_cannot_be_run(work: Any) -> None:
    with pytest.raises(CallerError, match="neither"):
        aio.run(work)


async def test_on_worker_from_any_loop() -> None:
    assert await aio.on_worker(where()) is worker()

    async def nested() -> threading.Thread:
        return await aio.on_worker(where())

    assert await aio.on_worker(nested()) is worker()
    with pytest.raises(ZeroDivisionError):
        await aio.on_worker(fail())


async def test_on_worker_is_cancelled_with_its_caller() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    waiting = asyncio.create_task(aio.on_worker(work()))
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(ended.wait, 10)


def interrupt_when(ready: Callable[[], object], interrupt: Callable[[], None]) -> threading.Thread:
    def watch() -> None:
        while not ready():
            time.sleep(0.005)
        interrupt()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


INTERRUPTS: dict[str, Callable[[], None]] = {
    "kernel": _thread.interrupt_main,
    "signal": lambda: signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT),
}


@pytest.mark.parametrize("interrupt", INTERRUPTS.values(), ids=INTERRUPTS)
def test_an_interrupt_stops_a_stream_and_keeps_what_came(interrupt: Callable[[], None]) -> None:
    stream = LLM(pace=50).stream(HELLO)
    watcher = interrupt_when(lambda: len(stream.text) > 10, interrupt)
    seen = aio.run(stream)
    watcher.join()
    assert len("".join(seen)) > 10
    assert "".join(seen) == stream.text
    assert ABOUT_EN.startswith(stream.text)
    assert stream.text != ABOUT_EN
    assert stream.finish_reason == "stopped"


def test_an_interrupt_ends_an_iterator_that_has_no_stop() -> None:
    seen: list[int] = []
    ended = threading.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            for n in range(10**9):
                seen.append(n)
                yield n
                await asyncio.sleep(0.001)
        finally:
            ended.set()

    watcher = interrupt_when(lambda: len(seen) > 3, _thread.interrupt_main)
    given = aio.run(endless())
    watcher.join()
    assert ended.is_set()
    assert given == seen
    assert len(given) > 3


def test_an_interrupt_cancels_a_coroutine_and_goes_on() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.05)
            ended.set()

    watcher = interrupt_when(begun.is_set, _thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        aio.run(work())
    watcher.join()
    assert ended.is_set(), "run waits until what it cancelled has ended"


def test_shutdown_leaves_nothing_and_a_new_loop_is_made() -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async def begin() -> asyncio.Task[None]:
        asyncio.get_running_loop().run_in_executor(None, slow)
        return asyncio.create_task(work())

    def slow() -> None:
        time.sleep(0.3)
        slept.append(threading.current_thread())

    slept: list[threading.Thread] = []
    old, thread = aio.loop(), worker()
    task = aio.run(begin())
    aio.run(asyncio.sleep(0))
    before = set(threading.enumerate()) - {thread}
    aio.shutdown()
    assert ended.is_set()
    assert len(slept) == 1, "threads of the loop are waited for"
    assert task.cancelled()
    assert old.is_closed()
    assert not thread.is_alive()
    assert set(threading.enumerate()) <= before
    assert not [one.name for one in threading.enumerate() if one.name.startswith(("asyncio", "mockmate"))]
    aio.shutdown()
    assert aio.run(where()) is worker()
    assert aio.loop() is not old


SCRIPTS: dict[str, str] = {
    "a script may end in mid-stream": """
from mockmate_nb import LLM, run
stream = LLM(pace=100).stream(HELLO)
async def first():
    async for delta in stream:
        return delta
assert run(first())
""",
    "a script may leave a stream running": """
from mockmate_nb import LLM, aio
stream = LLM(pace=5).stream(HELLO)
async def begin():
    await stream.__aenter__()
aio.run(begin())
""",
    "a script's own loop": """
import asyncio
from mockmate_nb import LLM
async def main():
    async for delta in LLM(pace=100).stream(HELLO):
        break
asyncio.run(main())
""",
    "nested loops": """
import asyncio
from mockmate_nb import LLM, aio
assert aio.allow_nested_loops().startswith("nest_asyncio")
async def main():
    text = aio.run(LLM(pace=0).complete(HELLO)).text
    inner = asyncio.run(LLM(pace=0).complete(HELLO)).text
    assert inner == text and text
    return len(aio.run(LLM(pace=0).stream(HELLO)))
assert asyncio.run(main()) > 10
""",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_ends_without_a_word(script: str) -> None:
    head = f"HELLO = {HELLO}\n"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", head + script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # "-X dev" also tells of a step that a busy machine has held up
    said = [
        line for line in done.stderr.splitlines() if not re.match(r"Executing .* took [\d.]+ seconds", line)
    ]
    assert (done.returncode, done.stdout, said) == (0, "", [])


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("6.29.5", "nest_asyncio"),
        ("6.31.0", "nest_asyncio"),
        ("7.0.0", "nest_asyncio2"),
        ("7.4.0", "nest_asyncio2"),
        ("10.1", "nest_asyncio2"),
    ],
)
def test_the_right_patch_for_the_kernel(version: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Patch:
        @staticmethod
        def apply() -> None:
            asked.append("applied")

    def load(module: str) -> type[Patch]:
        asked.append(module)
        return Patch

    monkeypatch.setattr("mockmate_nb.aio.metadata.version", {"ipykernel": version}.__getitem__)
    monkeypatch.setattr("mockmate_nb.aio.importlib.import_module", load)
    assert aio.allow_nested_loops() == name
    assert asked == [name, "applied"]
