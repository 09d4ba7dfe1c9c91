"""A command that is printed can be copied and run where it was printed."""

import sys
from pathlib import Path

import pytest

from engine.service.program import command


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in `.venv/bin` of the working directory, which the shell does not find."""
    program = tmp_path / "here" / ".venv" / "bin" / "finetune-tui"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "argv", [str(program)])
    return program


def test_it_is_the_name_where_the_shell_finds_it(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(installed.parent))
    assert command("--resume", Path("runs/a b")) == "finetune-tui --resume 'runs/a b'"


def test_else_it_is_its_path_from_here(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("--data", "~/my pictures") == ".venv/bin/finetune-tui --data ~/'my pictures'"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert command() == str(installed)


def test_a_process_of_the_engine_names_the_program_beside_its_python(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/lib/engine/__main__.py"])
    monkeypatch.setattr(sys, "executable", str(installed.with_name("python")))
    assert command() == ".venv/bin/finetune-tui"
    installed.unlink()
    assert command() == f"{installed.with_name('python')} -m tui"
