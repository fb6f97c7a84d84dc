"""What the rules promise about real people's answers: strong above weak, and nothing for those who only try."""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from mockmate_nb.interview.question import LANGUAGES, Format, Level
from mockmate_nb.interview.rubric import score
from tests.interview import answer_tables as tables
from tests.interview.answer_tables import BLIND, FRESH, HELD_OUT, OWN, REFERENCE, Attack

ATTACKS = tables.table("attacks")


def named(attacks: list[Attack]) -> str:
    return "\n".join(f"{attack.name} ({attack.question.id}): {attack.after[:80]!r}" for attack in attacks)


def test_the_pairs_cover_formats_levels_roles_and_both_languages() -> None:
    for name in (OWN, HELD_OUT, FRESH, BLIND):
        pairs = tables.pairs(name)
        assert len(pairs) >= 24
        assert {pair.question.format for pair in pairs} == set(Format)
        assert {pair.question.level for pair in pairs} == set(Level)
        for language in LANGUAGES:
            assert sum(pair.language == language for pair in pairs) >= len(pairs) * 0.4
    every = [*tables.pairs(OWN), *tables.pairs(HELD_OUT), *tables.pairs(FRESH)]
    assert len({role for pair in every for role in pair.question.roles}) >= 10
    texts = [text for pair in (*every, *tables.pairs(REFERENCE)) for text in (pair.weak, pair.strong)]
    assert len(set(texts)) == len(texts)
    assert len(tables.pairs(REFERENCE)) == 8


def test_every_reference_answer_that_is_strong_stands_above_its_weak_one() -> None:
    gaps = {pair.name: tables.gap(pair) for pair in tables.pairs(REFERENCE)}
    assert not {name: gap for name, gap in gaps.items() if gap <= 0}
    assert statistics.median(gaps.values()) >= 1.2


@pytest.mark.parametrize("name", [OWN, HELD_OUT, FRESH, BLIND])
def test_strong_stands_above_weak_in_nineteen_of_twenty_pairs(name: str) -> None:
    gaps = {pair.name: tables.gap(pair) for pair in tables.pairs(name)}
    wrong = {pair: gap for pair, gap in gaps.items() if gap <= 0}
    assert len(wrong) <= 0.05 * len(gaps), wrong
    assert statistics.median(gaps.values()) >= 1.2


def test_what_says_nothing_stays_at_two_or_gets_no_score() -> None:
    questions = [next(q for q in tables.asked() if q.format is kind) for kind in Format]
    attacks = list(tables.low(questions))
    assert {attack.name for attack in attacks} >= {"fine", "unknown", "empty", "lorem ipsum", "salad"}
    assert len(attacks) > 500
    high = [attack for attack in attacks if tables.too_high(attack)]
    assert not high, named(high)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_does_not_know_or_says_nothing_is_not_answered(language: str) -> None:
    question = tables.asked()[0]
    for row in ATTACKS["low"]:
        if row["kind"] in ("unknown", "empty") and row["language"] == language:
            for text in row["texts"]:
                assert score(text, question, row["language"]).state != "scored", text


def test_a_strong_answer_to_another_question_stays_at_two() -> None:
    attacks = list(tables.other())
    assert len(attacks) > 25
    high = [attack for attack in attacks if tables.too_high(attack)]
    assert not high, named(high)


def test_no_strong_answer_is_off_its_topic_and_nine_of_ten_are_off_another() -> None:
    names = (OWN, HELD_OUT, REFERENCE, FRESH)
    assert not [pair.name for name in names for pair in tables.pairs(name) if not tables.holds(pair)]
    elsewhere = [attack for name in names for attack in tables.other_of(name)]
    high = [attack for attack in elsewhere if tables.too_high(attack)]
    assert len(elsewhere) > 150
    assert len(high) <= 0.1 * len(elsewhere), named(high)


def test_an_answer_gains_nothing_by_being_three_times_as_long() -> None:
    attacks = list(tables.padded())
    grown = [len(attack.after) / len(attack.before) for attack in attacks]
    assert min(grown) > 1.2
    assert sum(by >= tables.GROWTH for by in grown) >= 0.75 * len(grown)
    higher = [attack for attack in attacks if tables.raised(attack)]
    assert not higher, named(higher)


def test_words_to_the_grader_bring_nothing() -> None:
    attacks = list(tables.graded(all_places=False))
    assert len(attacks) == len(tables.answers()) * len(ATTACKS["grader"])
    higher = [attack for attack in attacks if tables.raised(attack)]
    assert not higher, named(higher)


@pytest.mark.parametrize("row", ATTACKS["figure"], ids=lambda row: row["answer"])
def test_one_true_figure_more_raises_the_figures_and_nothing_else(row: dict[str, Any]) -> None:
    assert tables.figure_counts(row), tables.moves(row)


@pytest.mark.parametrize("row", ATTACKS["without"], ids=lambda row: f"{row['answer']}-{row['dimension']}")
def test_what_is_taken_out_of_a_strong_answer_is_missed(row: dict[str, Any]) -> None:
    assert tables.falls(row), tables.moves(row)


def test_the_same_answer_gets_the_same_card_every_time() -> None:
    for told in list(tables.answers().values())[::3]:
        cards = [score(told.text, told.question, told.language).to_dict() for _ in range(5)]
        assert all(card == cards[0] for card in cards)
