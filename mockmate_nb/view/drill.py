"""`DrillView`: the preparation checklist, ticked by what has been answered, each point with its questions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import ipywidgets as w

from mockmate_nb.aio import Begun
from mockmate_nb.errors import MockMateError
from mockmate_nb.interview.bank import Language, load_bank
from mockmate_nb.interview.checklist import Item, checklist, drill, ticked
from mockmate_nb.interview.keeping import default_history
from mockmate_nb.interview.record import Entry
from mockmate_nb.interview.rubric import DimensionScore, Scorecard
from mockmate_nb.view.acts import Acts
from mockmate_nb.view.closing import close_whole
from mockmate_nb.view.esm import STATIC
from mockmate_nb.view.lines import alarm, note
from mockmate_nb.view.past_words import say
from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.rows import Row, Rows

if TYPE_CHECKING:
    from mockmate_nb.interview.history import History

STYLE = (STATIC / "past.css").read_text("utf-8")


def ticks(items: tuple[Item, ...], entries: Iterable[Entry]) -> dict[str, bool | None]:
    """By point: True where any answer that is kept, second attempts too, meets it; False where none that was
    scored does; None where none was scored."""
    found: dict[str, bool | None] = {item.id: None for item in items}
    for question in (each for entry in entries for each in _judged(entry)):
        card = _card(question)
        for id_, met in ticked(items, {str(question.get("question_id")): card}).items():
            if met is not None:
                found[id_] = met or bool(found[id_])
    return found


def _judged(entry: Entry) -> Iterator[Mapping[str, Any]]:
    yield from (entry.feedback or {}).get("questions") or ()
    for again in entry.again:
        yield {"question_id": again.get("question_id"), **(again.get("question") or {})}


def _card(question: Mapping[str, Any]) -> Scorecard:
    """What a kept feedback says of one answer, as the rubric said it. What cannot be read counts for nothing."""
    return Scorecard(
        state="scored" if question.get("state") == "scored" else "not_scored",
        dimensions=_scores(question.get("dimensions")),
        parts=_scores(question.get("parts")),
        on_topic=bool(question.get("on_topic", True)),
    )


def _scores(kept: Mapping[str, Mapping[str, Any]] | None) -> dict[str, DimensionScore]:
    points = {name: found.get("score") for name, found in (kept or {}).items()}
    return {name: DimensionScore(point, "", "") for name, point in points.items() if isinstance(point, int)}


class DrillView(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The points of the list; `refresh` reads in a thread which of them the kept answers show.

    ```python
    drill = DrillView()
    drill.on_practise(lambda question_ids: ...)   # a tuple of ids, in the order to ask them
    drill.refresh()
    ```
    """

    def __init__(self, history: History | None = None, *, language: Language = "en") -> None:
        self._history, self.language = history, language
        self._reads = 0
        self._items: tuple[Item, ...] = ()
        self._practisers = w.CallbackDispatcher()
        self._acts = Acts(lambda: None, self._tell, lambda: None)
        self.head, self.said, self.rows = w.HTML(), w.HTML(), Rows()
        self.all = w.Button(layout=w.Layout(width="auto"))
        self.all.add_class("mockmate-quiet")
        style = w.HTML(f"<style>{STYLE}</style>", layout=w.Layout(display="none"))
        super().__init__([style, self.head, self.said, self.rows, self.all])
        self.add_class("mockmate-drill")
        self.rows.on_choose(self._practise)
        self.all.on_click(lambda _: self._practisers(drill(self.language)))
        self._show(language, {})

    def __repr__(self) -> str:
        return "DrillView()"

    def on_practise(self, callback: Callable[[tuple[str, ...]], object]) -> None:
        """Call with the ids of the questions to practise; on the kernel's thread: hand over and return."""
        self._practisers.register_callback(callback)

    def refresh(self) -> Begun[None]:
        """The ticks as the history has them now; what goes wrong is shown, and raised to whoever awaits it."""
        return self._acts.begin("refresh", self._refresh, _ends_by_itself)

    def speak(self, language: Language) -> None:
        self._show(language, {})
        self.refresh()

    def close(self) -> None:
        for part in self.children:
            close_whole(part)
        self.layout.close()
        super().close()

    def _practise(self, id_: str) -> None:
        self._practisers(next(item.question_ids for item in self._items if item.id == id_))

    def _tell(self, fault: Exception) -> None:
        told = str(fault) if isinstance(fault, MockMateError) else f"{type(fault).__name__}: {fault}"
        self._say(alarm(f"{say(self.language, 'drill_unread')} {told}"))

    def _say(self, line: str) -> None:
        self.said.value = line
        self.said.layout.display = "" if line else "none"

    async def _refresh(self) -> None:
        self._reads += 1
        number, language = self._reads, self.language
        found = await asyncio.to_thread(lambda: ticks(checklist(language), self._kept().entries()))
        if number == self._reads:
            self._show(language, found)

    def _kept(self) -> History:
        return self._history or default_history()

    def _show(self, language: Language, found: Mapping[str, bool | None]) -> None:
        from_cell(self._fill, language, found)

    def _fill(self, language: Language, found: Mapping[str, bool | None]) -> None:
        self.language, self._items = language, checklist(language)
        self.head.value = f"<h3>{escape(say(language, 'drill'))}</h3>{note(say(language, 'drill_note'))}"
        done = sum(met is True for met in found.values())
        self._say(note(say(language, "drill_done", done=done, of=len(self._items))) if found else "")
        rows = [_row(item, found.get(item.id), language) for item in self._items]
        self.rows.show(rows, label=say(language, "drill"), language=language)
        self.all.description = say(language, "practise_all")


def _row(item: Item, met: bool | None, language: Language) -> Row:
    bank = load_bank()
    lines = tuple(bank.question(id_).in_language(language).text for id_ in item.question_ids)
    mark: Literal["yes", "no", "none"] = "none" if met is None else "yes" if met else "no"
    said = say(language, mark)
    return Row(
        item.id,
        item.text,
        facts=(said,),
        mark=mark,
        marked=said,
        lines=lines,
        act=say(language, "practise"),
    )


async def _ends_by_itself() -> None:
    """A reading ends soon; there is nothing to stop."""
