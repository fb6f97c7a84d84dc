"""What is kept of interviews, from the first answer to the last, until it is deleted: one SQLite file.

    history = open_history()
    history.keep(entry)                     # at every turn's end; the newest state wins
    history.attempts("technical-caching")   # every answer to one question, oldest first
    history.progress()                      # range and trend of each competency

The file is a projection: what happened stands in the event log. It is in write-ahead mode and a connection lives
as long as one call, so that several kernels share it, nothing stays open between calls, and a copy of the file
is whole. https://sqlite.org/wal.html
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.interview.history_file import BEGIN, clear_faults, open_file, open_memory
from mockmate_nb.interview.record import Attempt, Entry, Progress, Tried, attempts_of, progress_of
from mockmate_nb.interview.setup import well_formed
from mockmate_nb.settings import home, keeps_on_disk

__all__ = ["Attempt", "Entry", "History", "Progress", "open_history"]

FILE = "history.sqlite"
WRITE = "BEGIN IMMEDIATE"
_tables = sa.MetaData()
INTERVIEWS = sa.Table(
    "interviews",
    _tables,
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("begun_at", sa.Float),
    sa.Column("updated_at", sa.Float),
    *(sa.Column(name, sa.Text) for name in ("state", "language", "format", "level", "mode", "model")),
    sa.Column("question_count", sa.Integer),
    sa.Column("job_title", sa.Text),
    sa.Column("turns", sa.JSON),
    sa.Column("feedback", sa.JSON(none_as_null=True)),
    sa.Column("again", sa.JSON),
)
ATTEMPTS = sa.Table(
    "attempts",
    _tables,
    sa.Column("id", sa.Integer, primary_key=True),
    *(sa.Column(name, sa.Text) for name in ("session_id", "question_id", "competency")),
    sa.Column("second", sa.Boolean),
    sa.Column("at", sa.Float),
    sa.Column("overall", sa.Float),
    sa.Column("dimensions", sa.JSON),
    sa.Column("answer", sa.Text),
)
DELETED = sa.Table("deleted", _tables, sa.Column("name_hash", sa.LargeBinary, primary_key=True))
ENTRY_COLUMNS = [INTERVIEWS.c[field.name] for field in fields(Entry)]


class History:
    """Interviews in one SQLite database; made by `open_history`. Every method may be called from any thread.

    Faults: `CallerError` for a damaged file and after `close`, `MockMateError` of kind `timeout` where another
    process holds the file for longer than five seconds, of kind `server` where the disk does not take it.
    """

    def __init__(self, engine: sa.Engine, place: str) -> None:
        self._engine = engine
        self._place = place
        self._lock = threading.Lock()
        self.closed = False

    def keep(self, entry: Entry) -> None:
        """Put the entry in the place of an earlier one of its session; an older one (`updated_at`) changes nothing.

        What was deleted stays deleted: a writer that comes late does not bring it back. `CallerError` for an
        entry that JSON cannot hold.
        """
        values = {field.name: _storable(getattr(entry, field.name)) for field in fields(Entry)}
        if not entry.session_id.strip():
            raise CallerError(
                "session_id: it is empty.", field="session_id", advice="Give the interview's id."
            )
        statement = insert(INTERVIEWS).values(values)
        newer = statement.on_conflict_do_update(
            index_elements=["session_id"],
            set_={name: statement.excluded[name] for name in values if name != "session_id"},
            where=statement.excluded.updated_at >= INTERVIEWS.c.updated_at,
        )
        rows = [_row(tried) for tried in attempts_of(entry)]
        with self._transaction(WRITE) as run:
            name_hash = _hash(values["session_id"])
            gone = run.execute(sa.select(DELETED).where(DELETED.c.name_hash == name_hash)).first()
            if gone or not run.execute(newer).rowcount:
                return
            run.execute(sa.delete(ATTEMPTS).where(ATTEMPTS.c.session_id == values["session_id"]))
            if rows:
                run.execute(sa.insert(ATTEMPTS), rows)

    def entry(self, session_id: str) -> Entry | None:
        """The interview of that id, None where it is not kept."""
        with self._transaction() as run:
            row = run.execute(sa.select(*ENTRY_COLUMNS).where(INTERVIEWS.c.session_id == session_id)).first()
        return Entry(*row) if row else None

    def entries(self, limit: int | None = None) -> list[Entry]:
        """All interviews, or the last `limit` of them, finished or not; the newest first."""
        newest = sa.select(*ENTRY_COLUMNS).order_by(
            INTERVIEWS.c.begun_at.desc(), INTERVIEWS.c.session_id.desc()
        )
        with self._transaction() as run:
            return [Entry(*row) for row in run.execute(newest.limit(limit))]

    def attempts(self, question_id: str) -> list[Attempt]:
        """Every answer to that question, over all interviews and with second attempts, oldest first."""
        columns = (ATTEMPTS.c.session_id, ATTEMPTS.c.at, ATTEMPTS.c.overall, ATTEMPTS.c.dimensions)
        wanted = (
            sa.select(*columns, ATTEMPTS.c.answer)
            .where(ATTEMPTS.c.question_id == question_id)
            .order_by(ATTEMPTS.c.at, ATTEMPTS.c.id)
        )
        with self._transaction() as run:
            return [Attempt(*row) for row in run.execute(wanted)]

    def progress(self) -> list[Progress]:
        """Each competency over interviews, by its name. An interview gives one point: the mean of its questions'
        scores. Second attempts do not count: they are made with the feedback in hand."""
        points = (
            sa.select(
                ATTEMPTS.c.competency,
                INTERVIEWS.c.begun_at,
                sa.func.round(sa.func.avg(ATTEMPTS.c.overall), 2),
            )
            .join(INTERVIEWS, INTERVIEWS.c.session_id == ATTEMPTS.c.session_id)
            .where(~ATTEMPTS.c.second, ATTEMPTS.c.overall.is_not(None), ATTEMPTS.c.competency != "")
            .group_by(ATTEMPTS.c.competency, INTERVIEWS.c.session_id)
        )
        with self._transaction() as run:
            return progress_of([(row[0], row[1], row[2]) for row in run.execute(points)])

    def delete(self, session_id: str) -> None:
        """Take one interview out and overwrite its bytes; it stays out, even if it was not yet kept."""
        these, theirs = INTERVIEWS.c.session_id == session_id, ATTEMPTS.c.session_id == session_id
        self._delete(these, theirs, named=[session_id])

    def delete_all(self) -> None:
        """Take all interviews out and overwrite their bytes."""
        self._delete(sa.true(), sa.true())

    def close(self) -> None:
        """Every later call raises `CallerError`; a history in memory is gone. May be called twice."""
        with self._lock:
            self.closed = True
            self._engine.dispose()

    def _delete(
        self, these: sa.ColumnElement[bool], theirs: sa.ColumnElement[bool], named: Sequence[str] = ()
    ) -> None:
        with self._transaction(WRITE) as run:
            names = {*run.scalars(sa.select(INTERVIEWS.c.session_id).where(these)), *named}
            if names:
                hashes = [{"name_hash": _hash(name)} for name in names]
                run.execute(insert(DELETED).on_conflict_do_nothing(), hashes)
            run.execute(sa.delete(ATTEMPTS).where(theirs))
            run.execute(sa.delete(INTERVIEWS).where(these))
        with self._transaction("") as run:
            (busy, _, _) = run.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        if busy:
            raise MockMateError(
                "The interview is deleted, but another program is reading the file beside which its text still lies.",
                kind=Kind.TIMEOUT,
                advice="Delete once more when that program is done.",
            )

    @contextmanager
    def _transaction(self, begin: str = "BEGIN") -> Iterator[sa.Connection]:
        """A connection in one transaction of its own: all or nothing, and closed at the end."""
        with self._lock:
            if self.closed:
                raise CallerError("The history has been closed.", advice="Open it with open_history.")
            with clear_faults(self._place), self._engine.execution_options(**{BEGIN: begin}).begin() as run:
                yield run


_in_memory: History | None = None
_opening = threading.Lock()


def open_history(url: str | None = None) -> History:
    """The history at `url`: `sqlite:///below/here.db`, `sqlite:////full/path.db`, or a new one in `memory:`.

    Without a URL the file `history.sqlite` in `settings.home()`; with `MOCKMATE_STORE=memory` one in memory
    that the whole process shares, and nothing is written to disk. `CallerError` for another URL, another value
    of `MOCKMATE_STORE`, and a file that cannot be used.
    """
    if url is None:
        return _default()
    if url == "memory:":
        return History(open_memory(), "memory")
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or path in {"", ":memory:"} or not path.isprintable():
        raise CallerError(  # without the address itself: it may hold a password
            f"No history can be opened at this address ({scheme.partition(':')[0][:16]!r}).",
            field="url",
            advice='Use "memory:" or "sqlite:///path/to/file.sqlite".',
        )
    return History(open_file(Path(path)), path)


def _default() -> History:
    global _in_memory
    if keeps_on_disk():
        path = home() / FILE
        return History(open_file(path), str(path))
    with _opening:
        if _in_memory is None or _in_memory.closed:
            _in_memory = History(open_memory(), "memory")
        return _in_memory


def _row(tried: Tried) -> dict[str, Any]:
    attempt = tried.attempt
    return {
        "session_id": well_formed(attempt.session_id),
        "question_id": well_formed(tried.question_id),
        "competency": well_formed(tried.competency),
        "second": tried.second,
        "at": attempt.at,
        "overall": attempt.overall,
        "dimensions": attempt.dimensions,
        "answer": well_formed(attempt.answer),
    }


def _storable(value: Any) -> Any:
    return well_formed(value) if isinstance(value, str) else value


def _hash(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode()).digest()
