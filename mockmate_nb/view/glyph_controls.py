"""`GlyphControls`: buttons whose page notes when they are pressed, and answers pings by its own clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Literal, NamedTuple, cast

import traitlets

from mockmate_nb import aio
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.waterfall import Ping
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.glyph_words import LABELS
from mockmate_nb.view.publishing import PublishedWidget, from_cell

Command = Literal["more", "stop", "reset"]


class Press(NamedTuple):
    """A press of Ask: `clicked` and `said` by the page's clock, `heard` by the kernel's, in seconds."""

    clicked: float
    said: float
    heard: float
    page: float
    tick: float


class GlyphControls(PublishedWidget):
    """Ask, 10 more, Stop, Clear figures. `press` and `ping` speak to the page that shows them, on the worker loop."""

    _esm = joined("glyph.js")
    _css = STATIC / "glyph.css"

    busy = traitlets.Bool(False).tag(sync=True)
    """An answer is on its way: only Stop can be pressed."""
    labels = traitlets.Dict().tag(sync=True)
    """What each button says."""
    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)

    def __init__(self, *, language: Language = "en") -> None:
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._on_press: Callable[[Press], object] = lambda _press: None
        self._on_command: Callable[[Command], object] = lambda _name: None
        super().__init__(language=language, labels=LABELS[language])
        self.on_msg(self._hear)

    def __repr__(self) -> str:
        return "GlyphControls()"

    def on_press(self, callback: Callable[[Press], object]) -> None:
        """Call with a person's press of Ask, where the kernel hears the page: hand over and return."""
        self._on_press = callback

    def on_command(self, callback: Callable[[Command], object]) -> None:
        """Call with the name of any other button that was pressed."""
        self._on_command = callback

    def show_busy(self, busy: bool) -> None:
        from_cell(setattr, self, "busy", busy)

    async def press(self, seconds: float) -> Press:
        """Have the page press Ask by itself; `TimeoutError` if none is heard for so long."""
        _, press = await self._exchange({"type": "press"}, seconds)
        return cast("Press", press)

    async def ping(self, page: float, seconds: float) -> Ping:
        """An exchange with the page of this number; `TimeoutError` as above."""
        sent, answer = await self._exchange({"type": "ping", "origin": page}, seconds)
        return Ping(sent, *answer)

    async def _exchange(self, content: dict[str, object], seconds: float) -> tuple[float, Any]:
        number, answer = next(self._numbers), asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        sent = time.perf_counter()
        self.send({**content, "number": number})
        try:
            async with asyncio.timeout(seconds):
                return sent, await answer
        finally:
            del self._waiting[number]

    def _hear(self, _widget: object, content: object, _buffers: object) -> None:
        heard = time.perf_counter()
        match content:
            case {
                "type": "click",
                "number": int(number),
                "clicked": int() | float() as clicked,
                "said": int() | float() as said,
                "origin": int() | float() as page,
                "tick": int() | float() as tick,
            }:
                press = Press(clicked / 1000, said / 1000, heard, page, tick / 1000)
                if number:
                    self._answer(number, press)
                else:
                    self._on_press(press)
            case {
                "type": "pong",
                "number": int(number),
                "received": int() | float() as received,
                "answered": int() | float() as answered,
            }:
                self._answer(number, (received / 1000, answered / 1000, heard))
            case {"type": "more" | "stop" | "reset" as name}:
                self._on_command(name)

    def _answer(self, number: int, answer: object) -> None:
        """Hand it to the worker loop; of several pages the first counts."""
        aio.loop().call_soon_threadsafe(self._give, number, answer)

    def _give(self, number: int, answer: object) -> None:
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
