"""What the interviewer asks next: pure, the same plan and the same turns always give the same step.

One thing at a time: a follow-up for the first important part that an answer lacks, or the next question,
or the end. The bank's words are asked; nothing is made up here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Bank, Format, Gap, Language, Level, Question
from mockmate_nb.interview.rubric import Scorecard

MAX_PROBES = 2
STRONG = 4.0
LEVELS = tuple(Level)
COMPETENCIES: Mapping[
    Format | None, tuple[str, ...]
] = {  # the order in which an interviewer goes through them
    None: (
        "technical_depth",
        "problem_solving",
        "collaboration",
        "design",
        "ownership",
        "delivery",
        "quality",
    ),
    Format.BEHAVIOURAL: (
        "delivery",
        "collaboration",
        "ownership",
        "problem_solving",
        "communication",
        "learning",
    ),
    Format.COMPETENCY: (
        "ownership",
        "collaboration",
        "problem_solving",
        "communication",
        "leadership",
        "learning",
    ),
    Format.TECHNICAL: ("technical_depth", "problem_solving", "quality", "design", "delivery"),
    Format.SYSTEM_DESIGN: ("design", "quality", "technical_depth", "delivery"),
    Format.CODING: ("problem_solving", "technical_depth", "quality", "communication"),
    Format.CASE: ("problem_solving", "design", "delivery", "communication"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What was set up. `question_count` counts main questions; `text` is the job's text and the résumé's."""

    bank: Bank
    language: Language = "en"
    format: Format | None = None
    level: Level | None = None
    question_count: int = 3
    text: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn that is over. `gap` is None for a main question; `answer` is None where it was skipped."""

    question_id: str
    gap: Gap | None = None
    answer: str | None = None
    card: Scorecard | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask this main question."""

    question: Question


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask for the one part that the answer to `question` lacks, in these words."""

    question: Question
    gap: Gap
    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """No further question; `bank_empty` where the bank had fewer than the plan asked for."""

    reason: Literal["complete", "bank_empty"] = "complete"


Step = Ask | Probe | Finish


def next_step(plan: Plan, turns: Sequence[Asked]) -> Step:
    """What comes after `turns`, which are all the turns so far, oldest first, each of them over."""
    main = [turn for turn in turns if turn.gap is None]
    if turns and (gap := _missing(turns)) is not None:
        question = plan.bank.question(turns[-1].question_id)
        return Probe(question, gap, question.in_language(plan.language).follow_ups[gap])
    if len(main) >= plan.question_count:
        return Finish()
    following = _next_question(plan, [turn.question_id for turn in main])
    return Ask(following) if following else Finish("bank_empty")


def _missing(turns: Sequence[Asked]) -> Gap | None:
    """The gap to probe for now: the first that no answer to this question has closed and no probe has named.

    None where the last answer was skipped, passed on or has nothing to build on, or where one was strong.
    """
    last = turns[-1]
    same = [turn for turn in turns if turn.question_id == last.question_id]
    probed = [turn.gap for turn in same if turn.gap is not None]
    if len(probed) >= MAX_PROBES or not _has_substance(last):
        return None
    cards = [turn.card for turn in same if turn.card is not None and turn.card.state == "scored"]
    if any(card.overall is not None and card.overall >= STRONG for card in cards):
        return None
    return next(
        (gap for gap in cards[0].gaps if gap not in probed and all(gap in card.gaps for card in cards)), None
    )


def _has_substance(turn: Asked) -> bool:
    """Whether the answer can be built on: it was scored, is about the question, and shows something somewhere."""
    if turn.answer is None or turn.card is None or turn.card.state != "scored":
        return False
    return turn.card.on_topic and any(found.score > 1 for found in turn.card.dimensions.values())


def _next_question(plan: Plan, asked: Sequence[str]) -> Question | None:
    """The bank's best question that was not asked: first a short one to warm up, then the level of the plan.

    Where that level has none left the nearest levels follow, the lower one first.
    """
    order = _competencies(plan)
    tries = [(levels, False) for levels in _levels(plan.level)]
    if not asked:
        lower = LEVELS[: LEVELS.index(plan.level or Level.MID) + 1]
        tries = [(lower, True), (lower, False), *tries]
    for levels, drill in tries:
        try:
            return plan.bank.pick(
                format=plan.format,
                levels=levels,
                competencies=order,
                text=plan.text,
                exclude=frozenset(asked),
                language=plan.language,
                seed=plan.seed,
                drill=drill,
            )
        except CallerError:
            continue
    return None


def _levels(level: Level | None) -> list[tuple[Level, ...]]:
    if level is None:
        return [()]
    place = LEVELS.index(level)
    return [(LEVELS[at],) for at in sorted(range(len(LEVELS)), key=lambda at: (abs(at - place), at))]


def _competencies(plan: Plan) -> tuple[str, ...]:
    """The competencies of the plan's questions: those whose tags the job's text names most come first."""
    text = plan.text.lower()
    usual = COMPETENCIES[plan.format]
    named = dict.fromkeys(usual, 0)
    for question in plan.bank.questions:
        if plan.format in (None, question.format):
            seen = sum(tag in text for tag in question.tags)
            named[question.competency] = max(named.get(question.competency, 0), seen)
    place = {name: at for at, name in enumerate(named)}
    return tuple(sorted(named, key=lambda name: (-named[name], place[name])))
