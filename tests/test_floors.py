"""Data flows one way: a module imports only from lower floors, or, without a circle, within its own room."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from mockmate_nb.view.esm import joined

PACKAGE = Path(__file__).resolve().parents[1] / "mockmate_nb"
BELOW_ALL = "errors"
FLOORS = {
    "aio": 0,
    "settings": 0,
    "units": 0,
    "wire": 1,
    "interview.question": 1,
    "interview.bank_file": 1,
    "interview.bank": 1,
    "interview.anchors": 1,
    "interview.samples": 1,
    "interview.documents": 1,
    "interview.document_fault": 1,
    "interview.document_page": 1,
    "interview.document_pdf": 1,
    "interview.document_text": 1,
    "interview.document_word": 1,
    "drawing": 2,
    "interview": 2,  # what is pure
    "interview.history": 3,
    "interview.history_file": 3,
    "llm.chunks": 2,
    "llm.seam": 2,
    "llm": 3,
    "plots": 3,
    "plots_arrivals": 3,
    "plots_canvas": 3,
    "plots_gaps": 3,
    "plots_hops": 3,
    "plots_pairs": 3,
    "plots_scale": 3,
    "plots_scores": 3,
    "plots_sweep": 3,
    "plots_timeline": 3,
    "streams": 3,
    "llm.stream": 4,
    "llm.objects": 4,
    "llm.client": 4,
    "llm.check": 4,
    "streams.producer": 4,
    "interview.afterwards": 5,
    "interview.asking": 5,
    "interview.conduct": 5,
    "interview.judging": 5,
    "interview.keeping": 5,
    "interview.recall": 5,
    "interview.refining": 5,
    "interview.report": 5,
    "interview.report_html": 5,
    "interview.report_markdown": 5,
    "interview.report_parts": 5,
    "interview.report_pdf": 5,
    "interview.report_words": 5,
    "interview.turn_reader": 5,
    "interview.session": 5,
    "lab": 6,
    "view": 7,
    "__main__": 8,
}
MODULES = sorted(
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".") for path in PACKAGE.rglob("*.py")
)
NAMED = [name for name in MODULES if not name.endswith("__init__")]


def floor(module: str) -> int:
    while module:
        if module in FLOORS:
            return FLOORS[module]
        module = module.rpartition(".")[0]
    raise AssertionError(f"{module!r} has no floor; give it one in FLOORS")


def room(module: str) -> str:
    """`plots_gaps` is of the room `plots`."""
    return module.partition(".")[0].partition("_")[0]


def imports(module: str) -> set[str]:
    """Our own modules that `module` imports, also inside functions; names under TYPE_CHECKING do not count."""
    tree = ast.parse((PACKAGE / (module.replace(".", "/") + ".py")).read_text("utf-8"))
    found = set()
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mockmate_nb"):
            base = (node.module or "").removeprefix("mockmate_nb").lstrip(".")
            for alias in node.names:
                full = f"{base}.{alias.name}".lstrip(".")
                found.add(full if full in NAMED else base)
    return found - {
        "",
        *(name for name in found if name in {m.removesuffix(".__init__") for m in MODULES} - set(NAMED)),
    }


@pytest.mark.parametrize("module", NAMED)
def test_imports_come_from_lower_floors_or_the_same_room(module: str) -> None:
    for other in imports(module):
        if other == BELOW_ALL:
            continue
        assert module != BELOW_ALL, "errors imports nothing of ours"
        allowed = floor(other) < floor(module) or (
            floor(other) == floor(module) and room(other) == room(module)
        )
        assert allowed, f"{module} (floor {floor(module)}) imports {other} (floor {floor(other)})"


def test_no_circles() -> None:
    TopologicalSorter({module: imports(module) for module in NAMED}).prepare()


@pytest.mark.parametrize("module", [name for name in MODULES if name != "__init__"])
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    lines = (PACKAGE / (module.replace(".", "/") + ".py")).read_text("utf-8").count("\n")
    assert lines <= 350, f"{module} has {lines} lines"


@pytest.mark.parametrize("path", sorted((PACKAGE / "view" / "static").glob("*.js")), ids=lambda p: p.name)
def test_a_widget_is_plain_modules_that_join_to_one(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 350
    assert "\nimport " not in joined(path.name), "imports do not load in a widget"
