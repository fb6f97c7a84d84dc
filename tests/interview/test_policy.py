"""The policy asks one thing at a time, for what is missing, and never the same thing twice."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockmate_nb.interview.bank import LANGUAGES, Bank, Format, Gap, Language, Level, Question, load_bank
from mockmate_nb.interview.policy import MAX_PROBES, Ask, Asked, Finish, Plan, Probe, Step, next_step
from mockmate_nb.interview.question import CLOSING, closing_question
from mockmate_nb.interview.rubric import CardState, DimensionScore, Scorecard, score

BANK = load_bank()
JOB = "Backend engineer: Python, Postgres and Kafka. You will be on call and own the release."
STORY = next(question for question in BANK.questions if question.format is Format.BEHAVIOURAL)
ALL_GAPS = tuple(Gap)


def card(
    *gaps: Gap,
    overall: float | None = 2.0,
    state: CardState = "scored",
    shown: int = 2,
    on_topic: bool = True,
) -> Scorecard:
    found = {"layers": DimensionScore(shown, "", "x" if shown > 1 else "")} if state == "scored" else {}
    return Scorecard(state, overall, dimensions=found, gaps=gaps, on_topic=on_topic)


def main(found: Scorecard | None, answer: str | None = "an answer") -> Asked:
    return Asked(STORY.id, None, answer, found)


def probe(gap: Gap, found: Scorecard | None, answer: str | None = "more") -> Asked:
    return Asked(STORY.id, gap, answer, found)


S, A, R, F = Gap.SITUATION, Gap.ACTION, Gap.RESULT, Gap.FIGURE
TABLE: list[tuple[str, list[Asked], Gap | None]] = [
    ("the first gap first", [main(card(S, A, R))], S),
    ("nothing is missing", [main(card())], None),
    ("a strong answer is left alone", [main(card(A, overall=4.0))], None),
    ("a nearly strong one is not", [main(card(A, overall=3.9))], A),
    ("skipped", [main(None, None)], None),
    ("passed on", [main(card(A, overall=None, state="not_answered"))], None),
    ("not readable", [main(card(A, overall=None, state="not_scored"))], None),
    ("without a card", [main(None)], None),
    ("next to nothing said", [main(card(Gap.EXAMPLE, A, overall=1.0, shown=1))], Gap.EXAMPLE),
    ("off the topic", [main(card(A, on_topic=False))], None),
    ("then the next gap", [main(card(S, A, R)), probe(S, card(A, R))], A),
    ("never the same one", [main(card(S)), probe(S, card(S))], None),
    ("what a later answer closed is closed", [main(card(S, A, R)), probe(S, card(S, R, F))], R),
    ("what only the fragment lacks is not missing", [main(card(A)), probe(A, card(S, A, R))], None),
    ("two probes are enough", [main(card(S, A, R)), probe(S, card(A, R)), probe(A, card(R))], None),
    ("a probe passed on", [main(card(S, A)), probe(S, card(overall=None, state="not_answered"))], None),
    ("a probe skipped", [main(card(S, A)), probe(S, None, None)], None),
    ("strong after a probe", [main(card(S, A)), probe(S, card(A, overall=4.2))], None),
]


@pytest.mark.parametrize(("turns", "gap"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_probed(turns: list[Asked], gap: Gap | None, language: Language) -> None:
    step = next_step(Plan(BANK, language, Format.BEHAVIOURAL, question_count=1), turns)
    if gap is None:
        assert step == Finish()
    else:
        assert step == Probe(STORY, gap, STORY.in_language(language).follow_ups[gap])


def questions(plan: Plan) -> list[Ask]:
    turns: list[Asked] = []
    asked: list[Ask] = []
    while isinstance(step := next_step(plan, turns), Ask):
        asked.append(step)
        turns.append(Asked(step.question.id, None, "an answer", card(overall=3.0)))
    return asked


@pytest.mark.parametrize("format_", [None, *Format])
@pytest.mark.parametrize("level", [None, *Level])
def test_main_questions_never_repeat_and_keep_format_and_level(
    format_: Format | None, level: Level | None
) -> None:
    plan = Plan(BANK, "zh", format_, level, question_count=4, text=JOB)
    first, *rest = (ask.question for ask in questions(plan))
    assert len({first.id, *(question.id for question in rest)}) == 4
    assert all(format_ in (None, question.format) for question in (first, *rest))
    at_level = [q for q in BANK.questions if format_ in (None, q.format) and q.level == level and q != first]
    wanted = min(3, len(at_level)) if level else 0
    assert [question.level for question in rest[:wanted]] == [level] * wanted
    assert questions(plan) == questions(plan)


def test_the_warm_up_is_no_harder_than_the_level_where_the_bank_has_one() -> None:
    order = list(Level)
    for format_, level in itertools.product(Format, Level):
        lower = [
            q for q in BANK.questions if q.format == format_ and order.index(q.level) <= order.index(level)
        ]
        [ask] = questions(Plan(BANK, "en", format_, level, question_count=1))
        assert lower
        assert order.index(ask.question.level) <= order.index(level)


def test_competencies_differ_before_one_comes_again() -> None:
    asked = questions(Plan(BANK, "en", Format.TECHNICAL, None, question_count=4, text=JOB))
    assert len({ask.question.competency for ask in asked}) == 4


def test_the_job_text_decides_what_comes_first() -> None:
    firsts = {
        tuple(ask.question.id for ask in questions(Plan(BANK, "en", None, Level.MID, 3, text)))
        for text in (
            "",
            JOB,
            "Mobile developer: iOS and Android, accessibility",
            "Data scientist: experiments",
        )
    }
    assert len(firsts) > 2


def test_a_small_bank_ends_early_and_says_so() -> None:
    small = Bank(BANK.questions[:2])
    plan = Plan(small, question_count=5)
    assert len(questions(plan)) == 2
    assert next_step(plan, [Asked(question.id) for question in small.questions]) == Finish("bank_empty")
    assert next_step(Plan(BANK, question_count=0), []) == Finish()


CARDS = st.one_of(
    st.none(),
    st.builds(
        card,
        overall=st.sampled_from([1.0, 2.5, 3.9, 4.0, 5.0]),
        shown=st.integers(1, 5),
        on_topic=st.booleans(),
    ),
    st.lists(st.sampled_from(ALL_GAPS), unique=True).map(lambda gaps: card(*gaps)),
)


@settings(max_examples=100, deadline=None)
@given(
    cards=st.lists(CARDS, min_size=40, max_size=40),
    count=st.integers(1, 5),
    format_=st.sampled_from([None, *Format]),
    level=st.sampled_from([None, *Level]),
    seed=st.integers(0, 5),
)
def test_any_interview_ends_and_keeps_its_rules(
    cards: list[Scorecard | None], count: int, format_: Format | None, level: Level | None, seed: int
) -> None:
    plan = Plan(BANK, "en", format_, level, count, JOB, seed=seed)
    turns: list[Asked] = []
    for found in cards:
        step: Step = next_step(plan, turns)
        assert step == next_step(plan, tuple(turns))
        if isinstance(step, Finish):
            break
        gap = step.gap if isinstance(step, Probe) else None
        turns.append(Asked(step.question.id, gap, "an answer" if found else None, found))
    assert isinstance(next_step(plan, turns), Finish)
    mains = [turn.question_id for turn in turns if turn.gap is None]
    assert len(mains) == len(set(mains)) == count
    for question_id in mains:
        probes = [turn.gap for turn in turns if turn.question_id == question_id and turn.gap]
        assert len(probes) == len(set(probes)) <= MAX_PROBES


def test_with_the_rubric_a_vague_answer_is_probed_and_a_full_one_is_not() -> None:
    plan = Plan(BANK, "en", Format.BEHAVIOURAL, question_count=1)
    vague = "We had a release in May and we moved the deadline."
    full = (
        "Last spring our team owed a customer the invoice export by June. I saw that only 9 of 30 tests passed, so I "
        "called the account manager the same day and laid out two options, because she had a training planned. "
        "I recommended the smaller export and re-planned the backlog. We delivered it on time, two days early, and "
        "support tickets fell from 40 to 12 a week. Since then I split estimates by rule set."
    )
    step = next_step(plan, [Asked(STORY.id, None, vague, score(vague, STORY))])
    assert isinstance(step, Probe)
    assert step.gap is Gap.ACTION
    assert next_step(plan, [Asked(STORY.id, None, full, score(full, STORY))]) == Finish()


def own(*texts: str, bank: Bank = BANK) -> tuple[Bank, tuple[str, ...]]:
    asides = tuple(Question.adhoc(text) for text in texts)
    return dataclasses.replace(bank, asides=(*asides, closing_question())), tuple(q.id for q in asides)


def test_own_questions_come_first_in_their_order_and_count() -> None:
    bank, ids = own("Why do you want to leave?", "What is a monad?", "Never reached?")
    asked = [ask.question.id for ask in questions(Plan(bank, question_count=2, first=ids))]
    assert asked == list(ids[:2])
    asked = [ask.question.id for ask in questions(Plan(bank, question_count=5, first=ids))]
    assert asked[:3] == list(ids)
    assert not {*asked[3:]} & {*ids, CLOSING}


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (card(overall=4.0), Level.SENIOR),
        (card(overall=3.0), Level.MID),
        (card(overall=2.0), Level.JUNIOR),
        (card(overall=None, state="not_answered"), Level.JUNIOR),
        (None, Level.JUNIOR),
    ],
)
def test_a_strong_answer_is_followed_by_a_harder_question_and_a_weak_one_by_an_easier(
    found: Scorecard | None, level: Level
) -> None:
    step = next_step(Plan(BANK, level=Level.MID), [main(found)])
    assert isinstance(step, Ask)
    assert step.question.level is level


def test_the_best_of_answer_and_follow_up_decides() -> None:
    turns = [main(card(F, overall=2.0)), probe(F, card(overall=4.5))]
    step = next_step(Plan(BANK, level=Level.JUNIOR), turns)
    assert isinstance(step, Ask)
    assert step.question.level is Level.MID


CLOCK: list[tuple[str, int, float, list[Asked], str]] = [  # of 18 minutes, 3 questions
    ("time enough", 3, 60, [main(card(F))], "probe"),
    ("a follow-up gives way to the questions", 3, 18 * 60 - 389, [main(card(F))], "ask"),
    ("a question that still fits is asked", 3, 18 * 60 - 150, [main(card())], "ask"),
    ("one that does not is left out", 3, 18 * 60 - 149, [main(card())], CLOSING),
    ("the last minute is the candidate's", 1, 18 * 60 - 60, [main(card())], CLOSING),
    ("under a minute it ends", 3, 18 * 60 - 59, [main(card())], "time"),
    ("over time", 3, 90 * 60, [main(card())], "time"),
    ("all asked, over time", 1, 90 * 60, [main(card())], "complete"),
    ("all asked", 1, 60, [main(card())], CLOSING),
    (
        "after the candidate's own questions",
        1,
        60,
        [main(card()), Asked(CLOSING, None, "What is the team like?")],
        "",
    ),
    ("which were none", 1, 60, [main(card()), Asked(CLOSING)], ""),
    ("the first question is asked at any time", 3, 90 * 60, [], "ask"),
]


@pytest.mark.parametrize(
    ("count", "elapsed", "turns", "what"), [row[1:] for row in CLOCK], ids=[row[0] for row in CLOCK]
)
def test_a_live_interview_keeps_its_time(count: int, elapsed: float, turns: list[Asked], what: str) -> None:
    plan = Plan(own()[0], question_count=count, seconds=18 * 60.0)
    match next_step(plan, turns, elapsed):
        case Probe():
            assert what == "probe"
        case Ask(question=question):
            assert what == (CLOSING if question.id == CLOSING else "ask")
        case Finish(reason=reason):
            assert what == ("" if turns[-1].question_id == CLOSING else reason)


@pytest.mark.parametrize("turns", [row[3] for row in CLOCK], ids=[row[0] for row in CLOCK])
def test_practice_has_no_clock_and_no_closing_question(turns: list[Asked]) -> None:
    plan = Plan(own()[0], question_count=1)
    assert next_step(plan, turns, 1e9) == next_step(plan, turns, 0.0)
    assert not isinstance(step := next_step(plan, turns), Ask) or step.question.id != CLOSING


def test_what_the_job_wants_and_the_resume_lacks_is_asked_about() -> None:
    ours = [q for q in BANK.questions if q.format is Format.TECHNICAL and {"any", "backend"} & {*q.roles}]
    tags = sorted({tag for q in ours for tag in q.tags if tag.isascii()})

    def met(tag: str, wanted: str) -> bool:
        plan = Plan(BANK, "en", Format.TECHNICAL, None, 4, "Backend engineer.", wanted)
        return any(tag in ask.question.tags for ask in questions(plan))

    asked = sum(met(tag, tag) for tag in tags)
    assert asked >= 0.6 * len(tags), "or another of that competency fits as well"
    assert asked >= 1.5 * sum(met(tag, "") for tag in tags)
