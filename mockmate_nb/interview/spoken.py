"""Of a reply only what is said aloud: a model's thinking before it, and blanks at its beginning, are left out."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class Spoken:
    """Deltas in, what is said aloud out. A beginning that may yet become `<think>` is held back.

    `begun`: the text goes on where another reply broke off. Its thinking is left out too; its blanks are kept.
    `patient`: so many characters are waited for, in case thinking that the prompt has opened is closed there.
    """

    def __init__(self, *, begun: bool = False, patient: int = 0) -> None:
        self._goes_on, self._patient = begun, patient
        self._begun = self._thought = False
        self._held = ""

    def feed(self, delta: str) -> str:
        """What of `delta`, and of what was held back, is said now."""
        if self._begun:
            return delta
        self._held += delta
        text = self._held.lstrip()
        if OPEN.startswith(text[: len(OPEN)]):
            before, closed, after = text.partition(CLOSE)
            if closed:
                return self._past(after)
            if len(before) > len(OPEN):  # its end is all that is waited for
                self._held = OPEN + before[-len(CLOSE) :]
            return ""
        _, closed, after = text[: self._patient].partition(CLOSE)
        if closed:
            return self._past(after + text[self._patient :])
        return "" if len(text) < self._patient else self._begin()

    def again(self) -> None:
        """The reply was cut, and another goes on from there: it may think first, as the one before it did."""
        if self._begun:
            self._goes_on, self._begun, self._thought, self._patient = True, False, False, 0

    def close(self) -> str:
        """What is still held back at the end and is no thinking."""
        if self._held.lstrip().startswith(OPEN):
            self._held = ""
        return "" if self._begun else self._begin()

    def _past(self, after: str) -> str:
        self._held, self._thought, self._patient = "", True, 0
        return self.feed(after)

    def _begin(self) -> str:
        """The first words; the blanks after thinking are those of its layout, and become one."""
        text = self._held.lstrip()
        blanks = self._held[: len(self._held) - len(text)]
        self._held, self._begun = "", True
        return (blanks[:1] and " " if self._thought else blanks) * self._goes_on + text
