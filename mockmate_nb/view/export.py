"""An interview's report as a file: beside the notebook by `export`, or in the downloads of the page that asks.

export(interview.entry(), "html")     # mockmate-2026-11-21-backend-engineer.html in this folder
Exporter(lambda: interview.entry())   # the same as four buttons
"""

from __future__ import annotations

import asyncio
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import traitlets

from mockmate_nb import aio
from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.keeping import default_history
from mockmate_nb.interview.record import Entry, Progress
from mockmate_nb.view.esm import STATIC, joined
from mockmate_nb.view.past_words import say
from mockmate_nb.view.publishing import PublishedWidget, from_cell

if TYPE_CHECKING:
    from mockmate_nb.interview.history import History

Kind = Literal["markdown", "html", "json", "pdf"]
FORMS: dict[Kind, tuple[str, str]] = {
    "markdown": ("md", "text/markdown;charset=utf-8"),
    "html": ("html", "text/html;charset=utf-8"),
    "json": ("json", "application/json"),
    "pdf": ("pdf", "application/pdf"),
}
"""Each kind's file name ending and media type."""
MAX_TITLE = 40


class Export(NamedTuple):
    """A file as it is to be saved."""

    name: str
    mime: str
    content: bytes


def file_name(entry: Entry, kind: Kind) -> str:
    """`mockmate-2026-11-21-backend-engineer.html`: date and job title, in letters and digits of any script."""
    title = unicodedata.normalize("NFKC", entry.job_title[:200]).casefold()
    words = "".join(letter if letter.isalnum() else " " for letter in title).split()
    short = "-".join(words)[:MAX_TITLE].rstrip("-")
    day = f"{datetime.fromtimestamp(entry.begun_at):%Y-%m-%d}"
    return "-".join(filter(None, ["mockmate", day, short])) + f".{FORMS[kind][0]}"


def exported(entry: Entry, kind: Kind, progress: Sequence[Progress] = ()) -> Export:
    """The report's name, media type and bytes. A PDF takes seconds: call it in a thread.

    `CallerError` for another kind, for a record that cannot be read, and where a PDF finds no browser to print it.
    """
    if kind not in FORMS:
        raise CallerError(
            f"kind: {str(kind)[:20]!r} is not known.", field="kind", advice=f"Use one of: {', '.join(FORMS)}."
        )
    from mockmate_nb.interview.report import Report  # it and what it draws take a while to load

    report = Report.of(entry, progress)
    match kind:
        case "markdown":
            content = report.markdown().encode()
        case "html":
            content = report.html().encode()
        case "json":
            content = report.json().encode()
        case "pdf":
            content = _printed(report.html())
    return Export(file_name(entry, kind), FORMS[kind][1], content)


def export(
    entry: Entry, kind: Kind = "html", folder: str | Path = ".", *, progress: Sequence[Progress] = ()
) -> Path:
    """Write the report of `interview.entry()`, or of an entry of the history, into a folder; gives its path.

    `kind` is "markdown", "html", "json" or "pdf". A file that is there stays: the new one is numbered. `CallerError`
    for what `exported` refuses and for a folder that cannot be written to.
    """
    made = exported(entry, kind, progress)
    place = Path(folder).expanduser()
    stem, ending = made.name.rsplit(".", 1)
    number = 1
    while True:
        path = place / (made.name if number == 1 else f"{stem}-{number}.{ending}")
        try:
            with path.open("xb") as file:
                file.write(made.content)
        except FileExistsError:
            number += 1
        except OSError as fault:
            raise CallerError(
                f"The report cannot be written to {path}: {fault.strerror or fault}.",
                field="folder",
                advice="Name a folder that is there and where you may write.",
            ) from fault
        else:
            return path


class Exporter(PublishedWidget):
    """Four buttons that save an interview's report: Markdown, HTML, JSON, PDF.

    `entry` gives the interview, None where there is none; it is called on the worker loop. The file is made in a
    thread and goes to the page that asked in one message: no path on the server, nothing in the widget's state.
    Its progress over time is that of `history`, by default the one on this machine.
    """

    _esm = joined("download.js")
    _css = STATIC / "download.css"

    language = traitlets.Enum(("en", "zh"), "en").tag(sync=True)
    """Of the buttons; the report is in the interview's own."""

    def __init__(
        self, entry: Callable[[], Entry | None], *, language: Language = "en", history: History | None = None
    ) -> None:
        self._entry, self._history = entry, history
        super().__init__(language=language)
        self.on_msg(lambda _widget, content, _buffers: from_cell(self._hear, content))

    def __repr__(self) -> str:
        return "Exporter()"

    def reset(self) -> None:
        """Another interview from now on: what was said of the one before leaves the page."""
        self.send({"type": "reset"})

    def _hear(self, content: Any) -> None:
        match content:
            case {"type": "make", "kind": str(kind), "page": str(page)}:
                asyncio.run_coroutine_threadsafe(self._make(kind, page), aio.loop())

    async def _make(self, kind: Any, page: str) -> None:
        language = cast("Language", self.language)
        try:
            made = await asyncio.to_thread(self._made, self._entry(), kind, language)
        except Exception as fault:
            lead = say(language, "not_saved_pdf" if kind == "pdf" else "not_saved")
            told = str(fault) if isinstance(fault, MockMateError) else f"{type(fault).__name__}: {fault}"
            self.send({"type": "fault", "page": page, "text": f"{lead} {told}"})
            raise
        self.send({"type": "file", "page": page, "name": made.name, "mime": made.mime}, [made.content])

    def _made(self, entry: Entry | None, kind: Kind, language: Language) -> Export:
        if entry is None:
            raise CallerError(say(language, "nothing_to_save"))
        progress: Sequence[Progress] = ()
        with suppress(MockMateError):  # a report of this interview needs no history
            progress = (self._history or default_history()).progress()
        return exported(entry, kind, progress)


def _printed(html: str) -> bytes:
    from mockmate_nb.interview.report_pdf import print_pdf

    with tempfile.TemporaryDirectory(prefix="mockmate-", ignore_cleanup_errors=True) as folder:
        return print_pdf(html, Path(folder) / "report.pdf").read_bytes()
