"""Server-sent events: bytes in, events out, and events back to bytes. Pure: no socket, no clock.

The rules are those of the WHATWG HTML standard, "Parsing an event stream" and "Interpreting an event stream".
One generator, `_read`, does all the reading: `iter_events` is that generator itself, `SSEDecoder.feed` drives
it a chunk at a time. Lines are split as bytes and only what an event carries is decoded, so a chunk may be
cut anywhere, in the middle of a character too.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, NamedTuple

import jiter

from mockmate_nb.errors import CallerError, UnreadableReply, WireError

MAX_EVENT_BYTES = 64 * 2**20
RETRY_DIGITS = 18  # 10**18 ms are 31 million years, and int() refuses numbers of thousands of digits
RAW_EXCERPT = 500

_BOM = b"\xef\xbb\xbf"
_LF, _CR, _NUL = b"\n\r\0"
_LINE_END = re.compile(r"\r\n|\r|\n")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NOT_IN_A_FIELD = re.compile(r"[\r\n\0\ud800-\udfff]")


class ServerSentEvent(NamedTuple):
    """One event as it was dispatched.

    `id` is the last event id in force, which an earlier block may have set; `retry` is the reconnection time
    in milliseconds, where this event's own block set one.
    """

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None

    def json(self) -> Any:
        """`data` read as JSON; `UnreadableReply` where it is not."""
        try:
            return jiter.from_json(self.data.encode())
        except ValueError as fault:
            raw = self.data[:RAW_EXCERPT]
            raise UnreadableReply(f"The data of this event is not JSON: {fault}.", raw=raw) from fault


class SSEDecoder:
    """Reads one connection's event stream as it is pushed in.

    An event is given when the blank line that closes it has come; what is under way when the stream ends is
    dropped, as the standard says. `max_event_bytes` bounds what is held: neither a line nor the data of an
    event may have more bytes.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._stream = _Stream()
        self._events = _read(self._stream.pushed(), self._stream, _checked(max_event_bytes), push=True)
        self._fault: WireError | None = None
        self._fault_is_due = False

    @property
    def last_event_id(self) -> str:
        """The id to resume after: that of the last block that ended, with data or without."""
        return self._stream.last_event_id

    @property
    def retry(self) -> int | None:
        """The reconnection time in milliseconds that the stream asked for last."""
        return self._stream.retry

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """The events that end in `chunk`; any split of the same bytes gives the same events.

        Above `max_event_bytes` a `WireError`, from then on with every call. Where `chunk` has whole events
        before the fault, they are given first and the next call raises. After `close` a `CallerError`.
        """
        if self._fault is not None:
            self._fault_is_due = False
            raise self._fault
        self._stream.chunk = chunk
        events: list[ServerSentEvent] = []
        try:
            for event in self._events:
                if event is _PAUSE:
                    return events
                events.append(event)
        except WireError as fault:
            self._fault, self._fault_is_due = fault, bool(events)
            if events:
                return events
            raise
        raise CallerError("This decoder is closed.", advice="Make a new SSEDecoder for each connection.")

    def close(self) -> None:
        """Ends the stream and drops an unterminated block; raises the `WireError` that `feed` still owes."""
        self._events = iter(())
        if self._fault is not None and self._fault_is_due:
            self._fault_is_due = False
            raise self._fault


def iter_events(
    chunks: Iterable[bytes], *, max_event_bytes: int = MAX_EVENT_BYTES
) -> Iterator[ServerSentEvent]:
    """The events in `chunks`, as `SSEDecoder` reads them: one generator, and the fastest form."""
    return _read(chunks, _Stream(), _checked(max_event_bytes))


async def aiter_events(
    chunks: AsyncIterable[bytes], *, max_event_bytes: int = MAX_EVENT_BYTES
) -> AsyncIterator[ServerSentEvent]:
    """The same for chunks that are awaited."""
    decoder = SSEDecoder(max_event_bytes=max_event_bytes)
    async for chunk in chunks:
        for event in decoder.feed(chunk):
            yield event
    decoder.close()


class _Stream:
    """What outlives an event, and the way in for a chunk that is pushed."""

    def __init__(self) -> None:
        self.chunk = b""
        self.last_event_id = ""
        self.retry: int | None = None

    def pushed(self) -> Iterator[bytes]:
        """Each chunk once, then empty ones until the next is there."""
        while True:
            chunk, self.chunk = self.chunk, b""
            yield chunk


_PAUSE = ServerSentEvent()  # known by identity: all that was pushed has been read


def _read(  # noqa: C901 - one loop over local names, for speed: a call costs as much as reading a line
    chunks: Iterable[bytes], stream: _Stream, limit: int, *, push: bool = False
) -> Iterator[ServerSentEvent]:
    """The events in `chunks`; with `push`, `_PAUSE` for each empty chunk."""
    new, cls = tuple.__new__, ServerSentEvent  # what NamedTuple's own constructor calls, a third faster
    edge: bytes | None = b""  # at first what has come of a BOM, later b"\r" after a chunk that ended so
    partial = bytearray()  # the line under way
    last_id = ""
    event, block_id, retry = "message", last_id, None  # the block under way
    data: bytes | bytearray | None = None
    for chunk in chunks:
        if edge is not None and chunk:
            if edge == b"\r":
                chunk, edge = chunk.removeprefix(b"\n"), None
            else:
                chunk, edge = edge + chunk, None
                if _BOM.startswith(chunk):
                    chunk, edge = b"", chunk
                chunk = chunk.removeprefix(_BOM)
        if _LF not in chunk and _CR not in chunk:
            if chunk:
                partial += chunk
                if len(partial) > limit:
                    raise _too_large(limit)
            elif push:
                yield _PAUSE
            continue
        lines: list[Any] = chunk.splitlines()  # of bytes: at LF, CR and CRLF, nowhere else
        if partial:
            partial += lines[0]
            if len(partial) > limit:
                raise _too_large(limit)
            lines[0], partial = partial, bytearray()  # handed over: a line may be too large to copy
        if chunk[-1] != _LF:
            if chunk[-1] == _CR:
                edge = b"\r"
            else:
                partial += lines.pop()
        for line in lines if len(chunk) <= limit else _bounded(lines, partial, limit):
            if not line:
                if block_id != last_id:
                    stream.last_event_id = last_id = block_id
                if data is not None:
                    yield new(cls, (event, data.decode("utf-8", "replace"), last_id, retry))
                    data = None
                event, retry = "message", None
                continue
            value = line.removeprefix(b"data: ")
            if value == line:
                name, _, value = line.partition(b":")
                value = value.removeprefix(b" ")
                if name == b"event":
                    event = value.decode("utf-8", "replace") or "message"
                elif name == b"id":
                    if _NUL not in value:
                        block_id = value.decode("utf-8", "replace")
                elif name == b"retry" and (milliseconds := _milliseconds(value)) is not None:
                    stream.retry = retry = milliseconds
                if name != b"data":
                    continue
            if data is None:
                data = value
                continue
            if type(data) is bytes:
                data = bytearray(data)
            data += b"\n" + value
            if len(data) > limit:
                raise _too_large(limit)


def _bounded(lines: list[bytes], partial: bytearray, limit: int) -> Iterator[bytes]:
    """`lines` up to one that is larger than `limit`; last, `partial` is looked at."""
    for line in lines:
        if len(line) > limit:
            raise _too_large(limit)
        yield line
    if len(partial) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> WireError:
    return WireError(
        f"One event of the stream has more than {limit:,} bytes.",
        advice="Close the connection, or raise max_event_bytes if events of this size are meant.",
    )


def _checked(max_event_bytes: int) -> int:
    if max_event_bytes < 1:
        raise CallerError("max_event_bytes must be 1 or more.", field="max_event_bytes")
    return max_event_bytes


def _milliseconds(value: bytes) -> int | None:
    """What a `retry` field asks for; None, to be ignored, where it is not all ASCII digits or is absurd."""
    digits = value.lstrip(b"0") or value[:1]
    return int(digits) if value.isdigit() and len(digits) <= RETRY_DIGITS else None


def encode(
    data: str,
    *,
    event: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's name in the standard
    retry: int | None = None,
) -> bytes:
    r"""One event as bytes, its closing blank line included; decoding gives an equal event.

    But: CR and CRLF in `data` come back as LF, since data has no other line end on the wire, and a lone
    surrogate, for which UTF-8 has no bytes, as U+FFFD. In `event` and `id` a CR, LF, NUL or lone surrogate is
    refused with a `CallerError`: without it, the reader would resume after another id than the one meant.
    An empty `id` is sent; it resets the reader's last event id.
    """
    fields = []
    for name, text in (("event", event), ("id", id)):
        if text is None:
            continue
        if _NOT_IN_A_FIELD.search(text):
            raise CallerError(
                f"The {name} {text[:80]!r} has a character that an event stream cannot carry there.",
                field=name,
                advice="Leave out CR, LF, NUL and lone surrogates.",
            )
        fields.append(f"{name}: {text}")
    if retry is not None:
        if not 0 <= retry < 10**RETRY_DIGITS:
            raise CallerError(f"retry must be 0 to 10**{RETRY_DIGITS} - 1 milliseconds.", field="retry")
        fields.append(f"retry: {retry:d}")
    fields += [f"data: {line}" for line in _lines(data)]
    return ("\n".join(fields) + "\n\n").encode()


def comment(text: str = "") -> bytes:
    """A comment, which readers skip: it keeps a quiet connection open. One line for each line of `text`.

    No blank line follows, since some readers take a blank line for another event.
    """
    return "".join(f": {line}\n" if line else ":\n" for line in _lines(text)).encode()


def _lines(text: str) -> list[str]:
    return _LINE_END.split(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))
