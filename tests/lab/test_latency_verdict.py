"""The verdict claims a gain only where the interval allows it, in both languages."""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple

import pytest

from mockmate_nb.interview.question import LANGUAGES, Language
from mockmate_nb.lab.intervals import Interval
from mockmate_nb.lab.verdict import verdict
from mockmate_nb.units import as_ratio, as_time, three

NAN = math.nan
SAME = Interval(1.01, 0.98, 1.03, 20)

Finding = Literal["gain", "small", "unclear", "loss", "few", "none"]
SIGNS: dict[Finding, dict[Language, str]] = {
    "gain": {"en": "something to read sooner", "zh": "能更早读到文字"},
    "small": {"en": "too little to be noticed", "zh": "人却感觉不到"},
    "unclear": {"en": "No clear gain", "zh": "没有明显的好处"},
    "loss": {"en": "streaming is the slower one", "zh": "反而更晚"},
    "few": {"en": "too few pairs", "zh": "对数太少"},
    "none": {"en": "nothing to compare", "zh": "无从比较"},
}


class Case(NamedTuple):
    first: Interval
    finding: Finding


CASES = [
    Case(Interval(43.0, 40.0, 45.0, 20), "gain"),
    Case(Interval(2.1, 1.01, 3.0, 20), "gain"),
    Case(Interval(1.1, 1.05, 1.15, 20), "small"),
    Case(Interval(1.2, 0.92, 1.4, 20), "unclear"),
    Case(Interval(3.0, 1.0, 9.0, 6), "unclear"),  # its end is 1: no difference cannot be ruled out
    Case(Interval(1.0, 1.0, 1.0, 20), "unclear"),
    Case(Interval(0.8, 0.7, 0.9, 20), "loss"),
    Case(Interval(43.0, NAN, NAN, 5), "few"),
    Case(Interval(43.0, NAN, NAN, 1), "few"),
    Case(Interval(NAN, NAN, NAN, 0), "none"),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_the_verdict_says_what_the_interval_allows_and_nothing_else(case: Case, language: Language) -> None:
    whole = SAME if case.first.known else Interval(1.0, NAN, NAN, case.first.n)
    said = verdict(case.first, whole, cache="warm", language=language, ttft=0.2, batch=2.0)
    assert [finding for finding, sign in SIGNS.items() if sign[language] in said] == [case.finding]
    assert "nan" not in said
    assert not re.search(r"[{}]", said)


WHOLES = [
    (Interval(1.01, 0.98, 1.03, 20), "about as long either way", "两边差不多"),
    (Interval(1.03, 1.02, 1.04, 20), "about as long either way", "两边差不多"),  # sure, and of no account
    (Interval(1.02, 0.6, 1.9, 20), "cannot be told", "看不出来"),
    (Interval(1.4, 1.3, 1.5, 20), "takes longer with batch too", "整段更慢"),
    (Interval(0.75, 0.7, 0.8, 20), "takes longer with streaming", "用流式更慢"),
]


@pytest.mark.parametrize(("whole", "english", "chinese"), WHOLES)
def test_the_whole_time_is_judged_apart(whole: Interval, english: str, chinese: str) -> None:
    first = Interval(10.0, 9.0, 11.0, 20)
    others = {one for _, one, _ in WHOLES} - {english}
    said = verdict(first, whole, cache="cold", language="en")
    assert english in said
    assert not any(other in said for other in others)
    assert chinese in verdict(first, whole, cache="cold", language="zh")


def test_the_verdict_says_how_the_waits_feel() -> None:
    first = Interval(10.8, 9.9, 11.7, 20)
    said = verdict(first, SAME, cache="warm", language="en", ttft=0.042, batch=0.454)
    assert "10.8×" in said
    assert "9.90× and 11.7×" in said
    assert "454 ms against 42.0 ms" in said
    assert "Streaming: feels instant." in said
    assert "Nielsen" not in verdict(first, SAME, cache="warm", language="en")
    assert "much the same" in verdict(Interval(1.2, 0.9, 1.4, 20), SAME, cache="cold", ttft=0.4, batch=0.5)
    # both are waits of some seconds, but the one is three times the other: they do not feel the same
    assert "much the same" not in verdict(Interval(3, 2.9, 3.1, 20), SAME, cache="cold", ttft=2, batch=6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_names_cache_and_pairs(language: Language) -> None:
    first = Interval(10.8, 9.9, 11.7, 17)
    warm, cold = (verdict(first, SAME, cache=cache, language=language) for cache in ("warm", "cold"))
    assert warm != cold
    assert "17" in warm


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.0, "0 ms", "0 毫秒"),
        (0.0004, "0.400 ms", "0.400 毫秒"),
        (0.042, "42.0 ms", "42.0 毫秒"),
        (0.9994, "999 ms", "999 毫秒"),
        (0.9996, "1.00 s", "1.00 秒"),
        (12.345, "12.3 s", "12.3 秒"),
        (1234.5, "1,234 s", "1,234 秒"),
    ],
)
def test_times_have_three_digits_and_the_unit_that_fits(seconds: float, english: str, chinese: str) -> None:
    assert as_time(seconds, "en") == english
    assert as_time(seconds, "zh") == chinese


def test_ratios_have_three_digits() -> None:
    assert [three(value) for value in (0.98, 1, 10.84, 432.1, 999.7, 4321)] == [
        *("0.980", "1.00", "10.8", "432", "1,000", "4,321")
    ]
    assert as_ratio(10.84, "en") == "10.8×"
    assert as_ratio(10.84, "zh") == "10.8 倍"
