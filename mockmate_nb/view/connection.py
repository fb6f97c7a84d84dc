"""The button that tries the chosen model, and what it found in plain words."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.errors import MockMateError
from mockmate_nb.interview.bank import Language
from mockmate_nb.llm.check import TIMEOUT, Checked, Finding, check, refused
from mockmate_nb.llm.client import LLM
from mockmate_nb.view.form_words import say
from mockmate_nb.view.lines import alarm, status
from mockmate_nb.view.publishing import from_cell


class Tried(NamedTuple):
    """What a finding's words need to know of what was chosen; `name` is the provider's, `variable` the key's."""

    name: str
    label: str
    model: str
    address: str
    host: str
    variable: str
    here: bool


def found_words(found: Checked, tried: Tried, language: Language) -> str:
    """What is wrong and what to do, or how fast it was."""
    name = f"found_{found.kind.value}"
    match found.kind:
        case Finding.NO_MODEL if tried.name == "ollama":
            name += "_ollama"
        case Finding.UNREACHABLE if tried.here:
            name += "_here"
        case Finding.TIMEOUT if tried.name == "local":
            name += "_local"
    command = found.advice.partition(": ")[2].partition(" (or")[0]
    facts = {"seconds": found.seconds, "said": f"{found.said} {found.advice}", "command": command}
    return say(language, name, limit=TIMEOUT, **facts, **tried._asdict())


class ConnectionTest(w.HBox):  # type: ignore[misc]  # ipywidgets ships no types
    """`make` gives the model to try, which is closed afterwards if `ours`; `tried` says what it is.

    One test runs at a time; `drop` ends it and takes its result off the screen.
    """

    def __init__(
        self, make: Callable[[], LLM], tried: Callable[[], Tried], language: Language, *, ours: bool
    ) -> None:
        self._make, self._tried, self._ours = make, tried, ours
        self._language = language
        self._lock = threading.Lock()
        self._number = 0
        self._running: Future[None] | None = None
        self.button, self.line = w.Button(layout=w.Layout(width="auto")), w.HTML()
        self.button.add_class("mockmate-quiet")
        super().__init__([self.button, self.line])
        self.add_class("mockmate-file")
        self.button.on_click(lambda _: from_cell(self.begin))
        self.speak(language)

    def __repr__(self) -> str:
        return "ConnectionTest()"

    def speak(self, language: Language) -> None:
        self._language = language
        self.button.description = say(language, "test")
        self.drop()

    def begin(self) -> None:
        with self._lock:
            if self._running is None or self._running.done():
                self.line.value = status(say(self._language, "testing"))
                self._running = asyncio.run_coroutine_threadsafe(self._test(self._number), aio.loop())

    def drop(self) -> None:
        with self._lock:
            if self._running is not None:
                self._running.cancel()
            self._running = None
            self._number += 1
            self.line.value = ""

    def close(self) -> None:
        self.drop()
        super().close()

    async def _test(self, number: int) -> None:
        try:
            llm = self._make()
        except MockMateError as fault:
            found = refused(fault)
        else:
            try:
                found = await check(llm)
            finally:
                if self._ours:
                    await llm.aclose()
        words = found_words(found, self._tried(), self._language)
        with self._lock:
            if number == self._number:
                self.line.value = status(words) if found.ok else alarm(words)
