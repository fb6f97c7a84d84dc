"""A radar of scores as it stands on a page, with its values in words."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from mockmate_nb.interview.bank import Language

LEAST_SPOKES = 3  # of a radar


def picture(
    scores: Mapping[str, float | None],
    language: Language,
    *,
    before: Mapping[str, float | None] | None = None,
    caption: str = "",
) -> str:
    """A radar of the scores; nothing where it would have too few spokes."""
    if len(scores) < LEAST_SPOKES:
        return ""
    from mockmate_nb.plots import in_words, radar, svg  # it loads matplotlib

    drawn = svg(radar(scores, before=before), in_words(scores, language, before=before))
    return f'<figure class="mockmate-radar">{drawn}<figcaption>{escape(caption)}</figcaption></figure>'
