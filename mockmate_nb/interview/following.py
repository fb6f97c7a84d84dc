"""The command that a turn's end leads to, in the words of the machine: the policy's next step. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mockmate_nb.interview import policy, rubric
from mockmate_nb.interview.bank import Bank, Level
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.steps import Ask, Judge
from mockmate_nb.interview.turn import Turn


def plan_of(setup: InterviewSetup, bank: Bank) -> policy.Plan:
    return policy.Plan(
        bank=bank,
        language=setup.language,
        format=setup.format,
        level=Level(setup.level),
        question_count=setup.question_count,
        text=f"{setup.job_description}\n{setup.resume_summary}",
    )


def following(
    plan: policy.Plan,
    turns: Sequence[Turn],
    answer: str | None = None,
    *,
    skipped: bool = False,
    at: float | None = None,
) -> Ask | Judge:
    """What comes after `turns`, the last of which gets `answer` or is `skipped`; the opening where there is none."""
    asked = [_asked(plan, turn, turn.answer) for turn in turns[:-1]]
    if turns:
        asked.append(_asked(plan, turns[-1], answer))
    last: dict[str, Any] = {"answer": answer, "skipped": skipped, "at": at}
    match policy.next_step(plan, asked):
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
