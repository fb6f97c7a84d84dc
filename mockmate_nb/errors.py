"""The one error family: who is at fault, what kind of fault, what was kept, what to do next."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Kind(StrEnum):
    """The closed set of faults, as programs and screens tell them apart."""

    AUTH = "auth"
    BAD_REQUEST = "bad_request"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    SERVER = "server"
    CONTENT_FILTER = "content_filter"
    LENGTH = "length"
    UNREADABLE = "unreadable"


RETRYABLE = frozenset({Kind.RATE_LIMIT, Kind.TIMEOUT, Kind.CONNECTION, Kind.SERVER, Kind.UNREADABLE})


class MockMateError(Exception):
    """A fault with its facts.

    `kind` says what happened, `advice` what to do next, `partial` the text that was received before it
    (never lost), `field` the setting or argument at fault, `raw` what could not be read, in excerpt.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        advice: str = "",
        partial: str = "",
        retryable: bool | None = None,
        field: str | None = None,
        raw: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.advice = advice
        self.partial = partial
        self.retryable = kind in RETRYABLE if retryable is None else retryable
        self.field = field
        self.raw = raw

    def without(self, secret: str) -> Self:
        """This error with `secret` taken out of its words: services like to repeat a refused key."""
        if len(secret) > 3:
            self.message = self.message.replace(secret, "[key]")
            self.raw = self.raw.replace(secret, "[key]")
            self.args = (self.message,)
        return self

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class CallerError(MockMateError):
    """The caller gave something that cannot be used; nothing was started."""

    def __init__(self, message: str, *, field: str | None = None, advice: str = "") -> None:
        super().__init__(message, kind=Kind.BAD_REQUEST, advice=advice, field=field, retryable=False)


class IllegalStep(CallerError):  # noqa: N818 - it names a step of the machine, and is caught as a CallerError
    """A command that the interview's state does not allow; the state is unchanged."""


class ProviderError(MockMateError):
    """The model's service refused, failed or could not be reached."""


class WireError(MockMateError):
    """Bytes that break the protocol or its limits."""

    def __init__(self, message: str, *, advice: str = "", partial: str = "", raw: str = "") -> None:
        super().__init__(message, kind=Kind.UNREADABLE, advice=advice, partial=partial, raw=raw)


class UnreadableReply(MockMateError):  # noqa: N818 - the reply is the thing that was found
    """A reply that arrived whole but cannot be read as what was asked for."""

    def __init__(self, message: str, *, advice: str = "", partial: str = "", raw: str = "") -> None:
        super().__init__(message, kind=Kind.UNREADABLE, advice=advice, partial=partial, raw=raw)
