"""What a user installs: the wheel holds all that is read at run time, and the two lists of packages agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from mockmate_nb.settings import PROVIDERS

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NAMED_BY_ITS_USER = {"jupyterlab", "ipywidgets", "openai", "nest-asyncio", "pytest", "nbval"}


def requirement(text: str) -> tuple[str, str]:
    found = re.match(r"([A-Za-z0-9_.-]+)\s*(.*)", text)
    assert found, text
    return found[1].lower(), found[2]


def conda_requirements() -> dict[str, str]:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    plain = [item for item in listed if isinstance(item, str)]
    by_pip = next(item["pip"] for item in listed if isinstance(item, dict))
    assert "-e ." in by_pip
    return dict(requirement(item) for item in [*plain, *(item for item in by_pip if item != "-e .")])


def test_environment_names_what_it_must_with_the_bounds_of_pyproject() -> None:
    conda = conda_requirements()
    ours = dict(
        requirement(item) for item in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    )
    assert conda.keys() >= NAMED_BY_ITS_USER
    assert conda.pop("python") == PROJECT["requires-python"]
    conda.pop("pip")
    assert {name: ours.get(name) for name in conda} == conda


def test_constraints_are_exact_versions_without_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.!+]+", line), line
    pinned = {requirement(line)[0].replace("_", "-") for line in lines}
    wanted = [
        *PROJECT["dependencies"],
        *(r for extra in PROJECT["optional-dependencies"].values() for r in extra),
    ]
    assert {requirement(r)[0] for r in wanted} <= pinned


def test_the_readme_names_every_provider_and_variable() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    source = "".join(path.read_text("utf-8") for path in (ROOT / "mockmate_nb").rglob("*.py"))
    assert {name for name in PROVIDERS if f"`{name}`" not in readme} == set()
    told = set(re.findall(r"`(MOCKMATE_[A-Z_]+|MAX_TOKENS|RETRY_TIMES)`", readme))
    read = set(re.findall(r"\"(MOCKMATE_[A-Z_]+|MAX_TOKENS|RETRY_TIMES)\"", source))
    assert told == read


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive


def test_the_wheel_holds_every_file_that_is_read(wheel: zipfile.ZipFile) -> None:
    package = ROOT / "mockmate_nb"
    kinds = {".py", ".toml", ".md", ".js", ".css", ".json"}
    needed = {str(p.relative_to(ROOT)) for p in package.rglob("*") if p.suffix in kinds}
    needed |= {f"mockmate_nb/notebooks/{p.name}" for p in (ROOT / "notebooks").glob("*.ipynb")}
    assert needed <= set(wheel.namelist())
