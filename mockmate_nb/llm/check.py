"""Whether a model can be reached: one short request, and a plain finding. No text of a person goes with it.

The findings are a closed set, so that a screen can say each in its reader's language. Services tell a wrong model
from a wrong address in no common way (OpenAI: 404 `model_not_found`; DeepSeek and OpenRouter: 400; Ollama: 404
with a sentence), so a refusal's own words decide between the two.
"""

from __future__ import annotations

import asyncio
import copy
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from mockmate_nb.errors import CallerError, Kind, MockMateError
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.weights import HOW_TO_FETCH

TIMEOUT = 20.0
QUESTION = [{"role": "user", "content": "Say yes."}]
NO_KEY = "no-key-needed"  # what is sent where there is none
MAX_SAID = 300


class Finding(StrEnum):
    """What a check comes to."""

    OK = "ok"
    NO_KEY = "no_key"
    BAD_KEY = "bad_key"
    WRONG_KEY = "wrong_key"
    NO_MODEL = "no_model"
    MODEL_UNNAMED = "model_unnamed"
    NO_ADDRESS = "no_address"
    UNREACHABLE = "unreachable"
    NOT_COMPATIBLE = "not_compatible"
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    NO_CREDIT = "no_credit"
    NOT_FETCHED = "not_fetched"
    NOT_INSTALLED = "not_installed"
    SERVER = "server"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Checked:
    """`seconds` to the first token, 0 where nothing came; `said` and `advice`: the fault's own words, in English."""

    kind: Finding
    seconds: float = 0.0
    said: str = ""
    advice: str = ""

    @property
    def ok(self) -> bool:
        return self.kind is Finding.OK


async def check(llm: LLM, *, within: float = TIMEOUT) -> Checked:
    """Ask the model for one token and wait at most `within` seconds. Raises nothing but its own cancelling.

    A recording is not asked: it answers nothing but what was asked then.
    """
    if llm.settings.provider.name == "recording":
        return Checked(Finding.OK)
    probe = copy.copy(llm)
    probe.settings = replace(llm.settings, retry_times=0)  # a person waits: say the first fault at once
    stream = probe.stream(QUESTION, max_tokens=1, timeout=within)
    try:
        async with asyncio.timeout(within), stream:
            async for _ in stream:
                break
    except TimeoutError:
        return Checked(Finding.TIMEOUT)
    except MockMateError as fault:
        found = refused(fault)
        if found.kind is Finding.WRONG_KEY and llm.settings.api_key.get_secret_value() == NO_KEY:
            return replace(found, kind=Finding.NO_KEY)
        return found if found.kind is not Finding.OK else _answered(stream.timing.end)
    return _answered(stream.timing.first_content or stream.timing.first_byte)


def _answered(seconds: float | None) -> Checked:
    return Checked(Finding.OK, seconds or 0.0)


def refused(fault: MockMateError) -> Checked:
    """What a fault comes to, in a request or before it, when the `LLM` was made."""
    kind = _of_caller(fault) if isinstance(fault, CallerError) else _of_service(fault)
    return Checked(kind, said=fault.message[:MAX_SAID], advice=fault.advice)


def _of_caller(fault: CallerError) -> Finding:
    """A fault of what was chosen, told by the field at fault."""
    match fault.field:
        case "api_key":
            return Finding.NO_KEY if "none was given" in fault.message else Finding.BAD_KEY
        case "model" if fault.advice == HOW_TO_FETCH:
            return Finding.NOT_FETCHED
        case "model":
            return Finding.MODEL_UNNAMED if "no default" in fault.message else Finding.NO_MODEL
        case "provider" if "pip install" in fault.advice:
            return Finding.NOT_INSTALLED
        case "base_url" if "this is not" in fault.message or "the address holds" in fault.message:
            return Finding.NO_ADDRESS
    return Finding.OTHER


_PLAIN = {
    Kind.AUTH: Finding.WRONG_KEY,
    Kind.TIMEOUT: Finding.TIMEOUT,
    Kind.CONNECTION: Finding.UNREACHABLE,
    Kind.SERVER: Finding.SERVER,
    Kind.UNREADABLE: Finding.NOT_COMPATIBLE,
}
_NAMES_MODEL = re.compile(r"\bmodels?\b|模型", re.IGNORECASE)
_NO_SUCH_PAGE = re.compile(r"\((?:3\d\d|404|405|410)\):|a web page")
_ROOM_FOR_ONE = re.compile(r"max_(?:completion_)?tokens|output limit", re.IGNORECASE)


def _of_service(fault: MockMateError) -> Finding:
    """A fault of the service, told by its kind and, for a refused request, by its words."""
    if fault.kind is Kind.RATE_LIMIT:
        return Finding.RATE_LIMIT if fault.retryable else Finding.NO_CREDIT
    if fault.kind is not Kind.BAD_REQUEST:
        return _PLAIN.get(fault.kind, Finding.OTHER)
    if _ROOM_FOR_ONE.search(fault.message):
        return Finding.OK  # a model that thinks first: it was reached, and one token was not enough
    if _NAMES_MODEL.search(fault.message):
        return Finding.NO_MODEL
    return Finding.NOT_COMPATIBLE if _NO_SUCH_PAGE.search(fault.message) else Finding.OTHER
