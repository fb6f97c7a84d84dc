"""What a model puts into the candidate's mouth: figures in any writing and names stay out, quotes are found fast."""

from __future__ import annotations

import pytest

from mockmate_nb.interview.bank import load_bank
from mockmate_nb.interview.question import Language
from mockmate_nb.interview.quoting import MAX_QUOTE, quote_in
from mockmate_nb.interview.verdict import grounded

QUESTION = load_bank().question("behavioural-slipping-date")
SAID = "I profiled the consumer, found lock contention and rewrote it in batches"
SOURCE = (
    f"{SAID} with two colleagues in a week, which cut p95 from 900 ms to 210 ms, half, for 2 million orders."
)
ZH_SAID = "我分析了消费者，发现锁竞争，改成批处理"
ZH_SOURCE = f"{ZH_SAID}，用了三台机器和一个下午，省下五十万。"
F, Z = "[your figure]", "[你的数字]"


@pytest.mark.parametrize(
    ("claim", "stays"),
    [
        (", saving half a million dollars", f", saving {F} dollars"),
        (", saving a million", f", saving {F}"),
        (", saving 3 million", f", saving {F}"),
        (", for 2 million orders", None),
        (", ½ of the batches", f", {F} of the batches"),
        (", 1½ of it", f", {F} of it"),
        (" in Ⅻ batches", f" in {F} batches"),
        (" in ⑳ batches", f" in {F} batches"),
        (" in a single afternoon", f" in {F}"),
        (" in one month", f" in {F}"),
        (" in one week", None),
        (" with two colleagues", None),
        (" with three colleagues", f" with {F} colleagues"),
        (" for hundreds of thousands of orders", f" for {F} of orders"),
        (" by forty percent", f" by {F}"),
        (", half of it", None),
        (", with zero orders", f", with {F} orders"),
        (", doubling it", f", {F} it"),
        (f" for {F}", None),
        (" for one of them", None),
        (" [in three weeks]", f" [in {F}]"),
    ],
)
def test_a_figure_in_any_writing_must_be_the_candidates(claim: str, stays: str | None) -> None:
    assert (
        grounded(f"{SAID}{claim}.", SOURCE, QUESTION, "en") == f"{SAID}{claim if stays is None else stays}."
    )


@pytest.mark.parametrize(
    ("claim", "stays"),
    [
        ("，用了三台机器", None),
        ("，用了四台机器", f"，用了{Z}机器"),
        ("，用了一个下午", None),
        ("，用了一个周末", f"，用了{Z}"),
        ("，省下五十万", None),
        ("，省下八十万", f"，省下{Z}"),
    ],
)
def test_a_figure_in_chinese_must_be_the_candidates(claim: str, stays: str | None) -> None:
    found = grounded(f"{ZH_SAID}{claim}。", ZH_SOURCE, QUESTION, "zh")
    assert found == f"{ZH_SAID}{claim if stays is None else stays}。"


@pytest.mark.parametrize(
    ("bracketed", "language", "stays"),
    [
        ("[with Kubernetes and Redis at Amazon, saving a fortune]", "en", False),
        ("[Amazon]", "en", False),
        ("【Kubernetes】", "en", False),
        ("[what you weighed against it]", "en", True),
        ("[one case you know well: what happened, and what it shows]", "en", True),
    ],
)
def test_only_the_rules_own_places_to_fill_may_say_what_they_like(
    bracketed: str, language: Language, stays: bool
) -> None:
    text = f"{SAID} {bracketed}."
    assert grounded(text, SOURCE, QUESTION, language) == (text if stays else "")


LONG = "I profiled the consumer " * 2500


@pytest.mark.parametrize(
    ("answer", "said", "found"),
    [
        (SAID, "I profiled the consumer " * 40_000, ""),
        (LONG, LONG, LONG[:MAX_QUOTE].rpartition(" ")[0]),
        (LONG, LONG + "x", ""),
        ("xa-" * 20_000, "xa-" * 10_000 + "x", ""),
        ("Cafe\u0301 “Ünit”\u2003is  up", "café 'ünit' IS up", ""),
        ("Cafe\u0301 “Ünit”\u2003is  up", 'CAFÉ "ünit" is up.', "Cafe\u0301 “Ünit”\u2003is  up"),
        ("İstanbul ran well", "istanbul ran well", ""),
        ("İstanbul ran well", "ran WELL", "ran well"),
        ("我分析了\n消费者", "我分析了 消费者。", "我分析了"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_quote_is_found_as_it_stands_however_long_both_are(answer: str, said: str, found: str) -> None:
    assert quote_in(answer, said) == found
