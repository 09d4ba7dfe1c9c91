"""Each format, loaded here as its users load it, says of pictures what the checkpoint says."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from engine.config.sections import ModelConfig
from engine.data.pictures import Preparation
from engine.data.pictures import test_pixels as prepared
from engine.export.check_pictures import find_check_pictures
from engine.export.timm_twin import crop_share
from engine.export.writer import write_checked
from engine.inference.trained import TrainedModel
from engine.models.build import build
from engine.models.weights import load_backbone, read_classes, read_preparation, read_weights
from tests.engine.export.conftest import with_model

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")  # torch wants it to be used less

Logits = Callable[[torch.Tensor], torch.Tensor]
WIDE = Preparation(48, 59, (0.5, 0.4, 0.3), (0.2, 0.3, 0.25), "bicubic")  # 48 / (48 / 59) is less than 59


def by_torch_export(path: Path) -> tuple[Logits, dict[str, Any]]:
    files = {"metadata.json": ""}
    return torch.export.load(path, extra_files=files).module(), json.loads(files["metadata.json"])


def by_torchscript(path: Path) -> tuple[Logits, dict[str, Any]]:
    files = {"metadata.json": ""}
    return torch.jit.load(path, _extra_files=files), json.loads(files["metadata.json"])


def by_onnx(path: Path) -> tuple[Logits, dict[str, Any]]:
    import onnx
    import onnxruntime

    texts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    session = onnxruntime.InferenceSession(path)
    assert session.get_inputs()[0].type == session.get_outputs()[0].type == "tensor(float)"
    return lambda images: torch.from_numpy(session.run(None, {"images": images.numpy()})[0]), {
        key: json.loads(text) for key, text in texts.items()
    }


def inputs(pixels: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (preparation.mean, preparation.std))
    return (pixels / 255 - mean) / std


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(
    ("form", "name", "load"),
    [
        ("torch-export", "a.pt2", by_torch_export),
        ("torchscript", "a.pt", by_torchscript),
        ("onnx", "a.onnx", by_onnx),
    ],
)
def test_a_program_takes_any_number_of_float32_pictures(forked, trained, tmp_path, form, name, load, half) -> None:
    if form == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
    pictures = find_check_pictures(trained, None)
    comparison = write_checked(trained, form, tmp_path / name, pictures, half)
    assert comparison.holds and comparison.pictures == len(pictures.pixels) == 6
    logits, facts = load(tmp_path / name)
    images, wanted = inputs(pictures.pixels, trained.preparation), trained.logits(pictures.pixels)
    for count in (1, 2, 6):
        found = logits(images[:count])
        assert found.dtype == torch.float32 and found.shape == (count, 2)
        torch.testing.assert_close(found, wanted[:count], rtol=0, atol=1e-2 if half else 1e-5)
    assert (facts["classes"], facts["temperature"]) == (["cat", "dog"], trained.temperature)
    assert facts["weights"] == ("float16" if half else "float32") and facts["model"] == "test/norm"
    assert Preparation(**{key: facts[key] for key in Preparation.__dataclass_fields__}).image_size == 32
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("half", [False, True])
def test_another_run_starts_from_exported_weights_and_their_head(forked, trained, tmp_path: Path, half: bool) -> None:
    file = tmp_path / "a.safetensors"
    write_checked(trained, "safetensors", file, find_check_pictures(trained, None), half)
    assert (read_preparation(file), read_classes(file)) == (trained.preparation, ["cat", "dog"])
    with safe_open(file, framework="pt") as opened:
        assert opened.get_tensor("fc.weight").dtype == (torch.float16 if half else torch.float32)
        assert float(opened.metadata()["temperature"]) == trained.temperature
    config = ModelConfig(name="test/norm", weights=str(file), head="pretrained")
    built = build(config, ["dog", "bird", "cat"], "pretrained", 0).model
    rows = built.fc.weight[[2, 0]]
    torch.testing.assert_close(rows, trained.model.fc.weight, rtol=1e-3 if half else 0, atol=1e-3 if half else 0)
    load_backbone(trained.model, "fc", read_weights(file), str(file))  # raises where keys are missing
    (tmp_path / "usual").touch()
    assert file.stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize(
    ("form", "library", "half", "model"),
    [
        ("timm", "timm", False, "resnet18"),
        ("timm", "timm", True, "timm/vit_tiny_patch16_224"),
        ("hf", "transformers", False, "timm/vit_tiny_patch16_224"),
        ("hf", "transformers", True, "resnet18"),
    ],
)
def test_a_folder_prepares_and_names_as_we_do(forked, trained, tmp_path, form, library, half, model) -> None:
    pytest.importorskip(library)
    untrained = with_model(trained, model, WIDE)
    pictures = find_check_pictures(untrained, None)
    assert write_checked(untrained, form, tmp_path / "a", pictures, half).holds
    picture = Image.fromarray(np.random.default_rng(0).integers(256, size=(61, 83, 3), dtype=np.uint8))
    images, names, logits = (load_timm if form == "timm" else load_hf)(tmp_path / "a", picture)
    pixels = prepared(picture, WIDE)[None]
    torch.testing.assert_close(images, inputs(pixels, WIDE), rtol=0, atol=1e-5)
    wanted = untrained.logits(pixels)
    torch.testing.assert_close(logits, wanted, rtol=0, atol=float(wanted.abs().max()) * (5e-2 if half else 1e-4))
    assert names == ["cat", "dog"]
    assert json.loads((tmp_path / "a" / "config.json").read_text())["finetune_tui"]["temperature"] == (
        trained.temperature
    )


def load_timm(folder: Path, picture: Image.Image) -> tuple[torch.Tensor, list[str], torch.Tensor]:
    import timm

    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval().requires_grad_(False)
    images = timm.data.create_transform(**timm.data.resolve_model_data_config(model))(picture)[None]
    return images, list(model.pretrained_cfg["label_names"]), model(images)


def load_hf(folder: Path, picture: Image.Image) -> tuple[torch.Tensor, list[str], torch.Tensor]:
    import transformers

    model = transformers.AutoModelForImageClassification.from_pretrained(folder).requires_grad_(False)
    images = transformers.AutoImageProcessor.from_pretrained(folder)(picture)["pixel_values"]
    return images, [model.config.id2label[number] for number in range(2)], model(images).logits.float()


def test_timm_resizes_to_the_same_side_for_every_preparation() -> None:
    for image_size in (1, 32, 40, 224, 288, 299):
        for resize_size in range(1, 400):
            assert math.floor(image_size / crop_share(Preparation(image_size, resize_size))) == resize_size


@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("shufflenet_v2_x0_5", "timm has no model of this name"),
        ("efficientnet_b0", "has other layers, or other names for them"),
        ("resnet18", "computes something else with the same weights"),
    ],
)
def test_what_timm_does_not_have_is_refused_with_what_to_use(trained: TrainedModel, tmp_path, model, why) -> None:
    pytest.importorskip("timm")
    other = with_model(trained, model)
    if model == "resnet18":
        other.model.layer1[0].relu = torch.nn.Identity()
    with pytest.raises(Exception, match=f"{model}: timm.*; use --format onnx") as refused:
        write_checked(other, "timm", tmp_path / "a", find_check_pictures(other, None), half=False)
    assert why in str(refused.value) and refused.value.exit_status == 2 and not list(tmp_path.iterdir())
