"""A real model on this machine: llama.cpp in a process of its own, spoken to over OpenAI-compatible HTTP.

The process apart keeps a crash of the model away from the notebook's kernel, and a random bearer key keeps other
users of the machine away from the model. No event loop is bound: a server started in one `asyncio.run` serves
another.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import importlib.util
import json
import os
import secrets
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from mockmate_nb.errors import CallerError, Kind, ProviderError
from mockmate_nb.llm.weights import check_gguf

START_TIMEOUT = 120.0  # seconds; 1.1 GB from a slow disk takes most of it
CONTEXT_TOKENS = 8192
MAX_THREADS = 8
TAIL_LINES = 8
LINE_CHARS = 300


class LocalServer:
    """One running llama.cpp, for one file of weights. Made by `start` or `shared`.

    `base_url` and `api_key` are what an OpenAI client needs, `model` is a name for people. A client must not keep
    its connections alive: llama.cpp promises to, but closes one at the end of a stream, and a request that is
    already on its way is lost. The process ends with `stop`, with this object, and with the process that owns it,
    however that one ends.
    """

    base_url: str
    model: str

    def __init__(self, weights: Path, *, threads: int | None = None) -> None:
        check_ready(weights)
        self.model = weights.stem
        self.api_key = secrets.token_urlsafe(32)
        self._child = _spawn()
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        reader = threading.Thread(
            target=_keep_last, args=(self._child.stderr, self._tail), name="mockmate-local-log", daemon=True
        )
        reader.start()
        self._end = weakref.finalize(self, _end, self._child, reader, os.getpid())
        wish = {
            "weights": str(weights.resolve()),
            "model": self.model,
            "api_key": self.api_key,
            "threads": threads or default_threads(),
            "context": CONTEXT_TOKENS,
            "owner": os.getpid(),
        }
        _send(self._child.stdin, json.dumps(wish) + "\n")

    @classmethod
    async def start(cls, weights: Path, *, threads: int | None = None) -> LocalServer:
        """A server that has loaded `weights`, a GGUF file; `threads` of the processor do the work.

        Raises `CallerError` where xllamacpp or the weights are missing, `ProviderError` where llama.cpp does not
        come up in `START_TIMEOUT` seconds. Cancelling ends the process.
        """
        server = await asyncio.to_thread(cls, weights, threads=threads)
        try:
            await asyncio.to_thread(server.wait_ready)
        except BaseException:
            server.close()
            raise
        return server

    async def stop(self) -> None:
        """End the process and wait until it is gone; a second call does nothing."""
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """`stop`, for code that does not await."""
        self._end()

    @property
    def alive(self) -> bool:
        return self._end.alive and self._child.poll() is None

    def wait_ready(self) -> None:
        """Block until the model is loaded and answers; a `ProviderError` with the log's end where it is not."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._child.kill()

        watchdog = threading.Timer(START_TIMEOUT, give_up)
        watchdog.start()
        try:
            line = self._child.stdout.readline() if self._child.stdout else ""
        finally:
            watchdog.cancel()
            watchdog.join()
        if not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=5)  # its own exit code tells more than our kill
            self.close()
            raise self._did_not_start(late=late.is_set())
        url = str(json.loads(line)["url"])
        try:
            check_health(url)
        except ProviderError:
            self.close()
            raise
        self.base_url = f"{url}/v1"

    def _did_not_start(self, *, late: bool) -> ProviderError:
        how = f"within {START_TIMEOUT:g} s" if late else f"(exit code {self._child.returncode})"
        said = "\n".join(self._tail)
        return ProviderError(
            f"The local model {self.model} did not start {how}. "
            + (f"llama.cpp said:\n{said}\n" if said else ""),
            kind=Kind.TIMEOUT if late else Kind.SERVER,
            advice="Check that there is memory enough (twice the file's size), or fetch the weights again.",
            raw=said,
            retryable=late,
        )

    def __repr__(self) -> str:
        return f"LocalServer(model={self.model!r}, alive={self.alive})"


_shared: dict[tuple[int, Path], Future[LocalServer]] = {}
_shared_lock = threading.Lock()


async def shared(weights: Path) -> LocalServer:
    """The one running server for `weights` in this process: started at first use, again where it has died.

    Safe from several coroutines, loops and threads at once; the start goes on when one that waits is cancelled.
    """
    return await asyncio.wrap_future(_claim(weights))


def _claim(weights: Path) -> Future[LocalServer]:
    key = (os.getpid(), weights.resolve())
    with _shared_lock:
        known = _shared.get(key)
        if known is not None and (not known.done() or (known.exception() is None and known.result().alive)):
            return known
        if known is not None and known.exception() is None:
            known.result().close()
        future: Future[LocalServer] = Future()
        future.set_running_or_notify_cancel()  # so one waiter's cancelling does not cancel the start
        _shared[key] = future
    threading.Thread(
        target=_start_into, args=(future, weights), name="mockmate-local-start", daemon=True
    ).start()
    return future


def _start_into(future: Future[LocalServer], weights: Path) -> None:
    try:
        server = LocalServer(weights)
        server.wait_ready()
    except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
        future.set_exception(error)
    else:
        future.set_result(server)


def close_shared() -> None:
    """End the shared servers and free their memory; the next use starts one anew."""
    with _shared_lock:
        claimed = list(_shared.values())
        _shared.clear()
    for future in claimed:
        if future.exception() is None:
            future.result().close()


def check_ready(weights: Path) -> None:
    """Raise a `CallerError` that says what to install or fetch, where something is missing."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise CallerError(
            "The local model needs llama.cpp, and the package xllamacpp is not installed.",
            field="provider",
            advice='Run: pip install "mockmate-nb[local]"',
        )
    check_gguf(weights, field="model")


def check_health(url: str) -> None:
    """Raise a `ProviderError` unless `url` answers that it is well."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except OSError as error:
        raise ProviderError(
            f"The local model was loaded but cannot be reached: {error}.",
            kind=Kind.CONNECTION,
            advice="Look whether a firewall closes loopback connections.",
        ) from error
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        raise ProviderError(f"The local model was loaded but is not well (HTTP {status}).", kind=Kind.SERVER)


def default_threads() -> int:
    """Half the logical cores, as two often share a real one, but three of four and never all of several.

    The threads wait for each other by spinning: where one has to share its core with the browser, all stand
    still. Measured on two busy cores, SmolLM2: 31-75 tokens/s with one thread, 2-10 with two.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(MAX_THREADS, max(cores // 2, min(cores - 1, 3))))


def _spawn() -> subprocess.Popen[str]:
    # A session of its own: the notebook's interrupt goes to the kernel's whole process group.
    return subprocess.Popen(  # noqa: S603 - our own program, no word of it from outside
        [sys.executable, "-P", str(Path(__file__).with_name("local_child.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def _send(pipe: IO[str] | None, line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # it has died already; `wait_ready` tells why
        if pipe:
            os.write(pipe.fileno(), line.encode())


def _keep_last(lines: Iterable[str], tail: deque[str]) -> None:
    tail.extend(line.rstrip()[:LINE_CHARS] for line in lines)


def _end(child: subprocess.Popen[str], reader: threading.Thread, owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork's exit must not end its parent's model
    child.kill()
    child.wait()
    if reader is not threading.current_thread():  # the collector may run in any thread
        reader.join()
    pipes: tuple[IO[Any] | None, ...] = (child.stdin, child.stdout, child.stderr)
    for pipe in pipes:
        if pipe:
            pipe.close()
