"""`WirePanel`: the wire inspector in a cell. Bytes beside events beside the growing text, held, stepped, cut.

Button callbacks only hand over to the worker loop, as the other panels' do. Each button has its method.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.aio import Begun
from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.wire import Inspection, inspect
from mockmate_nb.llm.client import LLM, warm_up
from mockmate_nb.view.acts import Act, Acts
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.lines import alarm, note, status
from mockmate_nb.view.run_text import Ending
from mockmate_nb.view.stream_view import StreamView
from mockmate_nb.view.styles import sheets
from mockmate_nb.view.wire_rows import Key, WireRows
from mockmate_nb.view.wire_words import SPEEDS, say, seam_line, standing, where_to

STYLE = sheets("wire_panel.css")
MAX_TOKENS = 200
AS_IT_COMES = SPEEDS["full"]
RUNNING = ("playing", "paused")
ENDINGS: dict[str, Ending] = {"done": "complete", "stopped": "stopped", "failed": "failed"}
Verb = Callable[[Inspection], object]


class WirePanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """What goes over the wire while a model answers, chunk by chunk.

    `llm` without one: the practice model, or that of MOCKMATE_PROVIDER. `panel.inspection` is the stream that is
    shown, None before the start. Every method that acts begins at once; `await` it or give it to `run` to wait
    until the stream stands still: paused with the next chunk in hand, or over. What is refused is raised there;
    a stream that breaks is told on the screen, and in `panel.inspection.fault`.
    """

    def __init__(
        self, llm: LLM | None = None, prompt: str | None = None, *, language: Language = "en"
    ) -> None:
        self.llm = LLM() if llm is None else llm
        self.language: Language = language
        self.inspection: Inspection | None = None
        self._acts = Acts(lambda: None, self._tell, self._refresh)
        self._speak = partial(say, language)
        self.title = w.HTML(f"<style>{STYLE}</style><h2>{self._speak('title')}</h2>")
        asked = self._speak("question") if prompt is None else prompt
        self.prompt = w.Textarea(value=asked, description=self._speak("prompt"), rows=2)
        self.where, self.status, self.fault = (
            w.HTML(note(where_to(self.llm.settings, language))),
            w.HTML(),
            w.HTML(),
        )
        self.key_line, self.times = w.HTML(note(self._speak("keys"))), w.HTML(note(self._speak("times")))
        self.buttons = {name: w.Button() for name in ("start", "toggle", "step", "cut", "stop")}
        self.speed = w.Dropdown(options=self._speeds(), description=self._speak("speed"))
        self._chosen: float | None = None
        self._shown = self._view_run = 0
        self._waited = False  # whether chunks of this stream were read later than they came
        self.rows = WireRows(language=language)
        self.view = StreamView(self._speak("text"), language=language, markdown=False)
        controls, body = w.HBox([*self.buttons.values(), self.speed]), w.Box([self.rows, self.view])
        controls.add_class("mockmate-wire-controls")
        body.add_class("mockmate-wire-body")
        super().__init__(
            [
                self.title,
                self.prompt,
                self.where,
                controls,
                self.status,
                self.fault,
                body,
                self.times,
                self.key_line,
            ]
        )
        self.add_class("mockmate-wire")
        if language == "zh":
            self.add_class("mockmate-zh")
        self.buttons["toggle"].add_class("mockmate-halts")
        self._wire()
        self._refresh()
        warm_up()

    def __repr__(self) -> str:
        return "WirePanel()"

    # What a person does, and a script as well.

    def start(self) -> Begun[None]:
        """Ask, and let the reply run; what runs is stopped, and what is shown gives way."""
        return self._begin("start", self._start)

    def play(self) -> Begun[None]:
        """Let all chunks through; asks, if nothing has been asked yet."""
        return self._begin("play", partial(self._do, Inspection.play))

    def pause(self) -> Begun[None]:
        """Let no further chunk through; asks, if nothing has been asked yet, and holds the first chunk."""
        return self._begin("pause", partial(self._do, Inspection.pause))

    def step(self, n: int = 1) -> Begun[None]:
        """Let n chunks through, then pause; asks, if nothing has been asked yet."""
        return self._begin("step", partial(self._do, lambda inspection: inspection.step(n)))

    def slow(self, chunks_a_second: float | None = None) -> Begun[None]:
        """Let at most so many chunks through in a second; None: as they come. It holds for later starts too."""
        return self._begin("slow", partial(self._slow, chunks_a_second))

    def cut(self, at: int | None = None) -> Begun[None]:
        """Cut the line in the held chunk, or else in the next: `at` bytes of it pass. None: where the page says."""
        return self._begin("cut", partial(self._cut, at))

    def stop(self) -> Begun[None]:
        """End the stream; what came stays."""
        return self._begin("stop", self._stop)

    def close(self) -> None:
        """End the panel, and the stream with it."""
        if self.inspection is not None and self.inspection.state in RUNNING:
            asyncio.run_coroutine_threadsafe(self.inspection.stop(), aio.loop())
        for part in self.children:
            close_whole(part)
        self.layout.close()
        super().close()

    def _begin(self, name: str, act: Act) -> Begun[None]:
        return self._acts.begin(name, act, self._stop)

    def _wire(self) -> None:
        acts: dict[str, Act] = {"start": self._start, "stop": self._stop, "cut": partial(self._cut, None)}
        for name, act in acts.items():
            self.buttons[name].on_click(partial(self._pressed, act))
        self.buttons["toggle"].on_click(lambda _: self._key("toggle"))
        self.buttons["step"].on_click(lambda _: self._key("step"))
        self.speed.observe(self._speed_chosen, "value")
        self.rows.on_key(self._key)
        self.rows.on_told(self._told)

    def _pressed(self, act: Act, button: w.Button | None = None) -> None:
        self._acts.press(act, may=lambda: button is None or not button.disabled, waits=False)

    def _speed_chosen(self, change: dict[str, Any]) -> None:
        self._pressed(partial(self._slow, change["new"] or None))

    def _key(self, key: Key) -> None:
        """Two presses in a row are two steps: each is an act of its own."""
        verb = partial(Inspection.step, n=1) if key == "step" else _toggle
        self._pressed(partial(self._do, verb))

    # On the worker loop from here on.

    async def _start(self) -> None:
        await self._stop()
        await self._do(Inspection.play, anew=True)

    async def _do(self, verb: Verb, *, anew: bool = False) -> None:
        inspection = self.inspection
        if inspection is None or anew:
            inspection = self._prepared()
        verb(inspection)
        await inspection.still()

    async def _slow(self, speed: float | None) -> None:
        inspection = self.inspection or inspect(self.llm, "?")  # which refuses a speed that cannot be
        inspection.slow(speed)
        self._chosen = speed
        self.speed.unobserve(self._speed_chosen, "value")
        if speed and speed not in SPEEDS.values():
            self.speed.options = [*self._speeds(), (self._speak("other", speed=speed), speed)]
        self.speed.value = speed or AS_IT_COMES
        self.speed.observe(self._speed_chosen, "value")

    async def _cut(self, at: int | None) -> None:
        if self.inspection is not None:
            self.inspection.cut(self.rows.cut_at() if at is None else at)
            await self.inspection.still()

    async def _stop(self) -> None:
        if self.inspection is not None:
            await self.inspection.stop()

    def _prepared(self) -> Inspection:
        """A new one in the place of the one before."""
        if not (prompt := self.prompt.value.strip()):
            raise CallerError(self._speak("no_prompt"), field="prompt")
        inspection = inspect(self.llm, prompt, max_tokens=MAX_TOKENS)
        inspection.slow(self._chosen)
        self.fault.value = ""
        self._shown, self._view_run, self._waited = 0, self.view.start(), False
        self.rows.follow(inspection)
        self.inspection = inspection
        return inspection

    def _told(self) -> None:
        """The rows have been told something: the text, the words and the buttons go with them."""
        if (inspection := self.inspection) is not None:
            state = inspection.state  # before the text, which is whole when that says so
            new = inspection.text[self._shown :]
            self._shown += len(new)
            self.view.append(new, run=self._view_run)
            if (seams := seam_line(inspection.seams, inspection.text, self.language)) != self.view.status:
                self.view.status = seams
            if state in ENDINGS:
                if inspection.text or state != "failed":  # of nothing no end was cut off
                    self.view.finish(ENDINGS[state], run=self._view_run)
                if inspection.fault is not None:
                    self._tell(inspection.fault)
        self._refresh()

    def _refresh(self) -> None:
        say, inspection = self._speak, self.inspection
        state = inspection.state if inspection else "idle"
        runs = state in RUNNING
        names = {
            "start": "start" if state == "idle" else "again",
            "toggle": "pause" if state == "playing" else "play",
        }
        able = {"start": not runs, "step": runs or state == "idle"}
        for name, button in self.buttons.items():
            button.description = say(names.get(name, name))
            button.disabled = not able.get(name, runs)
        nothing = state == "idle" or (state == "failed" and not self.view.text)
        (self.add_class if nothing else self.remove_class)("mockmate-wire-idle")
        self._waited = self._waited or state == "paused" or bool(inspection and inspection.speed)
        self.times.layout.display = "" if self._waited else "none"
        line = status(standing(inspection, self.llm.settings, self.language))
        if self.status.value != line:
            self.status.value = line

    def _tell(self, fault: Exception) -> None:
        self.fault.value = alarm(str(fault) if isinstance(fault, MockMateError) else repr(fault))

    def _speeds(self) -> list[tuple[str, float]]:
        return [(self._speak(name), speed) for name, speed in SPEEDS.items()]


def _toggle(inspection: Inspection) -> None:
    (inspection.pause if inspection.state == "playing" else inspection.play)()
