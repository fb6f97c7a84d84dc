"""Work that measures: it can be awaited, watched and stopped, and what it has found so far is never lost."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Awaitable, Callable, Generator
from typing import Generic, TypeVar

from mockmate_nb import aio

T = TypeVar("T")
SLICE = 0.2
"""Seconds between two looks for an interrupt."""


class Measuring(Awaitable[T], Generic[T]):
    """A measurement that is planned, under way or over. `compare` and `sweep` make them.

    ```python
    report = run(compare(llm, prompt))        # or, in a coroutine: await compare(llm, prompt)
    work = compare(llm, prompt).begin()       # begins now, on the worker loop
    work.done, work.total, work.doing         # 7, 40, "pair 4 of 20, warm"
    await work.stop()                         # the request that runs is closed
    work.report                               # what was measured until then
    ```

    The interrupt button, during `run`, is a stop: the cell goes on with the partial report. A cancelled `await`
    stops the work too, and leaves the partial in `report`: keep the work by a name to have it.
    """

    def __init__(
        self, name: str, empty: T, total: int, work: Callable[[Measuring[T]], Awaitable[None]]
    ) -> None:
        self._name, self._work = name, work
        self._future: concurrent.futures.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[], None]] = []
        self._beginning = threading.Lock()
        self._stopped = False
        self.finished = False
        self.report = empty
        self.done, self.total, self.doing = 0, total, ""

    def __repr__(self) -> str:
        return f"<{self._name}: {self.done} of {self.total}{', over' if self.finished else ''}>"

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before its end."""
        return self._stopped

    def begin(self) -> Measuring[T]:
        """Begin now; a second call does nothing, nor does one after a stop."""
        with self._beginning:
            if self._future is None and not self._stopped:
                self._future = asyncio.run_coroutine_threadsafe(self._main(), aio.loop())
        return self

    def on_change(self, watcher: Callable[[], None]) -> None:
        """Have `watcher` called, on the worker loop, at each step and at the end."""
        self._watchers.append(watcher)

    def step(self, doing: str, *, done: int | None = None) -> None:
        """For the work itself: say what is being done, and how many runs are."""
        self.doing, self.done = doing, self.done if done is None else done
        self._tell()

    def __await__(self) -> Generator[object, None, T]:
        return self._outcome().__await__()

    async def stop(self) -> None:
        """Close the request that runs and end. `report` has what was measured. Twice is once."""
        await aio.on_worker(self._stop())

    async def _stop(self) -> None:
        if self.finished:
            return
        with self._beginning:
            self._stopped = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        elif self._future is None:
            self._end()

    async def _outcome(self) -> T:
        self.begin()
        if self._future is None:
            return self.report
        over = asyncio.wrap_future(self._future)
        try:
            while not over.done():  # in slices: an interrupt does not wake a kernel's loop
                await asyncio.wait([over], timeout=SLICE)
        except asyncio.CancelledError:
            await self.stop()
            raise
        over.result()
        return self.report

    async def _main(self) -> None:
        self._task = asyncio.current_task()
        try:
            if not self._stopped:
                await self._work(self)
        except asyncio.CancelledError:
            if not self._stopped:
                raise
        finally:
            self._end()

    def _end(self) -> None:
        self.finished = True
        self.step("")

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            with contextlib.suppress(Exception):  # who watches does not stop the work
                watcher()
