"""The picture says what the table says, all of it and nothing else."""

from __future__ import annotations

import re

from mockmate_nb.interview.diagram import MIME, Diagram
from mockmate_nb.interview.machine import TRANSITIONS, State


def test_every_arrow_is_in_the_table_and_every_row_is_an_arrow_or_a_note() -> None:
    text = Diagram().text
    drawn = {
        (source, name.strip(), target)
        for source, target, names in re.findall(r"^  (\w+) --> (\w+): (.*)$", text, re.MULTILINE)
        for name in names.split(",")
    }
    rows = {(at.value, name, to.value) for (at, name), targets in TRANSITIONS.items() for to in targets}
    assert drawn <= rows
    assert {name for _, name, _ in rows - drawn} == {"rate"}
    assert all(source == target for source, _, target in rows - drawn)
    assert len(re.findall(r"note right of \w+: rate stays", text)) == 1


def test_another_table_is_another_picture() -> None:
    table = {(State.READY, "ask"): (State.ASKING,)}
    assert Diagram(table).text.splitlines()[-1] == "  ready --> asking: ask"
    assert Diagram()._repr_mimebundle_() == {MIME: Diagram().text, "text/plain": Diagram().text}
    assert repr(Diagram(table)) == Diagram(table).text
