"""`MeasuringView`: how far a measurement is, a way to end it, and in the end its report."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import deque
from html import escape
from typing import Any

import ipywidgets as w

from mockmate_nb.aio import Begun
from mockmate_nb.errors import MockMateError
from mockmate_nb.interview.question import Language
from mockmate_nb.lab.measuring import Measuring
from mockmate_nb.units import as_time
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.lines import alarm, status
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.race_clock import RaceClock
from mockmate_nb.view.race_words import say
from mockmate_nb.view.styles import sheets

STYLE = sheets("race.css")
BURST, PAUSE = 2, 0.2
"""So many lines go to the page in so many seconds: one when a run is over, one when the next begins."""
ENOUGH = 3
"""So many runs must be done before the time left is estimated."""
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "elapsed": "elapsed",
        "cancel": "Cancel",
        "progress": "Measured so far",
        "count": "{done} of {total} runs",
        "left": "about {time} left",
        "done": "Done: {done} runs{warm_up} in {time}.",
        "warm_up": " ({count} of them warm-up)",
        "pair": "pair {pair} of {pairs}",
        "warming": "warm-up",
        "at_once": "{streams} at once",
        "warm": "warm",
        "cold": "cold",
        "comma": ", ",
        "early": "Ended after {done} of {total} runs{warm_up}: too many of them failed. What was measured is kept.",
        "cancelled": "Cancelled after {done} of {total} runs{warm_up}. What was measured is kept.",
        "nothing": "Cancelled before the first run was over.",
        "between": " · ",
    },
    "zh": {
        "elapsed": "已用时间",
        "cancel": "取消",
        "progress": "测量进度",
        "count": "已测 {done} / {total} 次",
        "left": "大约还要 {time}",
        "done": "测完了：{done} 次{warm_up}，用时 {time}。",
        "warm_up": "（其中预热 {count} 次）",
        "pair": "第 {pair} 对，共 {pairs} 对",
        "warming": "预热",
        "at_once": "同时 {streams} 个",
        "warm": "热缓存",
        "cold": "冷缓存",
        "comma": "，",
        "early": "失败太多，提前结束：共 {total} 次，测了 {done} 次{warm_up}，已测的都保留着。",
        "cancelled": "已取消：共 {total} 次，测了 {done} 次{warm_up}，已测的都保留着。",
        "nothing": "已取消，一次也没有测完。",
        "between": " · ",
    },
}


class MeasuringView(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Shows what `compare` or `sweep` gives; displayed, it begins the work unless that has begun.

    ```python
    work = compare(llm, prompt)
    MeasuringView(work)       # in a cell of its own; work.report has what there is, then and later
    ```

    The work goes on when the view is closed.
    """

    def __init__(self, measuring: Measuring[Any], language: Language = "en") -> None:
        self.measuring, self.language = measuring, language
        self._lock = threading.Lock()
        self._followed: Begun[None] | None = None
        self._began, self._done_before = 0.0, 0
        self._told_at: deque[float] = deque(maxlen=BURST)
        self._late: asyncio.TimerHandle | None = None
        self.clock = RaceClock(self._word("elapsed"), language=language)
        self.clock.end(say(language, "nought"), "")
        self.line, self.told, self.result = w.HTML(), w.HTML(), w.HTML()
        self.cancel = w.Button(description=self._word("cancel"), layout=w.Layout(width="auto"))
        self.cancel.on_click(lambda _: from_cell(Begun, "cancel", measuring.stop(), measuring.stop))
        style = w.HTML(f"<style>{STYLE}</style>", layout=w.Layout(display="none"))
        bar = w.HBox([self.line, self.clock, self.cancel])
        bar.add_class("mockmate-measuring-bar")
        self.cancel.add_class("mockmate-halts")
        super().__init__([style, bar, self.told, self.result])
        self.add_class("mockmate-measuring")
        if language == "zh":
            self.add_class("mockmate-zh")
        self._fill()
        measuring.on_change(self._changed)
        if measuring.finished:
            self.begin()

    def __repr__(self) -> str:
        return "MeasuringView()"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        self.begin()
        return super()._repr_mimebundle_(**options)

    def begin(self) -> Begun[None]:
        """Begin the work unless it has begun; awaited, it ends when the report stands there or the fault does."""
        with self._lock:
            if self._followed is None:
                self._began, self._done_before = time.monotonic(), self.measuring.done
                self.clock.begin()
                self._followed = from_cell(Begun, "measuring", self._follow(), self.measuring.stop)
            return self._followed

    def close(self) -> None:
        for part in self.children:
            close_whole(part)
        self.layout.close()
        super().close()

    # On the worker loop from here on.

    async def _follow(self) -> None:
        try:
            report = await self.measuring
        except Exception as fault:  # noqa: BLE001 - whatever it is, it belongs on the screen
            told = str(fault) if isinstance(fault, MockMateError) else f"{type(fault).__name__}: {fault}"
            self._end(alarm(told))
            return
        self._end(status(self._ending()))
        if self.measuring.done and hasattr(report, "html"):
            drawn = await asyncio.to_thread(report.html, self.language)
            from_cell(setattr, self.result, "value", drawn)

    def _changed(self) -> None:
        """Tell the page at once, before the next request is made. What must wait waits until a run takes long."""
        self.begin()
        if self._late is not None:
            self._late.cancel()
        wait = PAUSE - (time.monotonic() - self._told_at[0]) if len(self._told_at) == BURST else 0.0
        if wait <= 0:
            self._tell()
        else:
            self._late = asyncio.get_running_loop().call_later(PAUSE, self._tell)

    def _tell(self) -> None:
        if not self.measuring.finished:
            self._told_at.append(time.monotonic())
            from_cell(self._fill)

    def _end(self, told: str) -> None:
        self.clock.end(self._elapsed, "")
        from_cell(self._fill)
        from_cell(setattr, self.told, "value", told)

    def _fill(self) -> None:
        work = self.measuring
        over = work.finished or work.stopped
        parts = [self._word("count", done=work.done, total=work.total)]
        if not over:
            parts += [
                escape(doing_in(work.doing, self.language)),
                self._left(),
            ]
        said = self._word("between").join(part for part in parts if part)
        bar = f'<progress value="{work.done}" max="{work.total}" aria-label="{self._word("progress")}"></progress>'
        self.line.value = f"{bar}<span>{said}</span>"
        for part in (self.clock, self.cancel):
            part.layout.display = "none" if over else ""

    def _left(self) -> str:
        done = self.measuring.done - self._done_before
        if done < ENOUGH:
            return ""
        seconds = (time.monotonic() - self._began) / done * (self.measuring.total - self.measuring.done)
        return self._word("left", time=whole_time(seconds, self.language))

    def _ending(self) -> str:
        work = self.measuring
        kept_apart = len(getattr(work.report, "warm_up", ()))
        warm_up = self._word("warm_up", count=kept_apart) if kept_apart else ""
        if work.done < work.total:
            name = "early" if not work.stopped else "cancelled" if work.done else "nothing"
            return self._word(name, done=work.done, total=work.total, warm_up=warm_up)
        return self._word("done", done=work.done, warm_up=warm_up, time=self._elapsed)

    @property
    def _elapsed(self) -> str:
        return as_time(time.monotonic() - self._began, self.language)

    def _word(self, name: str, **values: object) -> str:
        return WORDS[self.language][name].format(**values)


def doing_in(doing: str, language: Language) -> str:
    """A line of `Measuring.doing` in that language; one of no known form stays as it is."""
    words = WORDS[language]
    what, _, cache = doing.partition(", ")
    if cache and cache not in ("warm", "cold"):
        return doing
    if what == "warm-up":
        said = words["warming"]
    elif found := re.fullmatch(r"pair (\d+) of (\d+)", what):
        said = words["pair"].format(pair=found[1], pairs=found[2])
    elif found := re.fullmatch(r"(\d+) at once", what):
        said = words["at_once"].format(streams=found[1])
    else:
        return doing
    return words["comma"].join([said, words[cache]] if cache else [said])


def whole_time(seconds: float, language: Language) -> str:
    """An estimate, no finer than it can be: whole seconds, then whole minutes."""
    minutes = seconds >= 90
    count = max(1, round(seconds / 60 if minutes else seconds))
    units: dict[Language, tuple[str, str]] = {"en": ("s", "min"), "zh": ("秒", "分钟")}
    return f"{count} {units[language][minutes]}"
