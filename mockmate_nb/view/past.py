"""`PastView`: the interviews of earlier days, their reports, what has come of practising, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as w

from mockmate_nb.aio import Begun
from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.keeping import default_history
from mockmate_nb.interview.record import Entry
from mockmate_nb.interview.session import Interview
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view.acts import Act, Acts
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.confirm import Confirm
from mockmate_nb.view.esm import STATIC
from mockmate_nb.view.export import Exporter
from mockmate_nb.view.lines import alarm, status
from mockmate_nb.view.past_html import (
    REPORT_STYLE,
    attempts_html,
    empty_html,
    progress_html,
    report_html,
    row,
    tried_again,
)
from mockmate_nb.view.past_one import PastInterview
from mockmate_nb.view.past_words import say
from mockmate_nb.view.rows import Rows

if TYPE_CHECKING:
    from mockmate_nb.interview.history import History

STYLE = (STATIC / "past.css").read_text("utf-8") + REPORT_STYLE
PAGE = 20
"""So many interviews stand in the list at first, and so many more after each press."""


class PastView(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The list of earlier interviews with the progress they show; one of them with its report.

    ```python
    past = PastView()
    past.on_take_up(lambda session_id: ...); past.on_deleted(lambda session_id: ...)
    past.refresh()
    ```

    `history` and `log` default to those on this machine. All reading is done in threads. `refresh`, `choose`,
    `delete` and `delete_all` begin at once: await them, or give them to `run`, to wait for their end; what goes
    wrong is shown, and raised there. Callbacks get a session's id; each should hand over and return.
    """

    def __init__(
        self, history: History | None = None, log: EventLog | None = None, *, language: Language = "en"
    ) -> None:
        self._history, self._log, self.language = history, log, language
        self.open_session = ""
        """The interview that is open beside this view: it is marked, and not deleted."""
        self.chosen: Entry | None = None
        self._takers, self._mourners = w.CallbackDispatcher(), w.CallbackDispatcher()
        self._limit, self._lists, self._choices, self._unread = PAGE, 0, 0, False
        self._acts = Acts(lambda: self._say(""), self._tell, lambda: None)
        self.said, self.title, self.empty, self.progress = (w.HTML() for _ in range(4))
        self.rows = Rows()
        self.remove_all = Confirm(lambda: self._press(self._delete_all))
        exporter = Exporter(lambda: self.chosen, language=language, history=history)
        self.one = PastInterview(exporter, lambda: self._press(self._delete_chosen))
        self.overview = w.VBox([self.title, self.rows, self.empty, self.progress, self.remove_all])
        style = w.HTML(f"<style>{STYLE}</style>", layout=w.Layout(display="none"))
        super().__init__([style, self.said, self.overview, self.one])
        self.add_class("mockmate-past")
        self._wire()
        self._speak(language)
        self._say("")
        self._turn_to(self.overview)

    def __repr__(self) -> str:
        return "PastView()"

    def on_take_up(self, callback: Callable[[str], object]) -> None:
        """Call when a person wants to go on with an interview, or to answer one of its questions again."""
        self._takers.register_callback(callback)

    def on_deleted(self, callback: Callable[[str], object]) -> None:
        """Call after an interview is deleted; on the worker loop."""
        self._mourners.register_callback(callback)

    def refresh(self) -> Begun[None]:
        """The list and the progress as they are kept now."""
        return self._begin("refresh", self._refresh)

    def choose(self, session_id: str) -> Begun[None]:
        """Show this interview's report."""
        return self._begin("choose", partial(self._choose, session_id))

    def back(self) -> None:
        """Show the list again."""
        self._choices += 1
        self.chosen = None
        self.one.clear()
        self._turn_to(self.overview)

    def delete(self, session_id: str) -> Begun[None]:
        """Delete this interview for good, without asking."""
        return self._begin("delete", partial(self._delete, session_id))

    def delete_all(self) -> Begun[None]:
        """Delete all interviews but the open one for good, without asking."""
        return self._begin("delete_all", self._delete_all)

    def speak(self, language: Language) -> None:
        """From now on in this language; a report stays in its interview's own."""
        self._speak(language)
        self.refresh()
        if self.chosen is not None:
            self.choose(self.chosen.session_id)

    def close(self) -> None:
        for part in self.children:
            close_whole(part)
        self.layout.close()
        super().close()

    def _begin(self, name: str, act: Act) -> Begun[None]:
        return self._acts.begin(name, act, _ends_by_itself)

    def _press(self, act: Act, *, waits: bool = True) -> None:
        self._acts.press(act, may=lambda: True, waits=waits)

    def _wire(self) -> None:
        self.rows.on_choose(lambda id_: self._press(partial(self._choose, id_, pressed=True), waits=False))
        self.rows.on_more(lambda: self._press(self._more))
        self.one.back.on_click(lambda _: self._press(self._back, waits=False))
        self.one.take_up.on_click(lambda _: self.chosen and self._takers(self.chosen.session_id))

    def _speak(self, language: Language) -> None:
        self.language = language
        self.title.value = f"<h3>{escape(say(language, 'title'))}</h3>"
        self.empty.value = empty_html(language)
        names = ("delete_all", "delete_all_sure", "delete_all_yes", "keep")
        self.remove_all.speak(*(say(language, name) for name in names))
        self.one.speak(language)

    def _turn_to(self, page: w.VBox) -> None:
        for each in (self.overview, self.one):
            each.layout.display = "" if each is page else "none"

    def _say(self, line: str) -> None:
        self.said.value = line
        self.said.layout.display = "" if line else "none"

    def _tell(self, fault: Exception) -> None:
        told = str(fault) if isinstance(fault, MockMateError) else f"{type(fault).__name__}: {fault}"
        self._say(alarm(f"{say(self.language, 'unreadable')} {told}" if self._unread else told))

    # On the worker loop from here on; what reads is a thread's.

    def _kept(self) -> History:
        return self._history or default_history()

    async def _refresh(self) -> None:
        self._lists += 1
        number, limit, language = self._lists, self._limit, self.language
        self._unread = True
        entries = await asyncio.to_thread(lambda: self._kept().entries(limit + 1))
        self._unread = False
        if number != self._lists:
            return
        self._list(entries, limit)
        drawn = ""
        if entries:
            drawn = await asyncio.to_thread(lambda: progress_html(self._kept().progress(), language))
        if number == self._lists:
            self.progress.value = drawn

    def _list(self, entries: list[Entry], limit: int) -> None:
        found = [row(entry, self.language, self.open_session) for entry in entries[:limit]]
        more = say(self.language, "more") if len(entries) > limit else ""
        self.rows.show(found, more=more, label=say(self.language, "title"), language=self.language)
        for part in (self.rows, self.remove_all):
            part.layout.display = "" if found else "none"
        self.empty.layout.display = "none" if found else ""

    async def _more(self) -> None:
        self._limit += PAGE
        await self._refresh()

    async def _choose(self, session_id: str, *, pressed: bool = False) -> None:
        self._choices += 1
        number = self._choices
        self.one.wait()
        self._turn_to(self.one)
        if pressed:
            self.one.back.focus()
        try:
            entry, report, attempts = await asyncio.to_thread(self._read, session_id, self.language)
            in_log = session_id in await Interview.sessions(self._log)
        except BaseException:
            if number == self._choices:
                self.back()
            raise
        if number == self._choices:
            self.chosen = entry
            self.one.show(entry, report, attempts, in_log=in_log)

    def _read(self, session_id: str, language: Language) -> tuple[Entry, str, str]:
        history = self._kept()
        if (entry := history.entry(session_id)) is None:
            raise CallerError(say(language, "gone"), field="session_id")
        try:
            report = report_html(entry)
        except CallerError as fault:  # an interview whose record cannot be read can still be deleted
            report = alarm(str(fault))
        return entry, report, attempts_html(tried_again(entry, history.attempts), language, session_id)

    async def _back(self) -> None:
        left = self.chosen.session_id if self.chosen else ""
        self.back()
        self.rows.focus_row(left)

    async def _delete_chosen(self) -> None:
        if self.chosen is not None:
            await self._delete(self.chosen.session_id)
            self.rows.focus_row("")

    async def _delete(self, session_id: str) -> None:
        if session_id == self.open_session:
            raise CallerError(say(self.language, "is_open"))
        try:
            await self._drop(session_id)
        finally:
            self.back()
            await self._refresh()
        self._say(status(say(self.language, "deleted")))

    async def _delete_all(self) -> None:
        entries = await asyncio.to_thread(lambda: self._kept().entries())
        found = {entry.session_id for entry in entries} | set(await Interview.sessions(self._log))
        try:
            for session_id in sorted(found - {self.open_session}):
                await self._drop(session_id)
        finally:
            self.back()
            await self._refresh()
        left = self.open_session in found
        self._say(status(say(self.language, "deleted_but" if left else "deleted_all")))

    async def _drop(self, session_id: str) -> None:
        await Interview.delete(session_id, self._log, history=self._history)
        self._mourners(session_id)


async def _ends_by_itself() -> None:
    """What has begun here ends soon; there is nothing to stop."""
