"""Whole interviews with candidates of every kind: what the interviewer must never do does not happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mockmate_nb.interview.bank import LANGUAGES, Format, Gap, Level
from mockmate_nb.interview.machine import Turn
from mockmate_nb.interview.policy import MAX_PROBES
from mockmate_nb.interview.question import CLOSING
from tests.interview.answer_tables import bank
from tests.interview.candidates import CANDIDATES
from tests.interview.simulated import Simulated, faults, interview, scores_kept, setup_of, simulate

SEEDS = range(2)
NEVER = (
    "repeat",
    "two questions",
    "forbidden",
    "language",
    "limits",
    "not the bank's",
    "probe without an answer",
    "after the time",
    "after the closing question",
    "no end",
    *(f"{count} probes" for count in range(MAX_PROBES + 1, MAX_PROBES + 4)),
)
Done = list[tuple[Simulated, list[str]]]


@pytest.fixture(scope="module")
def done() -> Done:
    return list(simulate(SEEDS, bank()))


def test_every_kind_of_interview_was_held(done: Done) -> None:
    assert len(done) == len(SEEDS) * len(Format) * len(LANGUAGES) * len(CANDIDATES)
    setups = [each.setup for each, _ in done]
    assert {setup.level for setup in setups} == {level.value for level in Level}
    assert {setup.mode for setup in setups} == {"practice", "live"}
    turns = [turn for each, _ in done for turn in each.turns]
    assert sum(turn.gap is not None for turn in turns) > 50
    assert any(turn.skipped for turn in turns)
    assert any(turn.question_id == CLOSING for turn in turns)


@pytest.mark.parametrize("fault", NEVER)
def test_it_never_happens(done: Done, fault: str) -> None:
    found = {each for _, seen in done for each in seen if each.startswith(fault)}
    assert not found


def test_a_strong_candidate_comes_out_above_a_weak_one(done: Done) -> None:
    def mean(kind: str) -> float:
        scores = [each.overall for each, _ in done if each.kind == kind and each.overall is not None]
        return sum(scores) / len(scores)

    assert mean("strong") > mean("weak") + 0.5


def test_the_same_seed_gives_the_same_interview() -> None:
    setup = setup_of(7, Format.BEHAVIOURAL, "en")
    with scores_kept():
        first, second = (interview(7, setup, "hostile", bank()) for _ in range(2))
    assert first == second


def _said(done: Simulated, text: str) -> Simulated:
    first, *rest = done.turns
    return replace(done, turns=(replace(first, text=text), *rest))


def _probe(turn: Turn, gap: Gap, number: int) -> Turn:
    return replace(turn, gap=gap, text=f"{number} {turn.text}", answer="I did.", skipped=False)


SPOILT: dict[str, Callable[[Simulated], Simulated]] = {
    "repeat": lambda done: replace(done, turns=(*done.turns, done.turns[0])),
    "two questions": lambda done: _said(done, "What broke? How did you mend it?"),
    "forbidden": lambda done: _said(done, "How old are you?"),
    "language": lambda done: _said(done, "你是怎么处理的？"),
    "limits": lambda done: _said(done, f"{'so ' * 70}{done.turns[0].text}"),
    "not the bank's": lambda done: _said(done, "What did you have for lunch?"),
    "probe without an answer": lambda done: replace(
        done, turns=(replace(done.turns[0], skipped=True), _probe(done.turns[0], Gap.RESULT, 1))
    ),
    "after the time": lambda done: replace(
        done,
        setup=replace(done.setup, mode="live", minutes=1),
        turns=(done.turns[0], replace(done.turns[-1], asked_at=(done.turns[0].asked_at or 0) + 90)),
    ),
    "after the closing question": lambda done: replace(
        done, turns=(replace(done.turns[0], question_id=CLOSING), *done.turns[1:])
    ),
    "no end": lambda done: replace(done, ended=False),
    f"{MAX_PROBES + 1} probes": lambda done: replace(
        done, turns=(done.turns[0], *(_probe(done.turns[0], gap, at) for at, gap in enumerate(list(Gap)[:3])))
    ),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_fault_would_be_seen(fault: str) -> None:
    setup = replace(
        setup_of(1, Format.BEHAVIOURAL, "en"), question_count=3, own_questions=(), mode="practice"
    )
    with scores_kept():
        sound = interview(1, setup, "strong", bank())
    assert not [each for each in faults(sound) if each.startswith(fault)]
    assert [each for each in faults(SPOILT[fault](sound)) if each.startswith(fault)]
