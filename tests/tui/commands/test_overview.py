"""One program: its commands are listed in groups, and a word that is none of them is never taken for one."""

import json
from pathlib import Path

import pytest

from engine.cli.program import SUBCOMMANDS
from tests import programs
from tests.paths import ROOT
from tui.cli import main
from tui.commands import COMMANDS, GROUPS


def test_the_help_lists_each_command_once_in_a_group_and_fits_80_columns(capsys) -> None:
    assert main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("  finetune-tui")]
    assert sorted(listed) == sorted(name for name in COMMANDS if name != "relay")
    assert [line[:-1] for line in lines if line[:-1] in GROUPS] == list(GROUPS)
    assert max(map(len, lines)) <= 80 and len(lines) <= 50


def test_each_subcommand_of_the_engine_is_a_command() -> None:
    assert set(SUBCOMMANDS) <= set(COMMANDS)
    assert all(known.summary or name in SUBCOMMANDS for name, known in COMMANDS.items() if known.group)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("train", "relay")])
def test_each_command_has_its_own_help_and_a_module_where_it_says_so(name: str, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0 and f"usage: finetune-tui {name}" in capsys.readouterr().out
    module = ROOT / "tui" / "commands" / f"{name.replace('-', '_')}.py"
    assert module.is_file() != COMMANDS[name].of_engine


def test_train_has_the_arguments_of_the_program_itself(capsys) -> None:
    said = []
    for words in (["train", "--help"], ["--demo", "--help"]):
        with pytest.raises(SystemExit):
            main(words)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] and "--headless" in said[0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predcit"], "`predcit` is not a command; did you mean `predict`?"),
        (["evalaute", "RUN", "--data", "new"], "`evalaute` is not a command; did you mean `evaluate`?"),
        (["sned", "RUN", "pause"], "`sned` is not a command; did you mean `send`?"),
        (["lrfind", "--demo"], "`lrfind` is not a command; did you mean `lr-find`?"),
        (["--headless", "runz"], "`runz` is not a command; did you mean `runs`?"),
        (["train", "Exprot"], "`Exprot` is not a command; did you mean `export`?"),
        (["birds"], "`birds` is a folder; to train on it, use finetune-tui --data birds"),
        (["zebra"], "`zebra` is neither a command nor a file of settings; finetune-tui --help lists the commands"),
        (["--ascii", "view", "RUN"], "`view` is a command, and comes first: finetune-tui view ..."),
        (
            ["--demo", "--json", "--gpus", "2"],
            "--json and --gpus do not go together; use torchrun -m engine train --json",
        ),
    ],
)
def test_a_word_that_is_no_command_is_a_sentence_with_the_nearest_one(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tui.commands.overview.command", lambda *words: " ".join(["finetune-tui", *words]))
    (tmp_path / "birds").mkdir()
    assert main(words) == 2
    assert capsys.readouterr() == ("", f"Unclear arguments: {message}\n")


@pytest.mark.parametrize("word", ["runz", "./runz", "runz.yaml"])
def test_a_file_of_settings_may_have_a_name_like_a_command(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / word).write_text("trian: {epochs: 1}\n")
    assert main([word]) == 2
    assert "trian" in capsys.readouterr().err


def test_with_json_the_program_itself_writes_events(tmp_path: Path) -> None:
    done = programs.run("tui", "train", "--json", "--data", str(tmp_path), cwd=tmp_path)
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["type"], last["title"]) == (2, "run_failed", "Too few classes")
