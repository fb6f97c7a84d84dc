"""What a caller of `LLM` gives, checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.seam import Message


def within(name: str, value: float | None, low: float, high: float, default: float) -> float:
    """`value`, or `default` where there is none; `CallerError` outside of `low` to `high`."""
    if value is None:
        return default
    if not low <= value <= high:
        raise CallerError(f"{name}: {value:g} is not from {low:g} to {high:g}.", field=name)
    return value


def checked(messages: Sequence[Message]) -> list[Message]:
    """The messages; `CallerError` for what is no list of them."""
    if isinstance(messages, str) or not messages or not all(isinstance(m, Mapping) for m in messages):
        raise CallerError(
            "messages: this is no list of messages.",
            field="messages",
            advice='Give it as in [{"role": "user", "content": "…"}].',
        )
    return list(messages)


def alone(name: str, **others: object) -> None:
    """`CallerError` where something else was given that `name` leaves no room for."""
    for other, value in others.items():
        if value is not None:
            raise CallerError(
                f"{other}: it cannot be given together with {name}.",
                field=other,
                advice=f"Leave {other} out.",
            )
