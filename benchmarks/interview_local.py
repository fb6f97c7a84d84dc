"""Interviews of the session with a model on this machine: how its wordings keep to the limits, and its quotes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.report import Promise
from mockmate_nb import LLM, Interview, InterviewSetup, run
from mockmate_nb.interview.bank import Format
from mockmate_nb.interview.history import open_history
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.question import Language
from mockmate_nb.streams.log import open_log
from tests.interview.answer_tables import bank
from tests.interview.candidates import CANDIDATES
from tests.interview.simulated import JOBS, RESUMES, dice_of, given

INTERVIEWS, QUESTIONS = 30, 2
KINDS = ("strong", "weak", "strong", "hostile", "weak")
KEPT = 0.7
NOT_RUN = "not measured: `make model MODEL=qwen`, then `python -m benchmarks.interview --model local`"
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Held(NamedTuple):
    """One interview as it came out, in plain values."""

    kind: str
    language: str
    format: str
    turns: list[dict[str, Any]]
    feedback: dict[str, Any]


def hold(number: int, llm: LLM, questions: int) -> Held:
    """The interview of that number: formats, languages and candidates take turns."""
    language, form = LANGUAGES[number % 2], list(Format)[number // 2 % len(Format)]
    kind, dice = KINDS[number % len(KINDS)], dice_of(number, "local", language)
    setup = InterviewSetup(
        resume_summary=RESUMES[number % 2],
        job_description=JOBS[number % (len(JOBS) - 1)],
        language=language,
        question_count=questions,
        interview_format=form.value,
    )
    interview = Interview(setup, llm, log=open_log("memory:"), history=open_history("memory:"))
    run(interview.start())
    while interview.state is State.AWAITING_ANSWER:
        question = bank().question(interview.turns[-1].question_id)
        said, _ = CANDIDATES[kind](dice, question, language)
        answer = given(said)
        run(interview.skip() if answer is None else interview.respond(answer))
    assert interview.feedback is not None, f"interview {number} came to no end: {interview!r}"
    turns = [
        {"question_id": t.question_id, "gap": t.gap, "bank": t.bank_text, "said": t.text, "source": t.source}
        | {"note": t.note, "withdrawn": t.withdrawn, "answer": t.answer}
        for t in interview.turns
    ]
    return Held(kind, language, form.value, turns, interview.feedback)


def unverified(feedback: Mapping[str, Any]) -> list[str]:
    """Quotes in the feedback that do not stand in their answer word for word."""
    return [
        quote
        for entry in feedback["questions"]
        for quote in _quotes(entry)
        if quote not in _plain(entry["answer"])
    ]


def _quotes(entry: Mapping[str, Any]) -> Iterator[str]:
    judged = (entry["judgement"] or {}).get("dimensions", {})
    for group in (entry["dimensions"], entry.get("parts", {}), judged):
        yield from (_plain(found["quote"]) for found in group.values() if found["quote"])


def _plain(text: str) -> str:
    return " ".join(text.split())


def promises(model: str, held: list[Held]) -> list[Promise]:
    """The rows for what was held."""
    turns = [turn for each in held for turn in each.turns]
    own = sum(turn["source"] == "model" for turn in turns)
    why = Counter(turn["note"].split("; ")[0] for turn in turns if turn["source"] != "model")
    replaced = (
        ", ".join(f"{note or 'no reason given'} {count}" for note, count in why.most_common()) or "none"
    )
    entries = [entry for each in held for entry in each.feedback["questions"]]
    judged = [entry["judgement"] for entry in entries if entry["judgement"]]
    read = sum(one["state"] == "scored" for one in judged)
    shown = sum(len(list(_quotes(entry))) for entry in entries)
    wrong = sum(len(unverified(each.feedback)) for each in held)
    dropped = sum(each.feedback["dropped_quotes"] for each in held)
    return [
        Promise(
            f"{model}, {len(held)} interviews: its wordings that keep to the limits",
            "≥ 70 %, the rest counted and replaced",
            f"{own} of {len(turns)} ({own / max(1, len(turns)):.0%}); replaced: {replaced}",
            own >= KEPT * len(turns),
        ),
        Promise(
            f"{model}: quotes in the feedback that do not stand in the answer",
            "none shown",
            f"{wrong or 'none'} of {shown}; {dropped} dropped; {read} of {len(judged)} judgements readable",
            wrong == 0,
        ),
    ]


def rows(model: str, interviews: int, questions: int, keep: Path | None) -> list[Promise]:
    """Hold them, one after the other; each is written to `keep` as a line of JSON as soon as it is over."""
    llm = LLM(model)
    held = []
    for number in range(interviews):
        held.append(hold(number, llm, questions))
        own = sum(turn["source"] == "model" for turn in held[-1].turns)
        print(
            f"interview {number + 1} of {interviews}: {own} of {len(held[-1].turns)} wordings its own",
            flush=True,
        )
        if keep is not None:
            with keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(held[-1]._asdict(), ensure_ascii=False) + "\n")
    return promises(llm.model, held)


def not_run() -> list[Promise]:
    return [
        Promise(
            "a small model's wordings that keep to the limits", "≥ 70 %, the rest replaced", NOT_RUN, None
        ),
        Promise("its quotes in the feedback that do not stand in the answer", "none shown", NOT_RUN, None),
    ]
