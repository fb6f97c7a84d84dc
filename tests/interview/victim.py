"""A kernel to be killed: for each line on stdin it forks a child that holds an interview and tells what it shows.

Line in: the log's address and the session to take up ("-": a new one). Lines out: `pid`, `shown` (turn number and
text so far), `sent` (turn number and answer, null for a skip), `undoing` and `undone` (turn number, and the answer),
`over`. The first answer is taken back once and given anew, and the third question is skipped. The loaded modules are
shared, so that fifty kernels are cheap.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import openai  # noqa: F401 - loaded once, before the forks

from mockmate_nb import LLM, Interview, InterviewSetup
from mockmate_nb.interview.session import TurnReader
from mockmate_nb.streams.log import open_log

SETUP = InterviewSetup(
    resume_summary="Built a Kafka ingestion pipeline in Python.",
    job_description="Backend engineer: Python, Kafka, PostgreSQL.",
    question_count=3,
)
ANSWER = (
    "Answer {} — naïve café 你好: we met a slow consumer, I profiled it and cut p95 from 900 ms to 210 ms."
)


def tell(kind: str, *values: Any) -> None:
    sys.stdout.write(json.dumps([kind, *values]) + "\n")
    sys.stdout.flush()


async def show(
    interview: Interview, reader: TurnReader, answer: tuple[int, str | None] | None = None
) -> None:
    text = ""
    async for event in reader:
        if answer is not None:
            tell("sent", *answer)
            answer = None
        if event.type == "question_chunk":
            text += event.data["content"]
            tell("shown", interview.turns[-1].number, text)


async def interview(address: str, session: str) -> None:
    llm, log = LLM("practice", pace=400), open_log(address)
    if session == "-":
        held = Interview(SETUP, llm, log=log)
        await show(held, held.start())
    else:
        held = await Interview.load(session, llm, log=log)
        if held.state == "failed":
            await show(held, held.resume())
    while held.state == "awaiting_answer":
        number = held.turns[-1].number
        first, answer = ANSWER.format(1), ANSWER.format(number)
        if number == 2 and held.turns[0].answer == first:
            tell("undoing", 1)
            assert await held.undo() == first
            tell("undone", 1, first)
            answer = f"Better: {first}"
            number = 1
        elif number == 1 and session != "-":  # the answer may have been taken back before this kernel
            answer = f"Better: {first}"
        if number == 3:
            await show(held, held.skip(), (number, None))
        else:
            await show(held, held.respond(answer), (number, answer))
    tell("over", held.session_id)


def main() -> None:
    for line in sys.stdin:
        address, session = line.split()
        child = os.fork()
        if child == 0:
            tell("pid", os.getpid())
            asyncio.run(interview(address, session))
            os._exit(0)
        os.waitpid(child, 0)
        tell("gone")


if __name__ == "__main__":
    main()
