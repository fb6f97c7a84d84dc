"""An OpenAI-compatible server whose times are known: what it means to do, and what it did.

python tests/lab/known_truth.py [--first SECONDS] [--token SECONDS] [--tokens N] [--jitter SECONDS] [--role early]

It is a process of its own, so that neither a client's loop nor its interpreter lock moves its writes, it needs the
standard library only, and it ends when its standard input does. From a request's last byte on, token k is written
after `first + k * token` seconds; a whole reply is written when the last token would be. Each write waits for its
own moment, so a late one delays no other. A busy machine wakes it late all the same: what it really did stands in
`GET /truth`, which gives the requests since it was last asked.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

WORDS = ("A", " good", " answer", " is", " short", " and", " true", ". ")
SPIN = 0.001
MODEL = "known-truth"


@dataclass(frozen=True)
class Times:
    """What is meant, in seconds. `jitter` is the most that a gap between tokens is longer or shorter by.

    `role`: the chunk that names the role comes right before the first token, as from llama.cpp, or as soon as
    the request is read. `tokens` is a reply's length where the request does not give one.
    """

    first: float = 0.3
    token: float = 0.02
    tokens: int = 64
    jitter: float = 0.0
    seed: int = 0
    role: Literal["with", "early"] = "with"

    def due(self, tokens: int) -> list[float]:
        """When each token is due, after the request."""
        chance = random.Random(self.seed)  # noqa: S311 - a rhythm is no secret
        gaps = [self.token + chance.uniform(-self.jitter, self.jitter) for _ in range(tokens - 1)]
        return list(itertools.accumulate(gaps, initial=self.first))


@dataclass(frozen=True)
class Truth:
    """What was done with one request: when each token was written, in seconds after the request's last byte."""

    stream: bool
    tokens: int
    written: list[float]

    @property
    def ttft(self) -> float:
        return self.written[0]

    @property
    def e2e(self) -> float:
        return self.written[-1]

    @property
    def tpot(self) -> float:
        return (self.e2e - self.ttft) / (self.tokens - 1)


@dataclass(frozen=True)
class Known:
    """A running server, as its user sees it."""

    port: int

    @property
    def url(self) -> str:
        """The `base_url` for a client."""
        return f"http://127.0.0.1:{self.port}/v1"

    def truths(self) -> list[Truth]:
        """What was done with the requests since this was last called."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/truth", timeout=10) as reply:
            return [Truth(**one) for one in json.load(reply)]


@contextmanager
def known_truth(times: Times | None = None) -> Iterator[Known]:
    """A server in a process of its own, for as long as the block runs."""
    asked = [f"--{name}={value}" for name, value in asdict(times or Times()).items()]
    command = [sys.executable, str(Path(__file__).resolve()), *asked]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            yield Known(json.loads(server.stdout.readline())["port"])
        finally:
            server.kill()


def wait_until(moment: float) -> None:
    """Sleep to a millisecond before, then look at the clock: a sleep ends late by what the machine likes."""
    left = moment - time.perf_counter()
    if left > SPIN:
        time.sleep(left - SPIN)
    while time.perf_counter() < moment:
        pass


class Write(NamedTuple):
    """Bytes, and how long after the request they go; `token`: whether they bring text."""

    after: float
    raw: bytes
    token: bool = True


def planned(body: Mapping[str, Any], times: Times, tokens: int) -> list[Write]:
    """What goes out for a chat completion, streamed or whole."""
    due, texts = times.due(tokens), [WORDS[k % len(WORDS)] for k in range(tokens)]
    usage = {"prompt_tokens": 8, "completion_tokens": tokens, "total_tokens": 8 + tokens}
    if not body.get("stream"):
        message = {"role": "assistant", "content": "".join(texts)}
        choice = {"index": 0, "message": message, "finish_reason": "length"}
        return [Write(due[-1], _json(_chunk("chat.completion", choices=[choice], usage=usage)))]
    raws = [_event({"content": text}) for text in texts]
    raws[-1] += _event({}, finish="length")
    if (body.get("stream_options") or {}).get("include_usage"):
        raws[-1] += _piece(_chunk(choices=[], usage=usage))
    raws[-1] += _piece("[DONE]") + b"0\r\n\r\n"
    opening = _head("text/event-stream", "transfer-encoding: chunked") + _event({"role": "assistant"})
    if times.role == "with":
        raws[0] = opening + raws[0]
    writes = [Write(after, raw) for after, raw in zip(due, raws, strict=True)]
    return [Write(0.0, opening, token=False), *writes] if times.role == "early" else writes


def answer(
    line: socket.socket, body: Mapping[str, Any], times: Times, read_at: float, done: list[Truth]
) -> None:
    """Each write at its moment. What was done is kept before the last, so that whoever has it all can ask at once."""
    tokens = int(body.get("max_completion_tokens") or body.get("max_tokens") or times.tokens)
    writes = planned(body, times, tokens)
    written: list[float] = []
    for number, write in enumerate(writes, 1):
        wait_until(read_at + write.after)
        if write.token:
            written.append(time.perf_counter() - read_at)
        if number == len(writes):
            done.append(Truth(bool(body.get("stream")), tokens, written))
        line.sendall(write.raw)


def _chunk(kind: str = "chat.completion.chunk", **more: Any) -> str:
    return json.dumps({"id": "known", "object": kind, "created": 0, "model": MODEL, **more})


def _piece(data: str) -> bytes:
    """One server-sent event as one piece of a chunked body."""
    event = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    return _piece(_chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish}]))


def _head(content_type: str, *more: str, status: str = "200 OK") -> bytes:
    lines = (f"HTTP/1.1 {status}", f"content-type: {content_type}", *more, "", "")
    return "\r\n".join(lines).encode()


def _json(text: str, status: str = "200 OK") -> bytes:
    return _head("application/json", f"content-length: {len(text)}", status=status) + text.encode()


def _request(reader: BinaryIO) -> tuple[str, bytes] | None:
    """The next request's first line and body; None where the client has gone."""
    first, length = reader.readline().decode("latin-1").strip(), 0
    while (line := reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        length = int(value) if name.lower() == "content-length" else length
    return (first, reader.read(length)) if first else None


def serve(times: Times, listener: socket.socket) -> None:
    """Answers for ever, each connection in a thread of its own."""
    done: list[Truth] = []

    def talk(line: socket.socket) -> None:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError), line, line.makefile("rb") as reader:
            while request := _request(reader):
                (first, body), read_at = request, time.perf_counter()
                path = first.split()[1]
                if path == "/v1/chat/completions":
                    answer(line, json.loads(body), times, read_at, done)
                elif path == "/v1/models":
                    line.sendall(
                        _json(json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}))
                    )
                elif path == "/truth":
                    kept = [done.pop(0) for _ in range(len(done))]
                    line.sendall(_json(json.dumps([asdict(one) for one in kept])))
                elif path in ("/health", "/v1/health"):
                    line.sendall(_json("{}"))
                else:
                    line.sendall(_json("{}", "404 Not Found"))

    while True:
        line, _ = listener.accept()
        threading.Thread(target=talk, args=(line,), daemon=True).start()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    for option in fields(Times):
        assert option.default is not None
        options.add_argument(f"--{option.name}", type=type(option.default), default=option.default)
    times = Times(**vars(options.parse_args()))
    sys.setswitchinterval(SPIN / 10)  # several connections wait for their moments at once
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(times, listener), daemon=True).start()
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
