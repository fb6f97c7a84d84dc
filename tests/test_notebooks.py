"""What every notebook keeps to: short cells, stored outputs, no trace of a machine or a key, exercises at its end."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LIVE = "90_live_model.ipynb"
MAX_LINES = 12
TRACES = re.compile(r"/home/|/root/|/Users/|/tmp/|[A-Z]:\\\\|sk-[A-Za-z0-9]{8}|Traceback")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_keeps_to_the_house(path: Path) -> None:
    text = path.read_text("utf-8")
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]  # it ships no types
    nbformat.validate(notebook)
    assert not TRACES.search(text)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert max(cell.source.count("\n") + 1 for cell in codes) <= MAX_LINES
    assert any("## Exercises" in cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    if path.name != LIVE:
        assert all(cell.execution_count for cell in codes), "its outputs are those of a run"


def test_the_first_three_are_there() -> None:
    assert {path.name for path in NOTEBOOKS} >= {"00_start_here.ipynb", "01_sse_on_the_wire.ipynb", LIVE}
