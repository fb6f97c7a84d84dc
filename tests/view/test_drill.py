"""The preparation drill: which points the kept answers show, and what is to be practised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockmate_nb import run
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import LANGUAGES, Language, load_bank
from mockmate_nb.interview.checklist import checklist, drill
from mockmate_nb.interview.history import History, open_history
from mockmate_nb.interview.record import Entry
from mockmate_nb.view.drill import DrillView, ticks
from tests.interview.kept import asked, entry, feedback
from tests.view.panels import soon

POINT = "sse-and-websocket"
QUESTION = "technical-sse-or-websocket"


@pytest.fixture
def history() -> Iterator[History]:
    opened = open_history("memory:")
    yield opened
    opened.close()


def answered(detail: int, trade_off: int, *, second: bool = False, **more: Any) -> Entry:
    """An interview that holds one answer to the point's question, with these scores."""
    dimensions = {name: {"score": score} for name, score in (("detail", detail), ("trade_off", trade_off))}
    question = asked(question_id=QUESTION, dimensions=dimensions, parts={}) | more
    if second:
        return entry(feedback=None, again=[{"question_id": QUESTION, "question": question}])
    return entry(feedback=feedback() | {"questions": [question]}, again=[])


@pytest.mark.parametrize(
    ("entries", "met"),
    [
        ([], None),
        ([entry(feedback=None, again=[])], None),
        ([answered(4, 3)], True),
        ([answered(5, 5)], True),
        ([answered(4, 2)], False),
        ([answered(4, 3), answered(1, 1)], True),
        ([answered(1, 1), answered(4, 3)], True),
        ([answered(4, 1), answered(1, 3)], False),
        ([answered(1, 1), answered(4, 3, second=True)], True),
        ([answered(4, 3, on_topic=False)], False),
        ([answered(4, 3, state="not_answered")], None),
        ([answered(4, 3, dimensions={})], False),
        ([answered(4, 3, dimensions=None, parts=None)], False),
        ([answered(4, 3, dimensions={"detail": {"score": "5"}, "trade_off": {}})], False),
        ([answered(4, 3, question_id="technical-other")], None),
    ],
)
def test_one_answer_that_shows_all_of_a_point_ticks_it(entries: list[Entry], met: bool | None) -> None:
    assert ticks(checklist(), entries)[POINT] is met


def test_the_parts_of_a_format_count() -> None:
    parts = {name: {"score": 4} for name in ("high_level", "deep_dive")}
    question = asked(question_id="design-streaming-chat-backend", dimensions={}, parts=parts)
    found = ticks(checklist(), [entry(feedback=feedback() | {"questions": [question]}, again=[])])
    assert found["drawn-architecture"] is True


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_point_stands_with_its_tick_and_its_questions(history: History, language: Language) -> None:
    history.keep(answered(4, 3))
    view = DrillView(history, language=language)
    assert {each["mark"] for each in view.rows.rows} == {"none"}
    run(view.refresh())
    rows = {each["id"]: each for each in view.rows.rows}
    assert [item.id for item in checklist(language)] == list(rows)
    assert {id_: each["mark"] for id_, each in rows.items() if each["mark"] != "none"} == {POINT: "yes"}
    wording = load_bank().question(QUESTION).in_language(language).text
    assert rows[POINT]["lines"] == [wording]
    assert rows[POINT]["marked"] == {"en": "Shown in an answer", "zh": "已在回答中做到"}[language]
    assert {"en": "1 of 8", "zh": "1 / 8"}[language] in view.said.value
    view.close()


def test_a_press_gives_the_questions_to_practise(history: History) -> None:
    view = DrillView(history)
    wanted: list[tuple[str, ...]] = []
    view.on_practise(wanted.append)
    for id_ in (POINT, "own-projects", "no-such-point"):
        view.rows._handle_custom_msg({"type": "choose", "id": id_}, [])
    view.all.click()
    items = {item.id: item.question_ids for item in checklist()}
    assert wanted == [items[POINT], items["own-projects"], drill()]
    view.close()


def test_another_language_keeps_the_ticks(history: History) -> None:
    history.keep(answered(4, 3))
    view = DrillView(history)
    view.speak("zh")
    assert view.all.description == "全部练一遍，先易后难"
    assert soon(lambda: any(each["mark"] == "yes" for each in view.rows.rows))
    assert view.rows.language == "zh"
    view.close()


def test_without_a_history_the_points_stand_there_all_the_same(history: History) -> None:
    history.close()
    view = DrillView(history)
    with pytest.raises(CallerError):
        run(view.refresh())
    assert view.said.value.startswith('<p class="mockmate-error" role="alert">Your ticks cannot be read.')
    assert len(view.rows.rows) == len(checklist())
    view.close()
