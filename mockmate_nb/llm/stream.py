"""`ChatStream`: one reply as it arrives, stopped at any moment, continued after a cut.

A pump task owns the connection and hands over what it has read; the reader takes what is at hand. So a stop
takes effect before the first byte too, and a reader that is slow loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import anyio
import httpx2

from mockmate_nb.errors import Kind, MockMateError
from mockmate_nb.llm.body import Body
from mockmate_nb.llm.chunks import (
    DONE,
    StatusError,
    Usage,
    estimate_tokens,
    fault,
    prompt_tokens,
    read_chunk,
)
from mockmate_nb.llm.cost import Ledger
from mockmate_nb.llm.seam import Message as Message
from mockmate_nb.llm.seam import Seam, continuation
from mockmate_nb.llm.tap import Tap

Opener = Callable[[list[Message], int], AbstractAsyncContextManager[AsyncIterator[bytes]]]

HIGH_WATER = 4096
LULL = 0.001  # seconds without text after which the reader is let in before more is read
FIRST_DELAY, MAX_DELAY, MAX_RETRY_AFTER = 0.2, 4.0, 60.0
_CUTS = (httpx2.HTTPError, httpx2.StreamError, OSError, anyio.EndOfStream)


@dataclass(slots=True)
class Timing:
    """Seconds since the request was sent; None until it has happened. TTFT is `first_content`."""

    first_byte: float | None = None
    first_content: float | None = None
    last_content: float | None = None
    end: float | None = None


def backoff(attempt: int) -> float:
    """Seconds to wait before the given re-ask (1, 2, …): exponential, with jitter of half its length."""
    delay = min(MAX_DELAY, FIRST_DELAY * 2.0 ** (attempt - 1))
    return delay * random.uniform(0.5, 1.0)  # noqa: S311 - jitter needs no secrecy


def _asks_again(error: MockMateError) -> bool:
    """Not where the service was silent, since that may go on, nor where it wants a longer wait than a user."""
    if isinstance(error, StatusError):
        return error.retryable and error.retry_after <= MAX_RETRY_AFTER
    return error.kind in (Kind.CONNECTION, Kind.SERVER)


class ChatStream:
    """An async iterable of `str` deltas. `text` is all that came; after a fault or a stop it is still there.

    Use it with `async with` or bare in `async for`; leaving either closes the connection. `opener` makes one
    request, of messages and a limit in tokens, and gives the bytes of its reply; it is used at most
    1 + `retry_times` times. `seams` are the UTF-8 byte offsets at which a continuation after a cut begins:
    another sample may be another text, so only the prefix is promised to be kept.
    """

    def __init__(
        self,
        opener: Opener,
        messages: Sequence[Message],
        *,
        limit: int,
        retry_times: int,
        ledger: Ledger,
        prefix: str = "",
        tap: Tap | None = None,
    ) -> None:
        self._tap = tap
        self._opener = opener
        self._messages = list(messages)
        self._limit = limit
        self._retry_times = retry_times
        self._ledger = ledger
        self._prefix = prefix
        self._parts: list[str] = []
        self._said: list[str] = [prefix] if prefix else []
        self._joining = threading.Lock()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began = 0.0
        self._stopped = False
        self._told: Usage | None = None
        self._seam: Seam | None = None
        self._mark: int | None = None
        self.seams: list[int] = [len(prefix.encode())] if prefix else []
        self.finish_reason: str | None = None
        self.usage: Usage | None = None
        self.timing = Timing()

    @property
    def text(self) -> str:
        """All that came, the prefix included. May be read from any thread, while more is coming."""
        with self._joining:
            if (count := len(self._said)) > 1:
                self._said[:count] = ["".join(self._said[:count])]
            return self._said[0] if count else ""

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def __aiter__(self) -> AsyncGenerator[str, None]:
        async with contextlib.aclosing(self.batches()) as batches:
            async for batch in batches:
                for delta in batch:
                    yield delta

    async def batches(self) -> AsyncGenerator[list[str], None]:
        """All deltas that are at hand, as a list that is never empty; for readers that join them anyway."""
        self._start()
        pump = self._pump
        try:
            while True:
                if self._parts:
                    batch, self._parts = self._parts, []
                    self._room.set()
                    yield batch
                elif self._stopped or pump is None:
                    return
                elif pump.done():
                    pump.result()
                    return
                else:
                    self._wake.clear()
                    await self._wake.wait()
        finally:
            await self._close()

    async def stop(self) -> None:
        """Close the provider's connection now; what has come stays in `text`. From any loop; twice is once."""
        home, pump = self._loop, self._pump
        if home is None or home is asyncio.get_running_loop() or pump is None or pump.done():
            await self._close(stopped=True)
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._close(stopped=True), home))

    def _start(self) -> None:
        if self._pump is None and not self._stopped:
            self._loop = asyncio.get_running_loop()
            self._began = time.perf_counter()
            self._pump = self._loop.create_task(self._run(), name="mockmate-pump")
            self._pump.add_done_callback(self._ended)

    def _ended(self, pump: asyncio.Task[None]) -> None:
        if not pump.cancelled():
            pump.exception()  # seen, though nobody may read on to where it is raised
        self._wake.set()

    async def _close(self, *, stopped: bool = False) -> None:
        pump = self._pump
        if pump is None or not pump.done():
            self._stopped = True
            if stopped:
                self.finish_reason = "stopped"
        if pump is not None and not pump.done():
            pump.cancel()
            await asyncio.wait([pump])
        self._wake.set()

    def _since(self) -> float:
        return time.perf_counter() - self._began

    async def _run(self) -> None:
        try:
            await self._ask_until_whole()
        except MockMateError as error:
            error.partial = self.text
            raise
        finally:
            self.timing.end = self._since()

    async def _ask_until_whole(self) -> None:
        for attempt in range(self._retry_times + 1):
            partial = self.text
            left = self._limit - estimate_tokens(partial[len(self._prefix) :])
            if left < 1:
                self.finish_reason = "length"
                return
            if partial:
                self._seam, self._mark = Seam(partial), len(partial.encode())
            try:
                await self._ask(continuation(self._messages, partial), left)
            except MockMateError as error:
                if attempt == self._retry_times or not _asks_again(error):
                    raise
                pause = max(backoff(attempt + 1), getattr(error, "retry_after", 0.0))
            else:
                return
            await asyncio.sleep(pause)

    async def _ask(self, messages: list[Message], limit: int) -> None:
        """One request, with what it costs."""
        prompt, before = prompt_tokens(messages), len(self.text)
        held = self._ledger.hold(prompt, limit)
        self._told, opened, free = None, False, False
        try:
            async with self._opener(messages, limit) as chunks:
                opened = True
                await self._read(chunks)
        except MockMateError as error:
            free = not opened and error.kind is not Kind.TIMEOUT
            raise
        finally:
            used = self._told or Usage(prompt, estimate_tokens(self.text[before:]), estimated=True)
            self._ledger.settle(held, None if free else used)
            if not free:
                self.usage = used if self.usage is None else self.usage.plus(used)

    async def _read(self, chunks: AsyncIterator[bytes]) -> None:
        """One reply: its bytes to deltas. Returns when it is whole; raises where it is cut."""
        body, done, cut = Body(), False, None
        try:
            async for piece in chunks:
                if done := await self._hand_over(body, piece):
                    break
            else:
                done = self._take(body.close())
        except httpx2.TimeoutException:
            cut = fault(Kind.TIMEOUT, "The service fell silent in the middle of its reply.")
        except _CUTS:
            cut = fault(Kind.CONNECTION, "The connection was cut in the middle of the reply.")
        if not (done or self.finish_reason):
            raise cut or fault(Kind.CONNECTION, "The reply ended without its end mark.")
        if self._seam is not None and (held := self._seam.close()):
            self._say(held)
        if self.finish_reason == "content_filter":
            raise fault(Kind.CONTENT_FILTER, "The service's content filter cut the reply.")

    async def _hand_over(self, body: Body, piece: bytes) -> bool:
        """Takes one piece of a reply, and lets the reader have it; whether the end mark was in it."""
        if self.timing.first_byte is None:
            self.timing.first_byte = self._since()
        before = self.timing.last_content or 0.0
        done = self._take(body.feed(piece))
        if len(self._parts) > HIGH_WATER:
            await self._room_is_made()
        elif not done and self._parts and (self.timing.last_content or 0.0) - before > LULL:
            await asyncio.sleep(0)  # the reader first: the way down to the next piece is long
        return done

    def _take(self, events: list[str]) -> bool:
        """Takes what a reply's events say; whether its end mark was among them."""
        for data in events:
            if self._tap is not None:
                self._tap.event(data)
            if data == DONE:
                return True
            text, finish, usage = read_chunk(data)
            if self._seam is not None:
                text = self._seam.feed(text)
            if text:
                self._say(text)
            if finish is not None:
                self.finish_reason = finish
            if usage is not None:
                self._told = usage
        return False

    def _say(self, text: str) -> None:
        timing = self.timing
        timing.last_content = now = time.perf_counter() - self._began
        if timing.first_content is None:
            timing.first_content = now
        if self._mark is not None:
            if self._mark not in self.seams[-1:]:
                self.seams.append(self._mark)
            self._mark = None
        self._said.append(text)
        self._parts.append(text)
        self._wake.set()

    async def _room_is_made(self) -> None:
        """The reader is slow: read no further, so that the service is held back."""
        while len(self._parts) > HIGH_WATER:
            self._room.clear()
            await self._room.wait()
