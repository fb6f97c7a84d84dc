"""The worker loop on its own thread, and `run()` for plain cells and scripts.

Work runs on the worker loop, never on the kernel's own: a Stop button's callback then finds a free loop
to hand over to, whatever the kernel is doing.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import importlib
import math
import threading
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator
from importlib import metadata
from typing import Any, Generic, TypeVar, overload

from mockmate_nb.errors import CallerError

T = TypeVar("T")
SLICE, GRACE = 0.2, 10.0  # seconds: between two looks for an interrupt; for work to end after one

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def loop() -> asyncio.AbstractEventLoop:
    """The worker loop; its daemon thread is started at first use and ended at exit."""
    global _loop, _thread
    with _lock:
        if _loop is None or not (_thread and _thread.is_alive()):
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_turn, args=(_loop,), name="mockmate-loop", daemon=True)
            _thread.start()
            atexit.register(shutdown)
        return _loop


def _turn(worker: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(worker)
    try:
        worker.run_forever()
    finally:
        for task in (tasks := asyncio.all_tasks(worker)):
            task.cancel()
        worker.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        worker.run_until_complete(worker.shutdown_asyncgens())
        worker.run_until_complete(worker.shutdown_default_executor())
        worker.close()


def shutdown() -> None:
    """End the worker loop and its thread; what still ran there is cancelled. The next `loop()` makes new ones."""
    global _loop, _thread
    with _lock:
        worker, thread, _loop, _thread = _loop, _thread, None, None
    atexit.unregister(shutdown)
    if worker is not None and thread is not None and thread.is_alive():
        worker.call_soon_threadsafe(worker.stop)
        thread.join(timeout=5)


async def on_worker(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` on the worker loop, from any loop."""
    worker = loop()
    if asyncio.get_running_loop() is worker:
        return await work
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, worker))


class Begun(Awaitable[T]):
    """Work that has begun on the worker loop: nobody needs to await it, and anybody may, from any loop.

    `stop()` ends it as its owner's stop button would; then it still has a value.
    """

    def __init__(self, name: str, work: Coroutine[Any, Any, T], stop: Callable[[], Awaitable[None]]) -> None:
        self._name, self._stop = name, stop
        self._future = asyncio.run_coroutine_threadsafe(work, loop())

    def __repr__(self) -> str:
        return f"<{self._name}>"

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.shield(asyncio.wrap_future(self._future)).__await__()

    async def stop(self) -> None:
        await self._stop()


@overload
def run(work: Awaitable[T]) -> T: ...
@overload
def run(work: AsyncIterable[T]) -> list[T]: ...
def run(work: Awaitable[T] | AsyncIterable[T]) -> T | list[T]:
    """A coroutine's value, or the list of what an async iterator gives, from a plain cell or a script.

    The interrupt button (KeyboardInterrupt) stops the work, and `run` waits until it has ended. What an async
    iterator gave so far is returned, the ending it has after a `stop()` included; so is the value of an awaitable
    with a `stop()`. For any other the interrupt goes on.
    """
    __tracebackhide__ = True
    worker = loop()
    if threading.current_thread() is _thread:
        if asyncio.iscoroutine(work):
            work.close()
        raise CallerError(
            "run() was called from code that already runs on the worker loop.",
            advice="Use await or async for there.",
        )
    if isinstance(work, Awaitable):
        return _value(work, worker)
    if isinstance(work, AsyncIterable):
        return _collect(work, worker)
    raise CallerError(
        f"run() was given a {type(work).__name__}, which is neither a coroutine nor an async iterator.",
        advice="Call the function first, as in run(interview.start()).",
    )


def _value(work: Awaitable[T], worker: asyncio.AbstractEventLoop) -> T:
    __tracebackhide__ = True
    job = _Job(work, worker)
    try:
        job.wait()
    except KeyboardInterrupt:
        _stop(work, job, worker)
        if not job.future.done() or job.future.cancelled():
            job.cancel()
            raise
    return job.future.result()


def _stop(work: object, job: _Job[Any], worker: asyncio.AbstractEventLoop) -> None:
    """Stop work that can be stopped, and wait for its ending."""
    stop = getattr(work, "stop", None)
    if stop is not None:
        _Job(stop(), worker).wait(GRACE)
        job.wait(GRACE)


def _collect(source: AsyncIterable[T], worker: asyncio.AbstractEventLoop) -> list[T]:
    __tracebackhide__ = True
    seen: list[T] = []

    async def drain() -> None:
        async for item in source:
            seen.append(item)  # noqa: PERF401 - what came before an interrupt is to be there

    job = _Job(drain(), worker)
    try:
        job.wait()
    except KeyboardInterrupt:
        _stop(source, job, worker)
        job.cancel()
        return seen
    job.future.result()
    return seen


class _Job(Generic[T]):
    """Work on the worker loop, waited for from another thread."""

    def __init__(self, work: Awaitable[T], worker: asyncio.AbstractEventLoop) -> None:
        self._worker = worker
        self._task: asyncio.Task[T] | None = None
        self.future = asyncio.run_coroutine_threadsafe(self._main(work), worker)

    async def _main(self, work: Awaitable[T]) -> T:
        self._task = asyncio.current_task()
        return await work

    def wait(self, seconds: float = math.inf) -> None:
        """Until the work has ended. In slices: on Windows a wait without an end cannot be interrupted."""
        __tracebackhide__ = True
        end = time.monotonic() + seconds
        while not self.future.done() and time.monotonic() < end:
            concurrent.futures.wait([self.future], timeout=SLICE)

    def cancel(self) -> None:
        if not self.future.done() and self._task is not None:
            self._worker.call_soon_threadsafe(self._task.cancel)
            self.wait(GRACE)
        self.future.cancel()


def allow_nested_loops() -> str:
    """Let `asyncio.run` be called in a cell; gives the name of the package that does it.

    On ipykernel 7 plain `nest_asyncio` makes *Run All* drop every later cell without a word;
    `nest_asyncio2` does not. Nothing is patched unless this is called.
    """
    name = "nest_asyncio2" if int(metadata.version("ipykernel").partition(".")[0]) >= 7 else "nest_asyncio"
    importlib.import_module(name).apply()
    return name
