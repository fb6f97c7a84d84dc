"""What a press or a call sets going on the worker loop: one command at a time, and no fault in silence."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

from mockmate_nb import aio
from mockmate_nb.view.publishing import from_cell

DOUBLE = 0.4
"""Seconds in which a second press of the same button is the second half of a double click."""
Act = Callable[[], Coroutine[Any, Any, None]]


class Acts:
    """`before` and `after` stand around every act; `tell` shows what goes wrong in it."""

    def __init__(
        self, before: Callable[[], None], tell: Callable[[Exception], None], after: Callable[[], None]
    ) -> None:
        self._before, self._tell, self._after = before, tell, after
        self._launching: object | None = None
        self._last: tuple[Act | None, float] = (None, 0.0)

    def press(self, act: Act, *, may: Callable[[], bool], waits: bool = True) -> None:
        """For callbacks: hand over and return. What goes wrong is shown, and raised nowhere.

        A press does nothing where it no longer `may`, nor, with `waits`, while another is launching, nor as the
        second half of a double click.
        """
        before, self._last = self._last, (act, time.monotonic())
        if before[0] is act and self._last[1] - before[1] < DOUBLE:
            return
        from_cell(asyncio.run_coroutine_threadsafe, self._pressed(act, may, waits=waits), aio.loop())

    def begin(self, name: str, act: Act, stop: Act) -> aio.Begun[None]:
        """For scripts: it begins at once; what goes wrong is shown, and raised to whoever awaits it."""
        return from_cell(aio.Begun, name, self._do(act), stop)

    def launched(self) -> None:
        """The command has taken effect: the next press counts."""
        self._launching = None

    async def _pressed(self, act: Act, may: Callable[[], bool], *, waits: bool) -> None:
        mine = object()
        if not may() or (waits and self._launching is not None):
            return
        if waits:
            self._launching = mine
        try:
            with contextlib.suppress(Exception):  # it stands on the screen
                await self._do(act)
        finally:
            if self._launching is mine:
                self._launching = None

    async def _do(self, act: Act) -> None:
        self._before()
        try:
            await act()
        except Exception as fault:
            self._tell(fault)
            raise
        finally:
            self._after()
