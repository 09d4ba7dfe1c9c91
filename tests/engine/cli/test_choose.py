"""`choose`: the head of each model is fitted and scored on validation pictures, and the best model is named."""

import json
from pathlib import Path

import pytest

from engine.cli import choose
from engine.cli.program import main
from tests.engine.backbones import NORM, PLAIN
from tests.engine.conftest import write_pictures, write_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("choose"), {"train": 20, "test": 3})


def run(folder: Path, models: str, *arguments: str) -> int:
    settings = ["--set=data.image_size=32", "--set=data.batch_size=4", "--device=cpu"]
    return main(["choose", "--data", str(folder), "--models", models, *settings, *arguments])


def test_models_are_compared_on_validation_pictures_and_the_best_can_be_trained(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {name: write_weights(tmp_path, name) for name in (NORM, PLAIN)}
    models = f"{NORM}={files[NORM]}, {PLAIN}={files[PLAIN]},resnet181"
    assert run(folder, models, "--json") == 0
    out, err = capsys.readouterr()
    norm, *others = [json.loads(line) for line in out.splitlines()]
    assert norm["model"] == NORM and norm["weights"] == str(files[NORM])
    assert norm["images"] == 8  # a fifth of the 40 training pictures
    assert norm["low"] <= norm["accuracy"] <= norm["high"] and norm["images_per_second"] > 0
    failures = {probe["model"]: probe["failure"] for probe in others}
    assert "the head is random" in failures[PLAIN]  # it is no linear layer
    assert "did you mean resnet18" in failures["resnet181"]
    assert f"--data {folder} --model {NORM} --set=model.weights={files[NORM]}" in err.splitlines()[-1]
    assert not (tmp_path / "checkpoints").exists()


def test_what_there_is_no_time_for_is_said_and_nothing_tried_is_a_failure(folder: Path, capsys) -> None:
    assert run(folder, NORM, "--minutes=1e-9") == 1
    assert f"{NORM}         -  not tried: the time was over" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("models", "arguments", "message"),
    [
        (" ,", [], "--models names no model"),
        (NORM, ["--minutes=0"], "--minutes must be above 0"),
        (NORM, ["--set=data.batch_size=none"], "data.batch_size"),
    ],
)
def test_mistakes_get_one_sentence(folder: Path, capsys, models: str, arguments: list[str], message: str) -> None:
    assert run(folder, models, *arguments) == 2
    assert message in capsys.readouterr().err


def test_on_a_terminal_enter_trains_the_best_one(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    from engine.cli import probing

    probes = [probing.Probe("resnet18", "default", 0.5, 0.4, 0.6), probing.Probe("timm/x", "x.pth", 0.9, 0.8, 0.95)]
    monkeypatch.setattr(probing, "probe_all", lambda configs, seconds: (probes, 0))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda text: "")
    started: list[object] = []

    class Args:
        data, models, minutes, device, set, json = ["pictures"], "resnet18", 1.0, "cpu", ["seed=3"], False

    assert choose.run(Args, lambda words: started.append(list(words)) or 7) == 7  # type: ignore[arg-type]
    assert started == [["--data", "pictures", "--model", "timm/x", "--set=model.weights=x.pth", "--set=seed=3"]]
    assert "overlap" not in capsys.readouterr().out
