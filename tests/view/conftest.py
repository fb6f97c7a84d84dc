"""A panel without a page, on the practice model and a log in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockmate_nb import LLM, InterviewPanel, aio
from mockmate_nb.interview.samples import sample
from mockmate_nb.streams.log import EventLog, open_log


@pytest.fixture
def log() -> Iterator[EventLog]:
    opened = open_log("memory:")
    yield opened
    opened.close()


@pytest.fixture
def panel(log: EventLog) -> Iterator[InterviewPanel]:
    mine = sample("en")
    made = InterviewPanel(LLM("practice", pace=0), resume=mine.resume, job=mine.job, log=log)
    yield made
    if made.interview is not None:
        aio.run(made.interview.aclose())
