"""What a caller of `LLM` gives, checked."""

from __future__ import annotations

import errno
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.seam import Message


def within(name: str, value: float | None, low: float, high: float, default: float) -> float:
    """`value`, or `default` where there is none; `CallerError` outside of `low` to `high`."""
    if value is None:
        return default
    if not low <= value <= high:
        raise CallerError(f"{name}: {value:g} is not from {low:g} to {high:g}.", field=name)
    return value


def checked(messages: Sequence[Message]) -> list[Message]:
    """The messages; `CallerError` for what is no list of them."""
    if isinstance(messages, str) or not messages or not all(isinstance(m, Mapping) for m in messages):
        raise CallerError(
            "messages: this is no list of messages.",
            field="messages",
            advice='Give it as in [{"role": "user", "content": "…"}].',
        )
    return list(messages)


def alone(name: str, **others: object) -> None:
    """`CallerError` where something else was given that `name` leaves no room for."""
    for other, value in others.items():
        if value is not None:
            raise CallerError(
                f"{other}: it cannot be given together with {name}.",
                field=other,
                advice=f"Leave {other} out.",
            )


def place(name: str, value: object) -> Path:
    """Where a file is or will be; `CallerError` for what says no place."""
    try:
        return Path(value).expanduser()  # type: ignore[arg-type]  # what is no path is told by its TypeError
    except (TypeError, RuntimeError):  # the latter: there is no such person's home
        raise CallerError(
            f"{name}: {str(value)[:200]!r} names no file.",
            field=name,
            advice=f'Give a path, as in {name}="lesson.jsonl".',
        ) from None


def read_plain(path: Path, most: int) -> bytes:
    """A plain file's bytes. `OSError`, in words, for what is none, as a pipe that never ends, and for over `most`."""
    try:
        mode = path.stat().st_mode
    except ValueError:
        raise OSError(errno.EINVAL, "no file has such a name") from None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no plain file")
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes")
    return raw
