"""Earlier interviews on the page: the list, one's report, attempts, progress, taking up, deleting, faults."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb import LLM, Interview, InterviewSetup, aio, run
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.interview.history import History, open_history
from mockmate_nb.interview.samples import sample
from mockmate_nb.streams.log import EventLog
from mockmate_nb.view.past import PAGE, PastView
from mockmate_nb.view.past_html import REPORT_STYLE, attempts_html, row
from mockmate_nb.view.past_words import PAST_WORDS
from tests.interview.kept import NOON, again, asked, entry, feedback, scored
from tests.view.panels import ANSWER, soon

HOSTILE = tomllib.loads((Path(__file__).parents[1] / "cases" / "hostile.toml").read_text("utf-8"))["payload"]


@pytest.fixture
def history() -> Iterator[History]:
    opened = open_history("memory:")
    yield opened
    opened.close()


@pytest.fixture
def past(history: History, log: EventLog) -> Iterator[PastView]:
    made = PastView(history, log)
    yield made
    made.close()


def seen(part: Any) -> bool:
    return bool(part.layout.display != "none")


def choose(past: PastView, session_id: str) -> None:
    """As the page does when a person presses a row."""
    past.rows._handle_custom_msg({"type": "choose", "id": session_id}, [])
    assert soon(lambda: past.chosen is not None and past.chosen.session_id == session_id)


def interviewed(log: EventLog, history: History) -> str:
    """A real interview with one answer, left there."""
    mine = sample("en")
    setup = InterviewSetup(resume_summary=mine.resume, job_description=mine.job, question_count=2)
    interview = Interview(setup, LLM("practice", pace=0), log=log, history=history)
    run(interview.start())
    run(interview.respond(ANSWER))
    run(interview.aclose())
    return interview.session_id


class Tags(HTMLParser):
    """The elements and attributes of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]


# The list.


UNSCORED, ONE = ({"questions": [asked(overall=overall)]} for overall in (None, 3.0))
OPEN: dict[str, Any] = {"feedback": None, "again": []}


@pytest.mark.parametrize(
    ("changed", "facts", "badge"),
    [
        ({}, "mixed · senior · English · 2 of 3 answered · scores 3 to 3.4", ""),
        ({"format": "case"}, "case · senior · English · 2 of 3 answered · scores 3 to 3.4", ""),
        ({"feedback": feedback("zh")}, "mixed · senior · English · 2 of 3 answered · scores 3 to 3.4", ""),
        (OPEN | {"state": "awaiting_answer"}, "mixed · senior · English · 2 of 3 answered", "Unfinished"),
        (OPEN | {"state": "failed", "turns": []}, "mixed · senior · English · 0 of 3 answered", "Unfinished"),
        ({"feedback": UNSCORED}, "mixed · senior · English · 2 of 3 answered · not scored", ""),
        ({"feedback": ONE}, "mixed · senior · English · 2 of 3 answered · score 3", ""),
        (
            {"format": "panel", "level": "chief"},
            "panel · chief · English · 2 of 3 answered · scores 3 to 3.4",
            "",
        ),
        (
            {"session_id": "s-open"},
            "mixed · senior · English · 2 of 3 answered · scores 3 to 3.4",
            "Open here",
        ),
    ],
)
def test_a_row_says_what_it_was_and_how_far_it_came(changed: dict[str, Any], facts: str, badge: str) -> None:
    made = row(replace(entry(), **changed), "en", "s-open")
    assert (" · ".join(made.facts[1:]), made.badge) == (facts, badge)
    assert re.fullmatch(r"2023-11-1[45] \d\d:\d\d", made.facts[0])


def test_follow_ups_and_the_candidates_own_questions_are_not_counted() -> None:
    mine = entry()
    more = [mine.turns[0] | {"gap": "figure"}, mine.turns[0] | {"question_id": "closing-your-questions"}]
    assert "2 of 3 answered" in row(replace(mine, turns=[*mine.turns, *more]), "en").facts


def test_the_newest_come_first_and_more_on_a_press(past: PastView, history: History) -> None:
    for number in range(PAGE + 3):
        history.keep(scored(number, design=3.0))
    run(past.refresh())
    assert [each["id"] for each in past.rows.rows] == [f"s-{n:04}" for n in range(PAGE + 2, 2, -1)]
    assert past.rows.more == "Show more"
    past.rows._handle_custom_msg({"type": "more"}, [])
    assert soon(lambda: len(past.rows.rows) == PAGE + 3)
    assert past.rows.more == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_is_kept_it_says_what_will_stand_here(past: PastView, language: Language) -> None:
    past.speak(language)
    run(past.refresh())
    assert PAST_WORDS[language]["empty"] in past.empty.value
    assert [seen(part) for part in (past.empty, past.rows, past.remove_all)] == [True, False, False]
    assert past.progress.value == ""


# One of them.


def test_one_that_is_chosen_shows_its_report_in_its_own_language(past: PastView, history: History) -> None:
    history.keep(entry("zh"))
    run(past.refresh())
    choose(past, "s-0001")
    assert [seen(past.overview), seen(past.one)] == [False, True]
    assert 'lang="zh-CN"' in past.one.report.value
    assert "高级后端工程师" in past.one.report.value
    assert "这是练习，不是录用结论" in past.one.report.value
    tags = Tags(past.one.report.value).tags
    assert {"h3", "h4", "h5", "svg", "section"} <= tags
    assert not tags & {"h1", "h2", "html", "body", "head", "meta", "style", "script", "main"}
    past.one.back.click()
    assert soon(lambda: past.chosen is None)
    assert past.one.report.value == past.one.attempts.value == ""
    assert [seen(past.overview), seen(past.one)] == [True, False]


def test_the_reports_style_stays_in_the_report() -> None:
    assert REPORT_STYLE.startswith(".mockmate-report {")
    assert REPORT_STYLE.count("{") == REPORT_STYLE.count("}")
    assert not re.search(r"\bh[12]\b", REPORT_STYLE)
    assert "@container mockmate (max-width" in REPORT_STYLE
    assert "@media (max-width" not in REPORT_STYLE


@pytest.mark.parametrize("over", [True, False])
def test_it_can_be_taken_up_where_its_log_is_there(
    past: PastView, history: History, log: EventLog, over: bool
) -> None:
    session_id = interviewed(log, history)
    if over:
        interview = run(Interview.load(session_id, LLM("practice", pace=0), log=log, history=history))
        run(interview.end())
        run(interview.aclose())
    taken: list[str] = []
    past.on_take_up(taken.append)
    run(past.choose(session_id))
    assert seen(past.one.take_up)
    assert past.one.take_up.description == ("Answer again" if over else "Take it up")
    past.one.take_up.click()
    assert taken == [session_id]


def test_one_whose_log_is_gone_keeps_its_report(past: PastView, history: History) -> None:
    history.keep(entry())
    run(past.choose("s-0001"))
    assert not seen(past.one.take_up)
    assert "Only the report of this interview is left" in past.one.told.value


def test_a_record_that_cannot_be_read_is_said_and_can_be_deleted(past: PastView, history: History) -> None:
    history.keep(entry(feedback=feedback() | {"questions": [asked(overall=9)]}))
    run(past.choose("s-0001"))
    assert 'role="alert"' in past.one.report.value
    assert seen(past.one.remove)
    run(past.delete("s-0001"))
    assert history.entries() == []


def test_the_one_chosen_last_counts(
    past: PastView, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        history.keep(scored(number, design=3.0))
    hold, plain = threading.Event(), history.entry

    def slow(session_id: str) -> Any:
        if session_id == "s-0001":
            hold.wait(10)
        return plain(session_id)

    monkeypatch.setattr(history, "entry", slow)
    first = past.choose("s-0001")
    run(past.choose("s-0002"))
    hold.set()
    run(first)
    assert past.chosen is not None
    assert past.chosen.session_id == "s-0002"
    assert seen(past.one)


# Attempts and progress.


def test_attempts_stand_in_order_with_what_moved(past: PastView, history: History) -> None:
    for number, overall in enumerate((2.0, None, 3.5)):
        told = feedback() | {
            "questions": [asked(overall=overall, state="scored" if overall else "not_scored")]
        }
        history.keep(
            entry(session_id=f"s-{number}", begun_at=NOON + number, feedback=told, again=[], turns=[])
        )
    history.keep(entry(session_id="s-9", begun_at=NOON + 9, turns=[], again=[again()]))
    run(past.choose("s-9"))
    assert seen(past.one.compare)
    assert not seen(past.one.attempts)
    past.one.compare.value = True
    assert seen(past.one.attempts)
    shown = past.one.attempts.value
    overalls = re.findall(r"data-by='Overall'><span>([\d.–]+)(?: <span[^>]*>(.))?", shown)
    assert overalls == [("2", ""), ("–", ""), ("3.5", "↑"), ("3.4", "↓"), ("4.1", "↑")]
    assert shown.count("this interview") == 2
    assert shown.count("<h4") == 1, "what was answered once stands nowhere"


def test_of_very_many_attempts_the_last_are_shown(past: PastView, history: History) -> None:
    for number in range(23):
        history.keep(
            entry(session_id=f"s-{number}", begun_at=NOON + number, updated_at=NOON + number, again=[])
        )
    run(past.choose("s-22"))
    assert past.one.attempts.value.count("data-by='Overall'") == 2 * 20


def test_where_nothing_was_answered_twice_there_is_nothing_to_compare(
    past: PastView, history: History
) -> None:
    history.keep(entry(again=[]))
    run(past.choose("s-0001"))
    assert not seen(past.one.compare)
    assert attempts_html([], "en") == ""


def test_progress_is_a_range_and_a_trend_in_words_and_a_picture(past: PastView, history: History) -> None:
    for number, score in enumerate((2.0, 2.5, 3.5, 4.0)):
        history.keep(scored(number, design=score, **({"learning": 3.0} if number == 1 else {})))
    run(past.refresh())
    shown = past.progress.value
    assert "<td>2 to 4</td><td>rising</td><td>4</td>" in shown
    assert "<td>3</td><td>too few to tell</td><td>1</td>" in shown
    assert 'role="img" aria-label="Scores of 5.' in shown
    past.speak("zh")
    assert soon(lambda: "<td>2 到 4</td><td>上升</td><td>4</td>" in past.progress.value)


def test_without_a_score_it_says_what_will_stand_there(past: PastView, history: History) -> None:
    history.keep(entry(feedback=None, state="awaiting_answer", again=[]))
    run(past.refresh())
    assert PAST_WORDS["en"]["progress_none"] in past.progress.value


# Deleting.


def test_deleting_asks_once_more_and_takes_text_and_log(
    past: PastView, history: History, log: EventLog
) -> None:
    session_id, other = interviewed(log, history), interviewed(log, history)
    gone: list[str] = []
    past.on_deleted(gone.append)
    run(past.choose(session_id))
    remove = past.one.remove
    remove.yes.click()
    assert history.entry(session_id), "nothing was asked yet"
    remove.first.click()
    assert "for good?" in remove.question.value
    remove.no.click()
    assert remove.question.value == ""
    remove.first.click()
    remove.yes.click()
    remove.yes.click()
    assert soon(lambda: "Deleted." in past.said.value)
    assert gone == [session_id]
    assert [each.session_id for each in history.entries()] == [other] == run(Interview.sessions(log))
    assert seen(past.overview)
    assert [each["id"] for each in past.rows.rows] == [other]


def test_all_are_deleted_but_the_open_one(past: PastView, history: History, log: EventLog) -> None:
    ids = [interviewed(log, history) for _ in range(2)]
    history.keep(entry())
    past.open_session = ids[1]
    run(past.refresh())
    past.remove_all.first.click()
    assert history.entry(ids[0])
    past.remove_all.yes.click()
    assert soon(lambda: "All are deleted but" in past.said.value)
    assert [each.session_id for each in history.entries()] == [ids[1]] == run(Interview.sessions(log))
    past.open_session = ""
    run(past.delete_all())
    assert "All interviews are deleted." in past.said.value
    assert (history.entries(), run(Interview.sessions(log))) == ([], [])
    assert seen(past.empty)


def test_the_open_one_is_not_deleted(past: PastView, history: History) -> None:
    history.keep(entry())
    past.open_session = "s-0001"
    with pytest.raises(CallerError, match="open here"):
        run(past.delete("s-0001"))
    assert 'role="alert"' in past.said.value
    assert history.entry("s-0001")


# Faults and hostile texts.


def test_a_damaged_file_is_said_in_plain_words(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path))
    monkeypatch.setattr("mockmate_nb.interview.keeping._history", None)
    (tmp_path / "history.sqlite").write_bytes(b"not a database at all, but long enough " * 100)
    for language, lead in (("en", "The earlier interviews cannot be shown."), ("zh", "以前的面试无法显示。")):
        past = PastView(None, log, language=language)  # type: ignore[arg-type]  # a literal, from a loop
        with pytest.raises(CallerError):
            run(past.refresh())
        assert past.said.value.startswith('<p class="mockmate-error" role="alert">' + lead)
        past.close()


def test_one_that_is_gone_meanwhile_is_said_and_the_list_stays(past: PastView) -> None:
    with pytest.raises(CallerError, match="not kept any more"):
        run(past.choose("s-0404"))
    assert "not kept any more" in past.said.value
    assert seen(past.overview)


@pytest.mark.parametrize("payload", HOSTILE, ids=lambda payload: payload["name"])
def test_hostile_texts_are_text(history: History, log: EventLog, payload: dict[str, str]) -> None:
    text = payload["text"]
    told = feedback() | {"questions": [asked(question=text, answer=text, fix=text, draft=text)]}
    for number in (1, 2):
        history.keep(entry(session_id=f"s-{number}", job_title=text, feedback=told, again=[], turns=[]))
    past = PastView(history, log)
    run(past.refresh())
    run(past.choose("s-2"))
    assert past.rows.rows[0]["title"] == " ".join(text.split())
    for shown in (past.one.report.value, past.one.attempts.value):
        found = Tags(shown)
        assert not found.tags & {
            "script",
            "img",
            "iframe",
            "a",
            "form",
            "style",
            "object",
            "embed",
            "link",
            "meta",
        }
        assert not {
            name for name in found.attributes if name.startswith(("on", "data-command")) or name == "id"
        }
        assert found.addresses == []
    past.close()


def test_nothing_is_read_on_the_calling_thread(
    history: History, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.keep(entry())
    threads: set[str] = set()
    for name in ("entries", "entry", "progress", "attempts"):
        plain = getattr(history, name)

        def noted(*given: Any, plain: Any = plain, **named: Any) -> Any:
            threads.add(threading.current_thread().name)
            return plain(*given, **named)

        monkeypatch.setattr(history, name, noted)
    past = PastView(history, log)
    run(past.refresh())
    run(past.choose("s-0001"))
    assert threads
    assert not threads & {threading.main_thread().name, "mockmate-loop"}
    past.close()


def test_the_same_words_in_both_languages() -> None:
    english, chinese = (PAST_WORDS[language] for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for name, words in english.items():
        fields = re.compile(r"\{(\w+)")
        assert sorted(fields.findall(words)) == sorted(fields.findall(chinese[name])), name


def test_what_is_closed_is_gone(history: History, log: EventLog) -> None:
    past = PastView(history, log)
    parts = [past.rows, past.one.exporter, past.one.report, past.remove_all.first]
    past.close()
    assert all(part.comm is None for part in parts)
    aio.run(_settled())


async def _settled() -> None:
    """A turn of the worker loop."""
