"""Fixtures: one JupyterLab and one Chromium a test session, one fresh page a test.

Browser tests are `async def` and share the session's event loop.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.jupyter import Lab, Server, chromium, find_chromium, jupyter_server, open_lab

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    if find_chromium() is None:
        reason = "No Chromium or Chrome was found on the PATH."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
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
