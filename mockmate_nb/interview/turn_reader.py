"""The events of one command's turn, on the loop of whoever reads them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

from mockmate_nb import aio
from mockmate_nb.streams.producer import Producer
from mockmate_nb.wire.events import Event


class TurnReader:
    """The events of one command's turn, as an async iterable on the caller's own loop.

    The command takes effect with `launch`, or else at the first step of the iteration; it means the turn that
    stood when it was given. Leaving early does not end the turn; `stop()` does. At its end the turn is in the
    history too.
    """

    def __init__(
        self,
        command: Callable[[], Coroutine[Any, Any, Producer]],
        stop: Callable[[], Awaitable[None]],
        settled: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._command, self._stop, self._settled = command, stop, settled
        self._producer: Producer | None = None

    async def launch(self) -> Producer:
        """Let the command take effect, and its turn run; raises where it has no place. A second call does nothing."""
        if self._producer is None:
            self._producer = await aio.on_worker(self._command())
        return self._producer

    async def stop(self) -> None:
        await self._stop()

    async def __aiter__(self) -> AsyncGenerator[Event, None]:
        producer = await self.launch()
        async with contextlib.aclosing(producer.follow()) as events:
            async for event in events:
                yield event
        await aio.on_worker(self._settled())
