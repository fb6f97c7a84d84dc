"""What the tests of the models share: a scripted server and an LLM that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mockmate_nb.llm import stream as stream_module
from mockmate_nb.llm.client import LLM
from tests.llm.misbehaving import KEY, MakeLLM, Server


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as scripted:
        yield scripted


@pytest.fixture
def llm(server: Server, monkeypatch: pytest.MonkeyPatch) -> MakeLLM:
    """Makes an LLM that asks `server`; keyword arguments in capitals are environment variables."""

    def make(*, token_cap: int | None = None, **env: object) -> LLM:
        for name, value in env.items():
            monkeypatch.setenv(name, str(value))
        return LLM(base_url=server.url, api_key=KEY, model="m", token_cap=token_cap)

    return make


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Re-asks come at once."""
    monkeypatch.setattr(stream_module, "backoff", lambda _: 0.0)
