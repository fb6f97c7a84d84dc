"""The button that tries the model, without a page: plain words for each finding, and presses that do no harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from mockmate_nb import LLM
from mockmate_nb.interview.bank import LANGUAGES, Language
from mockmate_nb.llm.check import Checked, Finding
from mockmate_nb.view.connection import Tried, found_words
from mockmate_nb.view.form import SetupForm
from tests.llm.misbehaving import FOREVER, Reply, Server, chunk, closed_port, error, stream


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as scripted:
        yield scripted


def aimed(url: str, language: Language = "en") -> SetupForm:
    form = SetupForm(None, language)
    form._model.model.value, form._model.address.value = "m", url
    form.provider.value = "custom"
    return form


async def told(form: SetupForm, words: str) -> None:
    async with asyncio.timeout(10):
        while words not in form._model.connection.line.value:
            await asyncio.sleep(0.01)


async def until(server: Server, count: int) -> None:
    async with asyncio.timeout(10):
        while len(server.requests) < count:
            await asyncio.sleep(0.01)


REPLIES: list[tuple[Reply, str, str]] = [
    (stream("yes"), "It works", "连接正常"),
    (error(401, {"message": "who are you?"}), "MOCKMATE_API_KEY is not set", "MOCKMATE_API_KEY 尚未设定"),
    (error(404, {"message": "no such model"}), "no model named m", "没有名为 m 的模型"),
    (Reply([b"<html>"], headers={}, framing="length"), "often ends in /v1", "常以 /v1 结尾"),
    (error(429, {"message": "slow"}), "Wait a minute", "等一分钟"),
    (error(402, {"message": "broke"}), "no credit", "没有余额"),
    (error(422, {"message": "say <b>what</b>?"}), "&lt;b&gt;what", "&lt;b&gt;what"),
]


@pytest.mark.parametrize(("reply", "english", "chinese"), REPLIES)
async def test_a_press_says_in_both_languages_what_was_found(
    server: Server, reply: Reply, english: str, chinese: str
) -> None:
    server.replies = [reply, reply]
    for language, words in zip(LANGUAGES, (english, chinese), strict=True):
        form = aimed(server.url, language)
        form._model.connection.button.click()
        await told(form, words)


async def test_where_nobody_listens_it_says_what_to_start() -> None:
    form = aimed(f"http://127.0.0.1:{closed_port()}/v1")
    form._model.connection.button.click()
    await told(form, "Nothing answers at http://127.0.0.1")


async def test_what_is_missing_is_said_without_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    form = SetupForm(None, "en")
    form.provider.value = "openai"
    form._model.connection.button.click()
    await told(form, "OPENAI_API_KEY is not set")


async def test_no_text_of_the_person_goes_with_it(server: Server) -> None:
    server.replies = [stream("yes")]
    form = aimed(server.url)
    form.resume.value, form.job.value = "my résumé", "the job"
    form._model.connection.button.click()
    await told(form, "It works")
    assert "résumé" not in str(server.requests[0].body)


async def test_two_presses_are_one_test(server: Server) -> None:
    hold = asyncio.Event()
    server.replies = [Reply([hold, chunk("yes")])]
    form = aimed(server.url)
    form._model.connection.button.click()
    await until(server, 1)
    form._model.connection.button.click()
    hold.set()
    await told(form, "It works")
    assert len(server.requests) == 1


@pytest.mark.parametrize("change", ["provider", "model", "address", "language", "close"])
async def test_a_change_in_mid_test_ends_it_without_a_word(server: Server, change: str) -> None:
    server.replies = [Reply([chunk(), FOREVER])]
    form = aimed(server.url)
    form._model.connection.button.click()
    await until(server, 1)
    match change:
        case "provider":
            form.provider.value = "practice"
        case "model":
            form._model.model.value = "another"
        case "address":
            form._model.address.value = f"http://127.0.0.1:{closed_port()}/v1"
        case "language":
            form.language.value = "zh"
        case _:
            form._model.connection.close()
    await asyncio.wait_for(server.requests[0].gone.wait(), 10)
    assert form._model.connection.line.value == ""


async def test_after_a_change_the_next_press_counts(server: Server) -> None:
    server.replies = [Reply([chunk(), FOREVER]), stream("yes")]
    form = aimed(server.url)
    form._model.connection.button.click()
    await until(server, 1)
    form._model.model.value = "another"
    form._model.connection.button.click()
    await told(form, "It works")
    assert server.requests[1].body["model"] == "another"


async def test_a_model_that_was_given_stays_open(server: Server) -> None:
    server.replies = [stream("yes"), stream("yes")]
    llm = LLM(base_url=server.url, model="m")
    form = SetupForm(llm, "en")
    for _ in range(2):
        form._model.connection.button.click()
        await told(form, "It works")
        form._model.connection.drop()
    assert len(server.requests) == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("finding", Finding)
@pytest.mark.parametrize("name", ["openai", "ollama", "local", "custom"])
def test_every_finding_has_whole_words_for_every_kind_of_service(
    language: Language, finding: Finding, name: str
) -> None:
    here = name in ("ollama", "local")
    tried = Tried(name, "Label", "m-1", "http://x/v1", "x", "THE_VARIABLE", here)
    found = Checked(
        finding, 0.3, "what was said", "Fetch one with: python -m mockmate_nb model (or: make model)"
    )
    words = found_words(found, tried, language)
    assert not set("{}") & set(words)
    assert len(words) > 10
    facts = {
        Finding.NOT_FETCHED: "python -m mockmate_nb model",
        Finding.NO_MODEL: "m-1",
        Finding.OTHER: "what was said",
    }
    assert facts.get(finding, "") in words
