"""A box for a long text, which may come from a file: the file's text goes into the box, its bytes nowhere."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import ipywidgets as w

from mockmate_nb import aio
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.documents import MAX_BYTES, read_document
from mockmate_nb.interview.setup import MAX_TEXT
from mockmate_nb.view.form_words import say
from mockmate_nb.view.lines import alarm, note, status
from mockmate_nb.view.publishing import from_cell

KINDS = ".pdf,.docx,.md,.markdown,.txt"
MEGABYTES = (
    MAX_BYTES // 2**20 - 1
)  # what a Jupyter server lets through in one message, with room for its frame
NAME_SHOWN = 60


class DocumentBox(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """`text` is the box; `upload` puts a file's text into it. Only the file chosen last counts."""

    def __init__(self, name: Literal["resume", "job"], language: Language) -> None:
        self._name: Literal["resume", "job"] = name
        self._language = language
        self._chosen = 0
        self.text = w.Textarea(continuous_update=False, layout=w.Layout(width="auto"), rows=8)
        self.upload = w.FileUpload(accept=KINDS, multiple=False, layout=w.Layout(width="auto"))
        self.note = w.HTML()
        self.text.add_class("mockmate-field")
        self.upload.add_class("mockmate-quiet")
        row = w.HBox([self.upload, self.note])
        row.add_class("mockmate-file")
        super().__init__([self.text, row], layout=w.Layout(flex="1 1 320px", width="auto"))
        self.upload.observe(lambda change: from_cell(self._take, change["new"]), "value")
        self.text.observe(lambda _: from_cell(self._rest), "value")
        self.speak(language)

    def __repr__(self) -> str:
        return f"DocumentBox({self._name!r})"

    def speak(self, language: Language) -> None:
        self._language = language
        self.text.description = say(language, self._name)
        self.text.placeholder = say(language, f"{self._name}_hint")
        self.upload.description = self.upload.tooltip = say(language, f"{self._name}_file")
        self._rest()

    def close(self) -> None:
        self._chosen += 1
        super().close()

    def _rest(self) -> None:
        """Nothing of a file is to be told, or not any more: the text is another one."""
        self.note.value = note(say(self._language, "file_kinds", megabytes=MEGABYTES))

    def _take(self, files: Any) -> None:
        """Take the bytes out of the widget at once: what is in its state is shown to every page and saved."""
        if not files:
            return
        name, content = str(files[0]["name"]), bytes(files[0]["content"])
        self.upload.value = ()
        self._chosen += 1
        self.note.value = status(say(self._language, "file_reading", name=_shown(name)))
        asyncio.run_coroutine_threadsafe(self._read(self._chosen, name, content), aio.loop())

    async def _read(self, number: int, name: str, content: bytes) -> None:
        try:
            text = await asyncio.to_thread(read_document, content, name, self._language)
        except CallerError as fault:
            if number == self._chosen:
                self.note.value = alarm(f"{fault} {say(self._language, 'file_kept')}")
            return
        if number == self._chosen:
            self.text.value = text
            long = len(text) > MAX_TEXT
            facts = {"name": _shown(name), "count": len(text), "limit": MAX_TEXT}
            told = say(self._language, "file_long" if long else "file_read", **facts)
            self.note.value = alarm(told) if long else status(told)


def _shown(name: str) -> str:
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 10]}…{name[-9:]}"
