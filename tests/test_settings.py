"""Settings are checked once, before anything starts: each fault names its field and its remedy, and no secret."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from mockmate_nb import settings
from mockmate_nb.errors import CallerError, Kind
from mockmate_nb.settings import PROVIDERS, check_network, check_url, home, is_loopback, resolve

KEY = "sk-proj-N0tARealKey-but-secret-all-the-same"
REMOTE = {"base_url": "https://api.example.com/v1", "model": "m"}
LOCAL = {"base_url": "http://127.0.0.1:8000/v1", "model": "m"}

# arguments, environment, the field at fault, a word of the remedy
FAULTS: dict[str, tuple[dict[str, Any], dict[str, str], str, str]] = {
    "unknown provider": ({"provider": "opneai"}, {}, "provider", "openai"),
    "no provider": ({"provider": ""}, {}, "provider", "openai"),
    "a key for a provider": ({"provider": KEY}, {}, "provider", "api_key"),
    "unknown provider set": ({}, {"MOCKMATE_PROVIDER": "gpt"}, "provider", "practice"),
    "a key set as provider": ({}, {"MOCKMATE_PROVIDER": KEY}, "provider", "practice"),
    "missing key": ({"provider": "openai"}, {}, "api_key", "OPENAI_API_KEY"),
    "another provider's key": (
        {"provider": "openai"},
        {"DEEPSEEK_API_KEY": KEY},
        "api_key",
        "OPENAI_API_KEY",
    ),
    "blank key": ({"provider": "deepseek"}, {"DEEPSEEK_API_KEY": "  "}, "api_key", "DEEPSEEK_API_KEY"),
    "key with a line end": ({**REMOTE, "api_key": KEY + "\n"}, {}, "api_key", "line ends"),
    "set key with a line end": (
        {"provider": "openai"},
        {"OPENAI_API_KEY": KEY + "\r\n"},
        "api_key",
        "line ends",
    ),
    "key on two lines": ({**REMOTE, "api_key": KEY[:9] + "\n" + KEY[9:]}, {}, "api_key", "line ends"),
    "key with a space": ({**REMOTE, "api_key": " " + KEY}, {}, "api_key", "Copy"),
    "key in quotes": ({**REMOTE, "api_key": f'"{KEY}"'}, {}, "api_key", "quotes"),
    "key with a letter no key has": ({**REMOTE, "api_key": KEY + "é"}, {}, "api_key", "Copy"),
    "key with a NUL": ({**REMOTE, "api_key": KEY + "\0"}, {}, "api_key", "Copy"),
    "no model": ({"base_url": REMOTE["base_url"]}, {}, "model", "MOCKMATE_MODEL"),
    "no default model": ({"provider": "openrouter", "api_key": KEY}, {}, "model", "MOCKMATE_MODEL"),
    "cap without prices": ({**REMOTE}, {"MOCKMATE_COST_CAP": "1"}, "MOCKMATE_COST_CAP", "MOCKMATE_PRICE_IN"),
    **{
        f"base_url {url!r}": ({"base_url": url, "model": "m", "api_key": KEY}, {}, "base_url", "https://")
        for url in [
            *(
                "",
                " ",
                "api.example.com/v1",
                "localhost:8000",
                "ftp://example.com",
                "file:///etc/passwd",
                "https://",
            ),
            *("http:///v1", "http://:80", "http://[::1", "http://a:b", "http://a:99999", "http://a:0", KEY),
            *("http://a b/v1", "http://a/\nv1", "http://a/\x00", "javascript:alert(1)", "//a/v1"),
        ]
    },
    **{
        f"base_url with a secret {n}": ({"base_url": url, "model": "m"}, {}, "base_url", "api_key")
        for n, url in enumerate(
            [
                f"https://me:{KEY}@a/v1",
                f"https://{KEY}@a/v1",
                f"https://a/v1?key={KEY}",
                f"https://a/v1#{KEY}",
            ]
        )
    },
    **{
        f"{name}={value}": ({}, {name: value}, name, "unset")
        for name, values in {
            "MAX_TOKENS": ("0", "-1", "1.5", "many", "nan", "1e3", "1000001", KEY),
            "RETRY_TIMES": ("-1", "11", "two", "inf", "0.5"),
            "MOCKMATE_PRICE_IN": ("-1", "nan", "inf", "free"),
            "MOCKMATE_PRICE_OUT": ("-0.1", "1e9"),
            "MOCKMATE_COST_CAP": ("-1", "nan", "inf", "$5"),
        }.items()
        for value in values
    },
}


@pytest.mark.parametrize(("arguments", "env", "field", "remedy"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_used(arguments: dict[str, Any], env: dict[str, str], field: str, remedy: str) -> None:
    with pytest.raises(CallerError) as caught:
        resolve(**arguments, env=env)
    fault = caught.value
    assert (fault.field, fault.kind, fault.retryable) == (field, Kind.BAD_REQUEST, False)
    assert fault.message.startswith(f"{field}: ")
    assert remedy in fault.advice
    shown = [str(fault), repr(fault), *traceback.format_exception_only(fault)]
    assert not [text for text in shown if KEY in text or KEY[9:] in text]


# arguments, environment, what comes of it
SOUND: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, Any]]] = {
    "nothing": (
        {},
        {},
        {"destination": PROVIDERS["practice"].label, "leaves_machine": False, "model": "practice"},
    ),
    "only a key": ({}, {"OPENAI_API_KEY": KEY}, {"leaves_machine": False, "model": "practice"}),
    "a provider that is set": (
        {},
        {"MOCKMATE_PROVIDER": "openai", "OPENAI_API_KEY": KEY},
        {"leaves_machine": True, "destination": "OpenAI at api.openai.com", "model": "gpt-5-mini"},
    ),
    "an argument goes before": (
        {"provider": "practice"},
        {"MOCKMATE_PROVIDER": "openai"},
        {"leaves_machine": False},
    ),
    "case and blanks": ({"provider": " Ollama "}, {}, {"host": "127.0.0.1", "leaves_machine": False}),
    "a set model": ({"provider": "ollama"}, {"MOCKMATE_MODEL": "qwen3"}, {"model": "qwen3"}),
    "a named model goes before": (
        {"provider": "ollama", "model": "a"},
        {"MOCKMATE_MODEL": "b"},
        {"model": "a"},
    ),
    "local": ({"provider": "local"}, {}, {"leaves_machine": False, "model": ""}),
    "a URL": ({**REMOTE}, {}, {"base_url": "https://api.example.com/v1", "leaves_machine": True}),
    "a slash at its end": (
        {**REMOTE, "base_url": " https://a.example/v1/ "},
        {},
        {"base_url": "https://a.example/v1"},
    ),
    "a URL on this machine": (
        {**LOCAL},
        {},
        {"leaves_machine": False, "destination": "OpenAI-compatible service"},
    ),
    "another URL for a provider": (
        {"provider": "openai", "base_url": "http://localhost:1/v1"},
        {},
        {"leaves_machine": False, "model": "gpt-5-mini"},
    ),
    "numbers": (
        {**REMOTE},
        {"MAX_TOKENS": " 100 ", "RETRY_TIMES": "0", "MOCKMATE_PRICE_IN": "0.5", "MOCKMATE_COST_CAP": "2"},
        {"max_tokens": 100, "retry_times": 0, "price_in": 0.5, "price_out": 0.0, "cost_cap": 2.0},
    ),
    "blank numbers": ({}, {"MAX_TOKENS": "", "RETRY_TIMES": " "}, {"max_tokens": 2000, "retry_times": 3}),
    "a cap that nothing can pass": ({}, {"MOCKMATE_COST_CAP": "1"}, {"cost_cap": 1.0}),
}


@pytest.mark.parametrize(("arguments", "env", "expected"), SOUND.values(), ids=SOUND)
def test_what_can_be_used(arguments: dict[str, Any], env: dict[str, str], expected: dict[str, Any]) -> None:
    found = resolve(**arguments, env=env)
    assert {name: getattr(found, name) for name in expected} == expected
    assert KEY not in repr(found) + str(found)


def test_the_key_is_the_given_one_else_the_providers_own() -> None:
    env = {"OPENAI_API_KEY": "from-openai", "DEEPSEEK_API_KEY": "from-deepseek"}
    keys = [
        resolve("deepseek", env=env),
        resolve("deepseek", api_key="given", env=env),
        resolve(**REMOTE, env=env),
    ]
    assert [one.api_key.get_secret_value() for one in keys] == ["from-deepseek", "given", "no-key-needed"]


@pytest.mark.parametrize(
    ("host", "stays"),
    [
        *[(host, True) for host in ("localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1")],
        *[(host, False) for host in ("", "example.com", "10.0.0.1", "0.0.0.0", "localhost.example.com")],
        *[(host, False) for host in ("127.0.0.1.example.com", "127.1", "notlocalhost", "::2")],
    ],
)
def test_what_stays_on_this_machine(host: str, stays: bool) -> None:
    assert is_loopback(host) == stays


def test_the_switch_forbids_what_would_leave_this_machine() -> None:
    remote, local = resolve(**REMOTE, env={}), resolve(**LOCAL, env={})
    settings.allow_network()
    try:
        check_network(remote)
        settings.forbid_network()
        check_network(local)
        with pytest.raises(CallerError, match=r"api\.example\.com") as caught:
            check_network(remote)
    finally:
        settings.forbid_network()
    assert caught.value.field == "base_url"
    assert "allow_network" in caught.value.advice


def test_every_preset_is_sound() -> None:
    for name, preset in PROVIDERS.items():
        assert name == preset.name
        assert preset.label
        found = resolve(name, api_key=KEY, model="m", env={})
        assert found.provider is preset
        assert found.leaves_machine == (preset.key_env is not None), (
            "where text leaves the machine a key is needed"
        )
        if preset.base_url:
            assert check_url(preset.base_url) == preset.base_url


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.setenv("MOCKMATE_HOME", "~/mock")
    assert home() == Path.home() / "mock"
    monkeypatch.delenv("MOCKMATE_HOME")
    assert home().name == "mockmate_nb"
