"""Provider presets, environment variables, directories. Read and checked once, before anything starts.

A key in the environment alone never sends a résumé anywhere: without a named provider, or
`MOCKMATE_PROVIDER`, the built-in practice model answers.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
from pydantic import SecretStr

from mockmate_nb.errors import CallerError

MAX_RETRY_TIMES = 10
MAX_MAX_TOKENS = 1_000_000
LONGEST_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Provider:
    """`label` is what a screen calls it; `key_env` the variable its key is read from (None: it needs none).

    `label_zh` is its label in Chinese, where it is known only when it is made, as a recording's is.
    """

    name: str
    label: str
    base_url: str | None = None
    key_env: str | None = None
    model: str | None = None
    label_zh: str = ""


PROVIDERS: dict[str, Provider] = {
    p.name: p
    for p in (
        Provider("practice", "practice model (offline, not an AI)", "http://practice.invalid/v1"),
        Provider("local", "local model on this machine (llama.cpp)"),
        Provider("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", "gpt-5-mini"),
        Provider("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "deepseek-chat"),
        Provider("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        Provider("ollama", "Ollama", "http://127.0.0.1:11434/v1", None, "llama3.2"),
        Provider("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1"),
        Provider("vllm", "vLLM", "http://127.0.0.1:8000/v1"),
    )
}
CUSTOM = Provider("custom", "OpenAI-compatible service")
OFFLINE = ("practice", "local", "recording")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a call to a model needs. Prices are US dollars per million tokens; `cost_cap` is US dollars.

    `was_far`: this is a recording of a service on another machine.
    """

    provider: Provider
    base_url: str
    api_key: SecretStr
    model: str
    max_tokens: int = 2000
    retry_times: int = 3
    price_in: float = 0.0
    price_out: float = 0.0
    cost_cap: float | None = None
    was_far: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def leaves_machine(self) -> bool:
        """Whether what is sent goes to another machine."""
        return self.provider.name not in OFFLINE and not is_loopback(self.host)

    @property
    def far(self) -> bool:
        """Whether a service on another machine answers, or once did for a recording: it takes longer prompts."""
        return self.leaves_machine or self.was_far

    @property
    def destination(self) -> str:
        """Where the text goes, for a screen to say before it goes."""
        return f"{self.provider.label} at {self.host}" if self.leaves_machine else self.provider.label


def resolve(
    provider: str | None = None,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    model: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Settings:
    """The settings for a provider's name or a base URL; a `CallerError` names the field, the fault, the remedy."""
    values = os.environ if env is None else env
    if provider is None and base_url is None:
        provider = values.get("MOCKMATE_PROVIDER") or "practice"
    preset = _preset(provider)
    url = (preset.base_url or "") if base_url is None else check_url(base_url)
    settings = Settings(
        provider=preset,
        base_url=url,
        api_key=_key(preset, api_key, values, url),
        model=_model(preset, model or values.get("MOCKMATE_MODEL")),
        max_tokens=_number(values, "MAX_TOKENS", 2000, int, 1, MAX_MAX_TOKENS),
        retry_times=_number(values, "RETRY_TIMES", 3, int, 0, MAX_RETRY_TIMES),
        price_in=_number(values, "MOCKMATE_PRICE_IN", 0.0, float, 0, 1e6),
        price_out=_number(values, "MOCKMATE_PRICE_OUT", 0.0, float, 0, 1e6),
        cost_cap=_number(values, "MOCKMATE_COST_CAP", None, float, 0, 1e9),
    )
    if (
        settings.cost_cap is not None
        and settings.leaves_machine
        and not settings.price_in + settings.price_out
    ):
        raise CallerError(
            "MOCKMATE_COST_CAP: without prices the cap would hold nothing back.",
            field="MOCKMATE_COST_CAP",
            advice="Set MOCKMATE_PRICE_IN and MOCKMATE_PRICE_OUT too (US dollars per million tokens).",
        )
    return settings


def _preset(name: str | None) -> Provider:
    if name is None:
        return CUSTOM
    preset = PROVIDERS.get(str(name).strip().lower())
    if preset is None:
        raise CallerError(
            f"provider: {_shown(str(name))} is not known.",
            field="provider",
            advice=f"Use one of {', '.join(PROVIDERS)}, or give base_url, api_key and model.",
        )
    return preset


def _shown(text: str) -> str:
    """A wrong value as a message may show it: a key that was put in the wrong place is not repeated."""
    return repr(text) if len(text) <= LONGEST_SHOWN else f"a value of {len(text)} characters"


def check_url(url: str) -> str:
    """`url` without a trailing slash where it is a plain http(s) address with a host; else a `CallerError`."""
    text = str(url).strip()
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not text.isprintable() or " " in text:
        raise CallerError(
            "base_url: this is not an http:// or https:// address with a host.",
            field="base_url",
            advice="Give it as in https://api.example.com/v1.",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise CallerError(
            "base_url: the address holds a user name, a password or what stands after ? or #.",
            field="base_url",
            advice="Give the secret as api_key; it is then kept out of every message.",
        )
    return text.rstrip("/")


def _key(preset: Provider, given: str | None, values: Mapping[str, str], url: str) -> SecretStr:
    key = given or (values.get(preset.key_env, "") if preset.key_env else "")
    if not key.strip() and preset.key_env and is_remote(url):
        raise CallerError(
            f"api_key: {preset.label} needs a key and none was given.",
            field="api_key",
            advice=f"Set the environment variable {preset.key_env}, or choose the practice model.",
        )
    if any(not "!" <= c <= "~" or c in "'\"" for c in key):
        raise CallerError(
            "api_key: the key holds a space, a line end, a quote or a character that no key has.",
            field="api_key",
            advice="Copy it again, without quotes and line ends.",
        )
    return SecretStr(key or "no-key-needed")


def _model(preset: Provider, model: str | None) -> str:
    name = model or preset.model or ("practice" if preset.name == "practice" else "")
    if not name and preset.name != "local":
        raise CallerError(
            f"model: {preset.label} has no default model.",
            field="model",
            advice='Name one, as in LLM(…, model="…"), or set MOCKMATE_MODEL.',
        )
    return name


def _number(values: Mapping[str, str], name: str, default: Any, kind: type, low: float, high: float) -> Any:
    text = values.get(name, "").strip()
    if not text:
        return default
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        raise CallerError(
            f"{name}: {_shown(text)} is not a number from {low:g} to {high:g}.",
            field=name,
            advice=f"Set it so, or unset it (then {default}).",
        )
    return number


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_remote(url: str) -> bool:
    return not is_loopback(urlsplit(url).hostname or "")


_network_allowed = True


def forbid_network() -> None:
    """From here on a request that would leave this machine raises. For test suites; `allow_network` undoes it."""
    global _network_allowed
    _network_allowed = False


def allow_network() -> None:
    global _network_allowed
    _network_allowed = True


def check_network(settings: Settings) -> None:
    """Raise where the network is forbidden and `settings` would leave this machine."""
    if settings.leaves_machine and not _network_allowed:
        raise CallerError(
            f"Real requests are forbidden here; this one would go to {settings.host}.",
            field="base_url",
            advice="Use the practice model, or call mockmate_nb.settings.allow_network().",
        )


def home() -> Path:
    """Where interviews and model weights are kept: `MOCKMATE_HOME`, else the platform's own place."""
    given = os.environ.get("MOCKMATE_HOME")
    return Path(given).expanduser() if given else platformdirs.user_data_path("mockmate_nb", appauthor=False)


def keeps_on_disk() -> bool:
    """Whether interviews, drafts and set-ups are kept on disk; `MOCKMATE_STORE=memory` keeps none of them.

    `CallerError` for another value.
    """
    store = os.environ.get("MOCKMATE_STORE", "").strip().lower()
    if store not in ("", "memory"):
        raise CallerError(
            f"MOCKMATE_STORE: {store[:16]!r} is not known.",
            field="MOCKMATE_STORE",
            advice='Set it to "memory" to keep nothing on disk, or unset it.',
        )
    return not store
