"""kill -9 of the kernel, fifty times: what was shown comes back, no answer is lost, none taken back returns."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb import LLM, Interview, aio
from mockmate_nb.streams.log import open_log

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork() and kill -9")
KILLS = 50


@pytest.fixture
def kernels() -> Iterator[subprocess.Popen[str]]:
    program = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("victim.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield program
    finally:
        program.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        program.wait(10)
        program.stdout.close()  # type: ignore[union-attr]  # it is a pipe


def live_and_die(kernels: subprocess.Popen[str], address: str, session: str, lines: int) -> list[list[Any]]:
    """What one kernel told before it was killed, after so many lines."""
    assert kernels.stdin is not None
    assert kernels.stdout is not None
    kernels.stdin.write(f"{address} {session}\n")
    kernels.stdin.flush()
    told: list[list[Any]] = []
    pid = json.loads(kernels.stdout.readline())[1]
    for line in kernels.stdout:
        told.append(json.loads(line))
        if told[-1][0] == "gone":
            break
        if len(told) == lines:
            os.kill(pid, signal.SIGKILL)
    return told[:-1]


def check(told: list[list[Any]], interview: Interview) -> None:
    """What was told is there, but for what an undo took back; one that was under way may have or not."""
    shown: dict[int, str] = {}
    sent: dict[int, str | None] = {}
    for kind, number, *facts in told:
        if kind == "shown":
            shown[number] = facts[0]
        elif kind == "sent":
            sent[number] = facts[0]
        elif kind == "undoing":
            shown = {at: text for at, text in shown.items() if at <= number}
            sent = {at: answer for at, answer in sent.items() if at < number}
        elif kind == "undone":
            assert interview.turns[number - 1].answer != facts[0]
    for number, text in shown.items():
        assert interview.turns[number - 1].text.startswith(text)
    for number, answer in sent.items():
        turn = interview.turns[number - 1]
        assert (turn.answer, turn.skipped) == (answer, answer is None)


def test_nothing_shown_or_sent_is_lost(kernels: subprocess.Popen[str], tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'log.sqlite'}"
    dice = random.Random(7)  # noqa: S311 - a seeded choice
    in_mid_question, kinds = 0, set[str]()
    session, told = "-", []
    for _ in range(KILLS):
        told += live_and_die(kernels, address, session, dice.randint(1, 60))
        log = open_log(address)
        sessions = aio.run(Interview.sessions(log))
        if session == "-":
            session = sessions[-1]
        interview = aio.run(Interview.load(session, LLM("practice", pace=0), log=log))
        check(told, interview)
        kinds |= {kind for kind, *_ in told} | {"skip" for turn in interview.turns if turn.skipped}
        in_mid_question += interview.state == "failed" and bool(interview.turns[-1].text)
        if interview.state == "complete":
            session, told = "-", []
        log.close()
    assert in_mid_question > KILLS // 2
    assert kinds >= {"shown", "sent", "undoing", "undone", "skip", "over"}
