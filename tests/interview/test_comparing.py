"""Two answers side by side."""

from __future__ import annotations

from typing import Any

import pytest

from mockmate_nb.interview.bank import load_bank
from mockmate_nb.interview.comparing import compared
from mockmate_nb.interview.feedback import question_entry

QUESTION = load_bank().question("technical-friday-deployment")
WEAK = (
    "Friday deployments are risky and people do not like them, so we usually avoid deployments on a Friday."
)
STRONG = (
    "A Friday deployment is safe when taking it back takes minutes. I shipped a retry change on a Friday, and a "
    "retry storm took our gateway down for 40 minutes. Since then I send each change to 5 % of the traffic first. "
    "I chose flags over a freeze, because a freeze only makes Monday's release larger."
)


def entry(answer: str) -> dict[str, Any]:
    return question_entry(QUESTION, QUESTION.in_language("en").text, answer, "en")


def test_a_better_second_answer_is_seen_to_be_better() -> None:
    found = compared(entry(WEAK), entry(STRONG), "en")
    assert found["after"] > found["before"]
    assert "Figures" in found["better"]
    assert found["worse"] == []
    assert str(found["after"]) in found["summary"]
    assert "up from" in found["summary"]
    names = [row["name"] for row in found["dimensions"]]
    assert names[:6] == ["layers", "detail", "example", "trade_off", "pitfall", "figures"]
    assert all(row["quote"] in STRONG for row in found["dimensions"])


def test_it_is_its_own_mirror_image() -> None:
    there, back = compared(entry(WEAK), entry(STRONG), "en"), compared(entry(STRONG), entry(WEAK), "en")
    assert there["better"] == back["worse"]
    assert [(row["before"], row["after"]) for row in there["dimensions"]] == [
        (row["after"], row["before"]) for row in back["dimensions"]
    ]


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (STRONG, STRONG, "as before. No dimension moved"),
        (STRONG, WEAK, "down from"),
        ("", STRONG, "the first one had no score"),
        (STRONG, "I don't know.", "The new answer has no score"),
        ("", "", "Neither answer"),
    ],
)
def test_the_summary_says_what_happened(before: str, after: str, says: str) -> None:
    assert says in compared(entry(before), entry(after), "en")["summary"]


def test_chinese_is_chinese() -> None:
    summary = compared(entry(WEAK), entry(STRONG), "zh")["summary"]
    assert "分" in summary
    assert "answer" not in summary


def test_an_entry_of_an_earlier_version_can_be_compared() -> None:
    old = {name: value for name, value in entry(WEAK).items() if name in ("overall", "dimensions")}
    assert len(compared(old, entry(STRONG), "en")["dimensions"]) >= 6


def test_the_formats_own_dimensions_follow_the_six() -> None:
    part = {"score": 2, "anchor": "a", "quote": "q w", "label": "Result"}
    before, after = (
        entry(WEAK) | {"parts": {"result": part}},
        entry(STRONG) | {"parts": {"result": part | {"score": 4}}},
    )
    found = compared(before, after, "en")
    assert found["dimensions"][-1] == {
        "name": "result",
        "label": "Result",
        "before": 2,
        "after": 4,
        "quote": "q w",
    }
    assert "Result" in found["better"]
