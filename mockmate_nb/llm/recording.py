"""Replies with their rhythm, kept in a file on request, so that a lesson made with a paid model runs without it.

One reply a line of JSON: the body's bytes as they came, piece by piece, with the seconds of each since it was asked
for. A request is kept as its SHA-256 alone; its messages, all headers and every key stay out. **The reply's own text
is in the file**, and what it repeats of a résumé or an answer with it.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import stat
import threading
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import httpx2
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    model_validator,
)

from mockmate_nb.errors import CallerError, MockMateError, ProviderError
from mockmate_nb.llm.arguments import place
from mockmate_nb.llm.body import Body
from mockmate_nb.llm.chunks import DONE, read_chunk
from mockmate_nb.settings import Settings

End = Literal["closed", "cut", "silent"]
VERSION = 1
MARK = b'{"recording":'
MAX_BYTES = 100_000_000
_LONGEST = 86_400
_NAME = 200  # characters; a longer name is cut


def fingerprint(asked: Mapping[str, Any]) -> str:
    """A request's SHA-256 in hex, over JSON: its messages, whether it is streamed, and its limit of tokens.

    What else is in the body says how the service is to go about it, and services differ in what they take: a
    recording is played to whoever asks the same.
    """
    fields = {
        "messages": asked.get("messages"),
        "stream": bool(asked.get("stream")),
        "max_tokens": limit_of(asked),
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def limit_of(asked: Mapping[str, Any]) -> int | None:
    """A request's limit of tokens, by either of its names."""
    limit: int | None = asked.get("max_completion_tokens", asked.get("max_tokens"))
    return limit


def _raw(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("a piece is no text")  # noqa: TRY004 - pydantic reads this as the field's fault
    return value.encode("utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    """Bytes as text that stands in JSON whatever they are: what is no UTF-8, as at a cut in a character, too."""
    return raw.decode("utf-8", "surrogateescape")


Raw = Annotated[bytes, PlainValidator(_raw), PlainSerializer(_text)]
Seconds = Annotated[float, Field(ge=0, le=_LONGEST, allow_inf_nan=False)]


class Kept(BaseModel):
    """One reply of a recording.

    `request` is the request's `fingerprint`, `max_tokens` its limit, `made` when it was asked, `seconds` when the
    body ended and `end` how: it came to its end, the line was cut, or the service fell silent for longer than the
    reader waited. `far`: the service was on another machine.
    """

    model_config = ConfigDict(frozen=True)

    recording: Literal[1] = 1
    request: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    max_tokens: int | None = None
    provider: Annotated[str, Field(max_length=100)]
    model: Annotated[str, Field(max_length=_NAME)]
    far: bool
    made: AwareDatetime
    end: End
    seconds: Seconds
    pieces: tuple[tuple[Seconds, Raw], ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = [*(at for at, _ in self.pieces), self.seconds]
        if times != sorted(times):
            raise ValueError("the times go back")
        return self

    def line(self) -> bytes:
        return json.dumps(self.model_dump(mode="json"), separators=(",", ":")).encode() + b"\n"


class Taken:
    """One reply while it comes in."""

    def __init__(self) -> None:
        self.made = datetime.now(UTC)
        self.pieces: list[tuple[float, bytes]] = []
        self.end: End | None = None
        self.seconds = 0.0
        self._began = 0.0

    def asked(self) -> None:
        """The request is about to be made."""
        self._began = asyncio.get_running_loop().time()

    async def listen(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same pieces. They are noted before anything that watches or slows down the stream sees them."""
        try:
            async for piece in pieces:
                self.pieces.append((self._since(), piece))
                yield piece
        except httpx2.TimeoutException:
            self._ended("silent")
            raise
        except Exception:
            self._ended("cut")
            raise
        else:
            self._ended("closed")

    def _ended(self, end: End) -> None:
        self.end, self.seconds = end, self._since()

    def _since(self) -> float:
        return round(asyncio.get_running_loop().time() - self._began, 6)


class Recorder:
    """Appends the replies of one `LLM` to a file, each in one write when it has ended.

    Kept are replies that came to their end, that the line cut, or that fell silent. Left out are those that the
    reader stopped, that cannot be read, and (with a warning) one that repeats the key. The reader has all of the
    text before it is written; only the reply's end is told as much later as writing takes. A reply that cannot be
    written is not lost to its reader: a RuntimeWarning tells of it.
    """

    def __init__(self, path: str | Path, settings: Settings) -> None:
        """`CallerError` where the file cannot be written, or holds something else."""
        self._path, self._settings = place("record", path), settings
        self._writing = threading.Lock()
        _check_place(self._path)

    @asynccontextmanager
    async def reply(self, asked: Mapping[str, Any]) -> AsyncGenerator[Taken, None]:
        """Around one request of that body: what listens to its reply. It is written on leaving."""
        taken = Taken()
        try:
            yield taken
        finally:
            if taken.pieces or taken.end:
                await asyncio.shield(asyncio.to_thread(self._keep, asked, taken))

    def _keep(self, asked: Mapping[str, Any], taken: Taken) -> None:
        whole, text = _read(taken.pieces)
        end, seconds = taken.end, taken.seconds
        if end is None and whole:  # the reader left at the reply's own end mark
            end, seconds = "closed", taken.pieces[-1][0]
        if end is None or (end == "closed" and whole is None):
            return
        secret = self._settings.api_key.get_secret_value()
        if secret in text or secret.encode() in b"".join(raw for _, raw in taken.pieces):
            self._warn("it repeats the key")
            return
        if seconds > _LONGEST:
            self._warn("it took more than a day")
            return
        kept = Kept.model_construct(
            request=fingerprint(asked),
            max_tokens=limit_of(asked),
            provider=self._settings.provider.name,
            model=cut_name(self._settings.model),
            far=self._settings.far,
            made=taken.made,
            end=end,
            seconds=seconds,
            pieces=tuple(taken.pieces),
        )
        try:
            with self._writing:
                _append(self._path, kept.line())
        except OSError as error:
            self._warn(error.strerror or str(error))

    def _warn(self, why: str) -> None:
        warnings.warn(f"A reply was not recorded in {self._path}: {why}.", RuntimeWarning, stacklevel=2)


def _read(pieces: list[tuple[float, bytes]]) -> tuple[bool | None, str]:
    """Whether the body says itself that it has ended, be it with an error (None: it cannot be read), and its text."""
    body, whole = Body(), False
    texts: list[str] = []
    try:
        events = [data for _, raw in pieces for data in body.feed(raw)] + body.close()
        for data in events:
            if data == DONE:
                return True, "".join(texts)
            text, finish, _ = read_chunk(data)
            texts.append(text)
            whole = whole or finish is not None
    except ProviderError:
        whole = True
    except MockMateError:
        return None, "".join(texts)
    return whole, "".join(texts)


def cut_name(model: str) -> str:
    """A model's name as a recording has it."""
    return model[:_NAME]


def _append(path: Path, line: bytes) -> None:
    """The line at the file's end, on a line of its own even where an earlier write was broken off; from then on the
    file is its owner's alone. `OSError` where it would become too large to be played."""
    made = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(made, "r+b", buffering=0) as file:
        _close_to_others(file.fileno(), path)
        size = file.seek(0, os.SEEK_END)
        if size + len(line) >= MAX_BYTES:
            raise OSError(errno.EFBIG, f"the file would have more than {MAX_BYTES:,} bytes")
        if size:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        left = memoryview(line)
        while left:
            left = left[file.write(left) :]


def _close_to_others(number: int, path: Path) -> None:
    """Take the open file's rights from everybody but its owner, where the platform has them."""
    mode = stat.S_IMODE(os.fstat(number).st_mode)
    if os.name != "posix" or not mode & 0o077:
        return
    try:
        os.fchmod(number, mode & 0o700)
    except OSError as error:
        warnings.warn(
            f"Others than you may read the replies in {path}: {error.strerror}.", RuntimeWarning, stacklevel=2
        )


def _check_place(path: Path) -> None:
    try:
        found = path.stat()
    except FileNotFoundError:
        if path.parent.is_dir() and os.access(path.parent, os.W_OK):
            return
        raise _refused(path, "its folder is not there or may not be written to") from None
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    except ValueError:
        raise _refused(path, "no file has such a name") from None
    if not stat.S_ISREG(found.st_mode):
        raise _refused(path, "it is no plain file")
    if not os.access(path, os.R_OK | os.W_OK):
        raise _refused(path, "it may not be written to")
    with path.open("rb") as file:
        start = file.read(len(MARK))
    if not MARK.startswith(start):
        raise _refused(path, "it holds something that is no recording")


def _refused(path: Path, why: str) -> CallerError:
    return CallerError(
        f"record: {path} cannot take a recording: {why}.",
        field="record",
        advice="Name a new file, or one that an earlier recording wrote, in a folder that exists.",
    )
