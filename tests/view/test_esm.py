from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mockmate_nb.errors import CallerError
from mockmate_nb.view.esm import STATIC, joined

ENTRY = (
    'import { two } from "./two.js";\nimport { one } from "./one.js";\nexport default () => one + two();\n'
)
TWO = 'import { one } from "./one.js";\n/** Twice. */\nexport function two() {\n  return 2 * one;\n}\n'
ONE = "export const one = 1;\n"


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_each_part_stands_once_before_what_uses_it(tmp_path: Path) -> None:
    text = joined("entry.js", write(tmp_path, entry=ENTRY, two=TWO, one=ONE))
    assert [text.count(line) for line in ("const one", "function two", "import", "export")] == [1, 1, 0, 1]
    assert text.index("const one") < text.index("function two") < text.index("export default")


@pytest.mark.parametrize(
    ("entry", "one", "named"),
    [
        ('import one from "./one.js";\n', ONE, "import one"),
        ('import { one as two } from "./one.js";\n', ONE, "one as two"),
        ('import { one } from "https://example.org/one.js";\n', ONE, "https"),
        ('import { two } from "./one.js";\n', ONE, "exports no two"),
        ('import { one } from "./one.js";\n', "export { one };\nexport const one = 1;\n", "export { one }"),
        ('import { one } from "./one.js";\n', ONE + "export default 1;\n", "export default 1"),
        ('import { one } from "./one.js";\nconst one = 2;\n', ONE, "one would stand twice"),
    ],
)
def test_what_cannot_be_joined_is_refused(tmp_path: Path, entry: str, one: str, named: str) -> None:
    with pytest.raises(CallerError, match=re.escape(named)):
        joined("entry.js", write(tmp_path, entry=entry, one=one))


def test_the_stream_views_own_parts_make_one_module(tmp_path: Path) -> None:
    text = joined("stream_view.js")
    assert re.findall(r"^(?:import|export)\b.*", text, re.MULTILINE) == ["export default () => {"]
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    module = tmp_path / "joined.mjs"
    module.write_text(f"{text}\n")
    subprocess.run([node, "--check", module], check=True, timeout=60)


def test_every_part_is_short() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in STATIC.glob("*.js")}
    assert {name: length for name, length in lengths.items() if length > 350} == {}
