"""The style sheets that a panel brings along."""

from __future__ import annotations

from mockmate_nb.view.esm import STATIC


def sheets(*names: str) -> str:
    """The text of these files in `static`, one after the other, behind the words for a kernel that is gone."""
    return "".join((STATIC / name).read_text("utf-8") for name in ("gone.css", *names))
