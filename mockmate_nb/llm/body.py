"""One reply's body, whatever it turns out to be: an event stream, a plain JSON body, or neither. Pure.

Services answer a streaming request with plain JSON, and a plain one with a stream; proxies answer with a web
page. So the body's own first characters decide, not its header.
"""

from __future__ import annotations

from mockmate_nb.errors import WireError
from mockmate_nb.llm.chunks import EXCERPT, unreadable
from mockmate_nb.wire.sse import MAX_EVENT_BYTES, SSEDecoder

_BLANK = b"\xef\xbb\xbf \t\r\n"
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


class Body:
    """Feed it the bytes as they come; it gives the data of each event, or at `close` the whole JSON text."""

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._limit = max_event_bytes
        self._events: SSEDecoder | None = None
        self._start = b""
        self._json: bytearray | None = None

    def feed(self, piece: bytes) -> list[str]:
        if self._events is not None:
            return [event.data for event in self._events.feed(piece)]
        if self._json is None:
            return self._decide(piece)
        self._json += piece
        if len(self._json) > self._limit:
            raise WireError(f"The reply has more than {self._limit:,} bytes.", advice="Lower max_tokens.")
        return []

    def close(self) -> list[str]:
        if self._json is not None:
            return [self._json.decode("utf-8", "replace")]
        if self._events is not None:
            self._events.close()
        return []

    def _decide(self, piece: bytes) -> list[str]:
        """Blank bytes may go on for long: some services send them while the model thinks."""
        start = self._start = (self._start + piece).lstrip(_BLANK)
        if start.startswith(b"{"):
            self._json = bytearray(start)
        elif start.startswith(_FIELDS):
            self._events = SSEDecoder(max_event_bytes=self._limit)
            return self.feed(start)
        elif not any(field.startswith(start) for field in _FIELDS):
            raise unreadable(
                "The service answered with something that is no chat completion.", excerpt(start)
            )
        return []


def excerpt(raw: bytes) -> str:
    return raw[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT]
