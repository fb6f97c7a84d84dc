"""The last set-up, on this machine's disk, so that a returning person finds the form as it was left.

A convenience: where the disk cannot be read or written the form works without, so nothing here raises. A key is
no part of it. With MOCKMATE_STORE=memory nothing is read or written.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mockmate_nb.interview.bank import LANGUAGES, Format, Language, Level
from mockmate_nb.interview.setup import ANY_FORMAT, MODES, Style
from mockmate_nb.settings import home, keeps_on_disk

VERSION = 1
MAX_BYTES = 2**22
_TEXTS = ("resume", "job", "own_questions", "provider", "model", "address")
_CHOICES: dict[str, tuple[str, ...]] = {
    "language": LANGUAGES,
    "format": (ANY_FORMAT, *Format),
    "level": ("", *Level),
    "style": tuple(Style),
    "mode": MODES,
}
_COUNTS = {"count": (1, 20), "minutes": (0, 90), "token_cap": (0, 10**9)}


@dataclass(frozen=True, slots=True)
class Remembered:
    """A form's fields. An empty level, 0 minutes and a cap of 0 mean that the person left them as suggested."""

    language: Language = "en"
    resume: str = ""
    job: str = ""
    format: str = ANY_FORMAT
    level: str = ""
    style: str = Style.NEUTRAL.value
    count: int = 3
    mode: str = MODES[0]
    minutes: int = 0
    own_questions: str = ""
    provider: str = "practice"
    model: str = ""
    address: str = ""
    token_cap: int = 0
    agreed: tuple[str, ...] = ()
    """Destinations, as `provider scheme://host:port`, to which the person has agreed that texts are sent."""


def keeps() -> bool:
    """Whether this machine's user lets anything be kept."""
    return keeps_on_disk()


def place() -> Path:
    return home() / "setup.json"


def remember(setup: Remembered) -> bool:
    """Keep this set-up in place of an earlier one; False if the disk does not take it: the earlier one then stays.

    The file is readable by its user alone, and is there whole or not at all.
    """
    if not keeps():
        return False
    try:
        _write(place(), json.dumps({"version": VERSION, **asdict(setup)}))
    except OSError:
        return False
    return True


def recall() -> Remembered | None:
    """The set-up that was kept; None where there is none, or none that this version can read."""
    if not keeps():
        return None
    try:
        if not stat.S_ISREG(place().lstat().st_mode) or place().stat().st_size > MAX_BYTES:
            return None
        kept = json.loads(place().read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return _checked(kept) if isinstance(kept, dict) and kept.pop("version", None) == VERSION else None


def forget() -> bool:
    """Remove what was kept; False if it is still there."""
    try:
        place().unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _checked(kept: dict[str, Any]) -> Remembered | None:
    if kept.keys() != {field.name for field in fields(Remembered)}:
        return None
    agreed = kept["agreed"]
    sound = (
        all(isinstance(kept[name], str) for name in _TEXTS)
        and all(kept[name] in allowed for name, allowed in _CHOICES.items())
        and all(
            type(kept[name]) is int and low <= kept[name] <= high for name, (low, high) in _COUNTS.items()
        )
        and isinstance(agreed, list)
        and all(isinstance(one, str) for one in agreed)
    )
    return Remembered(**{**kept, "agreed": tuple(agreed)}) if sound else None


def _write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    number, temporary = tempfile.mkstemp(prefix="setup-", suffix=".tmp", dir=file.parent)  # 0600
    try:
        with os.fdopen(number, "w", encoding="ascii") as scratch:
            scratch.write(content)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
