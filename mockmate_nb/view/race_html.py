"""What stands around a race as markup: where the prompt goes, the figures, the verdict. Text in, markup out."""

from __future__ import annotations

from html import escape

from mockmate_nb.interview.question import Language
from mockmate_nb.lab.run import Run
from mockmate_nb.llm.chunks import prompt_tokens
from mockmate_nb.llm.client import LLM
from mockmate_nb.llm.stream import Message
from mockmate_nb.units import as_ratio, as_time
from mockmate_nb.view.lines import note
from mockmate_nb.view.race_words import say
from mockmate_nb.view.words import destination

PLAYS = ("practice", "recording")
"""Providers that compute nothing."""
RACE, TEN_PAIRS = 2, 2 * (10 + 1)
"""Requests: of a race, and of ten pairs with the pair before them that does not count."""


def on_this_machine(llm: LLM) -> bool:
    """Whether a model that really computes does so here."""
    return llm.settings.provider.name not in PLAYS and not llm.settings.leaves_machine


def where(llm: LLM, messages: list[Message], max_tokens: int, language: Language) -> str:
    """Where the prompt goes and how much that is, before it goes; and whether the lanes run at once."""
    place = destination(llm.settings, language)
    if llm.settings.provider.name not in PLAYS:
        place = say(language, "model_at", model=llm.settings.model, where=place)
    if llm.settings.leaves_machine:
        sent = prompt_tokens(messages)
        facts = {
            "where": place,
            "tokens": RACE * (sent + max_tokens),
            "more": TEN_PAIRS * (sent + max_tokens),
        }
        price = llm.estimate(sent, max_tokens)
        costs = {
            name: say(language, "cost", cost=count * price) if price else ""
            for name, count in (("cost", RACE), ("more_cost", TEN_PAIRS))
        }
        lines = [say(language, "sends", **facts, **costs)]
    else:
        lines = [say(language, "stays", where=place)]
    if llm.settings.provider.name in PLAYS:
        lines.append(say(language, "set" if llm.is_practice and llm.profile is None else "played"))
    lines.append(say(language, "in_turn" if on_this_machine(llm) else "together"))
    return note(say(language, "space").join(lines))


def verdict(text: str, language: Language, figures: str = "") -> str:
    """The verdict, which a screen reader says, and the figures of one race below it, if they are its ground."""
    little = f"<p><strong>{escape(say(language, 'one_pair'))}</strong></p>" if figures else ""
    return (
        f"<h4>{escape(say(language, 'verdict'))}</h4>"
        f'<p role="status" class="mockmate-verdict">{escape(text)}</p>{figures}{little}'
    )


def figures(stream: Run, batch: Run, language: Language) -> str:
    """The two runs side by side."""
    rows = (
        ("first_text", stream.first_content, batch.first_content),
        ("whole_reply", stream.e2e, batch.e2e),
    )
    body = [
        [
            say(language, name),
            as_time(left, language),
            as_time(right, language),
            as_ratio(right / left, language),
        ]
        for name, left, right in rows
    ]
    body.append([say(language, "tokens"), f"{stream.tokens:,}", f"{batch.tokens:,}", ""])
    head = [say(language, name) for name in ("measured", "stream", "batch", "ratio")]
    shown = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(_row(name, *cells) for name, *cells in body)
    return f"<table><thead><tr>{shown}</tr></thead><tbody>{lines}</tbody></table>"


def _row(name: str, *cells: str) -> str:
    return (
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
    )
