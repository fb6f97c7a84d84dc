"""`python -m mockmate_nb`: what it starts, and what it says when it cannot."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mockmate_nb import __main__ as cli


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    commands: list[list[str]] = []

    def call(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr("subprocess.call", call)
    return commands


@pytest.mark.parametrize("screen", [True, False])
def test_lab_opens_the_first_notebook(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, *, screen: bool
) -> None:
    monkeypatch.setattr(cli, "has_screen", lambda: screen)
    assert cli.main(["lab"]) == 0
    assert started[0][:3] == [sys.executable, "-m", "jupyterlab"]
    assert Path(started[0][3]).name == "00_start_here.ipynb"
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in started[0], "the printed URL opens it too"
    assert ("--no-browser" in started[0]) is not screen


def test_an_installed_package_brings_its_notebooks_along(
    started: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = tmp_path / "site" / "mockmate_nb"
    (shipped / "notebooks").mkdir(parents=True)
    (shipped / "notebooks" / cli.FIRST).write_text("{}")
    monkeypatch.setattr(cli, "PACKAGE", shipped)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["lab"]) == 0
    mine = tmp_path / "mockmate_notebooks" / cli.FIRST
    assert Path(started[0][3]) == mine
    mine.write_text("mine")
    assert cli.main(["lab"]) == 0
    assert mine.read_text() == "mine", "what a person has changed stays"


def test_no_notebooks_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "PACKAGE", tmp_path / "mockmate_nb")
    assert cli.main(["lab"]) == 1
    assert "notebooks are not here" in capsys.readouterr().err
