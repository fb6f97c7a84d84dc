"""Lines beside a field: what is to be known, what goes on, what went wrong. Text in, markup out."""

from __future__ import annotations

import html


def note(text: str) -> str:
    """Something to know, which stands there from the beginning."""
    return f'<p class="mockmate-note">{html.escape(text)}</p>' if text else ""


def status(text: str) -> str:
    """Something that has just come about; a screen reader says it when it is at leisure."""
    return f'<p class="mockmate-note" role="status">{html.escape(text)}</p>'


def code(line: str) -> str:
    """A line to be copied."""
    return f"<pre><code>{html.escape(line)}</code></pre>"


def alarm(text: str) -> str:
    """Something that went wrong, and what to do; a screen reader says it at once."""
    return f'<p class="mockmate-error" role="alert">{html.escape(text)}</p>'
