"""Pretrained weights: from a file or downloaded, without running code, and refused by name where they do not fit."""

import argparse
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from engine.config import RunConfig
from engine.config.sections import ModelConfig
from engine.data.pictures import Preparation
from engine.errors import EngineError, WeightsError
from engine.models import BuiltModel, build, fetch, preparation
from engine.models.head import find_head
from engine.models.inside import _current_name
from engine.models.weights import load_backbone, read_weights
from engine.protocol import Arm, Loading
from tests.engine.backbones import PLAIN
from tests.engine.onestep import first_step
from tests.engine.webserver import Server, publish_weights, serving

# pytest sets its own filters of warnings; that the real program shows none is tested with the bad inputs.
pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol")

NAME = "shufflenet_v2_x0_5"
CLASSES = ("cat", "dog")
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    """Weights of the model for 5 classes, with running statistics that are not the initial ones."""
    torch.manual_seed(11)
    state = torchvision.models.get_model(NAME, num_classes=5).state_dict()
    return {key: torch.rand_like(value) if value.is_floating_point() else value + 7 for key, value in state.items()}


def built(file: Path, name: str = NAME) -> BuiltModel:
    return build(ModelConfig(name=name, weights=str(file)), CLASSES, "pretrained", 0)


def outside_head(tensors: Tensors, head: str = "fc") -> Tensors:
    return {key: value for key, value in tensors.items() if not key.startswith(f"{head}.")}


def same(a: Tensors, b: Tensors) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def refused(file: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        built(file)
    assert str(file) in caught.value.message
    return f"{caught.value.title}: {caught.value.message}"


# --- files that fit -----------------------------------------------------------------------------------------


def prefixed(tensors: Tensors, prefix: str) -> Tensors:
    return {f"{prefix}{key}": value for key, value in tensors.items()}


ARGUMENTS = argparse.Namespace(lr=0.1, out=Path("runs"))
STATE = {"state": {0: {"momentum_buffer": torch.zeros(2)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
COUNTER = {"n_averaged": torch.tensor(3)}


@pytest.mark.parametrize(
    ("wrap", "note"),
    [
        (lambda t: t, ""),
        (lambda t: {"model": t, "format": 1, "step": 7, "config": {"name": "run"}}, ""),
        (lambda t: {"state_dict": t, "epoch": 3}, " (its `state_dict`)"),
        (lambda t: {"model_state_dict": t, "optimizer_state_dict": STATE}, " (its `model_state_dict`)"),
        (lambda t: {"net": t, "acc": 0.9}, " (its `net`)"),
        (lambda t: {"weights": t}, " (its `weights`)"),
        (lambda t: {"student": t, "epoch": 1}, " (its `student`)"),
        (lambda t: {"checkpoint": {"model": t}, "epoch": 1}, " (its `checkpoint.model`)"),
        (lambda t: {"state_dict": t, "args": ARGUMENTS}, " (its `state_dict`)"),
        (
            lambda t: {"state_dict": t, "state_dict_ema": prefixed(t, "m.")},
            " (its `state_dict`, not its `state_dict_ema`)",
        ),
        *(
            (lambda t, prefix=prefix: prefixed(t, prefix), f" (without the prefix `{prefix}`)")
            for prefix in ("model.", "module.", "backbone.", "net.", "_orig_mod.", "module._orig_mod.")
        ),
        (
            lambda t: {"state_dict": prefixed(t, "model."), "epoch": 3},
            " (its `state_dict`, without the prefix `model.`)",
        ),
        (lambda t: COUNTER | prefixed(t, "module."), " (without the prefix `module.`, without 1 other tensor)"),
        (lambda t: {k: v.half() if v.is_floating_point() else v for k, v in t.items()}, ""),
    ],
)
def test_every_weight_outside_the_head_is_found_in_what_programs_save(
    wrap, note: str, tensors: Tensors, tmp_path: Path
) -> None:
    """The init of the arm says what was chosen and taken off."""
    file = tmp_path / "weights.pth"
    torch.save(wrap(tensors), file)
    classifier = built(file)
    found, wanted = outside_head(classifier.model.state_dict()), outside_head(tensors)
    assert found.keys() == wanted.keys() and all(value.dtype == wanted[key].dtype for key, value in found.items())
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=0)  # half precision has three digits
    assert classifier.model.fc.out_features == 2 and classifier.init == f"weights of {file}{note}"


@pytest.mark.parametrize("lacks", ["conv5.0.weight", "conv1.0.weight"])
def test_a_prefix_is_taken_off_only_if_the_whole_backbone_then_fits(
    lacks: str, tensors: Tensors, tmp_path: Path
) -> None:
    torch.save({k: v for k, v in prefixed(tensors, "net.").items() if k != f"net.{lacks}"}, tmp_path / "weights.pth")
    assert lacks in refused(tmp_path / "weights.pth")


def test_of_several_models_without_a_usual_name_none_is_guessed(tensors: Tensors, tmp_path: Path) -> None:
    torch.save({"teacher": tensors, "student": tensors}, tmp_path / "weights.pth")
    assert "several dictionaries of tensors, `teacher`, `student`" in refused(tmp_path / "weights.pth")


def test_every_weight_outside_the_head_is_copied_from_a_safetensors_file(tensors: Tensors, tmp_path: Path) -> None:
    save_file(tensors, tmp_path / "weights.safetensors")
    assert same(outside_head(built(tmp_path / "weights.safetensors").model.state_dict()), outside_head(tensors))


def test_a_checkpoint_that_a_run_wrote_works_as_the_weights_of_another(small: RunConfig) -> None:
    *_, finished = first_step(small)
    state = torch.load(finished.checkpoint, weights_only=True)["model"]
    classifier = built(Path(finished.checkpoint), small.model.name)
    assert same(outside_head(classifier.model.state_dict(), classifier.head), outside_head(state, classifier.head))


def test_a_file_of_the_time_before_zip_and_without_batch_counters_is_read(tensors: Tensors, tmp_path: Path) -> None:
    old = {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    torch.save(old, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    found = built(tmp_path / "old.pth").model.state_dict()
    assert same(outside_head({key: found[key] for key in old}), outside_head(old))


def test_weights_without_any_head_are_taken(tensors: Tensors, tmp_path: Path) -> None:
    torch.save(outside_head(tensors), tmp_path / "backbone.pth")
    assert built(tmp_path / "backbone.pth").model.fc.out_features == 2


@pytest.mark.parametrize("name", ["mnasnet0_5", "googlenet", "inception_v3", "densenet121"])
def test_files_as_torchvision_publishes_them_fit_its_own_models(name: str) -> None:
    """Without version numbers (MNASNet), with second classifiers (GoogLeNet, Inception), in old spelling (DenseNet)."""
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        published = torchvision.models.get_model(name, **options).state_dict()
        model = torchvision.models.get_model(name, **options, **({"aux_logits": False} if options else {}))
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): value for key, value in published.items()}
    assert (old.keys() != published.keys()) == (name == "densenet121")
    load_backbone(model, find_head(model), {_current_name(key): value for key, value in old.items()}, "published.pth")


def test_weights_of_an_mnasnet_without_its_version_are_copied_bit_for_bit(tmp_path: Path) -> None:
    state = {key: torch.rand_like(v) if v.is_floating_point() else v for key, v in mnasnet().state_dict().items()}
    save_file(state, tmp_path / "mnasnet.safetensors")
    found = built(tmp_path / "mnasnet.safetensors", "mnasnet0_5").model.state_dict()
    assert same(outside_head(found, "classifier.1"), outside_head(state, "classifier.1"))


def mnasnet() -> nn.Module:
    return torchvision.models.mnasnet0_5()


# --- files that are refused ---------------------------------------------------------------------------------


class Malicious:
    """Unpickled, it writes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.write_text, (self.target, "executed"))


@pytest.mark.parametrize("form", ["pickle", "torch zip", "torch old"])
def test_a_file_that_holds_code_is_refused_and_the_code_not_run(form: str, tmp_path: Path) -> None:
    file, target = tmp_path / "weights.pth", tmp_path / "executed"
    content = {"conv1.0.weight": Malicious(target)}
    if form == "pickle":
        file.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, file, _use_new_zipfile_serialization=form == "torch zip")
    assert "Weights refused" in refused(file) and "holds code" in refused(file)
    with pytest.raises(WeightsError):
        preparation(ModelConfig(name=NAME, weights=str(file)), None)
    assert not target.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: {k: v for k, v in t.items() if k != "conv5.0.weight"}, ["1 missing (conv5.0.weight)"]),
        (lambda t: t | {"conv9.weight": torch.zeros(1)}, ["1 unexpected (conv9.weight)"]),
        (lambda t: t | {"conv1.0.weight": torch.zeros(9, 3, 3, 3)}, ["misshapen", "(9, 3, 3, 3) instead of (24, 3"]),
        (lambda t: {"fc.weight": t["fc.weight"]}, ["missing", "..."]),
    ],
)
def test_keys_outside_the_head_that_do_not_fit_are_named(
    change, words: list[str], tensors: Tensors, tmp_path: Path
) -> None:
    torch.save(change(tensors), tmp_path / "weights.pth")
    message = refused(tmp_path / "weights.pth")
    for word in (*words, "ShuffleNetV2", "`fc`", "set model.name to the model they were made for"):
        assert word in message


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 half a zip file"])
def test_a_damaged_file_is_refused_with_what_to_do(ending: str, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"weights.{ending}"
    file.write_bytes(content)
    assert re.search("set model.weights to a valid file|save the model", refused(file))


@pytest.mark.parametrize("content", [[1, 2], {"lr": 0.1}, {}, {"model": {}}, torch.zeros(3)])
def test_a_file_of_something_else_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pth")
    assert "expected tensors by name; save the model's state_dict()" in refused(tmp_path / "weights.pth")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "does not exist; correct model.weights" in refused(tmp_path / "gone.pth")


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_flipped_bytes_of_a_weight_file_are_weights_or_a_refusal_and_never_another_exception(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ending = data.draw(st.sampled_from(["pth", "safetensors"]))
    file = tmp_path_factory.mktemp("flipped") / f"weights.{ending}"
    small = {"a": torch.zeros(3), "b": torch.ones(2, 2)}
    if ending == "pth":
        torch.save(small, file, _use_new_zipfile_serialization=data.draw(st.booleans()))
    else:
        save_file(small, file)
    content = bytearray(file.read_bytes())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    file.write_bytes(content)
    try:
        assert all(isinstance(value, torch.Tensor) for value in read_weights(file).values())
    except WeightsError as error:
        assert str(file) in error.message


# --- how their pictures are prepared ------------------------------------------------------------------------

OWN = {"image_size": 64, "resize_size": 72, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.1], "interpolation": "bicubic"}


def prepared_by(file: Path, image_size: int | None = None) -> Preparation:
    return preparation(ModelConfig(name=NAME, weights=str(file)), image_size)


def save_with(metadata: dict[str, object], tensors: Tensors, file: Path) -> Path:
    if file.suffix == ".safetensors":
        save_file(tensors, file, {key: json.dumps(value) for key, value in metadata.items()})
    else:
        torch.save({"model": tensors, "preparation": metadata}, file)
    return file


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_size_mean_and_deviation_come_from_the_files_own_metadata(
    ending: str, tensors: Tensors, tmp_path: Path
) -> None:
    file = save_with(OWN, tensors, tmp_path / f"weights.{ending}")
    assert prepared_by(file) == Preparation(64, 72, (0.5, 0.4, 0.3), (0.2, 0.2, 0.1), "bicubic")
    assert prepared_by(file, 32) == Preparation(32, 36, (0.5, 0.4, 0.3), (0.2, 0.2, 0.1), "bicubic")


def test_a_file_that_says_nothing_is_prepared_for_imagenets_way(tensors: Tensors, tmp_path: Path) -> None:
    torch.save(tensors, tmp_path / "weights.pth")
    save_file(tensors, tmp_path / "weights.safetensors", {"format": "pt"})
    assert prepared_by(tmp_path / "weights.pth") == prepared_by(tmp_path / "weights.safetensors") == Preparation()


@pytest.mark.parametrize(
    ("key", "value"),
    [("mean", [0.5]), ("mean", 0.5), ("std", [0, 1, 1]), ("image_size", "big"), ("image_size", -3), ("std", None)],
)
@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_impossible_metadata_are_refused_by_key(
    key: str, value: object, ending: str, tensors: Tensors, tmp_path: Path
) -> None:
    file = save_with(OWN | {key: value}, tensors, tmp_path / f"weights.{ending}")
    with pytest.raises(WeightsError, match="metadata cannot be used") as caught:
        prepared_by(file)
    assert key in caught.value.message and "correct them or leave them out" in caught.value.message


# --- torchvision's own, downloaded --------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Serves what torchvision's default weights of the model are looked for at; an empty cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with serving(monkeypatch) as state:
        yield state


def publish(server: Server, content: bytes, monkeypatch: pytest.MonkeyPatch, digest: str | None = None) -> Path:
    return publish_weights(server, NAME, content, monkeypatch, digest)


def published_bytes(tensors: Tensors, tmp_path: Path) -> bytes:
    torch.save(tensors | {"fc.weight": torch.zeros(1000, 1024), "fc.bias": torch.zeros(1000)}, tmp_path / "made.pth")
    return (tmp_path / "made.pth").read_bytes()


def fetched(arm: Arm = "pretrained") -> list[Loading]:
    """What is told while the weights that an arm starts with are fetched."""
    return list(fetch(ModelConfig(name=NAME), arm))


def test_torchvisions_weights_are_downloaded_once_without_a_word_on_the_screen(
    server: Server, tensors: Tensors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cached = publish(server, published_bytes(tensors, tmp_path), monkeypatch)
    for _ in range(2):
        fetched()
        classifier = build(ModelConfig(name=NAME), CLASSES, "pretrained", 0)
        assert same(outside_head(classifier.model.state_dict()), outside_head(tensors))
        assert classifier.init == "torchvision's default weights"
    assert len(server.asked) == 1 and cached.is_file()
    assert capfd.readouterr() == ("", "")


def test_a_download_tells_how_far_it_is_in_bytes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.hardware.download.REPORT_SECONDS", 0.0)
    monkeypatch.setattr("engine.hardware.download.CHUNK", 1000)
    cached = publish(server, bytes(10_000), monkeypatch)
    began, *told = fetched()
    assert began == Loading(f"downloading {cached.name}")
    assert [event.done for event in told] == sorted({event.done for event in told}) and len(told) > 5
    assert told[-1] == Loading(f"downloading {cached.name}", 10_000, 10_000)
    assert list(cached.parent.iterdir()) == [cached]


def test_a_download_that_is_given_up_leaves_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = publish(server, bytes(10_000), monkeypatch)
    download = fetch(ModelConfig(name=NAME), "pretrained")
    next(download), next(download)
    assert list(cached.parent.iterdir()) != []
    download.close()
    assert list(cached.parent.iterdir()) == []


def test_the_scratch_arm_downloads_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(server, b"never read", monkeypatch)
    assert fetched("scratch") == []
    build(ModelConfig(name=NAME), CLASSES, "scratch", 0)
    preparation(ModelConfig(name=NAME), None)
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "share", "digest", "reason"),
    [
        (404, 1.0, None, "Not Found"),
        (200, 0.5, None, "the connection was cut off after"),
        (200, 1.0, "0" * 8, "hash"),
        (500, 1.0, None, "Internal"),
    ],
    ids=["not there", "cut off", "another file", "server broken"],
)
def test_a_download_that_fails_says_what_to_do_and_leaves_nothing(
    server: Server,
    status: int,
    share: float,
    digest: str | None,
    reason: str,
    tensors: Tensors,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cached = publish(server, published_bytes(tensors, tmp_path), monkeypatch, digest)
    server.status, server.share = status, share
    with pytest.raises(EngineError) as caught:
        fetched()
    assert caught.value.title == "Weights not downloaded" and caught.value.exit_status == 1
    for word in (reason, server.url(cached.name), "check the connection", str(cached.parent), "model.weights"):
        assert word in caught.value.message
    assert list(cached.parent.iterdir()) == []


def test_a_server_that_is_not_there_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.address = "http://127.0.0.1:9"
    publish(server, b"", monkeypatch)
    with pytest.raises(EngineError, match="Connection refused; check the connection"):
        fetched()


def test_downloaded_code_is_refused_and_not_run(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(server, pickle.dumps({"a": Malicious(tmp_path / "executed")}), monkeypatch)
    fetched()
    with pytest.raises(WeightsError, match="holds code"):
        build(ModelConfig(name=NAME), CLASSES, "pretrained", 0)
    assert not (tmp_path / "executed").exists()


def test_a_model_that_nobody_publishes_weights_for_says_so() -> None:
    with pytest.raises(WeightsError, match=f"there are none for {PLAIN}") as caught:
        list(fetch(ModelConfig(name=PLAIN), "pretrained"))
    assert "init: scratch" in caught.value.message
