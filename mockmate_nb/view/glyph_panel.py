"""`GlyphPanel`: press a button, and see where the time goes until the first text is on the screen."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from functools import partial

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.aio import Begun
from mockmate_nb.errors import CallerError, MockMateError, UnreadableReply
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.measure import Marks
from mockmate_nb.lab.waterfall import Click, Later, Ping, Waterfall
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import ChatStream
from mockmate_nb.view.acts import Acts
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.glyph_controls import Command, GlyphControls, Press
from mockmate_nb.view.glyph_words import report_html, say
from mockmate_nb.view.lines import alarm, note
from mockmate_nb.view.paints import Paint
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.run_text import well_formed
from mockmate_nb.view.stream_view import StreamView
from mockmate_nb.view.styles import sheets
from mockmate_nb.view.words import address, destination

STYLE, IDLE = sheets("glyph_panel.css"), "mockmate-glyph-idle"
MORE, MAX_TOKENS, PINGS = 10, 48, 5
PAGE_SECONDS, PAINT_SECONDS, PING_SECONDS = 5.0, 10.0, 1.0
PAUSE = (0.1, 0.2)
"""Seconds before a ping and before the next click of a series: the page comes to rest, as it never does between
messages in close order, and nothing falls in step with its frames."""


class GlyphPanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Ask, watch the reply stream in, and see each hop's share of the wait for its first text.

    ```python
    panel = GlyphPanel(LLM("practice", pace=20)); panel
    panel.ask(10)                 # the page presses by itself; also a button
    panel.waterfall.frame         # one row a hop
    ```

    `llm`: by default that of `LLM()`; `prompt`: what is asked each time.
    """

    def __init__(
        self, llm: LLM | None = None, prompt: str | None = None, *, language: Language = "en"
    ) -> None:
        if prompt is not None and not prompt.strip():
            raise CallerError("prompt: it is empty.", field="prompt", advice="Leave it out for a short one.")
        self._llm, self.language = llm or LLM(), language
        self._messages = [{"role": "user", "content": prompt or say(language, "prompt")}]
        self.waterfall = Waterfall()
        self._running = self._stopped = False
        self._stream: ChatStream | None = None
        self._paints: list[Paint] = []
        self._paint_came: asyncio.Event | None = None
        self._pings: dict[float, tuple[Ping, ...]] = {}
        self._acts = Acts(partial(self._say, ""), self._tell, lambda: None)
        self.controls = GlyphControls(language=language)
        self.text = StreamView(say(language, "speaker"), language=language)
        self.head, self.said, self.report = w.HTML(self._head()), w.HTML(), w.HTML()
        super().__init__([self.head, self.controls, self.text, self.said, self.report])
        self.add_class("mockmate-glyph")
        if language == "zh":
            self.add_class("mockmate-zh")
        self._rest(say(language, "nothing"))
        self.said.layout.display = "none"
        self.controls.on_press(self._pressed)
        self.controls.on_command(self._command)
        self.text.on_paint(lambda paint: aio.loop().call_soon_threadsafe(self._painted, paint))
        asyncio.run_coroutine_threadsafe(self._prepare(), aio.loop())

    def __repr__(self) -> str:
        return "GlyphPanel()"

    def ask(self, times: int = 1) -> Begun[None]:
        """Have the page press Ask by itself, one time after the other; it begins at once, `await` it for the end.

        Raises, to whoever awaits it: `CallerError` where no page shows the panel, an answer is on its way, or
        `times` is no number from 1 up; the `MockMateError` of a request that fails. What was measured is kept.
        """
        return self._acts.begin("ask", partial(self._ask, times), self._stop)

    def stop(self) -> Begun[None]:
        """End the answer under way, and the series; what was measured stays."""
        return self._acts.begin("stop", self._stop, self._stop)

    def reset(self) -> Begun[None]:
        """Forget all clicks. `CallerError` while an answer is on its way."""
        return self._acts.begin("reset", self._reset, self._stop)

    def close(self) -> None:
        for part in self.children:
            close_whole(part)
        self.layout.close()
        super().close()

    async def _prepare(self) -> None:
        """Load what the first click would wait for; what is wrong is told when somebody asks."""
        with contextlib.suppress(MockMateError):
            await self._llm.ready()

    def _pressed(self, press: Press) -> None:
        self._acts.press(partial(self._ask, 1, press), may=lambda: not self._running)

    def _command(self, name: Command) -> None:
        if name == "stop":
            self._acts.press(self._stop, may=lambda: self._running, waits=False)
        else:
            act = self._reset if name == "reset" else partial(self._ask, MORE)
            self._acts.press(act, may=lambda: not self._running)

    def _painted(self, paint: Paint) -> None:
        self._paints.append(paint)
        if self._paint_came is not None:
            self._paint_came.set()

    async def _ask(self, times: int, press: Press | None = None) -> None:
        self._refuse_while_running()
        if not isinstance(times, int) or times < 1:
            raise CallerError(f"times: {times!r} is no number from 1 up.", field="times")
        self._running, self._stopped = True, False
        try:
            for left in reversed(range(times)):
                await self._one(press or await self._by_itself(), simulated=press is None)
                if self._stopped:
                    break
                if left:
                    await _rest()
        finally:
            self._running = False
            self.controls.show_busy(False)

    async def _stop(self) -> None:
        self._stopped = True
        if self._stream is not None:
            await self._stream.stop()

    async def _reset(self) -> None:
        self._refuse_while_running()
        self.waterfall = Waterfall()
        self._rest(say(self.language, "nothing"))
        from_cell(setattr, self.report, "value", "")

    def _refuse_while_running(self) -> None:
        if self._running:
            raise CallerError(say(self.language, "running"), advice=say(self.language, "running_why"))

    async def _by_itself(self) -> Press:
        try:
            return await self.controls.press(PAGE_SECONDS)
        except TimeoutError:
            told = say(self.language, "absent", seconds=PAGE_SECONDS)
            raise CallerError(told, advice=say(self.language, "absent_why")) from None

    async def _one(self, press: Press, *, simulated: bool) -> None:
        """One click, from its request to its place in the waterfall."""
        marks, self._paints = Marks(), []
        stream = self._stream = self._llm.stream(self._messages, max_tokens=MAX_TOKENS, tap=marks)
        read: list[tuple[float, int]] = []
        async with stream:
            began = time.perf_counter()
            await asyncio.sleep(0)  # the request goes out before the page is told of it
            self.controls.show_busy(True)
            if self.text.status:
                from_cell(self.remove_class, IDLE)
                self.text.status = ""
            run = self.text.start()
            try:
                length = 0
                async for batch in stream.batches():
                    piece = "".join(batch)
                    length += len(well_formed(piece))
                    read.append((time.perf_counter(), length))
                    self.text.append(piece, run=run)
            except MockMateError:
                if length:
                    self.text.finish("failed", run=run)
                else:
                    self._rest(self._nothing_came())
                raise
        self.text.finish("stopped" if self._stopped else "complete", run=run)
        if stream.timing.first_content is None:
            if self._stopped:
                return
            self._rest(say(self.language, "empty"))
            raise UnreadableReply(say(self.language, "empty"), advice=say(self.language, "empty_why"))
        text = marks.reading(began + stream.timing.first_content)
        paints = await self._paints_of(run, press.page, length)
        self.waterfall.add(
            Click(
                clicked=press.clicked,
                said=press.said,
                heard=press.heard,
                asked=marks.zero,
                connecting=marks.steps.get("connecting"),
                sent=marks.steps.get("sent"),
                byte=marks.pieces[0],
                text=marks.pieces[0] if text is None else text,
                told=paints[0].told if paints else 0.0,
                received=paints[0].received if paints else None,
                painted=paints[0].painted if paints else None,
                pings=await self._exchanges(press.page),
                later=_later(read, paints),
                tick=press.tick,
                simulated=simulated,
            )
        )
        await self._draw()

    def _rest(self, why: str) -> None:
        """No text stands there, and none is awaited."""
        from_cell(self.add_class, IDLE)
        self.text.set_text("")
        self.text.status = why

    def _nothing_came(self) -> str:
        return say(self.language, "nothing_came", where=address(self._llm.settings, self.language))

    async def _paints_of(self, run: int, page: float, length: int) -> list[Paint]:
        """What the page that was pressed says of this run, once all of it is painted or nothing more comes."""
        came = self._paint_came = asyncio.Event()
        mine: list[Paint] = []
        try:
            async with asyncio.timeout(PAINT_SECONDS):
                while not mine or mine[-1].length < length:
                    came.clear()
                    mine = [paint for paint in self._paints if paint.run == run and paint.page == page]
                    if not mine or mine[-1].length < length:
                        await came.wait()
        except TimeoutError:
            pass  # a hidden page paints nothing
        return mine

    async def _exchanges(self, page: float) -> tuple[Ping, ...]:
        """Pings of now, and those after the click before: a clock that moves in between shows."""
        before, now = self._pings.get(page, ()), list[Ping]()
        try:
            for _ in range(PINGS):
                await _rest()
                now.append(await self.controls.ping(page, PING_SECONDS))
        except TimeoutError:
            pass  # the page is busy or gone: what there is must do
        self._pings = {page: tuple(now)}
        return (*before, *now)

    async def _draw(self) -> None:
        shown = await asyncio.to_thread(report_html, self.waterfall, self.language)
        from_cell(setattr, self.report, "value", shown)

    def _head(self) -> str:
        settings = self._llm.settings
        lines = [
            say(self.language, "about"),
            say(self.language, "goes", where=destination(settings, self.language)),
            say(self.language, "asked", prompt=self._messages[0]["content"]),
        ]
        lines += [say(self.language, "practice")] if self._llm.is_practice else [self._llm.warning]
        return f"<style>{STYLE}</style><h3>{say(self.language, 'title')}</h3>{''.join(map(note, lines))}"

    def _tell(self, fault: Exception) -> None:
        self._say(
            alarm(str(fault) if isinstance(fault, MockMateError) else f"{type(fault).__name__}: {fault}")
        )

    def _say(self, line: str) -> None:
        from_cell(self._put, line)

    def _put(self, line: str) -> None:
        self.said.value = line
        self.said.layout.display = "" if line else "none"


async def _rest() -> None:
    await asyncio.sleep(random.uniform(*PAUSE))  # noqa: S311 - jitter needs no secrecy


def _later(read: Sequence[tuple[float, int]], paints: Sequence[Paint]) -> tuple[Later, ...]:
    """Each piece of text that the first paint did not show, with the first paint that did."""
    found = []
    for at, length in read:
        shown = next((paint for paint in paints if paint.length >= length), None)
        if shown is not None and shown is not paints[0]:
            found.append(Later(at, shown.painted))
    return tuple(found)
