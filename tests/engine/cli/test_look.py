"""What a run would train on and how long that takes, said without training."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.cli.estimate import estimate
from engine.cli.preview import ClassCount, Estimate, Pictures, count_pictures, find, lines
from engine.cli.program import main
from engine.config import RunConfig, load_config
from engine.errors import DataError, EngineError
from tests.engine.conftest import write_pictures


def having(config: RunConfig, section: str, **settings: object) -> RunConfig:
    return config.model_copy(update={section: getattr(config, section).model_copy(update=settings)})


def counted(config: RunConfig) -> Pictures:
    return count_pictures(config, find(config))


def estimated(config: RunConfig) -> Estimate:
    catalogue = find(config)
    assert catalogue is not None
    return estimate(config, catalogue)


# --- the pictures ---------------------------------------------------------------------------------------------


def test_classes_are_counted_and_three_of_them_have_a_sample(small: RunConfig, tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "uneven", {"train": 2, "test": 1}, ("ant", "bee", "cat", "dog"))
    for number in range(4):
        Image.new("RGB", (8, 8)).save(root / "train" / "dog" / f"more{number}.png")
    found = counted(having(small, "data", root=root))
    assert found.classes == (*(ClassCount(name, 2, 1) for name in ("ant", "bee", "cat")), ClassCount("dog", 6, 1))
    assert (found.train_images, found.test_images, found.imbalance) == (12, 4, 3.0)
    assert [Path(path).parent.name for path in found.samples] == ["ant", "bee", "cat"]
    assert all(Path(path).is_file() for path in found.samples)
    assert found.root == str(root) and found.message == ""


def test_a_folder_without_classes_is_refused_as_a_run_refuses_it(small: RunConfig, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least two class folders"):
        counted(having(small, "data", root=tmp_path))


@pytest.mark.parametrize(
    ("source", "word"),
    [("demo", "the run draws them first"), ("archive", "the run downloads them first")],
)
def test_pictures_that_are_not_there_yet_are_said_to_be(
    source: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    config = load_config(None, [f"data.source={source}", "data.url=http://127.0.0.1:9/a.zip", f"data.sha1={'0' * 40}"])
    found = counted(config)
    assert word in found.message and found.classes == ()
    assert list(tmp_path.iterdir()) == []


def test_the_parts_what_is_left_out_and_the_largest_class_are_said(small: RunConfig, tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "own", {"Train": 1, "valid": 1})
    for number in range(3):
        Image.new("RGB", (8, 8)).save(root / "Train" / "dog" / f"more{number}.png")
    (root / "Train" / "dog" / "IMG.cr2").touch()
    said = lines(counted(having(small, "data", root=root)), as_json=False)
    assert said[1] == "train: `Train` (5), val: `valid` (2), test: none"
    assert said[2].startswith(f"left out: 1 raw picture of cameras, such as {root}/Train/dog/IMG.cr2; ")
    assert (
        "the largest class has 4.0 times as many as the smallest, 80% of all: a model that always says that class is "
        "right in 80%" in said
    )


# --- the estimate ---------------------------------------------------------------------------------------------


def test_an_estimate_adds_up_and_leaves_nothing_behind(
    small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = estimated(small)
    assert (found.model, found.arm, found.device, found.precision) == ("test/plain", "scratch", "cpu", "float32")
    assert (found.image_size, found.batch_size, found.epochs, found.steps_per_epoch) == (32, 4, 2, 4)
    assert found.parameters == {"backbone": 3_712, "head": 2 * 16 + 2} and found.frozen == ()
    assert min(found.step_seconds, found.images_per_second, found.images_per_second_again) > 0
    assert found.seconds == pytest.approx(found.first_epoch_seconds + found.epoch_seconds)
    assert not (tmp_path / "cache").exists() and not small.checkpoint.dir.exists()


def test_an_arm_with_torchvisions_weights_is_estimated_without_a_download(
    small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert estimated(small.model_copy(update={"init": "pretrained"})).arm == "pretrained"
    assert not (tmp_path / "torch").exists()


def test_a_frozen_backbone_without_augmentation_costs_its_time_once(small: RunConfig) -> None:
    config = having(having(small, "data", augment=False), "model", name="shufflenet_v2_x0_5", weights="demo")
    config = having(
        config,
        "optim",
        groups=config.optim.groups.model_copy(
            update={"backbone": config.optim.groups.backbone.model_copy(update={"frozen": True})}
        ),
    )
    found = estimated(config.model_copy(update={"init": "pretrained"}))
    assert found.frozen == ("backbone",)
    assert found.epoch_seconds == pytest.approx(found.step_seconds * found.steps_per_epoch)


def test_where_memory_runs_out_it_counts_with_parts_of_a_batch(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.arms.arm import TrainedArm

    update = TrainedArm.update

    def too_large(arm: TrainedArm, batch):
        if min(batch.global_size, arm.micro_batch or batch.global_size) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return update(arm, batch)

    monkeypatch.setattr(TrainedArm, "update", too_large)
    assert estimated(small).micro_batch == 2
    with pytest.raises(EngineError, match=r"a batch of 4 does not fit; use --set data\.batch_size=2"):
        estimated(having(small, "watchdog", out_of_memory=False))


def test_a_step_that_fails_is_told_in_a_sentence(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arm: object, batch: object) -> None:
        raise RuntimeError("no kernel image\nmore of it")

    monkeypatch.setattr("engine.arms.arm.TrainedArm.update", fail)
    with pytest.raises(EngineError, match=r"a step of test/plain fails: no kernel image$"):
        estimated(small)


# --- the command ----------------------------------------------------------------------------------------------


def settings(config: RunConfig) -> list[str]:
    return ["--data", str(config.data.root), "--model", config.model.name, "--init", "scratch", "--set", "device=cpu"]


def test_the_command_writes_an_object_a_line_the_pictures_first(
    small: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = ["--set", "data.image_size=32", "--set", "data.batch_size=4", "--json"]
    assert main(["look", *settings(small), *extra]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["type"] == "pictures" and first["classes"][0] == {"name": "cat", "train": 6, "test": 3, "val": 1}
    assert first.keys() - {"type"} == Pictures.__dataclass_fields__.keys()
    assert second["type"] == "estimate" and second["bottleneck"] in ("decoding", "computing")
    assert second.keys() - {"type"} == Estimate.__dataclass_fields__.keys()


def test_a_folder_that_is_not_there_ends_it_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["look", "--data", "/nowhere"]) == 2
    assert "/nowhere does not exist" in capsys.readouterr().err


def test_a_model_that_does_not_exist_ends_it_after_the_pictures_were_told(
    small: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", *settings(having(small, "model", name="resnet81")), "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["type"] == "pictures" and "did you mean" in err


def test_people_are_told_what_it_comes_to_in_words() -> None:
    told = Estimate(
        *("resnet18", "pretrained", "cuda", "bfloat16", {"backbone": 11_176_512, "head": 1026}, ("backbone",)),
        *(224, 64, 32, 5, 100, 0.05, 900.0, 4000.0, 60.0, 30.0, 180.0, "decoding"),
    )
    text = "\n".join(lines(told, as_json=False))
    for words in (
        "11,176,512 in the backbone (frozen)",
        "in parts of 32",
        "3 min for 5 epochs",
        "decoding is the bottle",
    ):
        assert words in text
