from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from mockmate_nb.view.drafts import KEPT_SECONDS, draft, drop_draft, keep_draft

IDS = [
    "s-1",
    "",
    ".",
    "..",
    "../../etc/passwd",
    "a/b\\c",
    "a\x00b",
    "con",
    "长" * 300,
    "\ud83d",
    "A" * 5000,
    "S-1",
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the drafts, which is not there yet."""
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "drafts"


def test_each_session_of_any_name_has_a_draft_of_its_own(place: Path) -> None:
    for session_id in IDS:
        assert draft(session_id) == ""
        assert keep_draft(session_id, f"first of {session_id!r}")
        assert keep_draft(session_id, f"answer to {session_id!r}")
    assert [draft(session_id) for session_id in IDS] == [f"answer to {session_id!r}" for session_id in IDS]
    assert len(list(place.iterdir())) == len(IDS)
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize(
    "text", ["I led\r\n it ", "我负责 👩🏽‍🚀", "a\ud83d", "\ufeff\x00\u2028", "x" * 1_000_000]
)
def test_a_draft_comes_back_as_it_was(place: Path, text: str) -> None:
    assert keep_draft("s", text)
    assert draft("s") == text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_user_can_read_it_though_the_directory_was_open(place: Path) -> None:
    place.mkdir(parents=True, mode=0o755)
    keep_draft("s", "answer")
    [file] = place.iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place, file)] == [0o700, 0o600]


def test_a_dropped_or_emptied_draft_is_gone(place: Path) -> None:
    for forget in (drop_draft, lambda session_id: keep_draft(session_id, " \n")):
        keep_draft("s", "answer")
        assert forget("s")
        assert forget("s")
        assert draft("s") == ""
        assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b'"text"',
        b"{}",
        b'{"session_id": "s", "text": 3}',
        b'{"session_id": "another", "text": "answer"}',
        b'{"session_id": "s"}',
    ],
)
def test_a_file_that_is_not_its_own_is_no_draft_and_is_replaced(place: Path, content: bytes) -> None:
    keep_draft("s", "answer")
    [file] = place.iterdir()
    file.write_bytes(content)
    assert draft("s") == ""
    assert keep_draft("s", "next")
    assert draft("s") == "next"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_what_is_no_file_is_no_draft(place: Path, make: object) -> None:
    keep_draft("s", "answer")
    [file] = place.iterdir()
    file.unlink()
    make(file)  # type: ignore[operator]  # a function of a path
    assert draft("s") == ""


def test_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps({"session_id": "s", "text": "theirs"}))
    keep_draft("s", "answer")
    [file] = place.iterdir()
    file.unlink()
    file.symlink_to(elsewhere)
    assert draft("s") == ""
    keep_draft("s", "ours")
    assert (draft("s"), json.loads(elsewhere.read_text())["text"]) == ("ours", "theirs")


def test_drafts_go_after_thirty_days_and_what_is_not_ours_stays(place: Path) -> None:
    now = time.time()
    for session_id, age in (("fresh", 0.0), ("nearly", KEPT_SECONDS - 60), ("old", KEPT_SECONDS + 60)):
        keep_draft(session_id, session_id)
        newest = max(place.iterdir(), key=lambda file: file.stat().st_mtime)
        os.utime(newest, (now - age, now - age))
    for name in ("notes.txt", "draft-x1.tmp", "draft-x2.tmp"):
        (place / name).touch()
        os.utime(place / name, (0, 0) if name != "draft-x2.tmp" else (now, now))
    assert draft("old") == "old"
    keep_draft("s", "answer", clock=lambda: now)
    assert [draft(session_id) for session_id in ("fresh", "nearly", "old", "s")] == [
        "fresh",
        "nearly",
        "",
        "answer",
    ]
    names = {file.name for file in place.iterdir()}
    assert {"notes.txt", "draft-x2.tmp"} < names
    assert "draft-x1.tmp" not in names


@pytest.mark.parametrize("obstacle", ["home", "drafts"])
def test_a_disk_that_takes_nothing_is_said_and_breaks_nothing(place: Path, obstacle: str) -> None:
    """A file in the directory's place stops root too, whom no mode stops."""
    wrong = place if obstacle == "drafts" else place.parent
    wrong.parent.mkdir(parents=True, exist_ok=True)
    wrong.write_text("in the way")
    assert keep_draft("s", "answer") is False
    assert draft("s") == ""
    assert drop_draft("s") is False


def test_an_unfinished_write_leaves_the_earlier_draft_and_nothing_else(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_draft("s", "earlier")
    with monkeypatch.context() as patch:

        def full(_from: Path, _to: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(Path, "replace", full)
        assert keep_draft("s", "later") is False
    assert draft("s") == "earlier"
    assert len(list(place.iterdir())) == 1
