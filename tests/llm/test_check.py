"""The connection test: each thing that can be wrong has its own finding, and nobody waits for it in vain."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from mockmate_nb.errors import CallerError, Kind, MockMateError, ProviderError
from mockmate_nb.llm.check import Checked, Finding, check, refused
from mockmate_nb.llm.client import LLM
from tests.llm.misbehaving import (
    DONE,
    FOREVER,
    KEY,
    MakeLLM,
    Reply,
    Server,
    chunk,
    closed_port,
    error,
    event,
    stream,
    whole,
)

HTML = {"content-type": "text/html"}
JSON = {"content-type": "application/json"}
PAGE = b"<!DOCTYPE html><html><body>Welcome to nginx!</body></html>"
QUOTA = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
OPENAI_MODEL = {
    "message": "The model `m` does not exist or you do not have access to it.",
    "code": "model_not_found",
}
REASONS = {"message": "Could not finish the message because max_tokens or model output limit was reached."}

REPLIES: dict[str, tuple[Reply, str]] = {
    "a token": (stream("yes"), "ok"),
    "no stream, but a reply": (Reply([whole("yes")], headers=JSON, framing="length"), "ok"),
    "nothing but thinking": (Reply([chunk(), chunk(finish="length"), DONE]), "ok"),
    "one token is not enough": (error(400, REASONS), "ok"),
    "a wrong key": (error(401, {"message": "Incorrect API key provided"}), "wrong_key"),
    "a key without rights": (error(403, {"message": "not for you"}), "wrong_key"),
    "no such model, as OpenAI says it": (error(404, OPENAI_MODEL), "no_model"),
    "no such model, as Ollama says it": (error(404, {"message": 'model "m" not found'}), "no_model"),
    "no such model, as DeepSeek says it": (error(400, {"message": "Model Not Exist"}), "no_model"),
    "no such model, as OpenRouter says it": (
        error(400, {"message": "m is not a valid model ID"}),
        "no_model",
    ),
    "no such page": (Reply([b'{"detail":"Not Found"}'], 404, JSON, "length"), "not_compatible"),
    "no such page, in HTML": (Reply([PAGE], 404, HTML, "length"), "not_compatible"),
    "a web page": (Reply([PAGE], headers=HTML, framing="length"), "not_compatible"),
    "another JSON": (Reply([b'{"hello": "world"}'], headers=JSON, framing="length"), "not_compatible"),
    "another address": (Reply([b""], 301, {"location": "/elsewhere"}, "length"), "not_compatible"),
    "too many requests": (error(429, {"message": "slow down"}, **{"retry-after": "30"}), "rate_limit"),
    "no quota": (error(429, QUOTA), "no_credit"),
    "no balance": (error(402, {"message": "Insufficient Balance"}), "no_credit"),
    "a fault of its own": (error(500, {"message": "oops"}), "server"),
    "overloaded in mid-stream": (Reply([event({"error": {"message": "overloaded", "code": 503}})]), "server"),
    "cut before its first byte": (Reply(cut=0, by="rst"), "unreachable"),
    "a refused parameter": (error(422, {"message": "stream_options: what is that?"}), "other"),
}


@pytest.mark.parametrize("name", REPLIES)
async def test_each_reply_has_its_finding(server: Server, llm: MakeLLM, name: str) -> None:
    reply, finding = REPLIES[name]
    server.replies = [reply]
    found = await check(llm())
    assert found.kind.value == finding
    assert found.ok is (finding == "ok")
    assert len(server.requests) == 1, "a person waits: nothing is tried twice"
    assert KEY not in repr(found)


async def test_it_asks_for_one_token_and_sends_no_text_of_a_person(server: Server, llm: MakeLLM) -> None:
    server.replies = [stream("yes", "no")]
    assert (await check(llm())).seconds > 0
    body = server.requests[0].body
    assert body["max_tokens"] == 1
    assert len(json.dumps(body)) < 300


@pytest.mark.parametrize(
    "reply", [Reply(silent=True), Reply([chunk(), FOREVER]), Reply([b": keep-alive\n\n", FOREVER])]
)
async def test_silence_is_a_time_out(server: Server, llm: MakeLLM, reply: Reply) -> None:
    server.replies = [reply]
    asked = llm()
    await asked._client()  # loading the SDK may take longer than the wait
    assert (await check(asked, within=0.5)).kind is Finding.TIMEOUT
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


async def test_a_first_token_is_enough(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply([chunk("yes"), FOREVER])]
    began = time.monotonic()
    assert (await check(llm(), within=600)).ok
    assert time.monotonic() - began < 300
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


async def test_where_nobody_listens() -> None:
    found = await check(LLM(base_url=f"http://127.0.0.1:{closed_port()}/v1", model="m"))
    assert found.kind is Finding.UNREACHABLE


async def test_a_service_that_wants_a_key_and_got_none(server: Server) -> None:
    server.replies = [error(401, {"message": "no key"})]
    assert (await check(LLM(base_url=server.url, model="m"))).kind is Finding.NO_KEY


async def test_the_practice_model_answers_at_once() -> None:
    assert (await check(LLM("practice", pace=0))).ok


async def test_the_model_itself_stays_as_it_was(server: Server, llm: MakeLLM) -> None:
    server.replies = [stream("yes")]
    asked = llm(RETRY_TIMES=2)
    await check(asked)
    assert asked.settings.retry_times == 2


async def test_it_can_be_cancelled(server: Server, llm: MakeLLM) -> None:
    server.replies = [Reply(silent=True)]
    running = asyncio.create_task(check(llm()))
    while not server.requests:
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)


# How an LLM is made, what is in the environment, and what that comes to
MAKINGS: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({"provider": "openai"}, {}, "no_key"),
    ({"provider": "openai"}, {"OPENAI_API_KEY": "'sk-quoted'"}, "bad_key"),
    ({"provider": "vllm"}, {}, "model_unnamed"),
    ({"provider": "local"}, {}, "not_fetched"),
    ({"provider": "local", "model": "gpt-5"}, {}, "no_model"),
    ({"base_url": "", "model": "m"}, {}, "no_address"),
    ({"base_url": "ftp://x", "model": "m"}, {}, "no_address"),
    ({"base_url": "https://me:hidden@x/v1", "model": "m"}, {}, "no_address"),
    ({"provider": "practice"}, {"MAX_TOKENS": "many"}, "other"),
]


@pytest.mark.parametrize(("how", "env", "finding"), MAKINGS)
def test_what_is_wrong_before_anything_is_sent(
    how: dict[str, str], env: dict[str, str], finding: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path))
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CallerError) as caught:
        LLM(**how)  # type: ignore[arg-type]  # a table of keyword arguments
    found = refused(caught.value)
    assert found.kind.value == finding
    assert "hidden" not in repr(found)
    if found.kind is Finding.NOT_FETCHED:
        assert "python -m mockmate_nb model" in found.advice


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        (
            CallerError("no xllamacpp", field="provider", advice='Run: pip install "mockmate-nb[local]"'),
            "not_installed",
        ),
        (ProviderError("did not start", kind=Kind.SERVER), "server"),
        (ProviderError("filtered", kind=Kind.CONTENT_FILTER), "other"),
    ],
)
def test_faults_that_need_more_than_a_server(fault: MockMateError, finding: str) -> None:
    assert refused(fault).kind.value == finding


def test_every_finding_but_good_news_is_met_above() -> None:
    met = {finding for _, finding in REPLIES.values()} | {finding for _, _, finding in MAKINGS}
    assert met | {"timeout", "not_installed"} == {finding.value for finding in Finding}


def test_a_finding_is_short_however_long_the_service_speaks() -> None:
    assert len(refused(ProviderError("x" * 10_000, kind=Kind.SERVER)).said) <= 300
    assert Checked(Finding.OK, 0.1).ok


async def test_a_recording_is_not_asked_what_it_was_never_asked(tmp_path: Path) -> None:
    path = tmp_path / "lesson.jsonl"
    await LLM(pace=0, record=path).complete([{"role": "user", "content": "Hello?"}])
    assert await check(LLM(replay=path)) == Checked(Finding.OK)
