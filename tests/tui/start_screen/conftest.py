from pathlib import Path

import pytest

from tests.tui.console import make_folder
from tests.tui.start_screen.pages import ScriptedDiagnosis, ScriptedFetch, ScriptedLook
from tui.start_screen import setup


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands have the program's name, wherever these tests run."""
    monkeypatch.setattr("engine.service.program._program", lambda: ["finetune-tui"])


@pytest.fixture
def place(tmp_path: Path, by_name: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with pictures and a configuration; `look` is played by the test."""
    make_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(setup, "Look", ScriptedLook)
    monkeypatch.setattr(setup, "TYPING_SECONDS", 0.01)
    monkeypatch.setattr(setup, "Diagnosis", ScriptedDiagnosis)
    monkeypatch.setattr(setup, "Fetch", ScriptedFetch)
    ScriptedLook.made, ScriptedDiagnosis.made, ScriptedFetch.made = [], [], []
    return tmp_path
