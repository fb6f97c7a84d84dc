"""One's own rating of an answer, without a page: its values, its words."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets import TraitError

from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.feedback_words import say
from mockmate_nb.view.rating import RatingRow


@pytest.mark.parametrize("value", [None, 1, 3, 5])
def test_a_point_or_none(value: int | None) -> None:
    row = RatingRow()
    row.value = value
    assert row.value == value
    row.clear()
    assert row.value is None


@pytest.mark.parametrize("value", [0, 6, 2.5, "3"])
def test_anything_else_is_refused(value: Any) -> None:
    row = RatingRow()
    with pytest.raises(TraitError):
        row.value = value
    assert row.value is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_point_has_its_name(language: Language) -> None:
    row = RatingRow(language=language)
    assert row.label == say(language, "rate")
    assert [name[0] for name in row.names] == ["1", "2", "3", "4", "5"]
    assert len(set(row.names)) == 5


def test_another_language_keeps_the_point() -> None:
    row = RatingRow()
    row.value = 4
    row.language = "zh"
    assert (row.value, row.label) == (4, say("zh", "rate"))
    assert row.names[3] == say("zh", "rate_4")
    close_whole(row)
