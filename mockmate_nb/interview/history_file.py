"""The history's SQLite file: opened, brought to this version, and every fault of it said in plain words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.pool import NullPool, StaticPool

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.interview.setup import well_formed

APPLICATION_ID = 0x4D4D4E48  # "MMNH"
PATIENCE = 5.0  # seconds that a call waits for another process's transaction
BEGIN = "mockmate_begin"  # the execution option that says how a transaction begins

# Step n brings a file from version n to n + 1; a new file takes all of them. A released step never changes.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE interviews (
            session_id TEXT PRIMARY KEY,
            begun_at REAL NOT NULL,
            updated_at REAL NOT NULL,
            state TEXT NOT NULL,
            language TEXT NOT NULL,
            format TEXT NOT NULL,
            level TEXT NOT NULL,
            mode TEXT NOT NULL,
            model TEXT NOT NULL,
            question_count INTEGER NOT NULL,
            job_title TEXT NOT NULL,
            turns TEXT NOT NULL,
            feedback TEXT,
            again TEXT NOT NULL
        )""",
        """CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            session_id TEXT NOT NULL,
            question_id TEXT NOT NULL,
            competency TEXT NOT NULL,
            second INTEGER NOT NULL,
            at REAL NOT NULL,
            overall REAL,
            dimensions TEXT NOT NULL,
            answer TEXT NOT NULL
        )""",
        "CREATE INDEX interviews_by_time ON interviews (begun_at)",
        "CREATE INDEX attempts_of_interview ON attempts (session_id)",
        "CREATE INDEX attempts_at_question ON attempts (question_id, at)",
        "CREATE TABLE deleted (name_hash BLOB PRIMARY KEY) WITHOUT ROWID",
    ),
)


def open_memory() -> sa.Engine:
    """A database in this program's memory, on one connection: callers take turns."""
    return _opened("sqlite://", "memory", poolclass=StaticPool)


def open_file(path: Path) -> sa.Engine:
    """The database in the file at `path`, which is made, with its folders, where there is none.

    A connection lives as long as its use. A file that is damaged, belongs to another program or was written by
    a newer version is left as it is: `CallerError`.
    """
    try:
        path = path.expanduser()
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)  # answers lie in it: for its owner alone
        if path.stat().st_size == 1:  # which SQLite takes for an empty file, and would write over
            raise _damaged(str(path))
    except (OSError, RuntimeError, ValueError) as fault:
        raise _unusable(str(path), str(fault)) from fault
    return _opened(sa.URL.create("sqlite", database=str(path)), str(path), poolclass=NullPool)


def _opened(url: sa.URL | str, place: str, *, poolclass: type[sa.Pool]) -> sa.Engine:
    engine = sa.create_engine(
        url,
        poolclass=poolclass,
        connect_args={"timeout": PATIENCE, "check_same_thread": False},
        json_serializer=_to_json,
        hide_parameters=True,  # answers do not belong in a traceback
    )
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    try:
        with clear_faults(place):
            _bring_up(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not before the first write
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")  # what a person deletes is overwritten, not only unlinked


def _begin(connection: sa.Connection) -> None:
    if statement := connection.get_execution_options().get(BEGIN, "BEGIN"):
        connection.exec_driver_sql(statement)


def _bring_up(engine: sa.Engine, place: str) -> None:
    with engine.begin() as run:
        version = _checked_version(run, place)
        mode = run.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    if version < len(MIGRATIONS):
        with engine.execution_options(**{BEGIN: "BEGIN IMMEDIATE"}).begin() as run:
            _migrate(run, _checked_version(run, place))  # another kernel may have been faster
    if mode == "delete":  # as in a new file. A kernel that is at it at the same moment does as well
        with suppress(DBAPIError), engine.execution_options(**{BEGIN: ""}).begin() as run:
            run.exec_driver_sql("PRAGMA journal_mode = WAL")


def _migrate(run: sa.Connection, version: int) -> None:
    for step in MIGRATIONS[version:]:
        for statement in step:
            run.exec_driver_sql(statement)
    run.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    run.exec_driver_sql(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _checked_version(run: sa.Connection, place: str) -> int:
    """The file's version, 0 for a new one; `CallerError` where it is not ours to write."""
    program, version, tables = (
        int(run.exec_driver_sql(question).scalar_one())
        for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if program != APPLICATION_ID and (program or version or tables):
        raise CallerError(
            f"{place} is the database of another program.",
            field="url",
            advice="Name a file of its own for the history. The file was left as it is.",
        )
    if version > len(MIGRATIONS):
        raise CallerError(
            f"The history {place} was written by a newer version (format {version}, not {len(MIGRATIONS)}).",
            field="url",
            advice="Update mockmate-nb, or name another file. The file was left as it is.",
        )
    return version


def _to_json(value: Any) -> str:
    return well_formed(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


@contextmanager
def clear_faults(place: str) -> Iterator[None]:
    """SQLite's and SQLAlchemy's faults as our own; none of them repeats what stands in the database."""
    try:
        yield
    except IntegrityError as fault:
        raise _not_storable() from fault
    except DBAPIError as fault:
        raise _from_sqlite(place, fault.orig) from fault
    except StatementError as fault:
        raise _not_storable() from fault
    except ValueError as fault:  # JSON of ours that is none any more
        raise _damaged(place) from fault


def _from_sqlite(place: str, fault: BaseException | None) -> MockMateError:
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return MockMateError(
            f"The history {place} was held by another program for {PATIENCE:g} seconds.",
            kind=Kind.TIMEOUT,
            advice="Try again when that program is done.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "decode" in str(fault):
        return _damaged(place)
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return _unusable(place, str(fault))
    return MockMateError(
        f"The history {place} could not be used: {fault}.",
        kind=Kind.SERVER,
        advice="Look whether the disk is full and the file still there and writable.",
        retryable=False,
    )


def _damaged(place: str) -> CallerError:
    return CallerError(
        f"The history {place} is damaged or is not an SQLite database.",
        field="url",
        advice=(
            "It was left as it is. Put a copy of it in its place, or try `sqlite3 FILE .recover`; "
            "or rename it, and a new history begins."
        ),
    )


def _unusable(place: str, why: str) -> CallerError:
    return CallerError(
        f"The history {place} cannot be opened: {why}.",
        field="url",
        advice="Name a file on a disk of this machine where you may write.",
    )


def _not_storable() -> CallerError:
    return CallerError(
        "This entry cannot be kept: a value of it is missing or is not plain JSON.",
        field="entry",
        advice="Give texts, finite numbers, and lists and dictionaries of them.",
    )
