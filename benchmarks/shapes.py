"""Event streams of many shapes, cut in many ways. Each is a list of chunks, the same in every run."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

KIB = 2**10
CHUNK_JSON = (
    '{"id":"chatcmpl-9f2c0e5b7a814d0f9b","object":"chat.completion.chunk","created":1760000000,'
    '"model":"practice-1","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":'
    '{"content":"%s"},"logprobs":null,"finish_reason":null}],"usage":null,"n":%06d}'
)


class Shape(NamedTuple):
    """`chunks(n)` has about `n` events, or where the events are fixed, about `n` bytes or lines."""

    name: str
    n: int
    chunks: Callable[[int], list[bytes]]
    is_chat: bool = False  # the two shapes with targets of their own


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def chat(n: int, before: bytes = b"", word: str = " a word of it") -> list[bytes]:
    """`n` chat chunks of about 280 bytes, one event each."""
    return [before + f"data: {CHUNK_JSON % (word, i)}\n\n".encode() for i in range(n)]


def chat_stream(n: int) -> bytes:
    return b"".join(chat(n))


def cr(stream: bytes) -> bytes:
    return stream.replace(b"\n", b"\r")


def crlf(stream: bytes) -> bytes:
    return stream.replace(b"\n", b"\r\n")


def in_full(n: int) -> bytes:
    return b"".join(chat(1, b"event: chunk\nid: 3.%d\n" % i)[0] for i in range(n))


def mixture(n: int, seed: int = 7) -> bytes:
    """What a gateway may send: pings, deltas with ids, progress, two-line data, retries."""
    pick = random.Random(seed)
    kinds = (
        b": ping\n\n",
        b'event: delta\ndata: {"text": "word"}\n\n',
        b"id: %d\ndata: one\ndata: two\n\n",
        b"retry: 250\n\n",
        chat(1)[0],
        'event: 进度\ndata: {"stage": "阅读简历", "done": 3}\n\n'.encode(),
    )
    blocks = pick.choices(kinds, weights=(2, 4, 2, 1, 6, 2), k=n)
    return b"".join(block.replace(b"%d", b"%d" % i) for i, block in enumerate(blocks))


def at_random(stream: bytes, largest: int, seed: int = 11) -> list[bytes]:
    pick, chunks, at = random.Random(seed), [], 0
    while at < len(stream):
        size = pick.randint(1, largest)
        chunks.append(stream[at : at + size])
        at += size
    return chunks


SHAPES = (
    Shape("chat, 64 kB pieces", 50_000, lambda n: cut(chat_stream(n), 64 * KIB), is_chat=True),
    Shape("chat, one event a piece", 50_000, chat, is_chat=True),
    Shape("chat, 4 kB pieces", 20_000, lambda n: cut(chat_stream(n), 4 * KIB)),
    Shape("chat, 16-byte pieces", 4_000, lambda n: cut(chat_stream(n), 16)),
    Shape("chat, 1-byte pieces", 500, lambda n: cut(chat_stream(n), 1)),
    Shape("CRLF, 64 kB pieces", 20_000, lambda n: cut(crlf(chat_stream(n)), 64 * KIB)),
    Shape("CRLF, one event a piece", 20_000, lambda n: [crlf(event) for event in chat(n)]),
    Shape("CRLF, 16-byte pieces", 4_000, lambda n: cut(crlf(chat_stream(n)), 16)),
    Shape("CR, 4 kB pieces", 20_000, lambda n: cut(cr(chat_stream(n)), 4 * KIB)),
    Shape("CR, one event a piece", 20_000, lambda n: [cr(event) for event in chat(n)]),
    Shape(
        "no space after the colon, 4 kB",
        20_000,
        lambda n: cut(chat_stream(n).replace(b"data: ", b"data:"), 4 * KIB),
    ),
    Shape(
        "comment blocks between, 4 kB", 20_000, lambda n: cut(b"".join(chat(n, b": keep-alive\n\n")), 4 * KIB)
    ),
    Shape("comment lines inside, one a piece", 20_000, lambda n: chat(n, b": keep-alive\n")),
    Shape(
        "three data lines, 4 kB",
        20_000,
        lambda n: cut(b"data: the first\ndata: 2\ndata: third one\n\n" * n, 4 * KIB),
    ),
    Shape("event, id and data, 4 kB", 20_000, lambda n: cut(in_full(n), 4 * KIB)),
    Shape("event and data, one a piece", 20_000, lambda n: chat(n, b"event: content_block_delta\n")),
    Shape(
        "Chinese, 4 kB", 20_000, lambda n: cut(b"".join(chat(n, word="请介绍一下你自己做过的项目")), 4 * KIB)
    ),
    Shape("tiny events, 64 kB", 100_000, lambda n: cut(b"data: x\n\n" * n, 64 * KIB)),
    Shape("tiny events, 16-byte pieces", 50_000, lambda n: cut(b"data: x\n\n" * n, 16)),
    Shape("tiny events, 1-byte pieces", 15_000, lambda n: cut(b"data: x\n\n" * n, 1)),
    Shape("ids only, 4 kB", 50_000, lambda n: cut(b"".join(b"id: %d\n\n" % i for i in range(n)), 4 * KIB)),
    Shape(
        "forty blank lines an event, 4 kB", 3_000, lambda n: cut((b"data: word" + b"\n" * 41) * n, 4 * KIB)
    ),
    Shape("retry lines, 4 kB", 30_000, lambda n: cut(b"retry: 3000\ndata: x\n\n" * n, 4 * KIB)),
    Shape(
        "unknown fields, 4 kB", 30_000, lambda n: cut(b"origin: somewhere\ntime\ndata: x\n\n" * n, 4 * KIB)
    ),
    Shape(
        "100,000 data lines in one event, 4 kB", 100_000, lambda n: cut(b"data: line\n" * n + b"\n", 4 * KIB)
    ),
    Shape("one 10 MB line, 1 kB pieces", 10_000_000, lambda n: cut(b"data: " + b"x" * n + b"\n\n", KIB)),
    Shape("mixture, 1,400-byte pieces", 30_000, lambda n: cut(mixture(n), 1_400)),
    Shape("mixture, pieces of 1 to 400 bytes", 30_000, lambda n: at_random(mixture(n), 400)),
)


def one_event(megabytes: int, lines: bool) -> list[bytes]:
    """One event of that size, as one line or as lines of 100 bytes, in 1 kB pieces."""
    size = megabytes * KIB * KIB
    body = b"data: " + b"x" * 93 + b"\n"
    return cut(body * (size // len(body)) + b"\n" if lines else b"data: " + b"x" * size + b"\n\n", KIB)
