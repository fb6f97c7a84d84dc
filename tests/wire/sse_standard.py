"""The standard's own algorithm, step by step and slow: what the decoder is compared with.

Written from the WHATWG Encoding standard ("UTF-8 decoder", "decode") and the HTML standard ("Interpreting an
event stream"). It knows the whole stream at once, so no chunk can mislead it.
"""

from __future__ import annotations

from mockmate_nb.wire.sse import ServerSentEvent

REPLACEMENT = "\ufffd"
END = -1


def utf8_decode(stream: bytes) -> str:  # noqa: C901 - the standard's steps, in its order
    """The UTF-8 decoder's state machine; a byte that ends a sequence too early is read again."""
    out: list[str] = []
    point = seen = needed = 0
    lower, upper = 0x80, 0xBF
    at = 0
    while True:
        byte = stream[at] if at < len(stream) else END
        at += 1
        if byte == END:
            return "".join(out) + (REPLACEMENT if needed else "")
        if needed == 0:
            if byte <= 0x7F:
                out.append(chr(byte))
            elif 0xC2 <= byte <= 0xDF:
                needed, point = 1, byte & 0x1F
            elif 0xE0 <= byte <= 0xEF:
                if byte == 0xE0:
                    lower = 0xA0
                if byte == 0xED:
                    upper = 0x9F
                needed, point = 2, byte & 0xF
            elif 0xF0 <= byte <= 0xF4:
                if byte == 0xF0:
                    lower = 0x90
                if byte == 0xF4:
                    upper = 0x8F
                needed, point = 3, byte & 0x7
            else:
                out.append(REPLACEMENT)
            continue
        in_range = lower <= byte <= upper
        lower, upper = 0x80, 0xBF
        if not in_range:
            point = seen = needed = 0
            at -= 1
            out.append(REPLACEMENT)
            continue
        point = (point << 6) | (byte & 0x3F)
        seen += 1
        if seen == needed:
            out.append(chr(point))
            point = seen = needed = 0


def lines_of(text: str) -> list[str]:
    """The lines that have an end: CRLF, LF or CR."""
    lines, line, at = [], "", 0
    while at < len(text):
        if text[at] in "\r\n":
            at += 2 if text[at : at + 2] == "\r\n" else 1
            lines.append(line)
            line = ""
        else:
            line += text[at]
            at += 1
    return lines


def interpret(
    stream: bytes,
) -> tuple[list[ServerSentEvent], str, int | None]:
    """All events of the whole `stream`, the last event id and the reconnection time at its end."""
    events: list[ServerSentEvent] = []
    data_buffer = type_buffer = id_buffer = last_event_id = ""
    reconnection_time: int | None = None
    block_retry: int | None = None
    for line in lines_of(utf8_decode(stream.removeprefix(b"\xef\xbb\xbf"))):
        if line == "":
            last_event_id = id_buffer
            if data_buffer != "":
                data = data_buffer[:-1] if data_buffer[-1] == "\n" else data_buffer
                events.append(ServerSentEvent(type_buffer or "message", data, last_event_id, block_retry))
            data_buffer = type_buffer = ""
            block_retry = None
            continue
        if line[0] == ":":
            continue
        colon = line.find(":")
        field, value = (line, "") if colon == -1 else (line[:colon], line[colon + 1 :])
        if value[:1] == " ":
            value = value[1:]
        if field == "event":
            type_buffer = value
        elif field == "data":
            data_buffer += value + "\n"
        elif field == "id" and "\0" not in value:
            id_buffer = value
        elif field == "retry" and value != "" and all(digit in "0123456789" for digit in value):
            block_retry = int(value) if int(value) < 10**18 else block_retry  # the limit is our own
            reconnection_time = int(value) if int(value) < 10**18 else reconnection_time
    return events, last_event_id, reconnection_time
