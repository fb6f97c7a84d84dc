"""What the SQLite log promises beyond the common contract: files, processes, faults of the disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.streams import log as log_module
from mockmate_nb.streams.log import StaleEpoch, StreamEnded, open_log
from mockmate_nb.streams.sqlite_log import VERSION
from mockmate_nb.wire.events import QuestionChunk, Stopped

ROOT = Path(__file__).parents[2]

WRITER = """
import asyncio, sys
from mockmate_nb.streams.log import open_log
from mockmate_nb.wire.events import QuestionChunk

async def main(address, epoch, count):
    log = open_log(address)
    n = 0
    while n < count:
        for id in await log.append("s", [QuestionChunk(content="x")] * (1 + n % 3), epoch=epoch):
            print(id, flush=True)
        n += 1
    log.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def chunk(text: str) -> QuestionChunk:
    return QuestionChunk(content=text)


@contextmanager
def writer(address: str, *, epoch: int = 1, count: int = 10**9) -> Iterator[subprocess.Popen[str]]:
    """Another process that appends `count` batches of 1, 2, 3, 1, … events and prints the ids it is given."""
    command = [sys.executable, "-c", WRITER, address, str(epoch), str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_all(address: str) -> list[str]:
    async def read() -> list[str]:
        with closing(open_log(address)) as log:
            return [id_ for id_, _ in await log.read("s")]

    return asyncio.run(read())


def test_a_restart_finds_everything(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/log.db"

    async def write() -> list[str]:
        with closing(open_log(address)) as log:
            return await log.append("s", [chunk("a"), Stopped(partial="a")])

    assert asyncio.run(write()) == read_all(address) == ["1.1", "1.2"]


async def test_folders_are_made_and_the_file_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for address, path in (
        ("sqlite:///relative.db", "relative.db"),
        ("sqlite:///a/b c/%20?.db", "a/b c/%20?.db"),
        (f"sqlite:///{tmp_path}/full/log.db", "full/log.db"),
        ("sqlite:///~/log.db", "home/log.db"),
    ):
        with closing(open_log(address)) as log:
            await log.append("s", [chunk("a")])
            files = sorted((tmp_path / path).parent.glob("*.db*"))
            assert files[0] == tmp_path / path
            assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
        assert [file for file in files if file.exists()] == [tmp_path / path]


def test_twenty_killed_writers_lose_nothing_acknowledged(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/log.db"
    acknowledged: list[str] = []
    for epoch in range(1, 21):
        with writer(address, epoch=epoch) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(1 + 23 * epoch % 97)]
            process.kill()
            whole_lines, _, _ = process.stdout.read().rpartition("\n")
            acknowledged += whole_lines.split()
    kept = read_all(address)
    assert [int(id_.partition(".")[2]) for id_ in kept] == list(range(1, len(kept) + 1))
    assert [id_ for id_ in acknowledged if id_ not in set(kept)] == []
    assert len(kept) - len(acknowledged) <= 20 * 3, (
        "at most one batch a kill was committed and not yet printed"
    )
    assert {int(id_.partition(".")[0]) for id_ in kept} == set(range(1, 21))


async def test_a_follower_sees_what_another_process_appends(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/log.db"
    with closing(open_log(address)) as log:
        following = log.follow("s")
        first = asyncio.ensure_future(anext(following))
        await asyncio.sleep(0)
        with writer(address, count=30) as process:
            seen = [(await asyncio.wait_for(first, 30))[0]]
            while len(seen) < 60:
                seen.append((await asyncio.wait_for(anext(following), 30))[0])
            assert process.stdout is not None
            assert process.stdout.read().split() == seen
        await following.aclose()


async def test_fencing_and_deletion_hold_across_processes(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/log.db"
    with closing(open_log(address)) as log:
        await log.append("s", [chunk("a")], epoch=1)
        with writer(address, epoch=2, count=1) as process:
            assert process.stdout is not None
            assert process.stdout.read() == "2.2\n"
        with pytest.raises(StaleEpoch):
            await log.append("s", [chunk("b")], epoch=1)
        # A second log in this process has a connection of its own, as another process has.
        with closing(open_log(address)) as other:
            rest = asyncio.ensure_future(anext(log.follow("s", after="2.2")))
            await asyncio.sleep(0)
            await other.drop("s")
            with pytest.raises(StreamEnded, match="deleted"):
                await asyncio.wait_for(rest, 30)
        with pytest.raises(StreamEnded, match="deleted"):
            await log.append("s", [chunk("b")], epoch=3)


def test_two_processes_writing_leave_no_hole(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/log.db"
    with writer(address, count=300) as one, writer(address, count=300) as two:
        printed = [process.communicate(timeout=60)[0].split() for process in (one, two)]
        assert (one.returncode, two.returncode) == (0, 0)
    assert all(len(ids) == 600 for ids in printed)
    kept = read_all(address)
    assert kept == [f"1.{n}" for n in range(1, 1201)]
    assert sorted(printed[0] + printed[1]) == sorted(kept)


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    def open_and_close(n: int) -> None:
        open_log(f"sqlite:///{tmp_path}/{n // 8}.db").close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_and_close, range(64)))


async def test_a_file_that_stays_busy_is_a_time_out_and_the_loop_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.db"
    with closing(open_log(f"sqlite:///{path}")) as log, closing(sqlite3.connect(path)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(log.append("s", [chunk("a")]))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not task.done()
        assert await log.read("s") == []
        rival.execute("ROLLBACK")
        assert await asyncio.wait_for(task, 30) == ["1.1"]

        rival.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(log_module, "PATIENCE", 0.05)
        with pytest.raises(MockMateError, match="busy") as caught:
            await log.append("s", [chunk("b")])
        assert (caught.value.kind, caught.value.retryable) == (Kind.TIMEOUT, True)
        rival.execute("ROLLBACK")
        assert await log.append("s", [chunk("c")]) == ["1.2"]


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_deleted_text_is_gone_from_the_disk(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/log.db"
    with closing(open_log(address)) as log:
        for n in range(50):
            await log.append("s", [chunk(f"a secret of mine {n} ".ljust(3000, "-"))])
            await log.append("kept", [chunk("an open word")])
    assert b"secret of mine" in on_disk(tmp_path)
    with closing(open_log(address)) as log, closing(sqlite3.connect(tmp_path / "log.db")) as rival:
        rival.execute("BEGIN")
        rival.execute("SELECT count(*) FROM events").fetchone()
        dropping = asyncio.create_task(log.drop("s"))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not dropping.done(), "another process still reads the text"
        rival.execute("ROLLBACK")
        await asyncio.wait_for(dropping, 30)
        kept = on_disk(tmp_path)
    assert b"an open word" in kept
    assert b"secret of mine" not in kept


async def test_a_reader_that_pauses_holds_no_transaction(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(open_log(f"sqlite:///{path}")) as log, closing(sqlite3.connect(path)) as rival:
        await log.append("s", [chunk("a")] * 1000)
        reader = log.follow("s")
        await anext(reader)
        busy, frames, written = rival.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert (busy, frames, written) == (0, 0, 0)
        await reader.aclose()


async def test_a_batch_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(open_log(f"sqlite:///{path}")) as log, closing(sqlite3.connect(path)) as rival:
        rival.execute(
            "CREATE TRIGGER f BEFORE INSERT ON events WHEN NEW.seq = 3 BEGIN SELECT RAISE(FAIL, 'x'); END"
        )
        with pytest.raises(MockMateError, match="could not be used: x"):
            await log.append("s", [chunk("a"), chunk("b"), chunk("c")])
        assert await log.read("s") == []
        rival.execute("DROP TRIGGER f")
        assert await log.append("s", [chunk("a")]) == ["1.1"]


async def test_a_full_disk_is_a_clear_error_and_the_log_goes_on(tmp_path: Path) -> None:
    with closing(open_log(f"sqlite:///{tmp_path}/log.db")) as log:
        await log.append("s", [chunk("a")])
        connection = log._store._connection  # type: ignore[attr-defined] # the SQLite store has one
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(MockMateError, match="full") as caught:
            await log.append("s", [chunk("b" * 100_000)])
        assert not isinstance(caught.value, CallerError)
        connection.execute("PRAGMA max_page_count = 1000000")
        assert await log.append("s", [chunk("c")]) == ["1.2"]


def text(length: int) -> Callable[[Path], object]:
    return lambda path: path.write_text(("Dear diary, " * length)[:length])


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE notes (text)")
        database.commit()


def newer(path: Path) -> None:
    open_log(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (text(1), "not an SQLite database"),
        (text(2), "not an SQLite database"),
        (text(99), "not an SQLite database"),
        (text(20_000), "not an SQLite database"),
        (foreign, "another program"),
        (newer, "newer version"),
    ],
    ids=["1 byte", "2 bytes", "99 bytes", "text", "another program's", "newer"],
)
def test_a_file_that_is_not_ours_is_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "log.db"
    make(path)
    before = path.read_bytes(), path.stat().st_mtime_ns
    with pytest.raises(CallerError, match=said) as caught:
        open_log(f"sqlite:///{path}")
    assert caught.value.field == "address"
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere: give its rights up for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="folders are made read-only by POSIX modes")
@pytest.mark.parametrize("name", ["log.db", "below/log.db"])
def test_a_folder_where_one_may_not_write_is_a_clear_error(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with as_nobody(), pytest.raises(CallerError, match="cannot be opened") as caught:
            open_log(f"sqlite:///{folder}/{name}")
        assert caught.value.field == "address"
        assert list(Path(folder).iterdir()) == []
        Path(folder).chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="files are made read-only by POSIX modes")
def test_a_file_that_one_may_not_write_is_a_clear_error() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        open_log(f"sqlite:///{path}").close()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        before = path.read_bytes()
        with as_nobody(), pytest.raises(CallerError, match="cannot be opened"):
            open_log(f"sqlite:///{path}")
        assert path.read_bytes() == before
        Path(folder).chmod(0o755)


def test_a_path_that_cannot_be_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file" / "log.db", tmp_path, Path("~nobody-of-this-name/log.db")):
        with pytest.raises(CallerError, match="cannot be opened"):
            open_log(f"sqlite:///{path}")
