"""Advice: the rules of thumb, what outweighs what, conflicts told, and measured figures beside them."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.question import LANGUAGES, Language
from mockmate_nb.lab.advice import Advice, Choice, advise
from mockmate_nb.lab.run import Cache, Run
from tests.lab.simulated_times import simulated_run

RULES: list[tuple[dict[str, Any], Choice, list[str]]] = [
    ({}, "either", ["simpler code"]),
    ({"words": 101}, "stream", ["101 words are long", "not make the model faster"]),
    ({"words": 49}, "batch", ["49 words are short"]),
    ({"words": 50}, "either", ["between short (50) and long (100)"]),
    ({"words": 100}, "either", ["between short (50) and long (100)"]),
    ({"conversation": True}, "stream", ["conversation"]),
    ({"steps": True}, "stream", ["Steps in between"]),
    ({"unknown_length": True}, "stream", ["how long"]),
    ({"structured": True}, "batch", ["parsed only when it is whole"]),
    ({"transactional": True}, "batch", ["all or nothing"]),
    ({"post_processed": True}, "batch", ["checked or changed"]),
    # what pulls apart is told: the whole goes first, the wish before the short text
    ({"words": 400, "structured": True}, "batch", ["400 words are long", "pull apart", "stream_object"]),
    ({"steps": True, "transactional": True}, "batch", ["Steps", "pull apart", "only at its end"]),
    ({"conversation": True, "post_processed": True}, "batch", ["pull apart", "sentence by sentence"]),
    ({"words": 20, "conversation": True}, "stream", ["20 words are short", "outweighs the short text"]),
]
CONFLICT: dict[Language, str] = {"en": "pull apart", "zh": "相互冲突"}


@pytest.mark.parametrize(("circumstances", "choice", "told"), RULES)
def test_the_rules_of_thumb(circumstances: dict[str, Any], choice: Choice, told: list[str]) -> None:
    advice = advise(**circumstances)
    reasons = " ".join(advice.reasons)
    assert advice.choice == choice
    assert all(words in reasons for words in told)
    assert advice.measured == ()
    assert ("pull apart" in reasons) == ("pull apart" in told)


@pytest.mark.parametrize(("circumstances", "choice", "told"), RULES)
def test_chinese_gives_the_same_advice_in_its_own_words(
    circumstances: dict[str, Any], choice: Choice, told: list[str]
) -> None:
    english, chinese = advise(**circumstances), advise(**circumstances, language="zh")
    assert chinese.choice == choice
    assert len(chinese.reasons) == len(english.reasons)
    assert all(re.search(r"[\u4e00-\u9fff]", reason) for reason in chinese.reasons)
    assert ("pull apart" in told) == any(CONFLICT["zh"] in reason for reason in chinese.reasons)


def report(*runs: Run) -> Any:
    return SimpleNamespace(runs=runs)


def streamed(first: float, step: float, cache: Cache = "warm", words: int = 40) -> Run:
    """A reply of two tokens a word, in chunks of one word: 2 * words - 1 steps after the first token."""
    whole = first + (2 * words - 1) * step
    texts = [(first + (whole - first) * k / (words - 1), k + 1) for k in range(words)]
    return simulated_run(texts, cache=cache, tokens=2 * words)


def test_the_figures_predict_first_text_and_whole_time() -> None:
    """0.2 s to the first text, 2 tokens a word of 10 ms: 60 words take 0.2 + 119 * 0.01 s."""
    runs = [streamed(0.2, 0.01), streamed(0.1, 0.01), streamed(0.9, 0.01)]
    batch = simulated_run([(1.0, 40)], mode="batch", tokens=80)
    advice = advise(report(*runs, batch), words=60)
    figures = " ".join(advice.measured)
    assert "streaming runs: 3" in figures
    assert "first text after 200 ms, then 10.0 ms a token, 2.00 tokens a word" in figures
    assert "3,000 words a minute" in figures
    assert "after 200 ms with streaming, after 1.39 s with batch" in figures
    assert "done 1.19 s earlier" in figures  # the reader's pace hides all of the rest
    assert "guess" not in figures


def test_a_reply_slower_than_its_reader_is_read_as_it_comes() -> None:
    """0.5 s a word: 40 words are whole after 0.5 + 79 * 0.25 = 20.25 s; the reader is a word behind."""
    advice = advise(report(streamed(0.5, 0.25)), words=40)
    saved = 39 * 60 / 238
    assert f"done {saved:.2f} s earlier" in " ".join(advice.measured)


def test_what_was_not_measured_is_called_a_guess() -> None:
    slow = report(streamed(0.2, 0.01, words=40))
    assert "guess" not in " ".join(advise(slow, words=80).measured)
    assert "40 words at most), so it is a guess" in " ".join(advise(slow, words=81).measured)


MEASURED: list[tuple[float, int, Choice, str]] = [  # seconds a token, words
    (0.001, 200, "batch", "words only stand in"),  # long by words, there after 0.6 s
    (0.001, 20, "batch", ""),
    (0.1, 20, "stream", "words only stand in"),  # short by words, there after 4.1 s
    (0.1, 60, "stream", ""),
    (0.001, 60, "batch", ""),
    (0.02, 60, "either", ""),  # 2.58 s, neither quick nor slow: words decide
    (0.01, 101, "stream", ""),
    (0.02, 40, "batch", ""),
]


@pytest.mark.parametrize(("step", "words", "choice", "told"), MEASURED)
def test_measured_time_goes_before_the_number_of_words(
    step: float, words: int, choice: Choice, told: str
) -> None:
    advice = advise(report(streamed(0.2, step)), words=words)
    assert advice.choice == choice
    assert any("words only stand in" in reason for reason in advice.reasons) is bool(told)


def test_warm_and_cold_are_told_apart_and_the_slower_decides() -> None:
    advice = advise(report(streamed(0.1, 0.01), streamed(4.0, 0.01, "cold")), words=20)
    assert advice.choice == "stream"
    assert [line.split(" (")[0] for line in advice.measured if "medians" in line] == [
        "Prompt in the cache",
        "Prompt never seen",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_without_streaming_runs_predicts_nothing(language: Language) -> None:
    for runs in ((), (simulated_run([(1.0, 40)], mode="batch", tokens=80),)):
        advice = advise(report(*runs), words=200, language=language)
        assert advice.choice == "stream"
        assert len(advice.measured) == 1


def test_one_token_says_nothing_about_rhythm() -> None:
    assert len(advise(report(simulated_run([(0.5, 1)], tokens=1)), words=200).measured) == 1


@pytest.mark.parametrize("words", [0, -5])
def test_a_length_below_one_is_refused(words: int) -> None:
    with pytest.raises(CallerError, match="no length of a reply"):
        advise(words=words)


def test_advice_reads_as_lines() -> None:
    advice = Advice("stream", ("It is long.",), ("200 ms.",))
    assert str(advice) == "stream\nIt is long.\n200 ms."
