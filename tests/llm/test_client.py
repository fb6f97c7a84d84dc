"""`LLM` against a real server: what is asked, what each refusal becomes, what must never be seen."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterable, Callable, Mapping
from email.utils import formatdate
from typing import Any

import pytest

from mockmate_nb import settings
from mockmate_nb.errors import CallerError, MockMateError
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.sdk import retry_after
from mockmate_nb.llm.stream import MAX_RETRY_AFTER
from tests.llm.misbehaving import (
    DONE,
    HELLO,
    KEY,
    MakeLLM,
    Reply,
    Request,
    Server,
    chunk,
    closed_port,
    error,
    event,
    stream,
    whole,
)

JSON = {"content-type": "application/json"}
QUOTA = {"message": "You exceeded your quota", "type": "insufficient_quota", "code": "insufficient_quota"}
FILTERED = {"message": "flagged", "code": "content_filter"}
WAYS = ("stream", "complete")


async def joined(deltas: AsyncIterable[str]) -> str:
    return "".join([delta async for delta in deltas])


async def ask(llm: LLM, way: str, **options: Any) -> str:
    if way == "complete":
        return (await llm.complete(HELLO, **options)).text
    return await joined(llm.stream(HELLO, **options))


async def refusal(llm: LLM, way: str = "stream", **options: Any) -> MockMateError:
    with pytest.raises(MockMateError) as caught:
        await ask(llm, way, **options)
    return caught.value


# status, the error object, kind, whether a later try makes sense, requests made with RETRY_TIMES=2
REFUSALS: list[tuple[int, Any, str, bool, int]] = [
    (400, {"message": "bad temperature"}, "bad_request", False, 1),
    (400, FILTERED, "content_filter", False, 1),
    (401, {"message": "no such key"}, "auth", False, 1),
    (402, {"message": "Insufficient Balance"}, "rate_limit", False, 1),
    (403, {"message": "not for you"}, "auth", False, 1),
    (404, {"message": "no such model"}, "bad_request", False, 1),
    (404, "model 'x' not found", "bad_request", False, 1),
    (408, {"message": "too slow"}, "timeout", True, 3),
    (413, {"message": "too long"}, "bad_request", False, 1),
    (422, {"message": "what?"}, "bad_request", False, 1),
    (429, {"message": "slow down"}, "rate_limit", True, 3),
    (429, QUOTA, "rate_limit", False, 1),
    (500, {"message": "oops"}, "server", True, 3),
    (503, None, "server", True, 3),
    (529, {"message": "overloaded", "code": 429}, "server", True, 3),
]


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("status", "value", "kind", "retryable", "asked"), REFUSALS)
async def test_a_refusal_has_its_kind_and_is_asked_again_only_where_that_helps(
    server: Server, llm: MakeLLM, way: str, status: int, value: Any, kind: str, retryable: bool, asked: int
) -> None:
    server.replies = [error(status, value)] * 9
    fault = await refusal(llm(RETRY_TIMES=2), way)
    assert (fault.kind, fault.retryable, len(server.requests)) == (kind, retryable, asked)
    assert str(status) in fault.message
    assert fault.advice
    assert fault.partial == ""
    words = value if isinstance(value, str) else (value or {}).get("message", "no reason given")
    assert words in fault.message


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_passing_fault_is_got_over(server: Server, llm: MakeLLM, way: str, status: int) -> None:
    good = stream("all ", "well") if way == "stream" else Reply([whole("all well")], 200, JSON, "length")
    server.replies = [error(status, {"message": "once"}), good]
    assert await ask(llm(), way) == "all well"


@pytest.mark.parametrize("headers", [{"retry-after": "1"}, {"retry-after-ms": "400", "retry-after": "30"}])
async def test_retry_after_is_kept_to(server: Server, llm: MakeLLM, headers: dict[str, str]) -> None:
    server.replies = [error(429, {"message": "slow down"}, **headers), stream("now")]
    assert await ask(llm(), "stream") == "now"
    first, second = server.requests
    assert second.at - first.at >= retry_after(headers)


async def test_a_wait_longer_than_a_user_has_is_said_and_not_waited(server: Server, llm: MakeLLM) -> None:
    server.replies = [error(429, {"message": "slow down"}, **{"retry-after": "3600"})]
    fault = await refusal(llm())
    assert len(server.requests) == 1
    assert fault.retryable
    assert "3600 s" in fault.advice


async def test_stop_while_waiting_to_ask_again(server: Server, llm: MakeLLM) -> None:
    server.replies = [error(429, {"message": "slow down"}, **{"retry-after": f"{MAX_RETRY_AFTER:.0f}"})]
    reply = llm().stream(HELLO)
    async with reply:
        while not server.requests:
            await asyncio.sleep(0.01)
        await reply.stop()
    assert [delta async for delta in reply] == []
    assert reply.finish_reason == "stopped"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({}, 0, 0),
        ({"retry-after": "2"}, 2, 2),
        ({"retry-after": "0.5"}, 0.5, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5, 1.5),
        ({"retry-after": "-3"}, 0, 0),
        ({"retry-after": "nan"}, 0, 0),
        ({"retry-after": "soon"}, 0, 0),
        ({"retry-after": ""}, 0, 0),
        ({"retry-after": formatdate(time.time() + 1000, usegmt=True)}, 1, 1000),
        ({"retry-after": formatdate(time.time() - 1000, usegmt=True)}, 0, 0),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], low: float, high: float) -> None:
    assert low <= retry_after(headers) <= high


@pytest.mark.usefixtures("no_pause")
async def test_nobody_listens() -> None:
    port = closed_port()
    fault = await refusal(LLM(base_url=f"http://127.0.0.1:{port}/v1", model="m"))
    assert (fault.kind, fault.retryable) == ("connection", True)
    assert "OpenAI-compatible service" in fault.message


@pytest.mark.parametrize("way", WAYS)
async def test_no_first_byte_is_a_time_out_and_is_not_asked_again(
    server: Server, llm: MakeLLM, way: str
) -> None:
    server.replies = [Reply(silent=True)] * 2
    fault = await refusal(llm(), way, timeout=0.1)
    assert (fault.kind, fault.retryable) == ("timeout", True)
    assert len(server.requests) == 1
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


async def test_a_redirect_is_not_followed(server: Server, llm: MakeLLM) -> None:
    async with Server(stream("elsewhere")) as other:
        server.replies = [Reply([], 307, {"location": other.url + "/chat/completions"}, "length")]
        fault = await refusal(llm())
    assert fault.kind == "bad_request"
    assert "redirect" in fault.message
    assert not other.requests


def test_a_remote_host_is_forbidden_here() -> None:
    remote = LLM(base_url="https://models.example/v1", model="m")
    with pytest.raises(CallerError, match=r"forbidden.*models\.example"):
        remote.stream(HELLO)


# Where a service, or a page in between, may repeat the key that it was sent.
ECHOES: dict[str, Reply] = {
    "refused": error(401, {"message": f"Incorrect API key provided: {KEY}"}),
    "refused in words": Reply([f"bad key {KEY}".encode()], 401, {}, "length"),
    "refused on a page": Reply([f"<p>{KEY}</p>".encode()], 403, {"content-type": "text/html"}, "length"),
    "refused as a type": error(400, {"message": KEY, "type": KEY, "code": KEY}),
    "a page": Reply([f"<html>{KEY}</html>".encode()]),
    "words": Reply([f"Your key {KEY} is not welcome".encode()]),
    "an error that is no refusal": Reply([event({"error": {"message": KEY, "code": 401}})[6:]], headers=JSON),
    "an error in mid-stream": Reply([chunk("a"), event({"error": {"message": KEY, "code": 400}})]),
    "a broken chunk": Reply([chunk("a"), f"data: {{{KEY}\n\n".encode()]),
    "a chunk of another kind": Reply([chunk("a"), event({"key": KEY})]),
}


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("reply", ECHOES.values(), ids=ECHOES)
async def test_the_key_is_never_seen(
    server: Server, llm: MakeLLM, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx2", "httpcore2", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    server.replies = [reply]
    model = llm()
    fault = await refusal(model)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    shown = [
        *traceback.format_exception(fault),
        repr(fault),
        str(fault),
        fault.raw,
        fault.advice,
        repr(model),
    ]
    shown += [repr(model.settings), str(model.settings)]
    link: BaseException | None = fault
    while link is not None:
        shown += [repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    shown += [record.getMessage() for record in caplog.records]
    assert any(record.name == "openai._base_client" for record in caplog.records)
    assert not [text for text in shown if KEY in text]


async def test_only_what_a_service_needs_is_sent_to_it(
    server: Server, llm: MakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: gate-secret\nAuthorization: Bearer other-secret")
    server.replies = [stream("ok")] * 2
    await ask(llm(), "stream")
    await ask(LLM("openai", base_url=server.url, api_key=KEY), "stream")
    plain, openai = (request.headers for request in server.requests)
    assert "secret" not in str({name: value for name, value in plain.items() if value != f"Bearer {KEY}"})
    assert not [
        name for name in plain if name.startswith("x-stainless") and name != "x-stainless-raw-response"
    ]
    assert openai["openai-organization"] == "org-secret"
    assert plain["authorization"] == openai["authorization"] == f"Bearer {KEY}"


async def test_a_proxy_gets_nothing_that_stays_on_this_machine(
    server: Server, llm: MakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    server.replies = [stream("ok")]
    assert await ask(llm(), "stream") == "ok"


async def test_an_unusable_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks9://127.0.0.1")
    monkeypatch.setattr(settings, "_network_allowed", True)
    fault = await refusal(LLM(base_url="https://models.example/v1", model="m"))
    assert isinstance(fault, CallerError)
    assert "HTTPS_PROXY" in fault.advice


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("cap", "asked", "sent"), [(2000, None, 2000), (50, None, 50), (50, 20, 20), (50, 900, 50)]
)
async def test_the_limit_in_tokens(
    server: Server, llm: MakeLLM, way: str, cap: int, asked: int | None, sent: int
) -> None:
    server.replies = [stream("ok")]
    await ask(llm(MAX_TOKENS=cap), way, max_tokens=asked, temperature=0.5)
    body = server.requests[0].body
    assert (body["max_tokens"], body["temperature"], body["stream"]) == (sent, 0.5, way == "stream")


async def test_openai_calls_its_limit_by_another_name(server: Server) -> None:
    server.replies = [stream("ok")]
    await ask(LLM("openai", base_url=server.url, api_key=KEY), "stream", max_tokens=7)
    assert server.requests[0].body["max_completion_tokens"] == 7
    assert "max_tokens" not in server.requests[0].body


def cost(**env: object) -> Mapping[str, object]:
    return {"MOCKMATE_PRICE_IN": 1e6, "MOCKMATE_PRICE_OUT": 1e6, **env}  # a dollar a token


async def test_the_cost_cap_counts_calls_that_are_over(server: Server, llm: MakeLLM) -> None:
    usage = {"prompt_tokens": 2, "completion_tokens": 5}
    server.replies = [Reply([chunk("ok", "stop"), event({"choices": [], "usage": usage}), DONE])] * 3
    model = llm(**cost(MOCKMATE_COST_CAP=20, MAX_TOKENS=10))
    await ask(model, "stream")
    assert model.spent == 7
    await ask(model, "complete")
    assert model.spent == 14
    fault = await refusal(model)
    assert (fault.field, fault.retryable) == ("MOCKMATE_COST_CAP", False)
    assert len(server.requests) == 2


async def test_the_cost_cap_counts_calls_under_way(server: Server, llm: MakeLLM) -> None:
    go = asyncio.Event()
    server.answer = lambda _: Reply([chunk("ok"), go, chunk(finish="stop"), DONE])
    model = llm(**cost(MOCKMATE_COST_CAP=20, MAX_TOKENS=10))
    async with model.stream(HELLO) as first:
        assert await anext(first.batches()) == ["ok"]
        assert (await refusal(model)).field == "MOCKMATE_COST_CAP"
        go.set()
        assert await joined(first) == ""
    assert 0 < model.spent < 10
    go.set()
    assert await ask(model, "stream") == "ok"


async def test_the_token_cap_needs_no_prices(server: Server, llm: MakeLLM) -> None:
    server.answer = lambda _: Reply([chunk("ok"), chunk(finish="stop"), DONE])
    model = llm(MAX_TOKENS=10, token_cap=20)
    assert await ask(model, "stream") == "ok"
    assert 2 <= model.tokens <= 10
    fault = await refusal(llm(MAX_TOKENS=30, token_cap=20))
    assert (fault.field, fault.retryable) == ("token_cap", False)
    with pytest.raises(CallerError, match="no call at all"):
        llm(token_cap=0)


@pytest.mark.usefixtures("no_pause")
async def test_a_call_that_nobody_took_costs_nothing(server: Server, llm: MakeLLM) -> None:
    server.replies = [error(503, None)] * 9
    model = llm(**cost(MOCKMATE_COST_CAP=100, MAX_TOKENS=10))
    await refusal(model)
    assert model.spent == 0
    assert model._ledger._held == (0, 0)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("max_tokens", lambda llm: llm.stream(HELLO, max_tokens=0)),
        ("timeout", lambda llm: llm.stream(HELLO, timeout=0)),
        ("timeout", lambda llm: llm.stream(HELLO, timeout=float("nan"))),
        ("temperature", lambda llm: llm.stream(HELLO, temperature=-1)),
        ("temperature", lambda llm: llm.stream(HELLO, temperature=2.1)),
        ("messages", lambda llm: llm.stream("Hello?")),
        ("messages", lambda llm: llm.stream([])),
        ("messages", lambda llm: llm.stream(["Hello?"])),
        ("pace", lambda _: LLM(pace=-1)),
        ("pace", lambda _: LLM(pace=float("inf"))),
    ],
)
def test_what_cannot_be_asked(field: str, call: Callable[[LLM], object]) -> None:
    with pytest.raises(CallerError) as caught:
        call(LLM())
    assert caught.value.field == field


@pytest.mark.parametrize("way", WAYS)
async def test_no_connection_is_kept(server: Server, llm: MakeLLM, way: str) -> None:
    server.replies = [Reply([chunk("ok", "stop")])]  # read to its end, so that it could be kept
    model = llm()
    await ask(model, way)
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)
    await model.aclose()


async def test_two_streams_at_once(server: Server, llm: MakeLLM) -> None:
    turn = [asyncio.Event(), asyncio.Event()]

    def answer(request: Request) -> Reply:
        name = request.body["messages"][0]["content"]
        mine, other = turn if name == "a" else turn[::-1]
        other.set()
        return Reply([chunk(name), mine, chunk(name.upper(), "stop"), DONE])

    server.answer = answer
    model = llm()
    streams = [model.stream([{"role": "user", "content": name}]) for name in "ab"]
    assert await asyncio.gather(*map(joined, streams)) == ["aA", "bB"]


def test_one_llm_on_several_loops_and_threads() -> None:
    model = LLM(pace=0)
    texts: list[str] = []

    def one() -> None:
        for _ in range(2):
            texts.append(asyncio.run(ask(model, "stream", max_tokens=30)))
            texts.append(asyncio.run(ask(model, "complete", max_tokens=30)))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 16
    assert len(set(texts)) == 1
    assert not model._doors, "what belonged to a loop goes with it"


async def test_a_closed_llm_can_be_asked_again(server: Server, llm: MakeLLM) -> None:
    server.replies = [stream("one"), stream("two")]
    async with llm() as model:
        assert await ask(model, "stream") == "one"
    assert await ask(model, "stream") == "two"
    await model.aclose()
    await model.aclose()


OFF_THE_LOOP = """
import asyncio, sys, threading
from mockmate_nb.llm.client import LLM, warm_up
where = set()
def hook(event, args):
    if event == "import" and args[0].partition(".")[0] == "openai":
        where.add(threading.current_thread() is threading.main_thread())
assert "openai" not in sys.modules
sys.addaudithook(hook)
if {warm}:
    warm_up()
text = asyncio.run(LLM(pace=0).complete([{{"role": "user", "content": "hi"}}])).text
assert text and "openai" in sys.modules
sys.exit(0 if where == {{False}} else f"imported on {{where}}")
"""


@pytest.mark.parametrize("warm", [False, True])
def test_the_sdk_is_loaded_off_the_loop(warm: bool) -> None:
    code = OFF_THE_LOOP.format(warm=warm)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
