"""Which model is to speak: its service, its name, its address, where the text would go, what it may cost.

A key has no field: what is typed into a widget is in the notebook's state. It is read from an environment variable,
and what looks like a key is taken out of the fields that there are.
"""

from __future__ import annotations

import os
import re
import unicodedata
from typing import Any
from urllib.parse import unquote, urlsplit

import ipywidgets as w

from mockmate_nb.errors import CallerError
from mockmate_nb.interview.bank import Language
from mockmate_nb.llm.check import refused
from mockmate_nb.llm.client import LLM
from mockmate_nb.settings import CUSTOM, PROVIDERS, Provider, Settings, is_loopback
from mockmate_nb.view.connection import ConnectionTest, Tried, found_words
from mockmate_nb.view.followed import Followed, relabel
from mockmate_nb.view.form_words import say
from mockmate_nb.view.lines import alarm, code, note
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.words import PROVIDERS_ZH, destination, provider_label, word

CUSTOM_KEY = "MOCKMATE_API_KEY"  # not OPENAI_API_KEY: that one is for OpenAI alone
EXAMPLE = "https://api.example.com/v1"
LEAST_CAP, MOST_CAP = 1_000, 10**9
PORTS = {"http": 80, "https": 443}
_KEY = re.compile(
    r"""
      (?<![A-Za-z0-9])(?:
        sk-[\w-]{12,} | (?:nvapi|glpat)-[\w-]{18,}
      | (?:pk[-_]|(?:csk|xai|pplx)-|(?:gsk|hf|r8|gh[a-z]|github_pat)_)\w{18,}
      | AIza[\w-]{20,} | (?:AKIA|ASIA)[A-Z0-9]{16} | eyJ[\w-]{8,}\.[\w-]{8,} | [A-Za-z0-9]{32,}
      )
    | (?i:\b(?:bearer|basic)\s+\S{8}) | (?i:(?:key|token|secret|password|passwd|authorization)["']?\s*=\s*\S)
    | (?i:(?:api[-_\s]?key|authorization)["']?\s*:\s*["']?\w) | ://[^/\s]*@ | :[^/@\s]+@
    """,
    re.VERBOSE,
)


class ModelChoice:
    """The fields, each a widget; `speak` gives them their names. `given`: a model that is not to be chosen."""

    def __init__(self, given: LLM | None, language: Language) -> None:
        self.given = given
        self.agreed: set[str] = set()
        """Destinations, as `provider scheme://host:port`, to which the person has agreed that texts are sent."""
        self._language = language
        self._tokens = (0, 0)
        self._where = ""
        self.provider, self.agree = w.Dropdown(), w.Checkbox(value=False, indent=False)
        self.model, self.address = (w.Text(continuous_update=False) for _ in range(2))
        self.address.placeholder = EXAMPLE
        self.cap = w.BoundedIntText(value=LEAST_CAP, min=LEAST_CAP, max=MOST_CAP)
        self.asked_cap = Followed(self.cap)
        self.destination, self.key = w.HTML(), w.HTML()
        self.connection = ConnectionTest(self.make, self._tried, language, ours=given is None)
        self.speak(language)
        self.agree.observe(lambda _: self._decided(), "value")
        for field in (self.provider, self.model, self.address, self.cap):
            field.observe(lambda change: from_cell(self._changed, change["owner"]), "value")

    def speak(self, language: Language) -> None:
        self._language = language
        for name in ("provider", "model", "address", "cap", "agree"):
            getattr(self, name).description = say(language, name)
        relabel(self.provider, self._providers())
        self.connection.speak(language)
        self.tell()

    def make(self) -> LLM:
        """The chosen model; `CallerError` for what cannot be used."""
        if self.given is not None:
            return self.given
        cap = None if self.provider.value == "practice" else self.cap.value
        model = self.model.value.strip() or None
        if self.provider.value != CUSTOM.name:
            return LLM(self.provider.value, model=model if self._named else None, token_cap=cap)
        key = os.environ.get(CUSTOM_KEY) or None
        return LLM(base_url=self.address.value, api_key=key, model=model, token_cap=cap)

    def allowed(self) -> LLM:
        """`make`; `CallerError` where the text would leave this machine without a yes too."""
        llm = self.make()
        if llm.settings.leaves_machine and _where(llm.settings) not in self.agreed:
            where = destination(llm.settings, self._language)
            raise CallerError(say(self._language, "must_agree", where=where), field="consent")
        return llm

    def weigh(self, sent: int, written: int) -> None:
        """The whole interview is estimated at so many tokens; a cap that nobody has chosen is twice as high."""
        self._tokens = (sent, written)
        self.asked_cap.suggest(max(LEAST_CAP, 2 * (sent + written)))
        self.tell()

    def tell(self) -> None:
        """Say where the text would go, and what it might cost, before it goes."""
        self._show_what_counts()
        self._where = ""
        try:
            llm = self.make()
        except CallerError as fault:
            self.destination.value = alarm(found_words(refused(fault), self._tried(), self._language))
        else:
            settings, away = llm.settings, llm.settings.leaves_machine
            where = destination(settings, self._language)
            lines = [say(self._language, "sends" if away else "stays", where=where)]
            if away:
                self._where = _where(settings)
                lines.append(self._cost(llm))
            self.destination.value = note(word(self._language, "space").join(lines))
        self.agree.value = self._where in self.agreed
        self.agree.layout.display = "" if self._where else "none"

    @property
    def usable(self) -> bool:
        try:
            self.make()
        except CallerError:
            return False
        return True

    @property
    def _preset(self) -> Provider:
        if self.given is not None:
            return self.given.settings.provider
        return PROVIDERS.get(self.provider.value, CUSTOM)

    @property
    def _named(self) -> bool:
        return self.given is None and self.provider.value != "practice"

    @property
    def _variable(self) -> str:
        return self._preset.key_env or CUSTOM_KEY

    def _providers(self) -> list[tuple[str, str]]:
        if self.given is not None:
            settings = self.given.settings
            return [(provider_label(settings, self._language), settings.provider.name)]
        labels = PROVIDERS_ZH if self._language == "zh" else {}
        first = os.environ.get("MOCKMATE_PROVIDER", "practice")
        known = sorted((*PROVIDERS.values(), CUSTOM), key=lambda provider: provider.name != first)
        return [(labels.get(p.name, p.label), p.name) for p in known]

    def _show_what_counts(self) -> None:
        name, free = self.provider.value, self.given is None
        wants_key = bool(self._preset.key_env) or name == CUSTOM.name
        shown = {
            self.model: self._named,
            self.address: free and name == CUSTOM.name,
            self.cap: self._named,
            self.key: free and wants_key,
            self.connection: self._preset.name != "practice",
        }
        for part, seen in shown.items():
            part.layout.display = "" if seen else "none"
        local = say(self._language, "model_local")
        self.model.placeholder = local if name == "local" else self._preset.model or ""
        if wants_key:
            self.key.value = self._about_key()

    def _about_key(self) -> str:
        variable = self._variable
        if os.environ.get(variable, "").strip():
            return note(say(self._language, "key_set", variable=variable))
        name = "key_unset" if self._preset.key_env else "key_optional"
        told = say(self._language, name, variable=variable), say(self._language, "key_how")
        return note(word(self._language, "space").join(told)) + code(
            f'import os, getpass; os.environ["{variable}"] = getpass.getpass()'
        )

    def _tried(self) -> Tried:
        preset = self._preset
        if self.given is not None:
            address, model = self.given.settings.base_url, self.given.model
        else:
            address = preset.base_url or self.address.value.strip()
            model = self.model.value.strip() or os.environ.get("MOCKMATE_MODEL") or preset.model or ""
        host = _host(address)
        label = PROVIDERS_ZH.get(preset.name, preset.label) if self._language == "zh" else preset.label
        return Tried(preset.name, label, model, address, host, self._variable, is_loopback(host))

    def _cost(self, llm: LLM) -> str:
        sent, written = self._tokens
        cost, cap = llm.estimate(sent, written), llm.settings.cost_cap
        if not cost:
            return say(self._language, "tokens", tokens=sent + written)
        shown = f"${cap:g}" if cap is not None else say(self._language, "no_cap")
        return say(self._language, "cost", tokens=sent + written, cost=cost, cap=shown)

    def _decided(self) -> None:
        if self._where:
            (self.agreed.add if self.agree.value else self.agreed.discard)(self._where)

    def _changed(self, field: Any) -> None:
        taken = field in (self.model, self.address) and holds_secret(field.value)
        if taken:
            field.value = ""
        if field is not self.cap:
            self.connection.drop()
        self.tell()
        if taken:
            self.key.layout.display = ""
            self.key.value = alarm(say(self._language, "looks_like_key", variable=self._variable))


def holds_secret(text: str) -> bool:
    """Whether a model's name or an address holds what may be a key, wherever in it and however it is quoted."""
    plain = unquote(unicodedata.normalize("NFKC", text.strip()))
    if _KEY.search(plain):
        return True
    try:
        parts = urlsplit(plain)
    except ValueError:
        return False
    return bool(parts.netloc and (parts.username or parts.password or parts.query or parts.fragment))


def _where(settings: Settings) -> str:
    """A destination: the provider, and scheme, host and port of its address."""
    parts = urlsplit(settings.base_url)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{settings.provider.name} {parts.scheme}://{host}:{parts.port or PORTS[parts.scheme]}"


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address
