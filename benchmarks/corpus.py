"""One text for every row of the view's figures: prose about interviews and streams, with code and tables.

Made from a seed, to any length, always the same. It holds no character that HTML or a terminal reads as its
own, so a way that shows Markdown and a way that shows plain text can be given the very same text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

SECTION = 4_096
"""Characters from one heading to the next: prose, then a fenced block of Python and a table."""

_WHO = (
    "A patient interviewer",
    "The candidate",
    "A second reader",
    "The person who asks",
    "A careful listener",
)
_DOES = (
    "waits for the end of the sentence",
    "asks for one figure",
    "wants the decision before its result",
    "notes the trade-off in a few words",
    "comes back to the part that was left out",
    "reads the first words while the rest is still on its way",
)
_WHY = (
    "because an example says more than a claim",
    "since a silence of two seconds is part of the answer",
    "so that both know what is still open",
    "because the first word tells how long the rest will take",
    "as nobody remembers a list of ten tools",
    "so that the next question can build on it",
)
_STREAMS = (
    "A stream that is cut in the middle keeps what it has shown and goes on from there",
    "Text that grows in place is easier to follow than text that jumps",
    "Each piece carries the place where it belongs, so a lost one is noticed at once",
    "Sending the whole answer again with every token costs its length squared",
    "The end is sent without delay, together with the length that must have arrived",
    "A click on the stop button is worth more than a faster model",
)
_AND = (
    "In practice",
    "On a bad line",
    "Half-way through",
    "After a reload",
    "At the end of the hour",
    "Without a key",
)
_STEPS = ("connect", "retry", "measure", "resume", "commit", "deliver")
_WORDS = re.compile(r"[^A-Za-z0-9]+")
_FENCE = re.compile(r"^```\w*$", re.MULTILINE)


def _sentence(dice: random.Random) -> str:
    if dice.random() < 0.5:
        return f"{dice.choice(_WHO)} {dice.choice(_DOES)}, {dice.choice(_WHY)}."
    return f"{dice.choice(_AND)} this holds too: {dice.choice(_STREAMS).lower()}."


def _paragraph(dice: random.Random) -> str:
    first = f"**{dice.choice(_STREAMS)}.**" if dice.random() < 0.3 else f"{dice.choice(_STREAMS)}."
    if dice.random() < 0.2:
        return "\n".join(f"- {_sentence(dice)}" for _ in range(3))
    return " ".join([first, *(_sentence(dice) for _ in range(dice.randint(2, 4)))])


def _code(dice: random.Random, number: int) -> str:
    step, wait = dice.choice(_STEPS), dice.randint(2, 9)
    return (
        "```python\n"
        f"def {step}{number}(chunks, wait={wait}):\n"
        f'    """Show each chunk, then wait {wait} ms for the next."""\n'
        "    shown = []\n"
        "    for chunk in chunks:\n"
        "        shown.append(chunk)\n"
        f"    return len(shown) * {wait}\n"
        "```"
    )


def _table(dice: random.Random) -> str:
    rows = [f"| {step} | {dice.randint(1, 400)} ms | {dice.randint(1, 30)} |" for step in _STEPS]
    return "\n".join(["| step | time | times |", "| --- | --- | --- |", *rows])


def _sections(seed: int) -> Iterator[str]:
    dice, number = random.Random(seed), 0
    while True:
        number += 1
        parts = [f"## Part {number}: {dice.choice(_STEPS)}"]
        ending = [_code(dice, number), _table(dice)]
        room = SECTION - sum(len(part) + 2 for part in parts + ending)
        while room > 0:
            parts.append(_paragraph(dice))
            room -= len(parts[-1]) + 2
        yield "\n\n".join([*parts, *ending]) + "\n\n"


def corpus(length: int, mark: str, seed: int = 7) -> str:
    """`length` characters of the text for this seed; its last line is `mark`, by which its end is known.

    `mark` must hold no Markdown and be shorter than `length`.
    """
    end = f"\n\n{mark}"
    written, made = [], 0
    for section in _sections(seed):
        written.append(section)
        made += len(section)
        if made >= length:
            break
    kept = "".join(written)[: length - len(end)]
    if kept.count("```") % 2:  # a mark inside a block of code would be code
        kept = kept[: kept.rindex("```")].ljust(len(kept), ".")
    return kept + end


def chunks(text: str, size: int = 5) -> list[str]:
    """The text in pieces of `size` characters."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def letters(text: str, *, rendered: bool) -> str:
    """Its letters and digits alone: the same for Markdown and for what it looks like.

    `rendered`: leave out what Markdown does not show, the language of a fenced block.
    """
    return _WORDS.sub("", _FENCE.sub("", text) if rendered else text)
