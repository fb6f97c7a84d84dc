"""What a provider sends, read: chat completion chunks, whole completions, error bodies. Pure.

Only choice 0 is taken; a role-only or empty chunk is no text. Sources: OpenAI's API reference for
`chat.completion.chunk`; llama.cpp, vLLM and DeepSeek send the same shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jiter

from mockmate_nb.errors import Kind, ProviderError, UnreadableReply

DONE = "[DONE]"
EXCERPT = 300
MOST_TOKENS = 10**9  # a count above it, or below 0, is none
_STATUS_KINDS = {
    400: Kind.BAD_REQUEST,
    401: Kind.AUTH,
    402: Kind.RATE_LIMIT,
    403: Kind.AUTH,
    404: Kind.BAD_REQUEST,
    408: Kind.TIMEOUT,
    413: Kind.BAD_REQUEST,
    422: Kind.BAD_REQUEST,
    429: Kind.RATE_LIMIT,
}
_ADVICE = {
    Kind.AUTH: "Check the key and that it may use this model.",
    Kind.BAD_REQUEST: "Check the model's name, the base URL and the length of the résumé and job text.",
    Kind.RATE_LIMIT: "Wait a little and try again, or use another model.",
    Kind.TIMEOUT: "Try again, or give a longer timeout.",
    Kind.CONNECTION: "Check the network and the base URL, then try again.",
    Kind.SERVER: "The service has a fault of its own; try again in a moment.",
    Kind.CONTENT_FILTER: "The service's filter stopped the reply; change the wording and ask again.",
    Kind.UNREADABLE: "Check that the base URL is an OpenAI-compatible API (it often ends in /v1).",
}
_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_RATE_CODES = frozenset({"rate_limit_exceeded", "rate_limit_error"})


class StatusError(ProviderError):
    """The service answered with an error's HTTP status, before any text; `retry_after` is in seconds, or 0."""

    retry_after: float = 0.0


class Usage(NamedTuple):
    """Tokens of one call; `estimated` where the service gave no figures (4 characters counted as a token)."""

    prompt_tokens: int
    completion_tokens: int
    estimated: bool = False

    def plus(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.estimated or other.estimated,
        )


class Chunk(NamedTuple):
    text: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None


def read_chunk(data: str) -> Chunk:
    """One SSE event's data. `ProviderError` for an `error` object, `UnreadableReply` for anything not ours."""
    try:
        value = jiter.from_json(data.encode(), cache_mode="keys")
        error, choices, usage = value.get("error"), value.get("choices"), value.get("usage")
        if choices and not error:
            choice = choices[0]
            if choice.get("index"):
                choice = next((c for c in choices if not c.get("index")), {})
            delta = choice.get("delta") or choice.get("message") or {}
            text = delta.get("content") or ""
            finish = choice.get("finish_reason") or None
            if not isinstance(text, str):
                text = _joined(text)
            if finish != "error":
                return Chunk(text, finish, read_usage(usage) if usage else None)
            error = {"message": "the reply was broken off"}
    except (ValueError, AttributeError, TypeError, LookupError):
        raise unreadable("The service sent a chunk that is not a chat completion.", data) from None
    if error:
        raise provider_error(error)
    if "choices" not in value and "usage" not in value:
        raise unreadable("The service sent a chunk without choices.", data)
    return Chunk(usage=read_usage(usage))


def _joined(parts: Any) -> str:
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, Mapping))


def read_usage(value: Any) -> Usage | None:
    if not isinstance(value, Mapping):
        return None
    prompt, completion = value.get("prompt_tokens"), value.get("completion_tokens")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    if not (0 <= prompt < MOST_TOKENS and 0 <= completion < MOST_TOKENS):
        return None
    return Usage(prompt, completion)


def estimate_tokens(text: str) -> int:
    """Four characters of ASCII a token, one of anything else: high enough for a cap, in no way exact."""
    wide = 0 if text.isascii() else sum(c > "\u2e7f" for c in text)
    return wide + (len(text) - wide + 3) // 4


def prompt_tokens(messages: Iterable[Mapping[str, Any]]) -> int:
    return sum(estimate_tokens(str(message.get("content", ""))) for message in messages)


def unreadable(message: str, raw: str) -> UnreadableReply:
    return UnreadableReply(message, advice=_ADVICE[Kind.UNREADABLE], raw=raw[:EXCERPT])


def provider_error(value: Any, *, status: int | None = None, retry_after: float = 0.0) -> ProviderError:
    """The error that a service's `error` object stands for; a `StatusError` where it came with a status."""
    facts = value if isinstance(value, Mapping) else {"message": value}
    code = str(facts.get("code"))
    number = status or (int(code) if code.isdecimal() else 500)
    labels = {str(facts.get("type")), code}
    kind = _STATUS_KINDS.get(number, Kind.SERVER if number >= 500 else Kind.BAD_REQUEST)
    quota = number == 402 or bool(labels & _QUOTA_CODES)
    if quota or (status is None and labels & _RATE_CODES):
        kind = Kind.RATE_LIMIT
    if "content_filter" in labels:
        kind = Kind.CONTENT_FILTER
    words = " ".join(str(facts.get("message") or "no reason given").split())[:EXCERPT].rstrip(".")
    if words.startswith("<"):
        words = "no reason given but a web page"
    if 300 <= number < 400:
        words = "it points to another address, and redirects are not followed"
    advice = _ADVICE[kind]
    if quota:
        advice = "The account has no quota left; add credit or use another service."
    elif retry_after:
        advice = f"The service asks to wait {retry_after:.0f} s; try again then, or use another model."
    if status is None:
        message = f"The service broke off with an error: {words}."
        return ProviderError(message, kind=kind, advice=advice, retryable=False if quota else None)
    error = StatusError(
        f"The service answered with an error ({status}): {words}.",
        kind=kind,
        advice=advice,
        retryable=False if quota else None,
    )
    error.retry_after = retry_after
    return error


def fault(kind: Kind, message: str, *, partial: str = "") -> ProviderError:
    """A fault of the connection to the service, with the standing advice for its kind."""
    return ProviderError(message, kind=kind, advice=_ADVICE.get(kind, ""), partial=partial)
