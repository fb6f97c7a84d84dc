"""The panel's buttons, and which of them have a place in which state."""

from __future__ import annotations

from typing import Literal, get_args

import ipywidgets as w

from mockmate_nb.interview.bank import Language
from mockmate_nb.interview.machine import State
from mockmate_nb.interview.session import Interview
from mockmate_nb.view.words import word

Name = Literal[
    "stop", "resume_turn", "retry", "regenerate", "hint", "model_answer", "skip", "undo", "end", "again"
]
NAMES: tuple[Name, ...] = get_args(Name)
LIKELY: frozenset[Name] = frozenset({"resume_turn", "retry"})
WAITS = (State.AWAITING_ANSWER, State.STOPPED, State.FAILED)


def may_answer(interview: Interview | None) -> bool:
    """Whether there is a question on screen that can be answered now."""
    return bool(
        interview
        and interview.state in WAITS
        and not interview.judging
        and interview.turns
        and interview.turns[-1].text
    )


def pressable(interview: Interview | None) -> frozenset[Name]:
    """The buttons that have a place now."""
    if interview is None:
        return frozenset()
    state, answers = interview.state, may_answer(interview)
    broken = state in (State.STOPPED, State.FAILED)
    wanted: dict[Name, bool] = {
        "stop": state in (State.ASKING, State.JUDGING),
        "resume_turn": broken and answers,
        "retry": state is State.FAILED or (state is State.STOPPED and not answers),
        "regenerate": state in (State.STOPPED, State.AWAITING_ANSWER) and answers,
        "hint": answers and interview.setup.mode == "practice",
        "model_answer": answers and interview.setup.mode == "practice",
        "skip": answers,
        "undo": (*WAITS, State.COMPLETE).count(state) > 0 and _answered(interview),
        "end": state in WAITS or state is State.ASKING,
        "again": True,
    }
    return frozenset(name for name, wants in wanted.items() if wants)


def _answered(interview: Interview) -> bool:
    return any(turn.answer is not None or turn.skipped for turn in interview.turns)


class Controls(w.HBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A row of buttons, by name."""

    def __init__(self) -> None:
        self._buttons: dict[Name, w.Button] = {
            name: w.Button(layout=w.Layout(width="auto")) for name in NAMES
        }
        for name, button in self._buttons.items():
            button.add_class("mockmate-quiet")
            button.add_class("mockmate-likely" if name in LIKELY else f"mockmate-do-{name}")
        super().__init__(list(self._buttons.values()), layout=w.Layout(flex_flow="row wrap", grid_gap="4px"))
        self.add_class("mockmate-controls")

    def __repr__(self) -> str:
        return "Controls()"

    def __getitem__(self, name: Name) -> w.Button:
        return self._buttons[name]

    def show(self, names: frozenset[Name], language: Language) -> None:
        """Only these are to be seen and pressed, in this language."""
        for name, button in self._buttons.items():
            button.description = word(language, name)
            button.layout.display = "" if name in names else "none"
