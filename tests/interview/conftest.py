"""A log of its own for each test, a model that follows a script, and nothing left on the worker loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from mockmate_nb import LLM, aio
from mockmate_nb.interview.limits import Limits
from mockmate_nb.streams.log import EventLog, open_log
from tests.interview.scripted import Model, Scripted


@pytest.fixture
def log() -> Iterator[EventLog]:
    opened = open_log("memory:")
    yield opened
    opened.close()


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    """An LLM that follows a script, without retries of its own; it may say anything, but for `limited` words."""
    monkeypatch.setenv("RETRY_TIMES", "0")

    def make(script: Sequence[str], *, limited: bool = False) -> tuple[LLM, Scripted]:
        transport = Scripted(script)
        if not limited:
            monkeypatch.setattr(Limits, "breach", lambda *_, **__: None)
        monkeypatch.setattr("mockmate_nb.llm.client.PracticeTransport", lambda **_: transport)
        return LLM("practice", pace=0), transport

    return make


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    aio.shutdown()
