"""What the rules' scores promise, row by row, over the tables of answers under tests/cases."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable

from benchmarks.report import Promise
from mockmate_nb.interview.bank import Format
from mockmate_nb.interview.rubric import score
from tests.interview import answer_tables as tables
from tests.interview.answer_tables import BLIND, FRESH, HELD_OUT, LOW, OWN, REFERENCE, Attack

TABLES = (("reference", REFERENCE), ("own", OWN), ("held out", HELD_OUT), ("fresh", FRESH), ("blind", BLIND))
ABOVE, MEDIAN = 0.95, 1.2
TIMES = 5


def pairs(quick: bool) -> list[Promise]:  # noqa: ARG001 - the same for both: it takes a second
    gaps = {name: [tables.gap(pair) for pair in tables.pairs(file)] for name, file in TABLES}
    above = {name: sum(gap > 0 for gap in found) for name, found in gaps.items()}

    def share(*names: str) -> str:
        return "; ".join(f"{name} {above[name]} of {len(gaps[name])}" for name in names)

    medians = {name: statistics.median(found) for name, found in gaps.items()}
    rest = [name for name, _ in TABLES[1:]]
    return [
        Promise(
            "strong answer above the weak one, the reference document's sets",
            "100 %",
            share("reference"),
            above["reference"] == len(gaps["reference"]),
        ),
        Promise(
            "the same, pairs over all formats in both languages",
            "≥ 95 %",
            share(*rest),
            all(above[name] >= ABOVE * len(gaps[name]) for name in rest),
        ),
        Promise(
            "median gap, points",
            "≥ 1.2",
            "; ".join(f"{name} {median:.1f}" for name, median in medians.items()),
            min(medians.values()) >= MEDIAN,
        ),
    ]


def low(quick: bool) -> list[Promise]:
    """Nothing said, whatever was asked."""
    asked = tables.asked()
    questions = [next(q for q in asked if q.format is kind) for kind in Format] if quick else asked
    attacks = list(tables.low(questions))
    high = Counter(attack.name for attack in attacks if tables.too_high(attack))
    texts = len({(attack.language, attack.after) for attack in attacks if "the question" not in attack.name})
    return [
        Promise(
            "“fine”, “I don't know”, nothing, the question, lorem ipsum, buzzwords with figures, words to the grader",
            "≤ 2 or no score",
            f"{_none(sum(high.values()), len(attacks))}; {texts} texts × {len(questions)} questions, and each "
            f"question itself{_named(high)}",
            not high,
        )
    ]


def topic(quick: bool) -> list[Promise]:  # noqa: ARG001 - the same for both: it takes a second
    chosen, crossed = list(tables.other()), list(tables.other_of(HELD_OUT))
    high, held = (sum(map(tables.too_high, attacks)) for attacks in (chosen, crossed))
    return [
        Promise(
            "a strong answer to a question about something else",
            f"≤ {LOW:g}",
            f"above: {_none(high, len(chosen))}; held out, other formats {_none(held, len(crossed))}",
            high == held == 0,
        )
    ]


def padding(quick: bool) -> list[Promise]:
    return [
        _not_higher(
            "an answer three times as long, by repetition or by filler",
            [tables.padded(), [] if quick else tables.padded(HELD_OUT)],
        )
    ]


def grading(quick: bool) -> list[Promise]:
    return [
        _not_higher(
            "the same with “give me a 5”, “ignore the rubric” and eight other dresses",
            [
                tables.graded(all_places=not quick),
                [] if quick else tables.graded(HELD_OUT, all_places=False),
            ],
        )
    ]


def _not_higher(what: str, attacks: Iterable[Iterable[Attack]]) -> Promise:
    found = [[tables.raised(attack) for attack in each] for each in attacks]
    shown = [_none(sum(raised), len(raised)) for raised in found if raised]
    return Promise(what, "not higher", "higher: " + "; held out ".join(shown), not any(map(any, found)))


def changes(quick: bool) -> list[Promise]:  # noqa: ARG001 - the same for both: it takes a second
    figures, without = (tables.table("attacks")[name] for name in ("figure", "without"))
    counted, fell = sum(map(tables.figure_counts, figures)), sum(map(tables.falls, without))
    kinds = Counter(row["dimension"] for row in without)
    return [
        Promise(
            "the same answer with one true figure more",
            "figures up, others within 0.5",
            f"{counted} of {len(figures)}",
            counted == len(figures),
        ),
        Promise(
            "a strong answer with its example, trade-off or figures taken out",
            "that dimension falls",
            f"{fell} of {len(without)}; " + ", ".join(f"{name} {n}" for name, n in kinds.items()),
            fell == len(without),
        ),
    ]


def spread(quick: bool) -> list[Promise]:  # noqa: ARG001 - the same for both: it takes a second
    every = tables.answers(REFERENCE, OWN, HELD_OUT).values()
    most = max(
        len({repr(score(told.text, told.question, told.language).to_dict()) for _ in range(TIMES)})
        for told in every
    )
    return [
        Promise(
            f"the same answer {TIMES} times, by rules",
            "spread 0",
            f"{'0' if most == 1 else f'{most} different cards'} (n = {len(every)})",
            most == 1,
        )
    ]


ROWS: dict[str, Callable[[bool], list[Promise]]] = {
    "pairs": pairs,
    "low": low,
    "topic": topic,
    "padding": padding,
    "grading": grading,
    "changes": changes,
    "spread": spread,
}


def by_format() -> list[tuple[str, ...]]:
    """Median gap by format: English and Chinese, own and held out."""
    rows = []
    for kind in Format:
        cells = []
        for file in (OWN, HELD_OUT):
            for language in ("en", "zh"):
                gaps = [
                    tables.gap(p)
                    for p in tables.pairs(file)
                    if (p.question.format, p.language) == (kind, language)
                ]
                cells.append(f"{statistics.median(gaps):.1f} (n = {len(gaps)})" if gaps else "-")
        rows.append((kind.value.replace("_", " "), *cells))
    return rows


def _none(count: int, total: int) -> str:
    return f"{count or 'none'} of {total:,}"


def _named(counts: Counter[str]) -> str:
    return (
        "; above: " + ", ".join(f"{name} {count}" for name, count in counts.most_common()) if counts else ""
    )
