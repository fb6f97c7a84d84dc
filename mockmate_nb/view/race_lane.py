"""`Lane`: one of the two runners of a race, with its clock, its text and what went wrong in it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import ipywidgets as w

from mockmate_nb.errors import MockMateError
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.run import Mode, Run
from mockmate_nb.units import as_time
from mockmate_nb.view.lines import alarm, note
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.race_clock import RaceClock
from mockmate_nb.view.race_words import say
from mockmate_nb.view.run_text import Ending
from mockmate_nb.view.stream_view import StreamView


@dataclass(frozen=True, slots=True)
class Lap:
    """A measured run, and the text that came in it."""

    run: Run
    text: str

    def pieces(self) -> list[tuple[float, str]]:
        """Each piece of the text with the second at which it came."""
        ends = [arrival.characters for arrival in self.run.arrivals]
        parts = zip(self.run.arrivals, [0, *ends], ends, strict=False)  # one start more than there are ends
        return [(arrival.at, self.text[start:end]) for arrival, start, end in parts]


class Lane(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Runs live, by `begin`, `add` and one of `over`, `stopped` and `failed`; or plays a lap that was run."""

    def __init__(self, mode: Mode, language: Language) -> None:
        self.mode, self._language = mode, language
        name = say(language, mode)
        self.title = w.HTML(f"<h4>{name}</h4>")
        self.clock, self.said = RaceClock(name, language=language), w.HTML()
        self.view = StreamView(name, language=language)
        self.view.layout.display = "none"
        self._began, self._speed, self._empty, self._waits = 0.0, 1.0, True, False
        self.clock.end(say(language, "nought"), "")
        super().__init__([self.title, self.clock, self.said, self.view])
        self.add_class("mockmate-lane")

    def __repr__(self) -> str:
        return f"Lane({self.mode!r})"

    def say(self, line: str) -> None:
        """A line below the clock, as markup; none for ""."""
        from_cell(setattr, self.said, "value", line)

    def wait(self, why: str) -> None:
        """Its turn is yet to come."""
        self._waits = True
        self.clock.end(say(self._language, "nought"), "", first="")
        from_cell(setattr, self.view.layout, "display", "none")
        self.say(note(why))

    def rest(self) -> None:
        """Nothing will come of its turn, if it was still waiting for it."""
        if self._waits:
            self.say("")

    def begin(self, speed: float = 1.0) -> None:
        """Off: the clock runs, at so many seconds a second, and the text is to come."""
        self._began, self._speed, self._empty, self._waits = time.perf_counter(), speed, True, False
        self.say("")
        from_cell(setattr, self.view.layout, "display", "")
        self.view.status = ""
        self.view.start()
        self.clock.begin(speed=speed)

    def add(self, text: str, at: float | None = None) -> None:
        """Text has come, just now or at that second."""
        if self._empty:
            self._empty = False
            self.clock.mark(self._after("first", self._gone if at is None else at))
        self.view.append(text)

    def over(self, run: Run) -> None:
        """The whole reply is there."""
        self._end("complete", "whole", run.e2e, first=self._after("first", run.first_content))
        if run.finish_reason == "length":
            self.view.status = say(self._language, "limit", count=run.tokens)

    def stopped(self) -> None:
        self._end("stopped", "stopped_after", self._gone)

    def failed(self, fault: Exception) -> None:
        self._end("failed", "failed_after", self._gone)
        if self._empty:
            from_cell(setattr, self.view.layout, "display", "none")
        told = str(fault) if isinstance(fault, MockMateError) else f"{type(fault).__name__}: {fault}"
        self.say(alarm(told))

    async def play(self, lap: Lap, speed: float) -> None:
        """The lap once more, at so many of its seconds a second; stopped, it stands at its end at once."""
        self.begin(speed)
        left = lap.pieces()
        try:
            while left:
                await self._until(left[0][0])
                at, piece = left.pop(0)
                self.add(piece, at)
            await self._until(lap.run.e2e)
        finally:
            self.view.append("".join(piece for _, piece in left))
            self.over(lap.run)

    @property
    def _gone(self) -> float:
        return (time.perf_counter() - self._began) * self._speed

    async def _until(self, at: float) -> None:
        if (left := (at - self._gone) / self._speed) > 0:
            await asyncio.sleep(left)

    def _after(self, name: str, seconds: float) -> str:
        return say(self._language, name, time=as_time(seconds, self._language))

    def _end(self, ending: Ending, name: str, seconds: float, *, first: str | None = None) -> None:
        self.view.finish(ending)
        self.clock.end(as_time(seconds, self._language), self._after(name, seconds), first=first)
