"""What the interviewer asks next: pure, the same plan, turns and time always give the same step.

One thing at a time: a follow-up for the first important part that an answer lacks, or the next question, a step
harder after a strong answer and easier after a weak one, or the end. Where there is a clock, follow-ups give way
first, then questions, and the last minute is the candidate's own. The bank's words are asked; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Bank, Format, Gap, Language, Level, Question
from mockmate_nb.interview.question import CLOSING, closing_question
from mockmate_nb.interview.rubric import Scorecard

MAX_PROBES = 2
STRONG, WEAK = 4.0, 2.0
PROBE_SECONDS, QUESTION_SECONDS, CLOSING_SECONDS = 90.0, 150.0, 60.0
"""What a follow-up, a question with its answer and the candidate's own questions take, in a live interview."""
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
    """What was set up. `question_count` counts main questions; `title` and `text` are the job's, `wanted` is what of
    it the résumé does not show. `first` are ids of what is asked first: the candidate's own, a drill's. `seconds`
    is the time there is, None where nobody looks at the clock."""

    bank: Bank
    language: Language = "en"
    format: Format | None = None
    level: Level | None = None
    question_count: int = 3
    text: str = ""
    wanted: str = ""
    title: str = ""
    first: tuple[str, ...] = ()
    seconds: float | None = None
    seed: int = 0

    @property
    def live(self) -> bool:
        return self.seconds is not None


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
    """No further question: all were asked, the `bank_empty`, or the time is over."""

    reason: Literal["complete", "bank_empty", "time"] = "complete"


Step = Ask | Probe | Finish


def next_step(plan: Plan, turns: Sequence[Asked], elapsed: float = 0.0) -> Step:
    """What comes after `turns`, which are all the turns so far, oldest first, each of them over.

    `elapsed`: seconds since the first question; it counts where the plan has a time.
    """
    left = plan.seconds - elapsed if plan.seconds is not None else float("inf")
    if turns and turns[-1].question_id == CLOSING:
        return Finish()
    main = [turn for turn in turns if turn.gap is None]
    open_questions = plan.question_count - len(main)
    if left >= PROBE_SECONDS + open_questions * QUESTION_SECONDS or not plan.live:
        gap = _missing(plan, turns) if turns else None
        if gap is not None:
            question_id = turns[-1].question_id
            return Probe(plan.bank.question(question_id), gap, _words(plan, question_id, gap))
    if open_questions <= 0:
        return _close(plan, left, "complete")
    if main and left < QUESTION_SECONDS:
        return _close(plan, left, "time")
    following = _next_question(plan, turns)
    return Ask(following) if following else _close(plan, left, "bank_empty")


def _close(plan: Plan, left: float, reason: Literal["complete", "bank_empty", "time"]) -> Step:
    """The candidate's own questions where it is live and there is time for them, else the end."""
    return Ask(closing_question()) if plan.live and left >= CLOSING_SECONDS else Finish(reason)


def _missing(plan: Plan, turns: Sequence[Asked]) -> Gap | None:
    """The gap to probe for now: the first that no answer to this question has closed and no probe has named, in
    words that were not said before.

    None where the last answer was skipped, passed on, unreadable or beside the question, or where one was strong.
    """
    last = turns[-1]
    same = [turn for turn in turns if turn.question_id == last.question_id]
    probed = [turn.gap for turn in same if turn.gap is not None]
    if len(probed) >= MAX_PROBES or not _can_be_built_on(last):
        return None
    cards = [turn.card for turn in same if turn.card is not None and turn.card.state == "scored"]
    if any(card.overall is not None and card.overall >= STRONG for card in cards):
        return None
    said = {_words(plan, turn.question_id, turn.gap) for turn in turns if turn.gap is not None}
    missing = (gap for gap in cards[0].gaps if gap not in probed and all(gap in card.gaps for card in cards))
    return next((gap for gap in missing if _words(plan, last.question_id, gap) not in said), None)


def _words(plan: Plan, question_id: str, gap: Gap) -> str:
    """What is asked for this gap."""
    return plan.bank.question(question_id).in_language(plan.language).follow_ups[gap]


def _can_be_built_on(turn: Asked) -> bool:
    return turn.card is not None and turn.card.state == "scored" and turn.card.on_topic


def _next_question(plan: Plan, turns: Sequence[Asked]) -> Question | None:
    """What is to be asked first in its order, then the bank's best that was not asked.

    Of the bank first a short one to warm up, then of the level that fits; where that has none left the nearest
    levels follow, the lower one first.
    """
    asked = {turn.question_id for turn in turns}
    asked |= _same_words(plan, asked)
    for named in plan.first:
        if named not in asked:
            return plan.bank.question(named)
    tries = [(levels, False) for levels in _levels(_level(plan, turns))]
    if not turns:
        lower = LEVELS[: LEVELS.index(plan.level or Level.MID) + 1]
        own = lower[-2:] if plan.level else ()
        tries = [(own, True), (lower, True), *tries]
    for levels, drill in tries:
        try:
            return plan.bank.pick(
                format=plan.format,
                levels=levels,
                competencies=_competencies(plan),
                text=plan.text,
                title=plan.title,
                wanted=plan.wanted,
                exclude=asked,
                language=plan.language,
                seed=plan.seed,
                drill=drill,
            )
        except CallerError:
            continue
    return None


def _same_words(plan: Plan, ids: Collection[str]) -> set[str]:
    """The bank's questions that say what a question of `ids`, which is another one, says."""
    language = plan.language
    said = {_folded(plan.bank.question(each).in_language(language).text) for each in ids}
    return {
        question.id
        for question in plan.bank.questions
        if question.id not in ids and language in question.wordings
        if _folded(question.in_language(language).text) in said
    }


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _level(plan: Plan, turns: Sequence[Asked]) -> Level | None:
    """The plan's level, one higher after a strong answer, one lower after a weak one or none."""
    if plan.level is None or not turns:
        return plan.level
    last = [turn for turn in turns if turn.question_id == turns[-1].question_id]
    best = max((turn.card.overall or 0.0 for turn in last if turn.card is not None), default=0.0)
    move = (best >= STRONG) - (best <= WEAK)
    return LEVELS[min(max(LEVELS.index(plan.level) + move, 0), len(LEVELS) - 1)]


def _levels(level: Level | None) -> list[tuple[Level, ...]]:
    if level is None:
        return [()]
    place = LEVELS.index(level)
    return [(LEVELS[at],) for at in sorted(range(len(LEVELS)), key=lambda at: (abs(at - place), at))]


def _competencies(plan: Plan) -> tuple[str, ...]:
    """The competencies of the plan's questions: those whose tags the job names most come first, and of these what
    the résumé does not show."""
    text, wanted = plan.text.lower(), plan.wanted.lower()
    usual = COMPETENCIES[plan.format]
    named = dict.fromkeys(usual, 0)
    for question in plan.bank.questions:
        if plan.format in (None, question.format):
            seen = sum((tag in text) + (tag in wanted) for tag in question.tags)
            named[question.competency] = max(named.get(question.competency, 0), seen)
    place = {name: at for at, name in enumerate(named)}
    return tuple(sorted(named, key=lambda name: (-named[name], place[name])))
