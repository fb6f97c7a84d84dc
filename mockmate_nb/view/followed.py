"""A field that takes what is suggested until its person has chosen."""

from __future__ import annotations

import threading
from typing import Any


class Followed:
    """`field.value` follows `suggest` as long as nobody else has changed it; then `chosen` is true for good.

    What changes while the field is `relabel`ed is nobody's choice either.
    """

    def __init__(self, field: Any) -> None:
        self.field = field
        self.chosen = False
        self._ours: int | None = None
        field.observe(self._seen, "value")

    def suggest(self, value: Any) -> None:
        if not self.chosen:
            self._quietly(lambda: setattr(self.field, "value", value))

    def relabel(self, options: list[tuple[str, str]], default: str) -> None:
        """New names for a dropdown's options; what is selected stays so."""
        self._quietly(lambda: relabel(self.field, options, default))

    def _quietly(self, change: Any) -> None:
        self._ours = threading.get_ident()
        try:
            change()
        finally:
            self._ours = None

    def _seen(self, _: object) -> None:
        if self._ours != threading.get_ident():
            self.chosen = True


def relabel(choice: Any, options: list[tuple[str, str]], default: str | None = None) -> None:
    """New names for a dropdown's options; what is selected stays so."""
    chosen = choice.value or default or options[0][1]
    choice.options = options
    choice.value = chosen
