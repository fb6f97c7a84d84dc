"""Fixtures: one JupyterLab and one Chromium a test session, one fresh page a test.

Browser tests are `async def` and share the session's event loop.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.jupyter import ROOT, Kernel, Lab, Server, chromium, find_chromium, jupyter_server, open_lab
from tests.browser.serving import OLDER, kernels
from tests.llm import misbehaving

HERE = Path(__file__).parent
SHOTS = os.environ.get("MOCKMATE_SHOTS")  # read before the tests take our variables away


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def lacking(reason: str) -> NoReturn:
    """What is not on this machine is skipped; under CI it is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    if find_chromium() is None:
        lacking("No Chromium or Chrome was found on the PATH.")
    async with jupyter_server() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(server: Server) -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def lab(server: Server, browser: Browser) -> AsyncIterator[Lab]:
    async with open_lab(server, browser) as page:
        yield page


@pytest.fixture(scope="module", params=["python3", "ipykernel6"])
def kernel(request: pytest.FixtureRequest) -> Kernel:
    """The name of a kernel, for `Lab.open`: the installed ipykernel, then version 6."""
    name: Kernel = request.param
    if name not in kernels():
        lacking(f"There is no ipykernel 6 in {OLDER}; `make browser` puts it there.")
    return name


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[misbehaving.Server]:
    """A model on loopback that sees when its connections are closed."""
    async with misbehaving.Server() as running:
        yield running


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures of the main states go: with MOCKMATE_SHOTS set into docs/, whose they are."""
    return ROOT / "docs" if SHOTS else tmp_path
