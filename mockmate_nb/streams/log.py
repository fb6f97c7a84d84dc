"""The event log: each event once, in order, readable again from any point, by any number of readers.

    log = open_log("sqlite:///interviews.db")
    await log.append("turn-1", [QuestionChunk(content="Tell me")])      # ["1.1"]
    async for id, event in log.follow("turn-1", after="1.1"): ...

Commit before deliver: a reader sees an event only when the store has committed it. Readers hold no queue:
each has a cursor and reads the store by pages, so a slow or forgotten one costs the writer nothing. `append`,
`follow` and the rest may be called from any threads and event loops at once.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from mockmate_nb.errors import CallerError, Kind, MockMateError, UnreadableReply
from mockmate_nb.streams.memory_log import MemoryStore, Row
from mockmate_nb.streams.sqlite_log import SQLiteStore
from mockmate_nb.wire.events import TERMINALS, Event, from_json

T = TypeVar("T")

PAGE_ROWS = 256
FIRST_LOOK, LAST_LOOK = 0.05, 0.25  # seconds between looks for what other processes wrote; doubles while idle
PATIENCE = 5.0  # seconds that a call waits for another process's transaction
RETRY_PAUSE = 0.001
ID = re.compile(r"([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})")
MAX_EPOCH = 10**18 - 1


class StaleEpoch(CallerError):  # noqa: N818 - it names the writer's state, and is caught as a CallerError
    """A newer writer has taken the stream over; this one must stop. Nothing was written."""


class StreamEnded(CallerError):  # noqa: N818 - it names the stream's state, and is caught as a CallerError
    """The stream has its terminal event, or was deleted: nothing more can be written to it."""


class Store(Protocol):
    """What a backend does: single steps, each whole, called by one thread at a time. The rules are the log's.

    `shared` says whether other processes may write too. A step that would have to wait for one of them
    raises `BlockingIOError` and can be tried again.
    """

    shared: bool

    def tail(self, stream: str) -> Row | None: ...
    def page(self, stream: str, seq: int, limit: int) -> list[Row]: ...
    def write(self, stream: str, following: Callable[[Row | None], list[Row]]) -> list[Row]: ...
    def streams(self, prefix: str) -> list[str]: ...
    def drop(self, stream: str) -> None: ...
    def close(self) -> None: ...


class Wakeups:
    """Who waits for which stream: one future a waiting reader, on the reader's own loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    @contextmanager
    def armed(self, stream: str) -> Iterator[asyncio.Future[None]]:
        """A future that the next `ring` settles. Look at the store after arming: so no news is missed."""
        rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.setdefault(stream, set()).add(rung)
        try:
            yield rung
        finally:
            with self._lock:
                waiting = self._waiting.get(stream, set())
                waiting.discard(rung)
                if not waiting:
                    self._waiting.pop(stream, None)

    def ring(self, stream: str) -> None:
        with self._lock:
            rung = self._waiting.pop(stream, set())
        for future in rung:
            _settle_from_outside(future)

    def ring_all(self) -> None:
        with self._lock:
            streams = list(self._waiting)
        for stream in streams:
            self.ring(stream)


def _settle_from_outside(future: asyncio.Future[None]) -> None:
    try:
        future.get_loop().call_soon_threadsafe(_settle, future)
    except RuntimeError:
        return  # the reader's loop has been closed, and the reader with it


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class EventLog:
    """Events of many streams over one `Store`; made by `open_log`. See the module for what it promises.

    Stream ids are non-empty printable text. Event ids are opaque; an id is good for its own stream alone.
    After `close` every call raises `CallerError`. A file that another process keeps busy for `PATIENCE`
    seconds raises `MockMateError` of kind `timeout`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._closed = False
        self._wakeups = Wakeups()

    async def append(self, stream_id: str, events: Sequence[Event], epoch: int = 1) -> list[str]:
        """Commit all of `events` or none, wake the stream's readers, and give the events' ids.

        Numbers go on without holes over the stream's life, whatever the epoch. An epoch (from 1) stands for
        one writer: a higher one fences the lower. No await stands between the call and the commit, unless
        another process holds the file: a cancelled writer can still put its terminal event in place, and
        one that never awaits anything else holds up its loop.

        Raises `StaleEpoch`, `StreamEnded`, or `CallerError` for a terminal event before the batch's end, an
        event that could not be read again, a bad stream id or epoch; then nothing is written.
        """
        _check_stream(stream_id)
        if not 1 <= epoch <= MAX_EPOCH:
            raise CallerError(f"An epoch is a whole number from 1, not {epoch}.", field="epoch")
        batch = _texts(events)
        if not batch:
            return []

        def following(tail: Row | None) -> list[Row]:
            admitted = _admit(stream_id, tail, epoch)
            at = time.time()
            return [
                Row(seq, epoch, kind, text, at) for seq, (kind, text) in enumerate(batch, admitted.seq + 1)
            ]

        rows = await self._step(lambda: self._store.write(stream_id, following))
        self._wakeups.ring(stream_id)
        return [row.id for row in rows]

    async def follow(
        self, stream_id: str, after: str | None = None
    ) -> AsyncGenerator[tuple[str, Event], None]:
        """The events after id `after` (None: from the first), then those to come, to the terminal event.

        A stream that does not exist yet is waited for. Raises `CallerError` for an id that this stream never
        gave, `StreamEnded` where the stream is deleted. Nothing is registered while the consumer has
        control, so leaving the loop early leaves nothing behind.
        """
        seq = await self._number(stream_id, after)
        while rows := await self._news(stream_id, seq):
            for row in rows:
                yield row.id, from_json(row.text)
            seq = rows[-1].seq

    async def read(self, stream_id: str, after: str | None = None) -> list[tuple[str, Event]]:
        """The events after id `after` as the stream stands now; empty for one that does not exist."""
        seq = await self._number(stream_id, after)
        tail = await self._step(lambda: self._store.tail(stream_id))
        records: list[tuple[str, Event]] = []
        while tail is not None and seq < tail.seq:
            rows = await self._news(stream_id, seq)
            records += [(row.id, from_json(row.text)) for row in rows]
            seq = rows[-1].seq
        return records

    async def streams(self, prefix: str = "") -> list[str]:
        """Ids of the streams that begin with `prefix` and have events, the one written to last at the end."""
        if prefix:
            _check_stream(prefix)
        return await self._step(lambda: self._store.streams(prefix))

    async def drop(self, stream_id: str) -> None:
        """Delete a stream for good; one that does not exist is no fault.

        Its readers end with `StreamEnded`, and so does a writer that still has it: the id is not used again.
        """
        _check_stream(stream_id)
        await self._step(lambda: self._store.drop(stream_id))
        self._wakeups.ring(stream_id)

    def close(self) -> None:
        """Give the store back. Readers that wait end with `CallerError`. Closing twice is no fault."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._store.close()
        self._wakeups.ring_all()

    async def _step(self, step: Callable[[], T]) -> T:
        """`step`, one at a time; again, without holding up the loop, while another process has the file."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with self._lock:
                    if self._closed:
                        raise CallerError("The event log has been closed.", advice="Open it with open_log.")
                    return step()
            except BlockingIOError as fault:
                if time.monotonic() > deadline:
                    raise MockMateError(
                        f"Another process has kept the event log busy for {PATIENCE:.0f} s.",
                        kind=Kind.TIMEOUT,
                        advice="Try again; if it stays so, look for a program that holds the file.",
                    ) from fault
            await asyncio.sleep(RETRY_PAUSE)

    async def _number(self, stream_id: str, after: str | None) -> int:
        """The number in the stream that `after` stands for, 0 for None."""
        _check_stream(stream_id)
        if after is None:
            return 0
        if parts := ID.fullmatch(after):
            epoch, seq = map(int, parts.groups())
            rows = await self._step(lambda: self._store.page(stream_id, seq - 1, 1))
            if rows and rows[0].epoch == epoch:
                return seq
        raise CallerError(
            f"{after!r} is not the id of an event in the stream {stream_id!r}.",
            field="after",
            advice="Read the stream from its beginning.",
        )

    async def _news(self, stream_id: str, seq: int) -> list[Row]:
        """A page of what stands after number `seq`, waiting for it; empty when the stream has ended there."""
        pause = FIRST_LOOK
        while True:
            if rows := await self._step(lambda: self._store.page(stream_id, seq, PAGE_ROWS)):
                if len(rows) == PAGE_ROWS:
                    await asyncio.sleep(0)  # a long replay gives way to the loop's other work
                return rows
            with self._wakeups.armed(stream_id) as rung:
                tail = await self._step(lambda: self._store.tail(stream_id))
                if tail is None:
                    raise _deleted(stream_id)
                if tail.seq == seq:
                    if tail.type in TERMINALS:
                        return []
                    await asyncio.wait({rung}, timeout=pause if self._store.shared else None)
            pause = min(2 * pause, LAST_LOOK)


def _check_stream(stream_id: str) -> None:
    if not stream_id or not stream_id.isprintable():
        raise CallerError(f"A stream id is non-empty printable text, not {stream_id!r}.", field="stream_id")


def _texts(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Types and JSON texts, each read back once: what could not be read again is not written."""
    texts = []
    for place, event in enumerate(events, 1):
        if event.type in TERMINALS and place < len(events):
            raise CallerError(
                f"{event.type!r} ends a stream, and {len(events) - place} more stand after it in the batch.",
                field="events",
                advice="Put the terminal event last.",
            )
        try:
            text = event.to_json()
            from_json(text)
        except (TypeError, ValueError, RecursionError, UnreadableReply) as fault:
            raise CallerError(
                f"Event {place} of the batch ({event.type!r}) cannot be written as JSON and read again.",
                field="events",
                advice="Give it plain JSON values and whole characters.",
            ) from fault
        texts.append((event.type, text))
    return texts


def _admit(stream_id: str, tail: Row | None, epoch: int) -> Row:
    """The tail, where a writer of `epoch` may add to it."""
    if tail is None:
        raise _deleted(stream_id)
    if epoch < tail.epoch:
        raise StaleEpoch(
            f"The stream {stream_id!r} belongs to a newer writer (epoch {tail.epoch}, not {epoch}).",
            field="epoch",
            advice="Stop writing; follow the stream instead.",
        )
    if tail.type in TERMINALS:
        raise StreamEnded(
            f"The stream {stream_id!r} has ended with {tail.type!r}.",
            field="stream_id",
            advice="Write to a new stream.",
        )
    return tail


def _deleted(stream_id: str) -> StreamEnded:
    return StreamEnded(
        f"The stream {stream_id!r} has been deleted.", field="stream_id", advice="Write to a new stream."
    )


def open_log(address: str) -> EventLog:
    """The event log at `address`.

    `memory:` is a new log in this program's memory. `sqlite:///interviews.db` is a file below the working
    directory, `sqlite:////home/me/interviews.db` one by its full path; folders are made. Raises
    `CallerError` for any other address and for a file that cannot be used.
    """
    if address == "memory:":
        return EventLog(MemoryStore())
    scheme, separator, path = address.partition(":///")
    if scheme != "sqlite" or not separator or path in {"", ":memory:"} or not path.isprintable():
        raise CallerError(  # without the address itself: it may hold a password
            f"No event log can be opened at this address ({scheme.partition(':')[0]!r}).",
            field="address",
            advice='Use "memory:" or "sqlite:///path/to/file.db".',
        )
    return EventLog(SQLiteStore(Path(path)))
