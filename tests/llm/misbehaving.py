"""A loopback HTTP server that answers as it is told, to the byte, and breaks off where it is told."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.seam import broken_off

KEY = "sk-proj-N0tARealKey-but-secret-all-the-same"
MakeLLM = Callable[..., LLM]
HELLO = [{"role": "user", "content": "Hello?"}]
Step = bytes | float | asyncio.Event
SSE = {"content-type": "text/event-stream"}
DONE = b"data: [DONE]\n\n"
FOREVER = 3600.0
RESET = struct.pack("ii", 1, 0)


def chunk(content: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One event of a chat completion's stream; None: a delta without text."""
    choice: dict[str, Any] = {"delta": {} if content is None else {"content": content}}
    if finish is not None:
        choice["finish_reason"] = finish
    return event({"choices": [choice], **more})


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def whole(content: str, finish: str = "stop", **more: Any) -> bytes:
    """A chat completion that is not streamed."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return json.dumps({"choices": [choice], **more}, ensure_ascii=False).encode()


@dataclass
class Reply:
    """One answer. Of `body`, bytes are sent as they are, a number is a pause in seconds, an event is waited for.

    With `cut`, the connection ends after so many bytes of the whole answer, its head included, by FIN or RST.
    `silent`: the request is read and nothing is ever said.
    """

    body: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: SSE)
    framing: Literal["chunked", "length", "close"] = "chunked"
    cut: int | None = None
    by: Literal["fin", "rst"] = "fin"
    silent: bool = False

    def raw(self) -> Iterator[Step]:
        """Everything that goes over the wire, in order."""
        head = f"HTTP/1.1 {self.status} Scripted\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        if self.framing == "length":
            head += f"content-length: {sum(len(step) for step in self.body if isinstance(step, bytes))}\r\n"
        elif self.framing == "chunked":
            head += "transfer-encoding: chunked\r\n"
        yield head.encode() + b"\r\n"
        for step in self.body:
            if isinstance(step, bytes) and self.framing == "chunked":
                yield b"%x\r\n%b\r\n" % (len(step), step)
            else:
                yield step
        if self.framing == "chunked":
            yield b"0\r\n\r\n"

    def size(self) -> int:
        return sum(len(step) for step in self.raw() if isinstance(step, bytes))


def stream(*contents: str, **how: Any) -> Reply:
    """A sound streamed reply of these deltas."""
    return Reply([*(chunk(content) for content in contents), chunk(finish="stop"), DONE], **how)


def error(status: int, value: Any, **headers: str) -> Reply:
    body = json.dumps({"error": value}).encode()
    return Reply([body], status, {"content-type": "application/json", **headers}, "length")


@dataclass
class Request:
    """What came. `gone` is set when the client has closed its side; `at` is the loop's time."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def partial(self) -> str:
        """The text that the client already has, where it asks for a continuation."""
        return broken_off(self.body["messages"])[1]


Script = Callable[[Request], Reply]


class Server:
    """Answers request n with `replies[n]`, or each with `answer` if that is set; what came is in `requests`."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.answer: Script | None = None
        self.requests: list[Request] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await self._read(reader)
            number = len(self.requests)
            self.requests.append(request)
            end = asyncio.get_running_loop().create_task(self._watch(reader, request))
            try:
                await self._send(writer, request, self._choose(number, request))
                await request.gone.wait()
            finally:
                end.cancel()
                await asyncio.gather(end, return_exceptions=True)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(first.split()[1], headers, json.loads(body), asyncio.get_running_loop().time())

    async def _watch(self, reader: asyncio.StreamReader, request: Request) -> None:
        try:
            await reader.read()
        except ConnectionError:
            pass
        finally:
            request.gone.set()

    def _choose(self, number: int, request: Request) -> Reply:
        if self.answer is not None:
            return self.answer(request)
        if number < len(self.replies):
            return self.replies[number]
        return error(418, {"message": "one request more than the script has"})

    async def _send(self, writer: asyncio.StreamWriter, request: Request, reply: Reply) -> None:
        left = reply.size() if reply.cut is None else reply.cut
        for step in () if reply.silent else reply.raw():
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, float | int):
                await asyncio.sleep(step)
            else:
                writer.write(step[:left])
                await writer.drain()
                left -= len(step)
                if left < 0 or (left == 0 and reply.cut is not None):
                    break
            if request.gone.is_set():
                return
        if reply.cut is not None and reply.by == "rst":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
            request.gone.set()
        elif reply.cut is not None or reply.framing == "close":
            writer.close()
            request.gone.set()


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
