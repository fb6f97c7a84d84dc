"""What both kinds of report share: who answered, and their JSON read back; what is none is refused in words."""

from __future__ import annotations

from typing import Literal, TypeVar

import jiter
from pydantic import TypeAdapter, ValidationError

from mockmate_nb.errors import CallerError
from mockmate_nb.llm.client import LLM

T = TypeVar("T")
VERSION = 1
Source = Literal["model", "practice", "recording"]
"""Whether a model answered, the practice model (no AI, at a set pace or in a recorded rhythm), or a recording."""


def source_of(llm: LLM) -> Source:
    if llm.settings.provider.name == "recording":
        return "recording"
    return "practice" if llm.is_practice else "model"


def read(text: str, adapter: TypeAdapter[T], what: str) -> T:
    """A report out of its JSON. `CallerError` for anything else, one of another version included."""
    try:
        version = jiter.from_json(text.encode()).get("version", VERSION)
    except (ValueError, AttributeError):
        version = VERSION
    if version != VERSION:
        raise CallerError(
            f"This {what} is of version {version}, and only {VERSION} can be read.",
            advice="Read it with the package that wrote it, or measure again.",
        )
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        raise CallerError(
            f"This is no {what}: {where}: {first['msg']}.", advice="Give what its json() wrote."
        ) from None
