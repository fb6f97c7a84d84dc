"""The tap of the wire inspector: it holds chunks back, cuts in them, and writes down what passed."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import httpx2

from mockmate_nb.errors import WireError
from mockmate_nb.lab.wire_frames import Blot, Frame, Gate, Held, Record
from mockmate_nb.llm.tap import Tap
from mockmate_nb.wire.sse import ServerSentEvent, SSEDecoder


class WireTap(Tap):
    """`text` gives the client's text so far; `secret` is blotted out of all that is shown, also where it comes in
    parts. The client gets every byte as it is.

    `gate` and `record` belong to whoever holds `lock`. `changed` is called on the reading loop, `loop`.
    """

    def __init__(self, secret: str, changed: Callable[[], None]) -> None:
        self.lock = threading.Lock()
        self.gate, self.record = Gate(), Record()
        self.text: Callable[[], str] = str
        self.held: Held | None = None
        self.requests = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self._blot, self._text_blot = Blot(secret.encode(), b"*"), Blot(secret, "*")
        self._doubt = b""
        self._over = False
        self.changed = changed
        self._wake = asyncio.Event()
        self._began = 0.0
        self._offset = 0
        self._patience: float | None = None
        self._decoder = SSEDecoder()
        self._broken = False
        self._passed: Frame | None = None

    @property
    def settled(self) -> bool:
        """Whether the client has read all that has passed."""
        return self._passed is None

    @property
    def shown(self) -> str:
        """The client's text, without the secret; what may be its beginning waits until that is known."""
        return (self._text_blot.whole if self._over else self._text_blot.certain)(self.text())

    def woken(self) -> None:
        """The gate says something else than before; from any thread."""
        self.later(self._wake.set)

    def later(self, act: Callable[[], object]) -> None:
        """Do it on the reading loop, soon; not at all before that reads, or when it is closed."""
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(act)

    def begin(self) -> None:
        """The running loop is the one that reads."""
        self.loop = asyncio.get_running_loop()
        self.changed()

    # The client calls these, on the loop that reads.

    def asked(self) -> None:
        self.settle()
        with self.lock:
            self.requests += 1
            if self.requests == 1:
                self._began = time.perf_counter()
            self._decoder, self._offset, self._broken, self._doubt = SSEDecoder(), 0, False, b""
        self.changed()

    async def piece(self, raw: bytes) -> bytes:
        blotted = self._blot.whole(self._doubt + raw)[len(self._doubt) :]
        self.held = Held(self.record.total.chunks + 1, self._now(), blotted, self.requests, self._offset)
        try:
            while (passed := self._pass(raw, self.held)) is None:
                self.changed()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._patience):
                        await self._wake.wait()
            return passed
        finally:
            self.held = None
            self.changed()

    def passed(self) -> None:
        self.settle()
        if self._broken:
            raise _cut()

    def end(self) -> None:
        """No more comes."""
        self._over = True
        self.settle()

    def settle(self) -> None:
        """Write down what has passed, with the text that the client's text has grown by since."""
        with self.lock:
            frame, self._passed = self._passed, None
            known = self.record.total.characters
            new = self.shown[known:]
            if frame is not None:
                self.record.add(replace(frame, text=new, text_at=known))
            elif new and self.record.frames:
                last = self.record.frames[-1]
                self.record.amend(replace(last, text=last.text + new))
            else:
                return
        self.changed()

    def _pass(self, raw: bytes, held: Held) -> bytes | None:
        """What of the chunk passes now; None: it is to wait. `ReadError` where the line is cut before it."""
        self._wake.clear()
        with self.lock:
            now, gate = self._now(), self.gate
            if (wait := gate.wait(now)) > 0:
                self._patience = None if wait == math.inf else wait
                return None
            self._broken = gate.cut_at is not None
            size, gate.cut_at = gate.take(len(raw), now), None
            part, self._offset = held.raw[:size], self._offset + size
            self._doubt = self._blot.doubt(self._doubt + raw[:size])
            events, fault = self._events(part)
            self._passed = Frame(
                number=held.number,
                at=held.at,
                raw=part,
                events=events,
                text="",
                request=held.request,
                offset=held.offset,
                held=now - held.at,
                lost=len(raw) - size,
                fault=fault,
                cut=self._broken,
            )
        asyncio.get_running_loop().call_soon(self.settle)  # once the client has read it
        if not size:
            raise _cut()
        return raw[:size]

    def _events(self, part: bytes) -> tuple[tuple[ServerSentEvent, ...], str]:
        try:
            return tuple(self._decoder.feed(part)), ""
        except WireError as fault:
            return (), fault.message

    def _now(self) -> float:
        return time.perf_counter() - self._began


def _cut() -> httpx2.ReadError:
    return httpx2.ReadError("the line was cut here")
