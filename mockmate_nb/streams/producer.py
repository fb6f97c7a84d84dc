"""The owner of a running turn: its own task, ended by exactly one terminal event, whoever reads or leaves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from typing import Any

from mockmate_nb.errors import IllegalStep
from mockmate_nb.streams.log import EventLog
from mockmate_nb.wire.events import TERMINALS, Event

Batch = Sequence[Event]


class Producer:
    """Takes batches of events from `source` and commits each before anybody can see it.

    `on_stop` and `on_fault` give the terminal event for a stop and for a fault of `source`. A process that dies,
    or a loop that ends, writes none: whoever finds the stream then writes `interrupted`.
    """

    def __init__(self, log: EventLog, stream_id: str, *, epoch: int) -> None:
        self._log, self.stream_id, self._epoch = log, stream_id, epoch
        self._task: asyncio.Task[None] | None = None
        self._broken: Future[None] = Future()
        self._stopping = False
        self._ended = False

    def start(
        self,
        source: AsyncIterator[Batch],
        *,
        on_stop: Callable[[], Batch],
        on_fault: Callable[[Exception], Batch],
    ) -> None:
        self._task = asyncio.get_running_loop().create_task(
            self._own(source, on_stop, on_fault), name=f"mockmate-producer {self.stream_id}"
        )

    @property
    def task(self) -> asyncio.Task[None]:
        """The running task."""
        if self._task is None:
            raise RuntimeError("start() comes first")
        return self._task

    @property
    def ended(self) -> bool:
        """Whether its terminal event is committed."""
        return self._ended

    async def follow(self) -> AsyncGenerator[Event, None]:
        """The turn's events to its terminal one, on any loop. A log that cannot be written is raised here."""
        events = self._log.follow(self.stream_id)
        broken = self._watch_broken()
        try:
            while True:
                step = asyncio.ensure_future(anext(events, None))
                either: set[asyncio.Future[Any]] = {step, broken}
                try:
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                    if not step.done():
                        broken.result()
                    record = await step
                finally:
                    step.cancel()
                    await asyncio.wait([step])
                if record is None:
                    return
                yield record[1]
        finally:
            if not broken.cancel():
                broken.exception()
            await events.aclose()

    def _watch_broken(self) -> asyncio.Future[None]:
        """A future of this loop that fails when the log cannot be written."""
        loop = asyncio.get_running_loop()
        watch: asyncio.Future[None] = loop.create_future()

        def tell(broken: Future[None]) -> None:
            with contextlib.suppress(
                RuntimeError
            ):  # the reader's loop has been closed, and the reader with it
                loop.call_soon_threadsafe(_fail, watch, broken.exception())

        self._broken.add_done_callback(tell)
        return watch

    async def stop(self) -> None:
        """Stop the turn, before its first event too; returns when the terminal event is committed."""
        self._stopping = True
        await asyncio.sleep(0)  # a task that is cancelled before its first step writes no terminal event
        self.task.cancel()
        await asyncio.wait([self.task])

    async def _own(
        self,
        source: AsyncIterator[Batch],
        on_stop: Callable[[], Batch],
        on_fault: Callable[[Exception], Batch],
    ) -> None:
        try:
            await self._produce(source, on_stop, on_fault)
        except Exception as error:  # noqa: BLE001 - handed to the readers, who raise it
            with contextlib.suppress(InvalidStateError):
                self._broken.set_exception(error)

    async def _produce(
        self,
        source: AsyncIterator[Batch],
        on_stop: Callable[[], Batch],
        on_fault: Callable[[Exception], Batch],
    ) -> None:
        try:
            try:
                async for batch in source:
                    await self._commit(batch)
            finally:
                closing = getattr(source, "aclose", None)
                if closing is not None:
                    await closing()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            if not self._ended:
                await self._commit(on_stop())
        except Exception as error:
            if self._ended:
                raise
            try:
                batch = on_fault(error)
            except IllegalStep:  # the turn had ended; what failed is the writing of its end
                raise error from None
            await self._commit(batch)

    async def _commit(self, batch: Batch) -> None:
        if not batch:
            return
        try:
            await self._log.append(self.stream_id, batch, epoch=self._epoch)
        except asyncio.CancelledError:  # it came while another process held the log: nothing was written yet
            await self._log.append(self.stream_id, batch, epoch=self._epoch)
            self._ended = batch[-1].type in TERMINALS
            raise
        self._ended = batch[-1].type in TERMINALS


def _fail(watch: asyncio.Future[None], error: BaseException | None) -> None:
    if error is not None and not watch.done():
        watch.set_exception(error)
