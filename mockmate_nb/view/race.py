"""`RacePanel`: one prompt, streamed and whole, side by side with their clocks; then what it shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.aio import Begun
from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.latency import compare
from mockmate_nb.lab.measure import measure
from mockmate_nb.lab.measuring import Measuring
from mockmate_nb.lab.report import LatencyReport
from mockmate_nb.lab.run import Mode, Run
from mockmate_nb.llm import sdk
from mockmate_nb.llm.client import LLM, warm_up
from mockmate_nb.llm.stream import Message
from mockmate_nb.view import race_html
from mockmate_nb.view.acts import Act, Acts
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.lines import alarm, status
from mockmate_nb.view.markdown import render
from mockmate_nb.view.measuring_view import MeasuringView
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.race_lane import Lane, Lap
from mockmate_nb.view.race_words import SPEEDS, pair_verdict, say, speed_words
from mockmate_nb.view.styles import sheets

STYLE = sheets("race.css")
MODES: tuple[Mode, Mode] = ("stream", "batch")
PAIRS, FASTEST = 10, 100.0


class RacePanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Streaming and batch, side by side and live.

    ```python
    panel = RacePanel(LLM("local"))
    panel                        # in a cell of its own
    run(panel.start())           # or press Start
    panel.verdict, panel.runs    # in words; the measured runs
    run(panel.replay(0.25))      # both lanes at once, in slow motion
    run(panel.more(20)); panel.report
    ```

    Without `llm` it is `LLM()`. The lanes run at once, but one after the other where the model runs on this
    machine: there two replies would slow each other. `start`, `replay` and `more` begin at once; `await` one or
    give it to `run` to wait for its end. What cannot be done is raised there, as `CallerError`; what goes wrong on
    a lane is shown there, and the other lane goes on.
    """

    def __init__(
        self,
        llm: LLM | None = None,
        prompt: str | None = None,
        *,
        max_tokens: int = 128,
        language: Language = "en",
    ) -> None:
        self.llm, self.max_tokens, self.language = llm or LLM(), max_tokens, language
        if max_tokens < 1:
            raise CallerError(f"max_tokens: {max_tokens} leaves no room for a reply.", field="max_tokens")
        self.verdict = ""
        """What was found last, in words; empty before the first race."""
        self.report: LatencyReport | None = None
        """Of the pairs that were measured last."""
        self.lanes: dict[Mode, Lane] = {mode: Lane(mode, language) for mode in MODES}
        self._laps: dict[Mode, Lap] = {}
        self._work: asyncio.Task[None] | None = None
        self._measuring: Measuring[LatencyReport] | None = None
        self._acts = Acts(self._hush, self._tell, self._refresh)
        self.prompt = w.Textarea(
            say(language, "default") if prompt is None else prompt,
            description=say(language, "prompt"),
            continuous_update=False,
            rows=3,
        )
        self.speed = w.Dropdown(
            options=[(speed_words(speed, language), speed) for speed in SPEEDS],
            value=1.0,
            description=say(language, "speed"),
        )
        self.where, self.said, self.finding = w.HTML(), w.HTML(), w.HTML()
        self._buttons = {
            name: w.Button(description=say(language, name, pairs=PAIRS), layout=w.Layout(width="auto"))
            for name in ("start", "stop", "replay", "more")
        }
        self._measured = w.VBox()
        super().__init__(self._laid_out())
        self.add_class("mockmate-race")
        if language == "zh":
            self.add_class("mockmate-zh")
        self._wire()
        self._refresh()
        warm_up()

    def __repr__(self) -> str:
        return "RacePanel()"

    @property
    def runs(self) -> tuple[Run, ...]:
        """Of the last race, streaming first; a lane without a whole reply has none."""
        return tuple(self._laps[mode].run for mode in MODES if mode in self._laps)

    # What a person does, and a script as well.

    def start(self) -> Begun[None]:
        """A race with the prompt as it stands."""
        return self._begin("start", partial(self._do, self._race))

    def stop(self) -> Begun[None]:
        """Stop what runs, before its first text too; the services are told."""
        return self._begin("stop", self._stop)

    def replay(self, speed: float = 1.0) -> Begun[None]:
        """The last race once more, both lanes at once, at so many of its seconds a second."""
        return self._begin("replay", partial(self._do, partial(self._replay, speed), "replay_halted"))

    def more(self, pairs: int = PAIRS) -> Begun[None]:
        """So many pairs, without a picture of each, and the report on them."""
        return self._begin("more", partial(self._do, partial(self._more, pairs)))

    def close(self) -> None:
        """End the panel and all that was made for it. What runs goes on; `stop()` ends it."""
        for part in self.children:
            close_whole(part)
        self.layout.close()
        super().close()

    def _laid_out(self) -> list[w.Widget]:
        language = self.language
        title = f"<h3>{say(language, 'title')}</h3><p>{say(language, 'about')}</p>"
        head = w.HTML(f"<style>{STYLE}</style>{title}")
        start, stop, replay, more = self._buttons.values()
        controls, lanes = w.HBox([start, stop, replay, self.speed]), w.Box(list(self.lanes.values()))
        for part, name in (
            (self.prompt, "field"),
            (controls, "controls"),
            (lanes, "lanes"),
            (self.said, "said"),
            (self.finding, "finding"),
            (more, "more"),
            (self._measured, "measured"),
        ):
            part.add_class(f"mockmate-race-{name}")
        start.add_class("mockmate-likely")
        stop.add_class("mockmate-halts")
        return [head, self.prompt, self.where, controls, self.said, lanes, self.finding, more, self._measured]

    def _wire(self) -> None:
        acts: dict[str, Act] = {
            "start": partial(self._do, self._race),
            "stop": self._stop,
            "replay": partial(self._do, self._replay_chosen, "replay_halted"),
            "more": partial(self._do, partial(self._more, PAIRS)),
        }
        for name, act in acts.items():
            self._on(self._buttons[name], act, waits=name != "stop")
        self.prompt.observe(lambda _: from_cell(self._refresh), "value")

    def _on(self, button: w.Button, act: Act, *, waits: bool) -> None:
        button.on_click(lambda _: self._acts.press(act, may=lambda: not button.disabled, waits=waits))

    def _begin(self, name: str, act: Act) -> Begun[None]:
        return self._acts.begin(name, act, self._stop)

    # On the worker loop from here on.

    async def _do(self, work: Act, halted: str = "halted") -> None:
        """One thing at a time; a stop is an ending like another, told in the words of that name."""
        if self._work is not None:
            raise self._refused("busy")
        self._work = asyncio.create_task(work())
        self._acts.launched()
        self._refresh()
        try:
            await asyncio.wait([self._work])
            if self._work.cancelled():
                self._say(halted)
                for lane in self.lanes.values():
                    lane.rest()
            else:
                self._work.result()
        finally:
            self._work.cancel()
            self._work = None

    async def _stop(self) -> None:
        await aio.on_worker(self._halt())

    async def _halt(self) -> None:
        work = self._work
        if self._measuring is not None:
            await self._measuring.stop()
        elif work is not None:
            work.cancel()
        if work is not None:
            await asyncio.wait([work])

    async def _race(self) -> None:
        messages = self._messages()
        self._laps, self.verdict = {}, ""
        self._show("")
        here = race_html.on_this_machine(self.llm)
        for mode, lane in self.lanes.items():
            lane.wait(say(self.language, "waits") if here and mode == "batch" else "")
        self._say("warming" if here else "loading")
        await asyncio.to_thread(_load)
        if here:
            with contextlib.suppress(MockMateError):  # each lane will say it of itself
                await self.llm.complete(messages, max_tokens=1)
        self._say("racing")
        groups: tuple[Sequence[Mode], ...] = (MODES,) if not here else tuple((mode,) for mode in MODES)
        outcomes: list[BaseException | None] = []
        for group in groups:
            laps = [self._lap(mode, messages) for mode in group]
            outcomes += await asyncio.gather(*laps, return_exceptions=True)
        self._say("")
        self._conclude()
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, MockMateError):
                raise outcome

    async def _lap(self, mode: Mode, messages: list[Message]) -> None:
        lane, heard = self.lanes[mode], list[str]()

        def hear(text: str) -> None:
            heard.append(text)
            lane.add(text)

        lane.begin()
        try:
            run = await measure(self.llm, messages, mode, max_tokens=self.max_tokens, on_text=hear)
        except asyncio.CancelledError:
            lane.stopped()
            raise
        except Exception as fault:
            lane.failed(fault)
            raise
        self._laps[mode] = Lap(run, "".join(heard))
        lane.over(run)

    def _conclude(self) -> None:
        if len(self._laps) == len(MODES):
            stream, batch = self.runs
            here = race_html.on_this_machine(self.llm)
            self.verdict = pair_verdict(stream, batch, self.language, warm=here)
            self._show(
                race_html.verdict(
                    self.verdict, self.language, race_html.figures(stream, batch, self.language)
                )
            )
        else:
            lost = [say(self.language, mode) for mode in MODES if mode not in self._laps]
            self.verdict = say(self.language, "none", lanes=say(self.language, "and").join(lost))
            self._show(race_html.verdict(self.verdict, self.language))

    async def _replay_chosen(self) -> None:
        await self._replay(self.speed.value)

    async def _replay(self, speed: float) -> None:
        if not 0 < speed <= FASTEST:
            raise self._refused("no_speed", speed=speed)
        if len(self._laps) < len(MODES):
            raise self._refused("no_laps")
        self._say("replaying", speed=speed_words(speed, self.language))
        await asyncio.gather(*(self.lanes[mode].play(self._laps[mode], speed) for mode in MODES))
        self._say("replayed")

    async def _more(self, pairs: int) -> None:
        self._measuring = compare(self.llm, [self._messages()], pairs, max_tokens=self.max_tokens)
        view = from_cell(MeasuringView, self._measuring, self.language)
        from_cell(self._put, view, f"<h4>{say(self.language, 'pairs', pairs=pairs)}</h4>")
        self._refresh()
        self._say("measuring")
        try:
            await view.begin()
            self._say("halted" if self._measuring.stopped else "")
            self.report = report = self._measuring.report
            self.verdict = await asyncio.to_thread(report.verdict, self.language)
        finally:
            self._measuring = None

    def _messages(self) -> list[Message]:
        text = self.prompt.value.strip()
        if not text:
            raise self._refused("no_prompt")
        return [{"role": "user", "content": text}]

    def _refused(self, name: str, **values: object) -> CallerError:
        advice = say(self.language, f"{name}_advice")
        return CallerError(say(self.language, name, **values), advice=advice)

    def _put(self, view: MeasuringView, title: str) -> None:
        before, self._measured.children = self._measured.children, [w.HTML(title), view]
        for old in before:
            close_whole(old)

    def _hush(self) -> None:
        if self._work is None:
            from_cell(setattr, self.said, "value", "")

    def _tell(self, fault: Exception) -> None:
        told = str(fault) if isinstance(fault, MockMateError) else f"{type(fault).__name__}: {fault}"
        from_cell(setattr, self.said, "value", alarm(told))

    def _say(self, name: str, **values: object) -> None:
        line = status(say(self.language, name, **values)) if name else ""
        from_cell(setattr, self.said, "value", line)

    def _show(self, finding: str) -> None:
        from_cell(setattr, self.finding, "value", finding)

    def _refresh(self) -> None:
        from_cell(self._fill)

    def _fill(self) -> None:
        busy, may_replay = self._work is not None, len(self._laps) == len(MODES)
        for name, may in (
            ("start", not busy),
            ("stop", busy and self._measuring is None),  # a measurement has its own Cancel
            ("replay", may_replay and not busy),
            ("more", not busy),
        ):
            self._buttons[name].disabled = not may
        self._buttons["more"].layout.display = "" if may_replay or self._measured.children else "none"
        self.prompt.disabled, self.speed.disabled = busy, busy or not may_replay
        messages: list[Message] = [{"role": "user", "content": self.prompt.value}]
        self.where.value = race_html.where(self.llm, messages, self.max_tokens, self.language)


def _load() -> None:
    """What the first reply would load while the clocks run."""
    sdk.load()
    render("A word.")
