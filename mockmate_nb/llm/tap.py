"""What watches one reply on its way in: the lab's clocks and its wire inspector stand here."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Literal

Step = Literal["connecting", "connected", "sent", "headers"]
STEPS: dict[str, Step] = {
    "connection.connect_tcp.started": "connecting",
    "connection.connect_tcp.complete": "connected",
    "connection.start_tls.complete": "connected",
    "http11.send_request_body.complete": "sent",
    "http11.receive_response_headers.complete": "headers",
}
"""httpcore's names of what happens to a request, and ours; with TLS the connection stands when that does."""


class Tap:
    """Given to `LLM.stream` or `LLM.complete`, it is told what happens, on the loop that reads.

    Override what you want. A reply that was cut and taken up again is `asked` for more than once; with `once` it is
    not taken up. Nothing here may block.
    """

    once = False

    def asked(self) -> None:
        """A request is about to be made."""

    def step(self, step: Step) -> None:
        """The connection is begun, stands, the request is sent, the headers are there. Not for the practice model."""

    async def piece(self, raw: bytes) -> bytes:
        """Bytes of the body that have just been read; what is returned is read on.

        Waiting here holds the stream back; raising `httpx2.ReadError` cuts it as a broken line would.
        """
        return raw

    def passed(self) -> None:
        """What `piece` gave has been read; raising `httpx2.ReadError` here cuts behind it."""

    def event(self, data: str) -> None:
        """One event's data, before it is read as a chunk; a batch reply is one event."""


watching: ContextVar[Tap | None] = ContextVar("mockmate_tap", default=None)
"""The tap of the request that this task makes; the SDK's own calls have no place for it."""


async def trace(name: str, _info: dict[str, Any]) -> None:
    """httpcore's `trace` extension: tells the watching tap."""
    tap = watching.get()
    if tap is not None and name in STEPS:
        tap.step(STEPS[name])
