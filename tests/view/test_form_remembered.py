"""The last set-up on this machine's disk: found again, never a key, and nothing where nothing is to be kept."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb import LLM
from mockmate_nb.view import remembered
from mockmate_nb.view.form import SetupForm
from mockmate_nb.view.model_choice import holds_secret
from mockmate_nb.view.remembered import Remembered

MINE = Remembered(
    language="zh",
    resume="我的简历",
    job="Senior Engineer",
    format="technical",
    level="junior",
    style="friendly",
    count=5,
    mode="live",
    minutes=25,
    own_questions="Why us?",
    provider="custom",
    model="m",
    address="http://203.0.113.7:9/v1",
    token_cap=5000,
    agreed=("custom http://203.0.113.7:9",),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def file(home: Path) -> Path:
    return home / "setup.json"


def test_what_was_kept_is_found_again_whole(home: Path) -> None:
    assert remembered.remember(MINE)
    assert remembered.recall() == MINE
    assert stat.S_IMODE(file(home).stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["setup.json"], "no scratch file stays"


def test_the_next_takes_the_place_of_the_one_before() -> None:
    assert remembered.remember(MINE)
    assert remembered.remember(replace(MINE, count=1))
    assert remembered.recall() == replace(MINE, count=1)


def test_what_was_forgotten_is_gone(home: Path) -> None:
    remembered.remember(MINE)
    assert remembered.forget()
    assert not file(home).exists()
    assert remembered.recall() is None
    assert remembered.forget(), "twice does no harm"


def broken(**changes: Any) -> bytes:
    kept = {"version": 1, **{name: getattr(MINE, name) for name in MINE.__dataclass_fields__}}
    return json.dumps({**kept, **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"version": 1}',
        broken(version=2),
        broken(more=1),
        broken(language="fr"),
        broken(level=[]),
        broken(resume=None),
        broken(count="3"),
        broken(count=True),
        broken(count=0),
        broken(minutes=10**9),
        broken(agreed="all"),
        broken(agreed=[1]),
        broken(resume="x" * 2**22),
    ],
    ids=lambda content: content[:20].decode("latin-1") + str(len(content)),
)
def test_a_damaged_or_newer_file_is_left_alone(home: Path, content: bytes) -> None:
    home.mkdir()
    file(home).write_bytes(content)
    assert remembered.recall() is None
    assert SetupForm(None, "en").count.value == 3
    assert file(home).read_bytes() == content


def test_what_is_no_file_is_not_read(home: Path) -> None:
    file(home).mkdir(parents=True)
    assert remembered.recall() is None
    assert not remembered.remember(MINE)
    file(home).rmdir()
    (home / "elsewhere.json").write_bytes(broken())
    file(home).symlink_to(home / "elsewhere.json")
    assert remembered.recall() is None


def test_a_home_that_is_a_file_is_no_fault(home: Path) -> None:
    home.write_text("")
    assert not remembered.remember(MINE)
    assert remembered.recall() is None


@pytest.mark.parametrize("store", ["memory", " Memory "])
def test_with_memory_nothing_is_kept_or_read(home: Path, monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    remembered.remember(MINE)
    monkeypatch.setenv("MOCKMATE_STORE", store)
    assert remembered.recall() is None
    assert not remembered.remember(replace(MINE, count=1))
    form = SetupForm(None)
    form.start.click()
    assert form.memory.layout.display == form.forget.layout.display == "none"
    assert json.loads(file(home).read_bytes())["count"] == MINE.count


def test_a_returning_person_finds_the_form_as_it_was_left() -> None:
    remembered.remember(MINE)
    form = SetupForm(None)
    setup = form.setup()
    assert (form.spoken, setup.resume_summary, setup.job_description) == ("zh", MINE.resume, MINE.job)
    assert (setup.interview_format, setup.level, setup.interviewer_style) == (
        "technical",
        "junior",
        "friendly",
    )
    assert (setup.question_count, setup.mode, setup.minutes) == (5, "live", 25)
    assert setup.own_questions == ("Why us?",)
    llm = form.llm()
    assert (llm.settings.base_url, llm.model, llm._ledger._token_cap) == (MINE.address, "m", 5000)
    assert form.agree.value, "this destination was agreed to"
    form.start.click()
    assert remembered.recall() == MINE, "what comes out is what went in"


def test_what_is_given_wins() -> None:
    remembered.remember(MINE)
    form = SetupForm(None, "en", resume="another", job="another job")
    assert (form.spoken, form.resume.value, form.job.value) == ("en", "another", "another job")
    assert form.count.value == MINE.count


def test_what_was_left_as_suggested_goes_on_following(home: Path) -> None:
    form = SetupForm(None, "en")
    form.resume.value, form.job.value = "Python", "# Senior Engineer"
    form.start.click()
    kept = json.loads(file(home).read_bytes())
    assert (kept["level"], kept["minutes"], kept["token_cap"]) == ("", 0, 0)
    again = SetupForm(None, "en", job="# Junior Engineer")
    assert again.setup().level == "junior"


def test_a_form_whose_model_is_given_neither_keeps_nor_reads(home: Path) -> None:
    form = SetupForm(LLM("practice"), "en")
    form.start.click()
    assert not file(home).exists()
    remembered.remember(MINE)
    assert SetupForm(LLM("practice")).resume.value == ""


def test_no_key_is_ever_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-proj-abcdefghijklmnop"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setenv("MOCKMATE_API_KEY", key)
    form = SetupForm(None, "en")
    form.provider.value = "custom"
    form._model.model.value = key
    form._model.address.value = f"https://me:{key}@example.com/v1"
    form.start.click()
    assert key not in file(home).read_text()


@pytest.mark.parametrize("field", ["model", "address"])
@pytest.mark.parametrize("around", ["Bearer {}", "OPENAI_API_KEY={}", "'{}'", "https://example.com/v1/{}"])
def test_no_key_is_kept_however_it_is_written(home: Path, around: str, field: str) -> None:
    key = "sk-abcdefghijklmnopqrstuvwx"
    form = SetupForm(None, "en")
    form.provider.value = "custom"
    getattr(form._model, field).value = around.format(key)
    form.start.click()
    assert key not in file(home).read_text()


@pytest.mark.parametrize(
    ("agreed", "address", "yes"),
    [
        ("custom https://203.0.113.7:443", "https://203.0.113.7/v1", True),
        ("custom https://203.0.113.7:443", "https://203.0.113.7:443/other", True),
        ("custom https://203.0.113.7:443", "http://203.0.113.7/v1", False),
        ("custom https://203.0.113.7:443", "http://203.0.113.7:443/v1", False),
        ("custom https://203.0.113.7:443", "https://203.0.113.7:8443/v1", False),
        ("custom http://203.0.113.7:80", "http://203.0.113.7/v1", True),
        ("custom https://example.com:443", "https://EXAMPLE.com/v1", True),
        ("custom https://[2001:db8::1]:443", "https://[2001:db8::1]/v1", True),
        ("openai https://203.0.113.7:443", "https://203.0.113.7/v1", False),
        ("custom 203.0.113.7", "https://203.0.113.7/v1", False),
    ],
)
def test_consent_is_for_one_scheme_host_and_port(agreed: str, address: str, yes: bool) -> None:
    remembered.remember(replace(MINE, agreed=(agreed,), address=address))
    form = SetupForm(None, "en")
    assert form.agree.layout.display == ""
    assert form.agree.value is yes


def test_a_service_that_is_not_known_any_more_leaves_the_default() -> None:
    remembered.remember(replace(MINE, provider="gone"))
    assert SetupForm(None, "en").provider.value == "practice"


def test_forgetting_takes_back_consent_and_keeps_nothing_from_then_on(home: Path) -> None:
    remembered.remember(MINE)
    form = SetupForm(None, "en")
    assert form.forget.layout.display == ""
    form.forget.click()
    assert not file(home).exists()
    assert not form.agree.value
    assert "Forgotten" in form.memory.value
    form.start.click()
    assert not file(home).exists()
    assert form.resume.value == MINE.resume, "what stands in the boxes is the person's"


def test_a_file_that_cannot_be_removed_is_said(home: Path) -> None:
    remembered.remember(MINE)
    form = SetupForm(None, "en")
    file(home).unlink()
    file(home).mkdir()
    form.forget.click()
    assert str(file(home)) in form.memory.value


def test_there_is_nothing_to_forget_before_the_first_start() -> None:
    form = SetupForm(None, "en")
    assert form.forget.layout.display == "none"
    form.start.click()
    assert form.forget.layout.display == ""


SECRETS = [
    "Bearer sk-abcdefghijklmnopqrstuvwx",
    "Bearer abcdefgh12",
    "OPENAI_API_KEY=sk-abcdefghijklmnopqrstuvwx",
    "export MY_TOKEN='abc'",
    "x-api-key: abc",
    '"sk-abcdefghijklmnopqrstuvwx"',
    "“sk-proj-abc_def-ghijklmnop”",
    "0123456789abcdef0123456789abcdef.AbCdEfGhIjKlMnOp",
    "pplx-0123456789abcdef0123456789abcdef",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "nvapi-abcdefghij-klmnopqrstuv_wxyz0123456789",
    "gsk_abcdefghijklmnopqrstuvwxyz",
    "hf_abcdefghijklmnopqrstuvwxyz",
    "AIzaSyA-1234567890abcdefghijklmnopqrstu",
    "xai-abcdefghijklmnopqrstuvwxyz",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "gpt-5-mini sk-abcdefghijklmnopqrstuvwx",
    "https://sk-abcdefghijklmnopqrstuvwx@example.com/v1",
    "https://example.com/v1/sk-abcdefghijklmnopqrstuvwx",
    "https://example.com/sk%2Dabcdefghijklmnopqrstuvwx/v1",
    "https://example.com/v1?api_key=x",
    "example.com/v1?api_key=x",
    "me:hidden@example.com/v1",
]
NAMES = [
    "gpt-5-mini",
    "meta-llama/Llama-3.1-8B-Instruct",
    "qwen2.5-coder:1.5b",
    "hf.co/unsloth/DeepSeek-R1-Distill-Qwen-32B-GGUF:Q4_K_M",
    "xai-org/grok-2",
    "pplx-70b-online",
    "accounts/fireworks/models/llama-v3p1-405b-instruct",
    "anthropic.claude-3-5-sonnet-20241022-v2:0",
    "risk-assessment-model-large",
    "http://[2001:db8::1]:8000/v1",
    "http://localhost:11434/v1",
    "https://generativelanguage.googleapis.com/v1beta/openai",
    "https://my-resource.openai.azure.com/openai/deployments/gpt-4o",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_may_be_a_key_is_seen(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize("text", NAMES)
def test_names_and_addresses_are_no_keys(text: str) -> None:
    assert not holds_secret(text)
