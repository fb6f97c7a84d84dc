"""The feedback as it grows: the rules' scores at once, then a model's judgement of each answer, part by part.

A judgement that cannot be read is no judgement, with its reason; the rules' scores stand, and the other answers
go on. Whoever leaves the generator in the middle closes the model's connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.interview.asking import aloud
from mockmate_nb.interview.bank import Bank, Language, Question
from mockmate_nb.interview.coaching import BETWEEN, words
from mockmate_nb.interview.drafting import told
from mockmate_nb.interview.explaining import explanation, meant
from mockmate_nb.interview.feedback import (
    build_feedback,
    question_entry,
    question_of,
    remarks,
    with_judgement,
    with_judgements,
)
from mockmate_nb.interview.judge_prompts import explain_messages, judge_messages, seen_by_judge
from mockmate_nb.interview.setup import InterviewSetup
from mockmate_nb.interview.spoken import Spoken
from mockmate_nb.interview.steps import Judged, Remark, Step
from mockmate_nb.interview.turn import Turn
from mockmate_nb.interview.verdict import Verdict, judgement, not_scored, settled
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.practice import tokens

NEAR_TOKENS, FAR_TOKENS = 1000, 6000  # a service's model may think before it writes
NEAR_TEMPERATURE = 0.2
NEAR_SILENCE = 300.0  # seconds; a busy machine reads the prompt for a minute or two
EXPLAIN_TOKENS = 260
EXPLAIN_PATIENCE = 40  # characters; where a prompt opens the thinking, only its end is seen
GIVES_UP = frozenset({Kind.AUTH, Kind.CONNECTION, Kind.RATE_LIMIT})  # the next request would meet the same
MAX_SHOWN_ENTRIES = 3
REPORTED = ("score", "quote", "why")

Growing = AsyncGenerator[dict[str, Any], None]


async def feedback_steps(
    llm: LLM, setup: InterviewSetup, turns: Sequence[Turn], bank: Bank
) -> AsyncGenerator[list[Step], None]:
    """Lists of `Remark` while the feedback grows, and one `Judged` last. The practice model is not asked.

    A remark's path leads to the same value in the feedback; one under `questions.N.judgement` is taken back by
    a later `questions.N.judgement.state` of "not_scored".
    """
    feedback = build_feedback(setup, turns, bank)
    yield [Remark(path, content) for path, content in remarks(feedback)]
    judged: dict[int, dict[str, Any]] = {}
    lost = ""
    for at, entry in enumerate(feedback["questions"]):
        if llm.is_practice or entry["state"] != "scored":
            continue
        question = question_of(bank, entry["question_id"], entry["question"], setup.language)
        path = f"questions.{at}.judgement"
        if lost:
            judged[at] = not_scored(lost, setup.language, llm.model)
            yield _closing_remarks(path, judged[at])
            continue
        yield [Remark(f"{path}.model", llm.model)]
        said: dict[str, str] = {}
        async with aclosing(_judgements(llm, question, entry["answer"], setup)) as growing:
            async for found in growing:
                judged[at] = found
                if new := [pair for pair in _growth(found) if pair[0] not in said]:
                    said.update(new)
                    yield [Remark(f"{path}.{name}", content) for name, content in new]
        fault = judged[at].pop("fault")
        lost = fault if fault in GIVES_UP else ""
        yield _closing_remarks(path, judged[at])
    yield [Judged(with_judgements(feedback, judged, llm.model))]


async def second_attempt(
    llm: LLM, setup: InterviewSetup, bank: Bank, before: Mapping[str, Any], answer: str
) -> dict[str, Any]:
    """The entry of `before`'s question with the new `answer`: by the rules, and by the model where there is one."""
    question = question_of(bank, before["question_id"], before["question"], setup.language)
    entry = question_entry(question, before["question"], answer, setup.language)
    if llm.is_practice or entry["state"] != "scored":
        return entry
    async with aclosing(_judgements(llm, question, answer, setup)) as growing:
        *_, found = [each async for each in growing]
    found.pop("fault")
    return with_judgement(entry, found)


async def explained(
    llm: LLM, setup: InterviewSetup, feedback: Mapping[str, Any], question: str
) -> AsyncGenerator[str, None]:
    """Pieces of the answer to a question about the feedback. By rules with the practice model, and where the
    model can say nothing at all, which is said; a fault in the middle of its answer is raised."""
    language = setup.language
    by_rules = explanation(feedback, question)
    if llm.is_practice:
        async for piece in _paced(by_rules, llm.pace):
            yield piece
        return
    far = llm.settings.far
    messages = explain_messages(feedback, _entries_meant(feedback, question), question, roomy=far)
    options: dict[str, Any] = {} if far else {"temperature": NEAR_TEMPERATURE}
    stream = llm.stream(messages, max_tokens=FAR_TOKENS if far else EXPLAIN_TOKENS, **options)
    spoken, said = Spoken(patient=EXPLAIN_PATIENCE), False
    try:
        async with aclosing(aloud(stream, spoken)) as pieces:
            async for delta in pieces:
                if delta is not None:
                    said = True
                    yield delta
    except MockMateError:
        if held := spoken.close():
            yield held
        if said or held:
            raise
    if not said:
        fallback = words(language, "explain")["fallback"]
        async for piece in _paced(f"{fallback}{BETWEEN[language]}{by_rules}", llm.pace):
            yield piece


async def _judgements(llm: LLM, question: Question, answer: str, setup: InterviewSetup) -> Growing:
    """The judgement of one answer as it grows, the whole one last; `fault` says what kept it from being whole."""
    language: Language = setup.language
    far = llm.settings.far
    said = told(answer, question)
    seen, known = seen_by_judge(said, language, roomy=far), setup.resume_summary
    messages = judge_messages(question, said, known, language, roomy=far)
    options: dict[str, Any] = {} if far else {"temperature": NEAR_TEMPERATURE, "timeout": NEAR_SILENCE}
    stream = llm.stream_object(messages, Verdict, max_tokens=FAR_TOKENS if far else NEAR_TOKENS, **options)
    try:
        async with aclosing(aiter(stream)) as partials:
            async for partial in partials:
                if parts := settled(partial):
                    yield judgement(parts, seen, known, question, language, llm.model) | {"fault": ""}
    except MockMateError as fault:
        yield not_scored(_why(fault, stream.stream.text), language, llm.model) | {"fault": fault.kind.value}
        return
    reply = stream.value.root if stream.value else {}
    yield judgement(reply, seen, known, question, language, llm.model) | {"fault": ""}


def _why(fault: MockMateError, text: str) -> str:
    """What kept a judgement from being whole, as a key of its reasons."""
    if isinstance(fault, CallerError):
        return "not_allowed"
    return "empty" if fault.kind is Kind.UNREADABLE and not text.strip() else fault.kind.value


def _growth(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The values of a judgement that have settled, as (path, text)."""
    for name, part in found["dimensions"].items():
        for field in REPORTED:
            if part[field] != "":
                yield f"dimensions.{name}.{field}", str(part[field])
    for field in ("fix", "draft"):
        if found[field]:
            yield field, found[field]


def _closing_remarks(path: str, found: Mapping[str, Any]) -> list[Step]:
    lines = [("state", found["state"]), ("reason", found["reason"])]
    if found["overall"] is not None:
        lines.append(("overall", str(found["overall"])))
    return [Remark(f"{path}.{name}", content) for name, content in lines if content]


def _entries_meant(feedback: Mapping[str, Any], question: str) -> list[tuple[int, Mapping[str, Any]]]:
    """The entries, with their numbers, that a question is about: the one it names, else the first ones."""
    at = meant(feedback, question).at
    numbered = list(enumerate(feedback["questions"], 1))
    return numbered[:MAX_SHOWN_ENTRIES] if at is None else [numbered[at]]


async def _paced(text: str, pace: float) -> AsyncGenerator[str, None]:
    for piece in tokens(text):
        yield piece
        await asyncio.sleep(1 / pace if pace else 0)
