"""A frozen backbone stays as it is, and where pictures are not augmented its features are computed once."""

from pathlib import Path

import pytest
import torch

from engine import protocol as p
from engine.arms import features
from engine.arms.network import Network
from engine.config import RunConfig
from engine.data.folder import scan
from engine.data.pictures import Preparation
from engine.loop.run import Run
from engine.storage import checkpoint
from tests.engine.backbones import NORM
from tests.engine.conftest import write_pictures, write_weights
from tests.engine.driving import STEPS, after_step, come, folder_of, loader_of, only, play, with_settings

FROZEN = {"model__name": NORM, "init": "pretrained", "optim__groups__backbone__frozen": True}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("weights"), NORM)


@pytest.fixture
def frozen(small: RunConfig, backbone: Path) -> RunConfig:
    return with_settings(small, model__weights=str(backbone), **FROZEN)


@pytest.fixture
def still(frozen: RunConfig) -> RunConfig:
    return with_settings(frozen, data__augment=False)


def state_after(events: list[p.Event]) -> dict[str, torch.Tensor]:
    return checkpoint.load(Path(folder_of(events)) / "pretrained" / "last.pt")["model"]


@pytest.mark.parametrize("augment", [True, False])
def test_only_the_last_layer_changes_and_the_statistics_of_batch_norm_stay(
    frozen: RunConfig, backbone: Path, augment: bool
) -> None:
    events = play(Run(with_settings(frozen, data__augment=augment)))
    before, after = torch.load(backbone), state_after(events)
    changed = [name for name in before if name.partition(".")[0] != "fc" and not torch.equal(before[name], after[name])]
    assert changed == [] and events[-1].completed
    started = only(events, p.ArmStarted)[0]
    assert "frozen" in started.init and [(g.name, g.frozen) for g in started.groups] == [
        ("backbone", True),
        ("head", False),
    ]
    rates = [event.learning_rates for event in only(events, p.TrainStep)]
    assert rates == [{"backbone": 0.0, "head": 5e-4}] * STEPS


def test_the_scratch_arm_is_not_frozen(frozen: RunConfig) -> None:
    events = play(Run(with_settings(frozen, init="scratch", train__epochs=1)))
    assert not any(group.frozen for group in only(events, p.ArmStarted)[0].groups)


@pytest.fixture
def pictures_seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures went through the whole network, a number a batch."""
    seen: list[int] = []
    real = Network._forward

    def forward(self: Network, inputs: torch.Tensor, network: object) -> object:
        if network is not self.head:
            seen.append(len(inputs))
        return real(self, inputs, network)

    monkeypatch.setattr(Network, "_forward", forward)
    return seen


def test_without_augmentation_each_picture_goes_through_the_network_once(
    still: RunConfig, pictures_seen: list[int]
) -> None:
    events = play(Run(still))
    assert sum(pictures_seen) == 20 and events[-1].completed
    told = only(events, p.Preparing)
    assert [(event.what, event.total) for event in told] == [("features", 20)] * len(told) and told[-1].done == 20


def test_kept_features_train_and_test_as_the_pictures_do(still: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = play(Run(still))
    monkeypatch.setattr(features, "ROOM", 1)
    plain = play(Run(still))
    for kind, figures in ((p.TrainStep, ("loss", "accuracy")), (p.EvalDone, ("loss", "accuracy", "images"))):
        for a, b in zip(only(kept, kind), only(plain, kind), strict=True):
            for figure in figures:
                assert getattr(a, figure) == pytest.approx(getattr(b, figure), abs=1e-5)
    for a, b in zip(only(kept, p.Confusion), only(plain, p.Confusion), strict=True):
        assert (a.images, a.correct, a.confused) == (b.images, b.correct, b.confused)
        assert [(m.path, m.label, m.predicted) for m in a.mistakes] == [
            (m.path, m.label, m.predicted) for m in b.mistakes
        ]


@pytest.mark.parametrize("step", [1, 3, 5])
def test_a_resumed_run_ends_with_the_weights_of_one_that_went_through(still: RunConfig, step: int) -> None:
    whole = play(Run(still))
    stopped = play(Run(still), after_step(step, p.Stop(), arm="pretrained"))
    resumed = play(Run(still, resume=folder_of(stopped)))
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256


def test_a_command_between_the_features_is_obeyed_and_they_are_computed_when_they_are_needed(
    still: RunConfig, pictures_seen: list[int]
) -> None:
    switches = [p.SwitchArm("scratch"), p.SwitchArm("pretrained")]

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.Preparing) and event.done == 8 and len(switches) == 2:
            return [switches.pop(0)]
        return [switches.pop()] if isinstance(event, p.TrainStep) and event.arm == "scratch" and switches else []

    events = play(Run(still), react)
    assert only(events, p.ArmSuspended)[0].step == 0
    assert events[-1].completed and events[-1].arm == "pretrained"


def test_a_model_whose_last_layer_is_not_its_end_is_trained_without_kept_features(
    small: RunConfig, weights: Path
) -> None:
    """SqueezeNet pools after its last layer."""
    config = with_settings(
        small,
        init="pretrained",
        model__weights=str(weights),
        optim__groups__backbone__frozen=True,
        data__augment=False,
    )
    events = play(Run(config))
    assert events[-1].completed and not only(events, p.Preparing)


def test_a_file_that_cannot_be_read_is_replaced_in_training_and_left_out_of_testing(
    still: RunConfig, tmp_path: Path
) -> None:
    root = write_pictures(tmp_path / "pictures", {"train": 20, "test": 20})
    for part in ("train", "test"):
        (root / part / "cat" / "3.jpg").write_bytes(b"")
    events = play(Run(with_settings(still, data__root=root)))
    assert {event.images for event in only(events, p.EvalDone)} == {39} and events[-1].completed
    for confusion in only(events, p.Confusion):
        assert confusion.images == (19, 20)
        assert all(Path(m.path).parent.name == ("cat", "dog")[m.label] for m in confusion.mistakes)
    assert len(only(events, p.TrainStep)) == 20 and len(only(events, p.ImageSkipped)) == 2


def test_without_augmentation_a_training_picture_looks_as_a_test_picture_does(pictures: Path) -> None:
    samples = scan(pictures, 0.2, 0).train
    loader = loader_of(Preparation(16, 18), seed=0, batch_size=4, augment=False)
    shown = {
        n: image
        for batch in come(loader.training(samples, 0, 0))
        for n, image in zip(batch.numbers, batch.images, strict=True)
    }
    tested = {
        n: image
        for batch in come(loader.testing(samples))
        for n, image in zip(batch.numbers, batch.images, strict=True)
    }
    assert sorted(shown) == sorted(tested) == list(range(14))
    assert all(torch.equal(shown[number], tested[number]) for number in shown)
    loader.close()
