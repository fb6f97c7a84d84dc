"""`Keeper`: the page stores a widget's plain twin in the notebook, below each output that shows the widget."""

from __future__ import annotations

import threading
from pathlib import Path

import anywidget
import traitlets
from ipywidgets import Widget

from mockmate_nb.view.publishing import from_cell
from mockmate_nb.view.twin import Twin

_STATIC = Path(__file__).parent / "static"


class Keeper(anywidget.AnyWidget):
    """Keeps the twin of the widget `of` in the notebook that shows it.

    Made when the widget is displayed. The kernel publishes no output: the page writes the twin into the
    notebook's document (JupyterLab and Notebook 7; elsewhere nothing happens), which a save then stores. A
    page that is opened or reloaded later does so too, as long as the kernel lives.
    """

    _esm = _STATIC / "keeper.js"
    _view_name = traitlets.Unicode(None, allow_none=True).tag(sync=True)  # type: ignore[assignment]  # no view

    of = traitlets.Unicode().tag(sync=True)
    """The model id of the widget."""
    html = traitlets.Unicode("").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)

    def __init__(self, of: Widget) -> None:
        self._lock = threading.Lock()
        from_cell(super().__init__, of=of.model_id)

    def __repr__(self) -> str:
        return f"Keeper(of={self.of!r})"

    def keep(self, twin: Twin) -> None:
        """Store this twin in place of the one before; from any thread."""
        with self._lock:
            from_cell(self._change, twin)

    def _change(self, twin: Twin) -> None:
        with self.hold_sync():
            self.html, self.text = twin.html, twin.text
