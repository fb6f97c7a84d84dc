"""A widget's end, with all that was made for it: its children, its layout, its style."""

from __future__ import annotations

from typing import Any


def close_whole(widget: Any) -> None:
    """Close the widget, its children and what they alone use. Nothing of them is shown any more."""
    for child in getattr(widget, "children", ()):
        close_whole(child)
    for part in (getattr(widget, "layout", None), getattr(widget, "style", None)):
        if part is not None:
            part.close()
    widget.close()
