"""The local model lives in a process of its own: it starts or says why not, and never outlives its owner.

The real program of the child runs here over a stand-in for `xllamacpp` whose "weights" are a word that says how to
behave; where SmolLM2 and the real `xllamacpp` are at hand, the real model runs too.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from mockmate_nb.errors import CallerError, Kind, ProviderError
from mockmate_nb.llm import local, weights
from mockmate_nb.llm.local import LocalServer, shared

Ask = Callable[[Path], Awaitable[LocalServer]]
ROOT = Path(__file__).resolve().parents[2]
FAKE_XLLAMACPP = """
import ctypes, json, os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

def plain(value):
    return sorted(value) if isinstance(value, set) else vars(value)

def CommonParams():
    return SimpleNamespace(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())

class Server:
    def __init__(self, params):
        how = open(params.model.path).read().split()[1]
        print("noise " * 20000, flush=True)
        print("noise " * 20000, file=sys.stderr, flush=True)
        if how == "refuses":
            print("E the tensors are not what they were", file=sys.stderr)
            raise RuntimeError("Failed to init server")
        if how == "aborts":
            os.abort()
        if how == "hangs":  # as a load does, without giving the interpreter away
            ctypes.PyDLL(None).sleep(60)

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(vars(params), default=plain).encode()
                self.send_response(503 if how == "ill" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        http = ThreadingHTTPServer((params.hostnames[0], params.port), Answer)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        self.listening_address = "http://127.0.0.1:%d" % http.server_port
"""


@pytest.fixture
def gguf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes "weights" that behave as the word says; here and in the child, xllamacpp is the stand-in."""
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "xllamacpp.py").write_text(FAKE_XLLAMACPP)
    monkeypatch.syspath_prepend(fake)
    monkeypatch.setenv("PYTHONPATH", f"{fake}{os.pathsep}{ROOT}")

    def make(how: str) -> Path:
        path = tmp_path / "Little-Model.Q4.gguf"
        path.write_text(f"GGUF {how}")
        return path

    return make


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    before = psutil.Process().children()
    yield
    local.close_shared()
    assert psutil.Process().children() == before


def soon(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


async def test_a_server_is_told_what_it_needs_and_nothing_secret_is_seen(
    gguf: Callable[[str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    server = await LocalServer.start(gguf("works"), threads=3)
    try:
        params = httpx2.get(server.base_url).json()
        assert params["hostnames"] == ["127.0.0.1"]
        assert params["api_keys"] == [server.api_key]
        assert params["model_alias"] == [server.model] == ["Little-Model.Q4"]
        assert params["cpuparams"]["n_threads"] == params["cpuparams_batch"]["n_threads"] == 3
        assert params["n_ctx"] >= 4096
        child = psutil.Process(server._child.pid)
        assert server.api_key not in " ".join(child.cmdline()) + " ".join(child.environ().values())
        assert server.api_key not in repr(server)
        assert os.getsid(child.pid) != os.getsid(0), "the notebook's interrupt would reach it"
        child.send_signal(signal.SIGINT)
        assert httpx2.get(server.base_url).status_code == 200
        assert server.alive
    finally:
        await server.stop()
    await server.stop()
    assert not server.alive
    assert capfd.readouterr() == ("", "")


async def test_two_servers_have_two_keys(gguf: Callable[[str], Path]) -> None:
    one, two = await asyncio.gather(*(LocalServer.start(gguf("works")) for _ in range(2)))
    assert one.api_key != two.api_key
    assert one.base_url != two.base_url
    await asyncio.gather(one.stop(), two.stop())


@pytest.mark.parametrize(
    ("how", "kind", "says"),
    [
        ("refuses", Kind.SERVER, "(exit code 1). llama.cpp said:"),
        ("refuses", Kind.SERVER, "the tensors are not what they were"),
        ("aborts", Kind.SERVER, f"(exit code {-signal.SIGABRT})"),
        ("hangs", Kind.TIMEOUT, "within 1 s"),
        ("ill", Kind.SERVER, "HTTP 503"),
    ],
)
@pytest.mark.parametrize("ask", [LocalServer.start, shared])
async def test_a_server_that_does_not_start_says_why(
    gguf: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, ask: Ask, how: str, kind: Kind, says: str
) -> None:
    if how == "hangs":
        monkeypatch.setattr(local, "START_TIMEOUT", 1.0)
    with pytest.raises(ProviderError) as caught:
        await ask(gguf(how))
    assert caught.value.kind is kind
    assert says in str(caught.value)
    assert len(str(caught.value)) < 4000


async def test_cancelling_a_start_ends_the_child(gguf: Callable[[str], Path]) -> None:
    start = asyncio.create_task(LocalServer.start(gguf("hangs")))
    while not psutil.Process().children():
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert psutil.Process().children() == []


def test_a_server_that_is_dropped_ends(gguf: Callable[[str], Path]) -> None:
    server = asyncio.run(LocalServer.start(gguf("works")))
    child = psutil.Process(server._child.pid)
    del server
    assert not child.is_running()


def test_shared_is_one_server_for_all_loops_and_threads(gguf: Callable[[str], Path]) -> None:
    path = gguf("works")
    got: list[LocalServer] = []

    async def ask() -> None:
        got.extend(await asyncio.gather(shared(path), shared(path)))

    threads = [threading.Thread(target=asyncio.run, args=(ask(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(ask())
    assert len(got) == 8
    assert len(set(got)) == 1
    assert len(psutil.Process().children()) == 1
    assert got[0].alive


def test_shared_starts_again_after_a_kill(gguf: Callable[[str], Path]) -> None:
    path = gguf("works")
    first = asyncio.run(shared(path))
    os.kill(first._child.pid, signal.SIGKILL)
    assert soon(lambda: not first.alive)
    second = asyncio.run(shared(path))
    assert second is not first
    assert second.alive
    assert httpx2.get(second.base_url).status_code == 200


def test_a_failed_start_is_not_remembered(gguf: Callable[[str], Path]) -> None:
    with pytest.raises(ProviderError):
        asyncio.run(shared(gguf("refuses")))
    assert asyncio.run(shared(gguf("works"))).alive


async def test_a_waiter_that_is_cancelled_takes_nothing_from_the_others(gguf: Callable[[str], Path]) -> None:
    path = gguf("works")
    one, two = asyncio.create_task(shared(path)), asyncio.create_task(shared(path))
    await asyncio.sleep(0)
    one.cancel()
    assert (await two).alive
    assert one.cancelled()


OWNER = """
import asyncio, os, sys, time
from pathlib import Path
from mockmate_nb.llm.local import LocalServer, shared

async def main():
    server = await shared(Path(sys.argv[1]))
    print(server._child.pid, flush=True)
    return server

server = asyncio.run(main())
"""


class Owner:
    """A process that owns a local model and then does what `ending` says."""

    def __init__(self, path: Path, ending: str) -> None:
        program = textwrap.dedent(OWNER) + ending
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
        )

    def child(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def __enter__(self) -> Owner:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "del server", "os._exit(0)"])
def test_the_child_ends_when_its_owner_does(gguf: Callable[[str], Path], ending: str) -> None:
    with Owner(gguf("works"), ending) as owner:
        child = owner.child()
        owner.process.wait(timeout=30)
        assert soon(lambda: gone(child))


def test_the_child_ends_when_its_owner_is_killed(gguf: Callable[[str], Path]) -> None:
    with Owner(gguf("works"), "time.sleep(60)") as owner:
        child = owner.child()
        assert not gone(child)
        owner.process.kill()
        assert soon(lambda: gone(child))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the child ends after the load")
def test_the_child_ends_when_its_owner_is_killed_during_the_load(gguf: Callable[[str], Path]) -> None:
    with Owner(gguf("hangs"), "") as owner:
        family = psutil.Process(owner.process.pid)
        assert soon(lambda: bool(family.children()))
        (child,) = family.children()
        time.sleep(0.5)
        owner.process.kill()
        assert soon(lambda: gone(child.pid))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_neither_keeps_nor_ends_the_child(gguf: Callable[[str], Path]) -> None:
    ending = (
        "fork = os.fork() or (time.sleep(.5), sys.exit())\nprint(os.wait()[1], server.alive, flush=True)\n"
    )
    ending += "print(os.fork() or time.sleep(60), flush=True)\ntime.sleep(60)"
    with Owner(gguf("works"), ending) as owner:
        child = owner.child()
        assert owner.process.stdout
        assert owner.process.stdout.readline() == "0 True\n", "the first fork ended, the model did not"
        holder = psutil.Process(int(owner.process.stdout.readline()))
        try:
            owner.process.kill()
            owner.process.wait()
            assert soon(lambda: gone(child)), "the second fork holds the pipe open"
        finally:
            holder.kill()


@pytest.mark.parametrize(("content", "field"), [(None, "model"), ("PK", "model"), ("GGUF works", "provider")])
async def test_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, field: str
) -> None:
    path = tmp_path / "w.gguf"
    if content:
        path.write_text(content)
    present = None if field == "provider" else object()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: present)
    for ask in (LocalServer.start, shared):
        with pytest.raises(CallerError) as caught:
            await ask(path)
        assert caught.value.field == field
    if field == "provider":
        assert 'pip install "mockmate-nb[local]"' in str(caught.value)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (4, 3), (6, 3), (8, 4), (64, 8)])
def test_a_core_is_left_to_the_notebook(monkeypatch: pytest.MonkeyPatch, cores: int, threads: int) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert local.default_threads() == threads


SMOLLM2 = weights.find("smollm2")
real_model = pytest.mark.skipif(
    (SMOLLM2 is None or importlib.util.find_spec("xllamacpp") is None) and not os.environ.get("CI"),
    reason="needs the extra `local` and the weights: python -m mockmate_nb model smollm2",
)


@pytest.fixture
def smollm2() -> Path:
    assert SMOLLM2 is not None
    return SMOLLM2.path


async def idle(client: httpx2.AsyncClient) -> bool:
    """Whether the model soon stops. Asked more than once a second, it would never look at its lines."""
    for _ in range(5):
        await asyncio.sleep(1.5)
        slots = (await client.get(str(client.base_url).removesuffix("/v1/") + "/slots")).json()
        if not any(slot["is_processing"] for slot in slots):
            return True
    return False


@real_model
async def test_a_real_model_streams_and_stops_when_the_line_is_closed(smollm2: Path) -> None:
    server = await LocalServer.start(smollm2)
    ask = {"messages": [{"role": "user", "content": "Count from 1 to 1000."}], "stream": True}
    ask |= {"temperature": 0, "ignore_eos": True}
    try:
        assert httpx2.post(f"{server.base_url}/chat/completions", json=ask).status_code == 401
        async with httpx2.AsyncClient(
            base_url=server.base_url,
            headers={"Authorization": f"Bearer {server.api_key}"},
            limits=httpx2.Limits(max_keepalive_connections=0),
            timeout=60,
        ) as client:
            text, last = "", {}
            async with client.stream("POST", "/chat/completions", json=ask | {"max_tokens": 6}) as reply:
                async for line in reply.aiter_lines():
                    if line.startswith("data: {"):
                        last = json.loads(line.removeprefix("data: "))
                        text += last["choices"][0]["delta"].get("content") or ""
            assert text.strip()
            assert last["choices"][0]["finish_reason"] == "length"
            assert last["model"] == server.model

            async with client.stream("POST", "/chat/completions", json=ask | {"max_tokens": 3000}) as reply:
                async for line in reply.aiter_lines():
                    if line.startswith("data: "):
                        break
            assert await idle(client), "closed between two tokens"

            ask["messages"] = [{"role": "user", "content": "Many words of a long prompt. " * 1000}]
            async with client.stream("POST", "/chat/completions", json=ask) as reply:
                assert await anext(reply.aiter_lines()) == ":", "a sign of life before the first token"
            assert await idle(client), "closed before the first token"
    finally:
        await server.stop()


@real_model
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_real_model_that_is_killed_is_started_again(smollm2: Path, how: signal.Signals) -> None:
    first = asyncio.run(shared(smollm2))
    os.kill(first._child.pid, how)
    assert soon(lambda: not first.alive)
    assert asyncio.run(shared(smollm2)).alive


@real_model
def test_a_real_model_ends_with_its_killed_owner(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with Owner(smollm2, "time.sleep(60)") as owner:
        child = owner.child()
        owner.process.kill()
        assert soon(lambda: gone(child))
