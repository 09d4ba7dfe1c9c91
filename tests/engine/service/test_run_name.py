"""`--run NAME`: one command line that begins a run or goes on with it, whatever happened before."""

from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import load_config
from engine.storage import checkpoint
from engine.storage.journal import read_journal
from engine.storage.lock import RunLock
from tests.engine.driving import only


@pytest.fixture
def file(small, tmp_path: Path) -> str:
    """The configuration of the small run, whose runs are in `tmp_path / runs`."""
    return str(tmp_path / "small.yaml")


def weights_of(folder: Path) -> object:
    return checkpoint.load(folder / "scratch" / "last.pt")["model"]["features.0.weight"].tolist()


def test_it_begins_under_that_name_and_a_second_time_goes_on_to_the_same_weights(
    file: str, tmp_path: Path, capsys
) -> None:
    line = ["train", file, "--run", "birds"]
    whole, birds = tmp_path / "runs" / "whole", tmp_path / "runs" / "birds"
    assert main(["train", file, "--run", "whole"]) == 0
    assert main([*line, "--epochs", "1"]) == 0
    capsys.readouterr()
    assert main([*line, "--epochs", "2"]) == 0
    assert "train.epochs 1 is now 2: takes effect" in capsys.readouterr().err
    assert [folder.name for folder in sorted((tmp_path / "runs").iterdir())] == ["birds", "whole"]
    assert only(read_journal(birds), p.RunStarted)[0].name == "birds"
    assert weights_of(birds) == weights_of(whole)
    assert main(line) == 0  # it is over


def test_what_differs_is_said_and_what_cannot_change_stays(file: str, capsys) -> None:
    assert main(["train", file, "--run", "birds", "--epochs", "1"]) == 0
    capsys.readouterr()
    assert main(["train", file, "--run", "birds", "--epochs", "1", "--set", "seed=5"]) == 0
    assert "seed" in (err := capsys.readouterr().err) and "stays as it was" in err


def test_a_run_without_a_checkpoint_begins_again_with_what_is_asked_for_now(file: str, tmp_path: Path) -> None:
    assert main(["train", file, "--run", "birds", "--set", "seed=3", "--set", "model.name=resnt"]) == 2
    folder = tmp_path / "runs" / "birds"
    assert not list(folder.glob("*/*.pt"))
    assert main(["train", file, "--run", "birds"]) == 0
    started = only(read_journal(folder), p.RunFinished)
    assert started[-1].completed and "seed: 3" not in (folder / "config.yaml").read_text()
    # Without a configuration it goes on with the run's own.
    assert main(["train", "--run", "birds", "--set", f"checkpoint.dir={tmp_path / 'runs'}"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "birds"], "there is no run checkpoints/birds yet; say what it is to train"),
        (["--run", "../birds", "--demo"], "name"),
        (["--run", "birds", "--resume", "birds"], "--run goes on with a run by itself; leave out --resume"),
    ],
)
def test_mistakes_get_one_sentence(arguments, message, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *arguments]) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_run_that_another_process_trains_is_refused(file: str, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "runs" / "birds"
    folder.mkdir(parents=True)
    lock = RunLock(folder)
    assert main(["train", file, "--run", "birds"]) == 2
    assert "is in use by process" in capsys.readouterr().err
    lock.close()


def test_a_run_that_begins_has_all_that_its_recipe_chooses(file: str, weights: Path, tmp_path: Path) -> None:
    given = ["--recipe", "auto", "--init", "pretrained", "--epochs", "1", "--set", f"model.weights={weights}"]
    assert main(["train", file, *given, "--run", "birds"]) == 0
    assert main(["train", file, *given]) == 0
    named, plain = (load_config(tmp_path / "runs" / name / "config.yaml") for name in ("birds", "small-1"))
    assert named.data.split_val and named.model_copy(update={"name": "small"}) == plain
    events = list(read_journal(tmp_path / "runs" / "birds"))
    assert only(events, p.HeadFitted) and not only(events, p.SettingsChanged)
