"""What is asked, and how often: prompts as messages, numbers in front of them, and what cannot be used. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import Message

Prompts = str | Sequence[str | Sequence[Message] | Message]
NUMBER_DIGITS = 9


def checked_prompts(prompts: Prompts) -> list[list[Message]]:
    """Each prompt as messages; a list of messages alone is one prompt. `CallerError` for what is none."""
    listed: list[Any] = [prompts] if isinstance(prompts, str) else list(prompts)
    if listed and all(isinstance(one, Mapping) for one in listed):
        listed = [listed]
    asked = [_messages(one) for one in listed]
    if not asked or any(not messages or not _said(messages) for messages in asked):
        raise CallerError(
            "prompts: there is none, or one is empty or no text.",
            field="prompts",
            advice='Give one as in "Tell me about SSE.", several in a list, or messages with role and content.',
        )
    return asked


def _messages(prompt: Any) -> list[Message]:
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    sound = isinstance(prompt, Sequence) and all(isinstance(message, Mapping) for message in prompt)
    return list(prompt) if sound else []


def _said(messages: Sequence[Message]) -> bool:
    content = messages[0].get("content")
    return bool(content.strip() if isinstance(content, str) else content)


def numbered(messages: Sequence[Message], number: int) -> list[Message]:
    """The same prompt behind a number of `NUMBER_DIGITS` digits, which stands at the start of its first text."""
    first, *rest = messages
    mark = f"[{number % 10**NUMBER_DIGITS:0{NUMBER_DIGITS}d}] "
    content: Any = first.get("content", "")
    if isinstance(content, str):
        return [{**first, "content": mark + content}, *rest]
    return [{**first, "content": [{"type": "text", "text": mark}, *content]}, *rest]


def checked_count(name: str, value: object, low: int, high: int, advice: str = "") -> int:
    """`value` where it is a whole number from `low` to `high`; else a `CallerError`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise CallerError(
            f"{name}: {value!r} is no whole number from {low} to {high}.", field=name, advice=advice
        )
    return value


def checked_seconds(name: str, value: object, most: float = 86_400) -> float:
    """`value` where it is a number of seconds above 0; else a `CallerError`."""
    number = float(value) if isinstance(value, int | float) else math.nan
    if not 0 < number <= most:
        raise CallerError(f"{name}: {value!r} is no number of seconds above 0.", field=name)
    return number


def checked_tokens(llm: LLM, value: object) -> int:
    """`max_tokens`, which no call may exceed that of the settings."""
    most = llm.settings.max_tokens
    return checked_count("max_tokens", value, 1, most, f"MAX_TOKENS, in the environment, is {most}.")
