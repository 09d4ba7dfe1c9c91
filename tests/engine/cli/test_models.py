"""`models`: which backbones there are, and what is known of each."""

import json
import sys
from pathlib import Path

import pytest

from engine.cli.program import main


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where torchvision keeps its weights."""
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    return tmp_path / "checkpoints"


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["models", *arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_model_is_listed_with_what_the_library_says_of_it(capsys, hub: Path) -> None:
    (found,) = listed(capsys, "squeezenet1_1")
    assert found == {
        "name": "squeezenet1_1",
        "parameters": 1_235_496,
        "image_size": 224,
        "accuracy": 0.58178,
        "weights": "to download",
    }
    hub.mkdir()
    (hub / "squeezenet1_1-b8a52dc0.pth").touch()
    assert listed(capsys, "SqueezeNet1_1")[0]["weights"] == "here"


def test_a_pattern_finds_models_of_all_families(capsys) -> None:
    names = [str(found["name"]) for found in listed(capsys, "*test_resnet*")]
    assert "timm/test_resnet.r160_in1k" in names and all("test_resnet" in name for name in names)
    assert main(["models", "mnasnet"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["model", "parameters", "pictures", "top-1", "weights"]
    assert next(line for line in out.splitlines() if "mnasnet0_5" in line).split()[1:4] == ["2.2", "M", "224"]


def test_without_timm_the_others_are_listed_and_that_is_said(capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    assert main(["models", "mnasnet0_5"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2 and "pip install 'finetune-tui[timm]'" in err


def test_too_many_are_counted_and_none_is_a_mistake(capsys, monkeypatch) -> None:
    monkeypatch.setattr("engine.cli.models.MOST", 2)
    assert main(["models", "mnasnet"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3 and "more, with --all" in err
    assert main(["models", "no-such-name"]) == 2
    assert "no model has 'no-such-name' in its name" in capsys.readouterr().err
