"""The history: nothing lost, nothing of another version spoilt, and what is deleted is gone from the disk."""

from __future__ import annotations

import gc
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb import settings
from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.interview import history_file
from mockmate_nb.interview.history import Entry, History, open_history
from mockmate_nb.interview.record import LEAST, RECENT, trend_of
from tests.interview import kept

V1 = Path(__file__).parents[1] / "cases" / "history_v1.sql"
HOSTILE = "'; DROP TABLE interviews; --\x00\u202e\ud800 </script> 🧪 面试"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "below" / "history.sqlite"


@pytest.fixture(params=["memory", "file"])
def history(request: pytest.FixtureRequest, path: Path) -> Iterator[History]:
    opened = open_history("memory:" if request.param == "memory" else f"sqlite:///{path}")
    yield opened
    opened.close()


def at(path: Path) -> History:
    return open_history(f"sqlite:///{path}")


def beside(path: Path) -> bytes:
    """All that lies on the disk of it: the file, its write-ahead file, whatever else."""
    return b"".join(found.read_bytes() for found in path.parent.iterdir())


def restored(path: Path, dump: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(dump)
    connection.close()
    return path


# --- keeping -------------------------------------------------------------------------------------------------


def test_what_is_kept_comes_back_equal(history: History) -> None:
    for language in ("en", "zh"):
        entry = kept.entry(language, session_id=f"s-{language}")
        history.keep(entry)
        assert history.entry(entry.session_id) == entry
    assert history.entry("s-unknown") is None


def test_an_unfinished_interview_is_kept_and_later_replaced(history: History) -> None:
    begun = kept.entry(feedback=None, again=[], state="awaiting_answer", updated_at=kept.NOON + 60)
    history.keep(begun)
    assert history.entry("s-0001") == begun
    history.keep(kept.entry())
    assert history.entries() == [kept.entry()]


def test_keeping_twice_is_keeping_once(history: History) -> None:
    for _ in range(3):
        history.keep(kept.entry())
    assert len(history.entries()) == 1
    assert len(history.attempts("behavioural-outage")) == 2, "the first and the second attempt"


def test_an_older_state_never_replaces_a_newer_one(history: History) -> None:
    history.keep(kept.entry())
    history.keep(kept.entry(updated_at=kept.NOON, feedback=None, again=[], turns=[]))
    assert history.entry("s-0001") == kept.entry()
    assert len(history.attempts("behavioural-outage")) == 2


def test_a_feedback_that_was_taken_back_takes_its_scores_along(history: History) -> None:
    history.keep(kept.entry())
    history.keep(
        kept.entry(updated_at=kept.NOON + kept.DAY, feedback=None, again=[], state="awaiting_answer")
    )
    assert history.progress() == []
    assert [attempt.overall for attempt in history.attempts("behavioural-outage")] == [None]


def test_the_newest_interview_comes_first(history: History) -> None:
    for number in (2, 0, 3, 1):
        history.keep(kept.scored(number, quality=3))
    assert [entry.session_id for entry in history.entries()] == ["s-0003", "s-0002", "s-0001", "s-0000"]
    assert [entry.session_id for entry in history.entries(limit=2)] == ["s-0003", "s-0002"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"session_id": " "},
        {"turns": [{"answer": {1, 2}}]},
        {"again": [{"at": float("nan")}]},
        {"job_title": None},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_cannot_be_kept_is_said_and_changes_nothing(history: History, wrong: dict[str, Any]) -> None:
    with pytest.raises(CallerError, match=r"session_id|cannot be kept"):
        history.keep(kept.entry(**wrong))
    assert history.entries() == []


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_comes_back_letter_by_letter(text: str) -> None:
    history = open_history("memory:")
    entry = kept.entry(
        job_title=text, turns=[{"question_id": "q", "answer": text, text: [text]}], feedback=None
    )
    history.keep(entry)
    assert history.entry("s-0001") == entry
    history.close()


def test_hostile_and_half_characters_are_kept_as_text(history: History) -> None:
    history.keep(
        kept.entry(session_id=HOSTILE, job_title=HOSTILE, feedback={"questions": [], "summary": HOSTILE})
    )
    (entry,) = history.entries()
    assert entry.job_title == HOSTILE.replace("\ud800", "\ufffd")
    assert entry.feedback == {"questions": [], "summary": entry.job_title}
    history.delete(entry.session_id)
    assert history.entries() == []


def test_answers_of_the_greatest_length_are_kept_whole(history: History) -> None:
    long = "面试 answer " * 5_455
    question = kept.asked(answer=long[:60_000])
    history.keep(kept.entry(feedback=kept.feedback() | {"questions": [question]}))
    assert history.attempts("behavioural-outage")[0].answer == long[:60_000]


# --- attempts and progress -----------------------------------------------------------------------------------


def test_attempts_are_told_oldest_first_with_second_ones_in_their_place(history: History) -> None:
    history.keep(kept.entry(session_id="s-later", begun_at=kept.NOON + kept.DAY, turns=[], again=[],
                            updated_at=kept.NOON + kept.DAY))  # fmt: skip
    history.keep(kept.entry())
    found = history.attempts("behavioural-outage")
    assert [(one.session_id, one.overall) for one in found] == [
        ("s-0001", 3.4),
        ("s-0001", 4.1),
        ("s-later", 3.4),
    ]
    assert found[0].dimensions == {
        "layers": 3,
        "detail": 4,
        "example": 4,
        "trade_off": 3,
        "pitfall": 1,
        "figures": 5,
    }
    assert found[1].answer == kept.TEXTS["en"]["second"]
    assert history.attempts("learning-year") == [], "it was passed on"


def test_an_answer_counts_as_an_attempt_before_there_is_feedback(history: History) -> None:
    follow_up = {"question_id": "behavioural-outage", "gap": "figure", "answer": "About 900 users."}
    entry = kept.entry(feedback=None, again=[])
    history.keep(replace(entry, turns=[entry.turns[0], follow_up]))
    (attempt,) = history.attempts("behavioural-outage")
    assert attempt.overall is None
    assert attempt.answer == f"{kept.TEXTS['en']['answer']}\nAbout 900 users."


def test_progress_is_a_point_an_interview_with_range_latest_and_trend(history: History) -> None:
    for number, (better, even) in enumerate([(2.0, 4.0), (2.4, 3.9), (3.1, 4.1), (3.4, 4.0)]):
        history.keep(kept.scored(number, quality=better, design=even))
    design, quality = history.progress()
    assert (quality.competency, quality.low, quality.high, quality.latest, quality.trend) == (
        "quality", 2.0, 3.4, 3.4, "up"
    )  # fmt: skip
    assert design.trend == "level"
    assert [point[0] for point in quality.points] == [kept.NOON + number * kept.DAY for number in range(4)]


def test_second_attempts_and_unscored_questions_make_no_progress(history: History) -> None:
    history.keep(kept.entry())
    assert [(row.competency, row.points, row.trend) for row in history.progress()] == [
        ("design", ((kept.NOON, 3.0),), "too_few"),
        ("quality", ((kept.NOON, 3.4),), "too_few"),
    ]


def test_several_questions_of_one_competency_give_their_mean(history: History) -> None:
    questions = [kept.asked(question_id=f"q{score}", overall=score) for score in (2.0, 3.0, 3.5)]
    history.keep(kept.entry(feedback=kept.feedback() | {"questions": questions}, again=[]))
    (row,) = history.progress()
    assert row.points == ((kept.NOON, 2.83),)


@pytest.mark.parametrize(
    ("scores", "trend"),
    [
        ([], "too_few"),
        ([1, 5], "too_few"),
        ([2, 3, 2.5], "level"),
        ([2, 5, 2.6], "up"),
        ([3, 1, 2.4], "down"),
        ([3.0, 3.0, 3.5, 3.5], "level"),
        ([2, 2, 2.6, 2.6], "up"),
        ([3, 3, 3, 3, 3, 3, 3, 5], "level"),
        ([1, 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 4, 4], "level"),
        ([5, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 3], "down"),
    ],
    ids=str,
)
def test_the_trend_of(scores: list[float], trend: str) -> None:
    assert trend_of(scores) == trend


@given(st.lists(st.floats(1, 5), min_size=LEAST, max_size=20))
def test_a_trend_turns_with_its_scores(scores: list[float]) -> None:
    opposite = {"up": "down", "down": "up", "level": "level"}
    assert trend_of([6 - score for score in scores]) == opposite[trend_of(scores)]
    assert trend_of(scores[-RECENT:][::-1]) == opposite[trend_of(scores)]


@pytest.mark.parametrize(
    "odd",
    [
        {"questions": None},
        {"questions": [{"question_id": "q", "answer": "a", "overall": "4", "dimensions": None}]},
        {"questions": [{"question_id": "q", "answer": "a", "overall": True, "dimensions": {"layers": 3}}]},
        {"questions": [{"question_id": "q", "answer": "a", "dimensions": {"layers": {"score": "5"}}}]},
        {},
    ],
    ids=str,
)
def test_an_odd_feedback_is_kept_and_never_becomes_a_number(history: History, odd: dict[str, object]) -> None:
    history.keep(kept.entry(feedback=odd, again=[]))
    assert history.progress() == []
    assert all(one.overall is None and one.dimensions == {} for one in history.attempts("q"))


# --- deleting ------------------------------------------------------------------------------------------------

SECRET = "an answer that nobody may find again 秘密"


@pytest.mark.parametrize("how", ["one", "all"])
def test_what_is_deleted_is_gone_from_the_disk(path: Path, how: str) -> None:
    history, other = at(path), at(path)
    question = kept.asked(answer=SECRET * 900)
    history.keep(kept.entry(feedback=kept.feedback() | {"questions": [question]}))
    history.keep(kept.scored(7, quality=3))
    assert SECRET.encode() in beside(path)
    assert other.attempts("behavioural-outage")
    if how == "one":
        history.delete("s-0001")
    else:
        history.delete_all()
    assert SECRET.encode() not in beside(path)
    assert b"s-0001" not in beside(path)
    assert [entry.session_id for entry in other.entries()] == (["s-0007"] if how == "one" else [])
    assert other.attempts("behavioural-outage") == []


def test_what_is_deleted_while_another_program_has_the_file_open_is_gone_too(path: Path) -> None:
    history = at(path)
    other = sqlite3.connect(path)
    other.execute("SELECT count(*) FROM interviews").fetchall()
    history.keep(kept.entry(job_title=SECRET))
    assert SECRET.encode() in beside(path)
    history.delete("s-0001")
    assert SECRET.encode() not in beside(path)
    other.close()


def test_a_reader_that_holds_on_to_deleted_text_is_told_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_file, "PATIENCE", 0.05)
    history = at(path)
    history.keep(kept.entry(job_title=SECRET))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT * FROM interviews").fetchall()
    with pytest.raises(MockMateError, match="still lies") as caught:
        history.delete("s-0001")
    assert caught.value.kind is Kind.TIMEOUT
    other.close()
    history.delete("s-0001")
    assert SECRET.encode() not in beside(path)


def test_what_is_replaced_is_gone_from_the_disk(path: Path) -> None:
    history = at(path)
    history.keep(kept.entry(job_title=SECRET))
    history.keep(kept.entry(updated_at=kept.NOON + kept.DAY))
    assert SECRET.encode() not in beside(path)


def test_a_late_writer_does_not_bring_back_what_was_deleted(history: History) -> None:
    history.keep(kept.entry())
    history.keep(kept.scored(1, quality=3))
    history.delete("s-0001")
    history.delete("s-unknown")
    history.keep(kept.entry(updated_at=kept.NOON + kept.DAY))
    assert history.entries() == []
    history.keep(kept.scored(2, quality=3))
    assert len(history.entries()) == 1


# --- many at once --------------------------------------------------------------------------------------------


def test_threads_share_a_history(history: History) -> None:
    def work(name: int) -> None:
        for number in range(8):
            history.keep(kept.scored(10 * name + number, quality=3))
            history.progress()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(history.entries()) == 32


def _keep_many(path: Path, name: int) -> None:
    history = at(path)
    for number in range(10):
        history.keep(kept.scored(100 * (name + 1) + number, quality=3))
        history.keep(kept.entry(updated_at=kept.NOON + 10 * number + name))
    history.close()


def test_kernels_share_a_file_that_they_all_make_at_once(path: Path) -> None:
    code = "import sys; from pathlib import Path; from tests.interview.test_history import _keep_many; "
    code += "_keep_many(Path(sys.argv[1]), int(sys.argv[2]))"
    root = Path(__file__).parents[2]
    commands = [[sys.executable, "-c", code, str(path), str(name)] for name in range(3)]
    processes = [subprocess.Popen(command, cwd=root) for command in commands]
    assert [process.wait() for process in processes] == [0, 0, 0]
    history = at(path)
    assert len(history.entries()) == 31
    newest = history.entry("s-0001")
    assert newest
    assert newest.updated_at == kept.NOON + 92, "whoever wrote last"


def test_a_file_that_is_held_too_long_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_file, "PATIENCE", 0.05)
    history = at(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(MockMateError, match="held by another program") as caught:
        history.keep(kept.entry())
    assert caught.value.kind is Kind.TIMEOUT
    assert caught.value.retryable
    assert history.entries() == [], "reading goes on"
    other.close()
    history.keep(kept.entry())
    assert len(history.entries()) == 1


def _connections() -> int:
    gc.collect()
    return sum(isinstance(found, sqlite3.Connection) for found in gc.get_objects())


def test_no_connection_is_left(path: Path) -> None:
    before = _connections()
    memory, file = open_history("memory:"), at(path)
    for history in (memory, file):
        history.keep(kept.entry())
        history.progress()
    assert _connections() == before + 1, "of a file none outlives its call"
    assert not [one for one in psutil.Process().open_files() if str(path) in one.path]
    assert sorted(found.name for found in path.parent.iterdir()) == [path.name]
    memory.close()
    assert _connections() == before


def test_a_closed_history_says_so(history: History) -> None:
    history.close()
    history.close()
    for call in (history.entries, history.progress, history.delete_all, lambda: history.keep(kept.entry())):
        with pytest.raises(CallerError, match="closed"):
            call()


def test_looking_up_goes_by_the_indexes(path: Path) -> None:
    at(path)
    connection = sqlite3.connect(path)
    for question in (
        "SELECT * FROM attempts WHERE question_id = 'q' ORDER BY at",
        "DELETE FROM attempts WHERE session_id = 's'",
        "SELECT * FROM interviews ORDER BY begun_at DESC LIMIT 20",
    ):
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question}"))
        assert "USING INDEX" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    connection.close()


# --- the file ------------------------------------------------------------------------------------------------


def test_the_default_is_a_file_at_home_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path / "home"))
    open_history().keep(kept.entry())
    file = settings.home() / "history.sqlite"
    assert open_history().entries() == [kept.entry()]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_in_memory_the_process_shares_one_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MOCKMATE_STORE", " Memory ")
    history = open_history()
    history.keep(kept.entry())
    assert open_history().entries() == [kept.entry()]
    assert open_history("memory:").entries() == []
    assert not (tmp_path / "home").exists()
    history.close()
    assert open_history().entries() == []
    open_history().close()


def test_an_unknown_store_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKMATE_STORE", "cloud")
    with pytest.raises(CallerError, match="MOCKMATE_STORE: 'cloud' is not known"):
        open_history()


@pytest.mark.parametrize(
    "url", ["", "memory", "sqlite://", "sqlite:///:memory:", "postgres://u:pw@host/db", "sqlite:///a\nb"]
)
def test_other_addresses_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(CallerError, match="No history can be opened") as caught:
        open_history(url)
    assert "pw" not in str(caught.value)


def test_an_earlier_versions_file_is_read(path: Path) -> None:
    history = at(restored(path, V1.read_text("utf-8")))
    later, unfinished, first = history.entries()
    assert [later.session_id, unfinished.session_id, first.session_id] == ["s-0005", "s-0002", "s-0001"]
    assert (first.begun_at, first.updated_at, first.state) == (1.7e9, 1.7e9 + 10_800, "complete")
    assert (first.level, first.mode, first.model, first.question_count) == (
        "senior",
        "practice",
        "practice",
        3,
    )
    assert first.feedback
    assert first.feedback["questions"][0]["dimensions"]["figures"]["score"] == 5
    assert first.turns[1]["answer"].startswith("I would use SSE, a log with ids")
    assert first.again[0]["compared"]["after"] == 4.1
    assert (unfinished.language, unfinished.feedback) == ("zh", None)
    assert unfinished.job_title == "高级后端工程师（大模型平台）"
    assert [(one.overall, one.at) for one in history.attempts("behavioural-outage")] == [
        (3.4, 1.7e9 + 420),
        (None, 1.7e9 + 420),
        (4.1, 1.7e9 + 10_800),
    ]
    assert [(row.competency, row.high) for row in history.progress()] == [("design", 3.0), ("quality", 4.0)]
    history.keep(kept.scored(6, quality=2))
    assert history.entry("s-0006") is None, "it had been deleted"


def test_a_next_version_takes_an_earlier_file_along(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = (
        "ALTER TABLE interviews ADD COLUMN place TEXT NOT NULL DEFAULT ''",
        "UPDATE interviews SET place = 'home' WHERE language = 'zh'",
    )
    monkeypatch.setattr(history_file, "MIGRATIONS", (*history_file.MIGRATIONS, step))
    assert at(restored(path, V1.read_text("utf-8"))).entry("s-0001")
    assert len(at(path).entries()) == 3, "and only once"
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT place FROM interviews ORDER BY place").fetchall() == [
        ("",),
        ("",),
        ("home",),
    ]
    connection.close()


def test_a_step_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = restored(path, V1.read_text("utf-8")).read_bytes()
    step = ("DELETE FROM interviews", "ALTER TABLE nowhere ADD COLUMN x")
    monkeypatch.setattr(history_file, "MIGRATIONS", (*history_file.MIGRATIONS, step))
    with pytest.raises(MockMateError, match="could not be used"):
        at(path)
    assert path.read_bytes() == before


def test_a_new_file_has_what_an_earlier_one_has_after_its_steps(path: Path, tmp_path: Path) -> None:
    at(path)
    old = restored(tmp_path / "old" / "h.sqlite", V1.read_text("utf-8"))
    at(old)
    shapes = []
    for place in (path, old):
        connection = sqlite3.connect(place)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
        shapes.append({name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in names})
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()
    assert shapes[0] == shapes[1]


def altered(kind: str, path: Path) -> None:
    if kind in ("newer", "another program's", "another program's, unmarked"):
        connection = sqlite3.connect(path)
        if kind == "newer":
            connection.execute("PRAGMA user_version = 99")
        elif kind == "another program's":
            connection.execute("PRAGMA application_id = 252006674")
        else:
            connection.execute("PRAGMA application_id = 0")
        connection.commit()
        connection.close()
        return
    whole = path.read_bytes()
    path.write_bytes(
        {
            "no database": b"My answers, in a text file.\n" * 40,
            "one byte": b"S",
            "cut short": whole[: len(whole) // 2],
            "a page of it spoilt": whole[:4096] + b"\xa5" * 4096 + whole[8192:],
            "its text spoilt": whole.replace(b'{"version":2', b'{"version":\xff'),
            "its JSON spoilt": whole.replace(b'{"version":2', b'{"version":,'),
        }[kind]
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("newer", "newer version (format 99, not 1). Update mockmate-nb"),
        ("another program's", "is the database of another program"),
        ("another program's, unmarked", "is the database of another program"),
        ("no database", "is damaged"),
        ("one byte", "is damaged"),
        ("cut short", "is damaged"),
        ("a page of it spoilt", "is damaged"),
        ("its text spoilt", "is damaged"),
        ("its JSON spoilt", "is damaged"),
    ],
)
def test_a_file_that_is_not_ours_to_read_stays_as_it_is(path: Path, kind: str, said: str) -> None:
    history = at(path)
    history.keep(kept.entry())
    history.close()
    altered(kind, path)
    before = path.read_bytes()
    with pytest.raises(CallerError) as caught:
        at(path).entries()
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "left as it is" in str(caught.value)
    assert kept.TEXTS["en"]["second"] not in str(caught.value)
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="folders have other rights there")
def test_a_place_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(CallerError, match="cannot be opened"):
        open_history(f"sqlite:///{file}/below.sqlite")
    with pytest.raises(CallerError, match="cannot be opened"):
        open_history(f"sqlite:///{tmp_path}")


def test_an_entry_is_what_a_session_gives() -> None:
    assert list(Entry.__slots__) == [
        "session_id", "begun_at", "updated_at", "state", "language", "format", "level", "mode", "model",
        "question_count", "job_title", "turns", "feedback", "again",
    ]  # fmt: skip
