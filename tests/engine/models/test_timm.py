"""timm's models as a family: the smallest ones it has of several kinds, built, loaded, downloaded and trained."""

import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import nn

from engine import Classifier
from engine import protocol as p
from engine.config import RunConfig, load_config
from engine.config.sections import ModelConfig
from engine.errors import EngineError, WeightsError
from engine.loop.run import Run
from engine.models import build, fetch, preparation
from engine.models.families import find_family
from engine.models.sync_norm import synchronise_batch_norm
from engine.models.weights import read_weights
from tests.engine.driving import folder_of, only, play
from tests.engine.webserver import Server, serving

CLASSES = ("cat", "dog", "eel")
MODELS = ("test_resnet", "test_efficientnet", "test_convnext", "test_vit", "test_nfnet")
TAGGED = "timm/test_resnet.r160_in1k"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """It stands for the hub; nothing is in a cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with serving(monkeypatch) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


def state_of(name: str) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    family, inner = find_family(f"timm/{name}")
    return {
        key: torch.rand_like(value) if value.is_floating_point() else value
        for key, value in family.build(inner).state_dict().items()
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_its_stages_a_new_head_and_the_weights_of_a_file(name: str, tmp_path: Path) -> None:
    state = state_of(name)
    torch.save(state, tmp_path / "own.pth")
    config = ModelConfig(name=f"timm/{name}", weights=str(tmp_path / "own.pth"))
    built = build(config, CLASSES, "pretrained", 0)
    head = built.model.get_submodule(built.head)
    assert isinstance(head, nn.Linear) and head.out_features == len(CLASSES)
    own = [key for key, _ in built.model.named_parameters() if not key.startswith(f"{built.head}.")]
    assert sorted(key for stage in built.stages.values() for key in stage) == sorted(own)
    assert list(built.stages)[:2] == ["stem", "stage1"] and len(built.stages) > 2
    assert all(torch.equal(built.model.state_dict()[key], state[key]) for key in own)
    size = preparation(config, None).image_size
    assert built.model.eval()(torch.rand(2, 3, size, size)).shape == (2, 3)


def test_a_transformer_takes_pictures_of_another_size() -> None:
    config = ModelConfig(name="timm/test_vit")
    assert preparation(config, None).image_size == 160
    assert preparation(config, 96).image_size == 96
    assert build(config, CLASSES, "scratch", 0).model(torch.rand(2, 3, 96, 96)).shape == (2, 3)


def test_weights_in_a_wrapper_such_as_lightning_are_found_by_their_names(tmp_path: Path) -> None:
    state = state_of("test_resnet")
    wrapped = {f"model.net.{key}": value for key, value in state.items()} | {"criterion.weight": torch.ones(3)}
    torch.save({"state_dict": wrapped, "epoch": 3, "pytorch-lightning_version": "2.5"}, tmp_path / "last.ckpt")
    config = ModelConfig(name="timm/test_resnet", weights=str(tmp_path / "last.ckpt"))
    found = build(config, CLASSES, "pretrained", 0).model.state_dict()
    assert torch.equal(
        found["conv1.0.weight" if "conv1.0.weight" in found else next(iter(found))], state[next(iter(state))]
    )


def test_published_weights_are_downloaded_once(server: Server) -> None:
    server.content = save(state_of("test_resnet"))
    config = ModelConfig(name=TAGGED)
    for _ in range(2):
        assert [event for event in fetch(config, "pretrained") if not isinstance(event, p.Loading)] == []
    assert server.asked == ["/timm/test_resnet.r160_in1k/resolve/main/model.safetensors"]
    built = build(config, CLASSES, "pretrained", 0)
    assert "timm/test_resnet.r160_in1k" in built.init
    key = next(iter(built.model.state_dict()))
    assert torch.equal(built.model.state_dict()[key], state_of("test_resnet")[key])


def test_a_model_of_the_hub_is_built_as_its_configuration_says(tmp_path: Path, monkeypatch) -> None:
    given = {
        "architecture": "test_resnet",
        "num_classes": 2,
        "label_names": ["dog", "owl"],
        "pretrained_cfg": {"input_size": [3, 64, 64], "crop_pct": 0.5, "mean": [0.1, 0.2, 0.3], "classifier": "fc"},
    }
    (tmp_path / "config.json").write_text(json.dumps(given))
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda repo, name: str(tmp_path / name))
    (tmp_path / "model.safetensors").write_bytes(
        save(build(ModelConfig(name="timm/test_resnet"), "ab", "scratch", 7).model.state_dict())
    )
    config = ModelConfig(name="hf-hub:me/birds", head="pretrained")
    assert list(fetch(config, "pretrained")) == []
    built = build(config, CLASSES, "pretrained", 0)
    assert "the head's rows of dog are the pretrained classifier's" in built.init
    prepared = preparation(config, None)
    assert (prepared.image_size, prepared.resize_size, prepared.mean) == (64, 128, (0.1, 0.2, 0.3))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm/test_resnt", "did you mean test_resnet"),
        ("timm/efficientformer_l1", "has no single last layer"),
        ("hf-hub:me/none", "hf-hub:me/none: "),
    ],
)
def test_what_cannot_be_used_gets_one_sentence(monkeypatch, name: str, message: str) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EngineError) as caught:
        build(ModelConfig(name=name), CLASSES, "scratch", 0)
    assert message in caught.value.message and "\n" not in caught.value.message


def test_without_timm_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(WeightsError, match=r"pip install 'finetune-tui\[timm\]'"):
        find_family("timm/resnet18")


def test_a_batch_norm_with_an_activation_keeps_it_when_processes_share_it() -> None:
    model = build(ModelConfig(name="timm/test_efficientnet"), CLASSES, "scratch", 0).model.eval()
    pictures, before = torch.rand(2, 3, 64, 64), model.state_dict().keys()
    with torch.no_grad():
        expected = model(pictures)
        found = synchronise_batch_norm(model, torch.device("cpu")).eval()
        assert found.state_dict().keys() == before
        torch.testing.assert_close(found(pictures), expected)


def test_a_run_of_the_recipe_auto_trains_it_and_its_checkpoint_is_used(small: RunConfig, tmp_path: Path) -> None:
    family, name = find_family("timm/test_resnet")
    torch.save(family.build(name).state_dict(), tmp_path / "own.pth")
    file = tmp_path / "small.yaml"
    text = file.read_text().replace("scratch\n", "pretrained\nrecipe: auto\n", 1).replace("epochs: 2", "epochs: 1")
    file.write_text(text.replace("{name: test/plain}", f"{{name: {TAGGED}, weights: {tmp_path / 'own.pth'}}}"))
    events = play(Run(load_config(file)))
    assert isinstance(events[-1], p.RunFinished), events[-1]
    assert len(only(events, p.HeadFitted)) == 1
    groups = [group.name for group in only(events, p.ArmStarted)[0].groups]
    assert groups[0] == "stem" and groups[-1] == "head" and 2 < len(groups) <= 6
    classifier = Classifier.load(folder_of(events))
    assert set(read_weights(classifier.trained.file)) == set(state_of("test_resnet"))
    assert classifier(next(iter((small.data.root / "test").rglob("*.jpg")))).labels[0] in ("cat", "dog")
