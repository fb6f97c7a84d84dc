"""For every test: no real request, no key, a home of its own; and at the end nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import hypothesis
import psutil
import pytest

from mockmate_nb import aio, settings

OURS = ("MOCKMATE_", "OPENAI_", *(p.key_env for p in settings.PROVIDERS.values() if p.key_env))
NAMES = ("MAX_TOKENS", "RETRY_TIMES", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")

hypothesis.settings.register_profile("suite", deadline=None)  # the machine may be busy
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def nothing_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started deaf to it
    before = set(_sockets())
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(OURS) or name.upper() in NAMES:
                patch.delenv(name)
        patch.setenv("MOCKMATE_HOME", str(tmp_path_factory.mktemp("home")))
        settings.forbid_network()
        yield
        settings.allow_network()
    _soon_empty("tasks on the worker loop", _tasks)
    aio.shutdown()
    _soon_empty("threads", _threads)
    _soon_empty("sockets", lambda: [one for one in _sockets() if one not in before])


def _soon_empty(what: str, left: Callable[[], list[str]]) -> None:
    """Nothing is left, at the latest when what has just been closed is gone."""
    end = time.monotonic() + 5
    while (names := left()) and time.monotonic() < end:
        gc.collect()
        time.sleep(0.05)
    assert not names, f"{what} left behind: {names}"


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mockmate")]


def _tasks() -> list[str]:
    worker = aio._loop
    return [task.get_name() for task in asyncio.all_tasks(worker)] if worker else []


def _sockets() -> list[str]:
    return [str(one) for one in psutil.Process().net_connections(kind="inet")]
