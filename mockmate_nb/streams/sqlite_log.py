"""The store that keeps events in one SQLite file, for any number of threads and processes on this machine.

The file is in write-ahead mode with `synchronous=NORMAL`: a commit is in the operating system's hands before
it is acknowledged, so a killed program loses nothing that was acknowledged. A power cut may take the last
commits with it, whole transactions from the end, and never leaves a broken file.
https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous

Calls are synchronous, on purpose: a small append takes tens of microseconds, less than handing it to another
thread would. A checkpoint, once in about a thousand pages, takes some milliseconds.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.streams.memory_log import Row

VERSION = 1
APPLICATION_ID = 0x4D4D4E42  # "MMNB"
OPENING_PATIENCE, OPENING_PAUSE = 5.0, 0.005  # seconds: opening waits for other processes, looking this often

# `position` orders streams by their last activity, whatever the clock did.
SCHEMA = (
    """CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        type TEXT NOT NULL,
        text TEXT NOT NULL,
        at REAL NOT NULL,
        UNIQUE (stream, seq)
    )""",
    "CREATE TABLE dropped (name_hash BLOB PRIMARY KEY) WITHOUT ROWID",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
TAIL = "SELECT seq, epoch, type, text, at FROM events WHERE stream = ? ORDER BY seq DESC LIMIT 1"
PAGE = "SELECT seq, epoch, type, text, at FROM events WHERE stream = ? AND seq > ? ORDER BY seq LIMIT ?"
INSERT = "INSERT INTO events (stream, seq, epoch, type, text, at) VALUES (?, ?, ?, ?, ?, ?)"
# From name to name by the index: the cost is in the streams listed, not in their events.
STREAMS = """
WITH RECURSIVE names (name) AS (
    SELECT min(stream) FROM events WHERE stream >= :prefix
    UNION ALL
    SELECT (SELECT min(stream) FROM events WHERE stream > name) FROM names
    WHERE substr(name, 1, length(:prefix)) = :prefix
)
SELECT name FROM names WHERE substr(name, 1, length(:prefix)) = :prefix
ORDER BY (SELECT position FROM events WHERE stream = name ORDER BY seq DESC LIMIT 1)
"""


class SQLiteStore:
    """Rows in the file at `path`, which is made, with its folders, where there is none.

    A file that is no database, belongs to another program, or was written by a newer version is left as it
    is (`CallerError`). While another process writes, a call raises `BlockingIOError` at once and has
    changed nothing: the log tries again without holding up its loop. Not thread-safe: the log locks.
    """

    shared = True

    def __init__(self, path: Path) -> None:
        try:
            path = path.expanduser()
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                path.touch(mode=0o600, exist_ok=False)  # résumés and answers lie in it: for its owner alone
            if path.stat().st_size == 1:  # which SQLite takes for an empty file, and would write over
                raise sqlite3.DatabaseError("file is not a database")
            # No waiting inside SQLite: it would hold up the loop, and the switch to write-ahead never waits.
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, RuntimeError, sqlite3.Error) as fault:
            raise _unusable(path, fault) from fault
        try:
            self._prepare_when_free(path)
        except sqlite3.Error as fault:
            self._connection.close()
            raise _unusable(path, fault) from fault
        except BaseException:
            self._connection.close()
            raise

    def _prepare_when_free(self, path: Path) -> None:
        deadline = time.monotonic() + OPENING_PATIENCE
        while True:
            try:
                return self._prepare(path)
            except sqlite3.Error as fault:
                if not _is_busy(fault) or time.monotonic() > deadline:
                    raise
            time.sleep(OPENING_PAUSE)

    def _prepare(self, path: Path) -> None:
        run = self._connection.execute
        with self._transaction():
            (program,) = run("PRAGMA application_id").fetchone()
            (version,) = run("PRAGMA user_version").fetchone()
            (tables,) = run("SELECT count(*) FROM sqlite_master").fetchone()
            if version > VERSION:
                raise CallerError(
                    f"The event log {path} was written by a newer version (format {version}, not {VERSION}).",
                    field="address",
                    advice="Update mockmate-nb, or name another file. The file was left as it is.",
                )
            if program != APPLICATION_ID and (program or version or tables):
                raise CallerError(
                    f"{path} is the database of another program.",
                    field="address",
                    advice="Name a file of its own for the event log. The file was left as it is.",
                )
            if not tables:
                for statement in SCHEMA:
                    run(statement)
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA secure_delete = ON")  # what a person deletes is overwritten, not only unlinked

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _tail(self, stream: str) -> Row | None:
        row = self._connection.execute(TAIL, (stream,)).fetchone()
        if row:
            return Row(*row)
        gone = self._connection.execute(
            "SELECT 1 FROM dropped WHERE name_hash = ?", (_hash(stream),)
        ).fetchone()
        return None if gone else Row()

    def tail(self, stream: str) -> Row | None:
        """The last row, `Row()` before the first, None where the stream was deleted."""
        with _clear_faults():
            return self._tail(stream)

    def page(self, stream: str, seq: int, limit: int) -> list[Row]:
        """At most `limit` rows after number `seq`. The transaction ends before this returns."""
        with _clear_faults():
            return [Row(*row) for row in self._connection.execute(PAGE, (stream, seq, limit)).fetchall()]

    def write(self, stream: str, following: Callable[[Row | None], list[Row]]) -> list[Row]:
        """Add, in one transaction, the rows that `following` makes of the tail; none where it raises."""
        with _clear_faults(), self._transaction():
            added = following(self._tail(stream))
            self._connection.executemany(INSERT, [(stream, *row) for row in added])
        return added

    def streams(self, prefix: str) -> list[str]:
        with _clear_faults():
            return [name for (name,) in self._connection.execute(STREAMS, {"prefix": prefix}).fetchall()]

    def drop(self, stream: str) -> None:
        """Overwrite the stream's rows; keep a hash of its name, so that no late writer brings it back."""
        with _clear_faults():
            with self._transaction():
                if self._connection.execute("DELETE FROM events WHERE stream = ?", (stream,)).rowcount:
                    self._connection.execute("INSERT INTO dropped VALUES (?)", (_hash(stream),))
            (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise BlockingIOError("The write-ahead file, where the text still lies, is being read.")

    def close(self) -> None:
        self._connection.close()


def _hash(stream: str) -> bytes:
    return hashlib.sha256(stream.encode()).digest()


def _is_busy(fault: sqlite3.Error) -> bool:
    return getattr(fault, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def _clear_faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        if _is_busy(fault):
            raise BlockingIOError(str(fault)) from fault
        raise MockMateError(
            f"The event log's file could not be used: {fault}.",
            kind=Kind.SERVER,
            advice="Look whether the disk is full and the file still there and writable.",
            retryable=False,
        ) from fault


def _unusable(path: Path, fault: Exception) -> CallerError:
    if "not a database" in str(fault):
        return CallerError(
            f"{path} is not an SQLite database.",
            field="address",
            advice="Name another file. This one was left as it is.",
        )
    return CallerError(
        f"The event log {path} cannot be opened: {fault}.",
        field="address",
        advice="Name a file on a disk of this machine, where you may write and no other program holds it.",
    )
