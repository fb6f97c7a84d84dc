"""One self-contained ES module out of an entry file and the parts it imports: a widget gets no other."""

from __future__ import annotations

import re
from pathlib import Path

from mockmate_nb.errors import CallerError

STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'import \{ (\w+(?:, \w+)*) \} from "\./(\w+\.js)";')
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
_NAMED = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def joined(entry: str, folder: Path = STATIC) -> str:
    """The text of `entry`, a file in `folder`, with each part it imports put once before what uses it.

    Of a part only `export` before a named declaration goes; what the entry exports stays exported. Only
    `import { a, b } from "./part.js";` on a line of its own is understood. Raises CallerError for any other
    import or export, for a name that a part does not export, and for two top-level names that are the same.
    """
    text = "\n".join(_parts(entry, folder, []))
    names = _NAMED.findall(text)
    if twice := {name for name in names if names.count(name) > 1}:
        raise CallerError(
            f"{', '.join(sorted(twice))} would stand twice in {entry} and its parts.",
            advice="Rename one of the two.",
        )
    return text


def _parts(name: str, folder: Path, seen: list[str]) -> list[str]:
    entry = not seen
    seen.append(name)
    before, own = [], []
    for line in (folder / name).read_text("utf-8").splitlines():
        if (found := _IMPORT.fullmatch(line)) is None:
            own.append(line)
            continue
        part = (folder / found[2]).read_text("utf-8")
        for wanted in found[1].split(", "):
            if not re.search(
                rf"^export (?:async )?(?:function|class|const|let) {wanted}\b", part, re.MULTILINE
            ):
                raise CallerError(f"{found[2]} exports no {wanted}, which {name} imports.")
        if found[2] not in seen:
            before += _parts(found[2], folder, seen)
    text = "\n".join(own) + "\n"
    text = text if entry else _EXPORT.sub("", text)
    if line_at_fault := re.search(r"^import\b.*" if entry else r"^(?:import|export)\b.*", text, re.MULTILINE):
        raise CallerError(f"{name} has a line that cannot be joined: {line_at_fault[0]}")
    return [*before, text]
