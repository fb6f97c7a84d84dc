"""The openai SDK as we use it: it goes straight to where it is told, says no more than it must, never retries.

Everything here may take its time: loading the SDK takes most of a second, so `connect` runs in a thread.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from types import ModuleType
from typing import TYPE_CHECKING

import httpx2

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.llm.chunks import EXCERPT, fault, provider_error
from mockmate_nb.llm.tap import trace, watching

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAIError

_HEADERS = frozenset(
    (
        *(
            "accept",
            "accept-encoding",
            "authorization",
            "connection",
            "content-length",
            "content-type",
            "host",
        ),
        *(
            "user-agent",
            "x-stainless-raw-response",
        ),  # by the second the SDK knows that it must not read the body
    )
)


def load() -> ModuleType:
    """The SDK, with the part that it would load at the first request."""
    importlib.import_module("openai.resources.chat.completions.completions")
    return importlib.import_module("openai")


def connect(
    base_url: str,
    key: str,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    proxies: bool = True,
    every_header: bool = False,
) -> AsyncOpenAI:
    """A client for one event loop.

    No redirect is followed: it would carry the text to an address that nobody was asked about. No connection is
    kept when its reply has ended, since nobody would be left to close it when its loop ends. `proxies`: those
    of the environment are used. `every_header`: what the SDK reads from OPENAI_* variables and tells about this
    machine is sent too, which is for OpenAI alone.
    """
    openai = load()

    async def sign(request: httpx2.Request) -> None:
        if not every_header:
            for name in request.headers.keys() - _HEADERS:
                del request.headers[name]
        request.headers["accept-encoding"] = "identity"  # a proxy that compresses holds a stream back
        request.headers["authorization"] = f"Bearer {key}"
        if watching.get() is not None:
            request.extensions["trace"] = trace

    try:
        http = httpx2.AsyncClient(
            transport=transport,
            mounts=None if proxies else dict.fromkeys(("http://", "https://", "all://")),
            limits=httpx2.Limits(max_keepalive_connections=0),
            event_hooks={"request": [sign]},
        )
        client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=key, base_url=base_url, max_retries=0, http_client=http
        )
    except (httpx2.InvalidURL, ValueError, ImportError) as error:
        refused = CallerError(
            f"base_url: the address, or the proxy that the environment names, cannot be used ({error}).",
            field="base_url",
            advice="Check base_url and the variables HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.",
        )
    else:
        return client
    raise refused


def failure(error: OpenAIError, destination: str) -> MockMateError:
    """What an error of the SDK means here; without the SDK's own error on it, which may quote the key."""
    openai, cause = load(), error.__cause__
    if isinstance(error, openai.APIStatusError):
        wait = retry_after(error.response.headers)
        return provider_error(error.body or {}, status=error.status_code, retry_after=wait)
    if isinstance(error, openai.APITimeoutError) and not isinstance(cause, httpx2.ConnectTimeout):
        return fault(Kind.TIMEOUT, "The service did not answer in time.")
    if isinstance(error, openai.APIConnectionError):
        why = " ".join(str(cause).split())[:EXCERPT].rstrip(".") or type(cause).__name__
        return fault(Kind.CONNECTION, f"No connection to {destination}: {why}.")
    return fault(Kind.BAD_REQUEST, "The request could not be made.")


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait, by `retry-after-ms` or `Retry-After` in seconds or as a date (RFC 9110); 0 without."""
    exact, plain = headers.get("retry-after-ms"), headers.get("retry-after", "")
    try:
        seconds = float(exact) / 1000 if exact else float(plain)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(plain).timestamp() - time.time()
        except ValueError:
            return 0.0
    return seconds if seconds > 0 else 0.0
