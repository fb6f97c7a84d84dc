"""Whole interviews by the pure parts, with candidates of every kind: what must never happen, counted."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from benchmarks.report import Promise
from mockmate_nb.interview.bank import Format
from tests.interview.answer_tables import bank
from tests.interview.candidates import CANDIDATES
from tests.interview.simulated import simulate

SEEDS, QUICK_SEEDS = 500, 5
WATCHED = {
    "a question or its words twice": ("repeat",),
    "two questions at once": ("two questions",),
    "a forbidden topic": ("forbidden",),
    "no end": ("no end", "after the time", "after the closing question"),
    "more than two probes": ("3 probes", "4 probes", "5 probes"),
}


class Held(NamedTuple):
    """What came of the interviews of one format: how many, their turns, and interviews with each fault."""

    interviews: int
    turns: int
    faults: Counter[str]


def hold(kind: Format, seeds: int) -> Held:
    interviews = turns = 0
    faults: Counter[str] = Counter()
    for done, found in simulate(range(seeds), bank(), [kind]):
        interviews += 1
        turns += len(done.turns)
        faults.update({each.partition(":")[0] for each in found})
    return Held(interviews, turns, faults)


def rows(held: list[Held], seeds: int) -> list[Promise]:
    interviews, turns = (sum(getattr(each, name) for each in held) for name in ("interviews", "turns"))
    faults = sum((each.faults for each in held), Counter[str]())
    known = {name for names in WATCHED.values() for name in names}
    seen = {what: sum(faults[name] for name in names) for what, names in WATCHED.items()}
    seen["another fault"] = sum(count for name, count in faults.items() if name not in known)
    shown = ", ".join(f"{what} {count:,}" for what, count in seen.items() if count) or "none"
    return [
        Promise(
            f"simulated interviews, {seeds} seeds × {len(held)} formats × 2 languages × {len(CANDIDATES)} candidates "
            f"({', '.join(CANDIDATES)})",
            "no repeat, no two questions at once, no forbidden topic, every one ends, ≤ 2 probes a question",
            f"interviews with a fault: {shown} (n = {interviews:,}; {turns:,} questions)",
            not faults,
        )
    ]
