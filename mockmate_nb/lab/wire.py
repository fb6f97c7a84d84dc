"""The wire inspector: one live stream as bytes, as events and as text, chunk by chunk; held, stepped, slowed, cut.

```python
inspection = inspect(LLM(), "What is a server-sent event?")
await inspection.step()          # asks, and lets one chunk through
inspection.held.raw              # the bytes that wait
inspection.cut(at=40)            # 40 bytes of them pass, then the line breaks; the client asks again and goes on
await inspection
[(frame.raw, frame.events, frame.text) for frame in inspection.frames]
```
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import aclosing
from typing import Any, Literal, Self

from mockmate_nb import aio
from mockmate_nb.errors import MockMateError
from mockmate_nb.lab.wire_frames import Counts, Frame, Gate, Held
from mockmate_nb.lab.wire_tap import WireTap
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import ChatStream, Message

__all__ = ["Counts", "Frame", "Held", "Inspection", "State", "inspect"]

Ending = Literal["done", "stopped", "failed"]
State = Literal["idle", "playing", "paused", "done", "stopped", "failed"]


def inspect(llm: LLM, messages: str | Sequence[Message], *, max_tokens: int | None = None) -> Inspection:
    """One reply, ready to be looked at; nothing is asked before it is played, stepped, paused or awaited.

    Raises `CallerError` for what cannot be asked.
    """
    asked = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    return Inspection(llm, asked, max_tokens=max_tokens)


class Inspection:
    """A reply that passes under a glass. It runs on the worker loop; every verb may be called from any thread.

    A verb takes effect at once: after `pause()` no chunk passes. After the end verbs do nothing. `await` waits for
    the end, whatever it is, and gives the inspection: `state` is then `done`, `stopped` or `failed` (`fault` says
    why). A held stream goes on at its source: its bytes wait in the machine, and come in one go when it is played.
    What was cut is asked for again by the client, with the text so far (`seams`, as in `ChatStream`); it gives up
    after RETRY_TIMES such cuts. Of a long stream the last 1,000 chunks are kept, at most 256 kB; `left_out` counts
    those before. An inspection that nobody holds any more is ended.

    Only bodies of replies are seen, no header. A key that a service repeats is blotted out but for its first letters,
    in bytes, events, text and fault, however it is cut in chunks. Spelt out over several deltas it is blotted out of
    the text; in the bytes those have JSON between them, and stand there as they are.
    """

    def __init__(self, llm: LLM, messages: Sequence[Message], *, max_tokens: int | None = None) -> None:
        self._listeners: list[Callable[[], None]] = []
        notify = weakref.WeakMethod(self._notify)
        self._tap = WireTap(llm.settings.api_key.get_secret_value(), lambda: _tell(notify))
        self._stream = llm.stream(messages, max_tokens=max_tokens, tap=self._tap)
        self._work: concurrent.futures.Future[None] | None = None
        self._end = _End()

    def __repr__(self) -> str:
        return f"<Inspection {self.state}, {self.total.chunks} chunks>"

    # What there is.

    @property
    def state(self) -> State:
        if self._end.state is not None:
            return self._end.state
        if self._work is None:
            return "idle"
        return "paused" if self._tap.gate.left == 0 and self._tap.settled else "playing"

    @property
    def held(self) -> Held | None:
        """The chunk that has come and waits."""
        return self._tap.held

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The chunks that have passed, as far as they are kept."""
        return self.after(0)

    def after(self, number: int) -> tuple[Frame, ...]:
        """The kept frames with a higher number."""
        with self._tap.lock:
            return self._tap.record.after(number)

    @property
    def total(self) -> Counts:
        """Of all that has passed."""
        return self._tap.record.total

    @property
    def left_out(self) -> Counts:
        """Of the frames that are not kept."""
        return self._tap.record.left_out

    @property
    def requests(self) -> int:
        """How many times the client has asked: 1, and 1 more after each cut."""
        return self._tap.requests

    @property
    def text(self) -> str:
        """The client's text so far; what may be the beginning of the key comes as soon as it is known not to be."""
        return self._tap.shown

    @property
    def seams(self) -> list[int]:
        """The UTF-8 byte offsets in the text at which a continuation after a cut begins."""
        return list(self._stream.seams)

    @property
    def speed(self) -> float | None:
        """Chunks a second, at most; None: as they come."""
        return self._tap.gate.speed

    @property
    def fault(self) -> MockMateError | None:
        """Why it failed."""
        return self._end.fault

    # What can be done.

    def play(self) -> None:
        """Ask, if nothing has been asked yet; let all chunks through."""
        self._tell_gate(lambda gate: setattr(gate, "left", None))

    def pause(self) -> None:
        """Let no further chunk through. Before the beginning: ask, and hold the first one."""
        self._tell_gate(lambda gate: setattr(gate, "left", 0))

    def step(self, n: int = 1) -> aio.Begun[tuple[Frame, ...]]:
        """Let n more chunks through, then pause. Awaited, it waits for the next one to be held, or for the end, and
        gives those that passed."""
        before = self.total.chunks
        self._tell_gate(lambda gate: gate.step(n))
        return aio.Begun("step", self._stepped(before), self.stop)

    def slow(self, chunks_a_second: float | None = None) -> None:
        """Let at most so many through in a second while it plays; None: as they come."""
        self._tell_gate(lambda gate: gate.slow(chunks_a_second), begins=False)

    def cut(self, at: int = 0) -> None:
        """Break the line in the chunk that is held, or else in the next: its first `at` bytes pass, no more."""
        self._tell_gate(lambda gate: gate.cut(at), begins=False)

    async def stop(self) -> None:
        """End it; from any loop. What has passed stays."""
        if self._work is None:
            self._end.state = "stopped"
        else:
            await aio.on_worker(self._stream.stop())
            await self._over()

    async def still(self) -> None:
        """Until it is paused with the next chunk in hand, or over."""
        with self._changes() as changed:
            while self._moves:
                await changed.wait()
                changed.clear()

    @property
    def _moves(self) -> bool:
        waits = self.held is not None and self._tap.gate.cut_at is None
        return self.state == "playing" or (self.state == "paused" and not waits)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call on the worker loop whenever something is otherwise than before."""
        self._listeners.append(callback)

    def __await__(self) -> Generator[Any, None, Self]:
        return self._whole().__await__()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        """The frames as they pass; a reader who is very slow misses those that are not kept."""
        seen = 0
        with self._changes() as changed:
            self._begin()
            while True:
                over = self._end.state is not None
                for frame in self.after(seen):
                    seen = frame.number
                    yield frame
                if over:
                    return
                await changed.wait()
                changed.clear()

    def _tell_gate(self, said: Callable[[Gate], None], *, begins: bool = True) -> None:
        with self._tap.lock:
            said(self._tap.gate)
        self._tap.woken()
        if begins and self._work is None and self._end.state is None:
            self._ask()
        self._notify()

    def _begin(self) -> None:
        if self.state == "idle":
            self.play()

    def _ask(self) -> None:
        self._tap.text = lambda stream=self._stream: stream.text  # type: ignore[misc]  # a default binds it
        work = _read(self._stream, self._tap, self._end)
        self._work = asyncio.run_coroutine_threadsafe(work, aio.loop())
        weakref.finalize(self, self._work.cancel).atexit = False

    async def _stepped(self, before: int) -> tuple[Frame, ...]:
        await self.still()
        return self.after(before)

    async def _whole(self) -> Self:
        self._begin()
        await self._over()
        return self

    async def _over(self) -> None:
        if self._work is not None:
            await asyncio.shield(asyncio.wrap_future(self._work))

    @contextlib.contextmanager
    def _changes(self) -> Generator[asyncio.Event]:
        """An event of the running loop that is set with each change."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # a closed loop waits for nothing
                loop.call_soon_threadsafe(changed.set)

        self._listeners.append(tell)
        try:
            yield changed
        finally:
            self._listeners.remove(tell)

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            self._tap.later(listener)


class _End:
    """How it ended; known to the reading task, which does not know the inspection."""

    def __init__(self) -> None:
        self.state: Ending | None = None
        self.fault: MockMateError | None = None


async def _read(stream: ChatStream, tap: WireTap, end: _End) -> None:
    """Take what the client gives until it ends: nobody else reads it."""
    state: Ending = "stopped"
    tap.begin()
    try:
        async with aclosing(stream.batches()) as batches:
            async for _ in batches:
                pass
        state = "stopped" if stream.finish_reason == "stopped" else "done"
    except MockMateError as fault:
        state, end.fault = "failed", fault
    finally:
        tap.end()
        if end.fault is not None:
            end.fault.partial = tap.shown
        end.state = state
        tap.changed()


def _tell(notify: weakref.WeakMethod[Callable[[], None]]) -> None:
    if (method := notify()) is not None:
        method()
