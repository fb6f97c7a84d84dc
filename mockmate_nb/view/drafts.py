"""Drafts of answers on this machine's disk, so that a closed kernel loses none.

A draft is a convenience: where the disk cannot be read or written the interview goes on, so nothing here
raises; what was not done is said by False.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mockmate_nb.settings import home, keeps_on_disk

KEPT_SECONDS = 30 * 24 * 3600
_OURS = re.compile(r"[0-9a-f]{40}\.json|draft-\w+\.tmp")


def keep_draft(session_id: str, text: str, *, clock: Callable[[], float] = time.time) -> bool:
    """Keep this text for the session in place of an earlier one; drafts older than 30 days go.

    The file is readable by its user alone, and is there whole or not at all. A blank text drops the draft.
    `clock` gives seconds since the epoch. False if the disk does not take it, an earlier draft then stays, and
    where nothing is kept on disk.
    """
    if not text.strip():
        return drop_draft(session_id)
    if not keeps_on_disk():
        return False
    try:
        _write(_place(session_id), json.dumps({"session_id": session_id, "text": text}))
    except OSError:
        return False
    with contextlib.suppress(OSError):
        _sweep(clock() - KEPT_SECONDS)
    return True


def draft(session_id: str) -> str:
    """The text kept for the session; "" where there is none, or none that can be read."""
    place = _place(session_id)
    if not keeps_on_disk():
        return ""
    try:
        if not stat.S_ISREG(place.lstat().st_mode):
            return ""
        kept = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""
    match kept:
        case {"session_id": str(of), "text": str(text)} if of == session_id:
            return text
    return ""


def drop_draft(session_id: str) -> bool:
    """Forget the session's draft; False if it is still there."""
    try:
        _place(session_id).unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _place(session_id: str) -> Path:
    """A name of its own for any session id, whatever characters it has and however long it is."""
    digest = hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()
    return home() / "drafts" / f"{digest[:40]}.json"


def _write(place: Path, content: str) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.parent.chmod(0o700)
    number, temporary = tempfile.mkstemp(prefix="draft-", suffix=".tmp", dir=place.parent)  # 0600
    try:
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(content)
        Path(temporary).replace(place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sweep(before: float) -> None:
    for file in (home() / "drafts").iterdir():
        if _OURS.fullmatch(file.name) and file.lstat().st_mtime < before:
            file.unlink(missing_ok=True)
