"""The machine's table as a picture, drawn from the table itself: a Mermaid state diagram. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mockmate_nb.interview.machine import TRANSITIONS, State

MIME = "text/vnd.mermaid"
ANYWHERE = 5
"""Signals that this many states take and stay as they are stand in one note, and not as so many loops."""

Table = Mapping[tuple[State, str], tuple[State, ...]]


@dataclass(frozen=True)
class Diagram:
    """What JupyterLab draws where it is a cell's value; elsewhere the text is shown."""

    transitions: Table = field(default_factory=lambda: TRANSITIONS)

    @property
    def text(self) -> str:
        """The diagram in Mermaid's words: an arrow for every pair of states, with all signals that lead there."""
        stays = self._stay_anywhere()
        arrows: dict[tuple[State, State], list[str]] = {}
        for (source, name), targets in self.transitions.items():
            for target in targets:
                if not (source == target and name in stays):
                    arrows.setdefault((source, target), []).append(name)
        lines = [f"  {source} --> {target}: {', '.join(names)}" for (source, target), names in arrows.items()]
        held = {name: source for source, name in reversed(tuple(self.transitions)) if name in stays}
        notes = [
            f"  note right of {source}: {name} stays, here as elsewhere" for name, source in held.items()
        ]
        return "\n".join(["stateDiagram-v2", "  direction LR", f"  [*] --> {State.READY}", *lines, *notes])

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002 - IPython's signature
        return {MIME: self.text, "text/plain": self.text}

    def _stay_anywhere(self) -> tuple[str, ...]:
        stays = [name for (source, name), targets in self.transitions.items() if targets == (source,)]
        return tuple(dict.fromkeys(name for name in stays if stays.count(name) >= ANYWHERE))
