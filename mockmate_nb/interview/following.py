"""The command that a turn's end leads to, in the words of the machine: the policy's next step. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mockmate_nb.errors import CallerError
from mockmate_nb.interview import policy, rubric
from mockmate_nb.interview.bank import Bank, Level, Question
from mockmate_nb.interview.question import closing_question
from mockmate_nb.interview.reading import compare, read_job, read_resume
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.steps import Ask, Judge
from mockmate_nb.interview.turn import Turn


def plan_of(setup: InterviewSetup, bank: Bank, turns: Sequence[Turn] = ()) -> policy.Plan:
    """The plan for a set-up. Its bank knows besides the candidate's own questions, the closing one, and what was
    asked in `turns` out of another bank."""
    job = read_job(setup.job_description)
    match = compare(read_resume(setup.resume_summary), job)
    own = tuple(Question.adhoc(text, setup.language) for text in setup.own_questions)
    known = {question.id for question in (*bank.questions, *own, closing_question())}
    strays = tuple(
        replace(Question.adhoc(turn.bank_text, setup.language), id=turn.question_id)
        for turn in turns
        if turn.gap is None and turn.question_id not in known
    )
    return policy.Plan(
        bank=replace(bank, asides=(*own, closing_question(), *strays)),
        language=setup.language,
        format=setup.format,
        level=Level(setup.level),
        question_count=setup.question_count,
        text=setup.job_description,
        title=job.title,
        wanted="\n".join(match.missing),
        first=(*(question.id for question in own), *_named(setup, bank, lenient=bool(turns))),
        seconds=setup.seconds,
        seed=setup.seed,
    )


def _named(setup: InterviewSetup, bank: Bank, *, lenient: bool) -> list[str]:
    """The ids of `question_ids`, each with a wording; a `lenient` one leaves out what another bank had."""
    ids = []
    for named in setup.question_ids:
        try:
            question = bank.question(named)
            question.in_language(setup.language)
        except CallerError:
            if not lenient:
                raise
            continue
        ids.append(question.id)
    return ids


def following(
    plan: policy.Plan,
    turns: Sequence[Turn],
    answer: str | None = None,
    *,
    skipped: bool = False,
    rating: int | None = None,
    at: float | None = None,
) -> Ask | Judge:
    """What comes after `turns`, the last of which gets `answer` or is `skipped`; the opening where there is none.

    `rating`: the candidate's own of that answer; `at`: now, in seconds since the epoch.
    """
    asked = [_asked(plan, turn, turn.answer) for turn in turns[:-1]]
    if turns:
        asked.append(_asked(plan, turns[-1], answer))
    last: dict[str, Any] = {"answer": answer, "skipped": skipped, "rating": rating, "at": at}
    began = turns[0].asked_at if turns else None
    elapsed = at - began if at is not None and began is not None else 0.0
    match policy.next_step(plan, asked, elapsed):
        case policy.Ask(question=question):
            return Ask(question.id, question.in_language(plan.language).text, **last)
        case policy.Probe(question=question, gap=gap, text=text):
            return Ask(question.id, text, gap=gap, **last)
        case _:
            return Judge(**last)


def _asked(plan: policy.Plan, turn: Turn, answer: str | None) -> policy.Asked:
    question = plan.bank.question(turn.question_id)
    card = None if answer is None else rubric.score(answer, question, language=plan.language)
    return policy.Asked(question_id=turn.question_id, gap=turn.gap, answer=answer, card=card)
