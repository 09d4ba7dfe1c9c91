"""Every configuration that comes with the program loads, and trains a step on stand-in data."""

from pathlib import Path

import pytest
import torch
import torchvision

from engine import protocol as p
from engine.config import load_config, shipped_config
from tests.engine.onestep import first_step

SHIPPED = ["demo", "folder", "hotdog"]


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Random weights in place of those that are downloaded or shipped, by the model's name."""
    folder = tmp_path_factory.mktemp("weights")
    files = {}
    for name in ("resnet18", "shufflenet_v2_x0_5"):
        files[name] = folder / f"{name}.pth"
        torch.save(torchvision.models.get_model(name).state_dict(), files[name])
    return files


@pytest.fixture
def stand_in(pictures: Path, tmp_path: Path, weights: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    """Overrides that replace what takes a download or much time, and nothing else."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def overrides(name: str) -> list[str]:
        model = load_config(shipped_config(name), ["data.root=x"]).model.name
        return [
            f"data.root={pictures}",
            "data.image_size=32",
            "data.batch_size=4",
            "device=cpu",
            f"model.weights={weights[model]}",
            f"checkpoint.dir={tmp_path / 'runs'}",
        ]

    return overrides


@pytest.mark.parametrize("init", ["pretrained", "scratch"])
@pytest.mark.parametrize("name", SHIPPED)
def test_it_trains_a_step_with_either_arm(name: str, init: str, stand_in) -> None:
    events = first_step(load_config(shipped_config(name), [*stand_in(name), f"init={init}"]))
    steps = [event for event in events if isinstance(event, p.TrainStep)]
    assert [(step.arm, step.step) for step in steps] == [(init, 1)] and steps[0].loss > 0
    assert isinstance(events[-1], p.RunFinished) and Path(events[-1].checkpoint).is_file()


def test_there_is_no_other_one() -> None:
    assert sorted(file.stem for file in shipped_config("demo").parent.iterdir()) == SHIPPED


@pytest.mark.parametrize("name", ["folder", "hotdog"])
def test_the_recipes_numbers_are_in_it(name: str) -> None:
    config = load_config(shipped_config(name))
    assert config.model.name == "resnet18" and config.train.epochs == 5 and config.data.batch_size == 64
    assert (config.optim.groups.backbone.lr, config.optim.groups.head.lr, config.optim.scratch_lr) == (5e-5, 5e-4, 5e-4)
    assert (config.optim.name, config.optim.momentum, config.optim.weight_decay) == ("sgd", 0.9, 0.001)


def test_the_hot_dog_data_are_checked_by_the_sum_that_was_published() -> None:
    data = load_config(shipped_config("hotdog")).data
    assert data.source == "archive" and data.url is not None and data.url.endswith("/hotdog.zip")
    assert data.sha1 == "fba480ffa8aa7e0febbb511d181409f899b9baa5"
