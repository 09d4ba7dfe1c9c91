"""What the real libraries have of a run, read back with themselves, and how a run starts to be followed."""

import json
from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig
from engine.loop.run import Run
from engine.sinks import trackers
from tests.engine.driving import folder_of, only, play, with_settings
from tests.engine.sinks.journals import BRANCHED, append, write


@pytest.fixture
def branched(tmp_path: Path) -> Path:
    return write(tmp_path / "runs" / "run-1", *BRANCHED)


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who has neither logged in anywhere nor chosen a server."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "MLFLOW_TRACKING_URI", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def follow(folder: Path, to: str, *arguments: object) -> int:
    return main(["follow", str(folder), "--to", to, *map(str, arguments)])


def test_tensorboard(branched: Path, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert follow(branched, "tensorboard", "--store", tmp_path / "board") == 0
    append(branched, *BRANCHED[-2:])  # what a resume of a finished run adds
    assert follow(branched, "tensorboard", "--store", tmp_path / "board") == 0
    runs = {}
    for name in ("pretrained", "pretrained-branch-2"):
        runs[name] = accumulator.EventAccumulator(str(tmp_path / "board" / "run-1" / name))
        runs[name].Reload()
    first, second = runs.values()
    assert [(event.step, event.value) for event in first.Scalars("val/accuracy")] == [(4, 0.25), (8, 0.75)]
    assert [event.step for event in second.Scalars("train/loss")] == list(range(5, 13))
    assert first.Scalars("train/loss")[0].wall_time == 1002.0  # the time of the journal
    assert first.Tensors("by hand")[0].tensor_proto.string_val == [b"set the base rate of head to 0.5"]
    plugin = first.SummaryMetadata("_hparams_/session_start_info").plugin_data
    assert b"optim.momentum" in plugin.content


def test_mlflow_has_nothing_twice_even_if_it_gets_it_twice(branched: Path, tmp_path: Path, monkeypatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    state = branched / "follow-mlflow.json"
    for _ in range(2):
        assert follow(branched, "mlflow", "--project", "mine") == 0
        ((place, known),) = json.loads(state.read_text()).items()
        state.write_text(json.dumps({place: known | {"sent": 0}}))
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/runs/trackers/mlflow.db")
    found = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    runs = {run.info.run_name: run for run in found}
    assert len(found) == 2 and set(runs) == {"run-1/pretrained", "run-1/pretrained-branch-2"}
    second = runs["run-1/pretrained-branch-2"]
    history = client.get_metric_history(second.info.run_id, "train/loss")
    assert sorted(metric.step for metric in history) == list(range(5, 13))
    assert second.data.metrics["best_accuracy"] == 0.875 and second.info.status == "FINISHED"
    assert second.data.params["optim.momentum"] == "0.9" and second.data.params["leaves_branch"] == "1"
    assert "set the base rate of head to 0.5" in runs["run-1/pretrained"].data.tags.values()


def test_wandb_without_a_login_writes_files_that_a_later_process_replaces(branched: Path, tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    for _ in range(2):
        assert follow(branched, "wandb", "--store", tmp_path) == 0
        append(branched, *BRANCHED[-2:])
    files = sorted(tmp_path.glob("wandb/offline-run-*/*.wandb"))
    assert [file.stem.partition("-")[2].partition("-")[2] for file in files] == ["pretrained-1", "pretrained-2"]
    content = files[0].read_bytes()
    assert b"run-1/pretrained" in content and b"val/accuracy" in content and b"optim.momentum" in content
    assert b"set the base rate of head to 0.5" in content and b"secret" not in content


def test_trackio(branched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))  # read when the library is loaded
    trackio = pytest.importorskip("trackio")
    assert follow(branched, "trackio") == 0
    append(branched, *BRANCHED[-2:])
    assert follow(branched, "trackio") == 0
    twin = write(tmp_path / "other" / "run-1", *BRANCHED)
    assert follow(twin, "trackio") == 0
    names = [run.name for run in trackio.Api().runs("finetune-tui")]
    assert len(names) == 4 and {"run-1/pretrained", "run-1/pretrained-branch-2"} < set(names)
    logs = trackio.SQLiteStorage.get_logs("finetune-tui", "run-1/pretrained")
    assert [row["step"] for row in logs if "train/loss" in row] == list(range(1, 9))
    assert next(row["by_hand"] for row in logs if "by_hand" in row) == "set the base rate of head to 0.5"


def test_a_run_starts_a_process_that_sends_it_and_ends_with_it(small: RunConfig) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run = Run(with_settings(small, sinks=["tensorboard"]))
    folder = Path(folder_of(play(run)))
    (process,) = run.followers.processes
    assert process.wait() == 0
    assert (folder / "follow-tensorboard.log").read_text().startswith(f"tensorboard: sending {folder.name} to ")
    read = accumulator.EventAccumulator(str(folder.parent / "trackers" / "tensorboard" / folder.name / "scratch"))
    read.Reload()
    assert [event.step for event in read.Scalars("train/loss")] == list(range(1, 9))


def test_a_process_that_cannot_be_started_is_named_and_training_goes_on(small: RunConfig, monkeypatch) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: name)
    monkeypatch.setattr("sys.executable", "/no/python")
    events = play(Run(with_settings(small, sinks=["mlflow"])))
    (failed,) = only(events, p.JournalFailed)
    assert failed.message.endswith("No such file or directory; training goes on, but is not sent to mlflow")
    assert only(events, p.RunFinished)[0].completed


@pytest.mark.parametrize(
    ("sinks", "sentence"),
    [
        ("[wandb]", "wandb needs wandb: pip install 'finetune-tui[wandb]'"),
        ("[tensorbord]", "`tensorbord` is not known"),
    ],
)
def test_a_tracker_that_cannot_be_had_is_refused_before_training(monkeypatch, capsys, sinks: str, sentence) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    assert main(["train", "--demo", "--set", f"sinks={sinks}"]) == 2
    assert sentence in capsys.readouterr().err


def test_a_missing_library_and_a_run_without_a_journal_get_one_sentence(branched: Path, capsys, monkeypatch) -> None:
    (branched / "journal.jsonl").unlink()
    pytest.importorskip("tensorboard")
    assert follow(branched, "tensorboard") == 0
    assert "there is no journal yet, and no process trains the run" in capsys.readouterr().err
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    assert follow(branched, "mlflow") == 2
    assert "mlflow needs mlflow: pip install 'finetune-tui[mlflow]'" in capsys.readouterr().err
