"""Why a document is not read, before it has words: a kind that `data/document_faults.toml` spells out."""

from __future__ import annotations


class Unreadable(Exception):  # noqa: N818 - it is the document that is so
    """`kind` names the row of the table, `facts` fill the blanks in it. `documents` turns it into a `CallerError`."""

    def __init__(self, kind: str, **facts: object) -> None:
        super().__init__(kind)
        self.kind = kind
        self.facts = facts
