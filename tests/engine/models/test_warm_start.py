"""A new head starts from the pretrained classifier's rows of the classes that it has already."""

import json
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from engine import protocol as p
from engine.config import RunConfig, load_config, shipped_config
from engine.config.sections import ModelConfig
from engine.demo.canvas import compose
from engine.demo.dataset import PICTURE_SIZE
from engine.demo.shapes import SHAPES
from engine.errors import WeightsError
from engine.loop.run import Run
from engine.models import BuiltModel, build
from engine.models.warm_start import copy_rows
from engine.models.weights import DEMO_WEIGHTS
from engine.steering import schedule_export
from tests.engine.backbones import NORM, Norm
from tests.engine.cli.test_replay import again
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.steering.test_rewind import Person

NAME = "shufflenet_v2_x0_5"
# as the demo's weights know them: fish, umbrella, sailing_boat, finger_ring
CLASSES = {"Fish": "fish", "umbrella": "umbrella", "Sailing-Boat": "sailing_boat", "finger ring": "finger_ring"}
KNOWN = list(SHAPES)
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawings of four things that the demo's weights were pretrained on."""
    root = tmp_path_factory.mktemp("drawn")
    for part, count in {"train": 4, "test": 3}.items():
        for name, thing in CLASSES.items():
            folder = root / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                rng = random.Random(f"warm start/{part}/{thing}/{number}")
                compose(SHAPES[thing], rng, PICTURE_SIZE, 0.2).save(folder / f"{number}.jpg")
    return root


def on(drawn: Path, runs: Path) -> RunConfig:
    """A small run on them, with steps 1 to 4 in its first epoch and 5 to 8 in its second one."""
    data = ("data.source=folder", f"data.root={drawn}", "data.batch_size=4", "data.threads=2")
    return load_config(shipped_config("demo"), [*data, "train.epochs=2", f"checkpoint.dir={runs}"])


@pytest.fixture
def knowing(drawn: Path, tmp_path: Path) -> RunConfig:
    """Such a run with the demo's model and weights, which do know these things."""
    return on(drawn, tmp_path / "runs")


def tiny(drawn: Path, runs: Path) -> RunConfig:
    """Such a run with a small model and weights that know the things by name alone."""
    torch.manual_seed(0)
    runs.mkdir(parents=True, exist_ok=True)
    file = save(Norm(len(KNOWN)).state_dict(), runs.with_name("named.safetensors"), classes=json.dumps(KNOWN))
    return with_settings(on(drawn, runs), model__name=NORM, model__weights=str(file), data__image_size=32)


@pytest.fixture
def fishy(drawn: Path, tmp_path: Path) -> RunConfig:
    return tiny(drawn, tmp_path / "runs")


@pytest.fixture(scope="module")
def plain(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The weights that such a run ends with, if it is left alone."""
    return play(Run(tiny(drawn, tmp_path_factory.mktemp("plain"))))[-1].weights_sha256


def built(classes: tuple[str, ...], weights: str = "demo", head: str = "pretrained") -> BuiltModel:
    return build(ModelConfig(name=NAME, weights=weights, head=head), classes, "pretrained", 0)


def refused(classes: tuple[str, ...], weights: Path | str = "demo") -> str:
    with pytest.raises(WeightsError) as caught:
        built(classes, str(weights))
    return f"{caught.value.title}: {caught.value.message}"


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    return load_file(DEMO_WEIGHTS)


def save(tensors: Tensors, file: Path, **metadata: str) -> Path:
    save_file(tensors, file, metadata or None)
    return file


# --- which rows -------------------------------------------------------------------------------------------


def test_the_rows_of_known_classes_are_the_files_bit_by_bit_and_the_others_as_drawn(tensors: Tensors) -> None:
    classes = ("teapot", "Sailing Boat", "hot dog", "fish")
    head, drawn = built(classes).model.fc, built(classes, head="random").model.fc
    for label, name in enumerate([None, "sailing_boat", None, "fish"]):
        for key in ("weight", "bias"):
            row = getattr(head, key)[label]
            other = getattr(drawn, key)[label] if name is None else tensors[f"fc.{key}"][KNOWN.index(name)]
            assert torch.equal(row, other)


def test_where_the_head_comes_from_is_said() -> None:
    assert built(("teapot", "Sailing Boat", "fish")).init == (
        "the demo's own weights; the head's rows of Sailing Boat, fish are the pretrained classifier's"
    )
    assert built(("teapot", "fish"), head="random").init == "the demo's own weights"
    assert " and 2 more are the pretrained classifier's" in built(tuple(KNOWN[:12])).init


@pytest.mark.parametrize("name", ["hotdog", "hot_dog", "Hot Dog", "HOT-DOG", "hot.dog"])
def test_case_spaces_and_punctuation_of_names_do_not_count(name: str) -> None:
    model = nn.ModuleDict({"fc": nn.Linear(3, 2)})
    weights = {"fc.weight": torch.rand(2, 3), "fc.bias": torch.rand(2)}
    assert copy_rows(model, "fc", ["cat", name], weights, known=["pizza", "hotdog"], source="x") == [name]
    assert torch.equal(model["fc"].weight[1], weights["fc.weight"][1])


def test_a_name_that_two_rows_have_is_taken_from_neither() -> None:
    model = nn.ModuleDict({"fc": nn.Linear(3, 2)})
    weights = {"fc.weight": torch.rand(3, 3), "fc.bias": torch.rand(3)}
    known = ["Cardigan", "pizza", "cardigan"]
    assert copy_rows(model, "fc", ["cardigan", "Pizza"], weights, known=known, source="x") == ["Pizza"]


def test_a_head_of_convolutions_and_one_without_a_bias_take_rows_too() -> None:
    for layer in (nn.Conv2d(3, 2, kernel_size=1), nn.Linear(3, 2, bias=False)):
        model = nn.ModuleDict({"head": layer})
        weights = {"head.weight": torch.rand(2, *layer.weight.shape[1:]), "head.bias": torch.rand(2)}
        copy_rows(model, "head", ["b", "a"], weights, known=["a", "b"], source="x")
        assert torch.equal(layer.weight, weights["head.weight"].flip(0))


def test_imagenets_names_are_torchvisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file of random weights in the place where torchvision keeps its own."""
    from torchvision import models

    file = tmp_path / "checkpoints" / models.SqueezeNet1_1_Weights.DEFAULT.url.rpartition("/")[2]
    file.parent.mkdir()
    state = models.squeezenet1_1().state_dict()
    torch.save(state, file)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    classifier = build(ModelConfig(name="squeezenet1_1", head="pretrained"), ("cat", "Hot_Dog"), "pretrained", 0)
    assert torch.equal(classifier.model.get_submodule("classifier.1").weight[1], state["classifier.1.weight"][934])
    assert classifier.init.endswith("the head's rows of Hot_Dog are the pretrained classifier's")


def test_the_scratch_arm_starts_at_random_all_the_same() -> None:
    heads = [
        build(ModelConfig(name=NAME, weights="demo", head=head), ("fish", "key"), "scratch", 0).model.fc.weight
        for head in ("random", "pretrained")
    ]
    assert torch.equal(*heads)


# --- what is refused --------------------------------------------------------------------------------------


def test_without_a_class_in_common_the_nearest_names_are_said() -> None:
    message = refused(("fisch", "umbrellas"))
    assert (
        "No class in common" in message
        and "none of fisch, umbrellas; its most similar classes are umbrella, fish, " in message
    )
    assert "(model.head: random)" in message


def test_a_file_that_does_not_name_its_classes_is_refused(tensors: Tensors, tmp_path: Path) -> None:
    torch.save(tensors, tmp_path / "weights.pth")
    unnamed = [tmp_path / "weights.pth", save(tensors, tmp_path / "weights.safetensors")]
    for number, text in enumerate(["fish, key", "[1, 2]", "{}"]):
        unnamed.append(save(tensors, tmp_path / f"{number}.safetensors", classes=text))
    for file in unnamed:
        message = refused(("fish", "key"), file)
        assert f"{file} does not name the classes of its head" in message and "a JSON list" in message
        built(("fish", "key"), str(file), head="random")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: {k: v for k, v in t.items() if k != "fc.bias"}, "its `fc.bias` is missing instead of (67,)"),
        (lambda t: t | {"fc.weight": t["fc.weight"][:, :9].clone()}, "`fc.weight` is (67, 9) instead of (67, 1024)"),
        (lambda t: t | {"fc.weight": t["fc.weight"][:9].clone()}, "`fc.weight` is (9, 1024) instead of (67, 1024)"),
    ],
    ids=["no bias", "short rows", "fewer rows than names"],
)
def test_a_head_of_another_shape_is_refused(change, words: str, tensors: Tensors, tmp_path: Path) -> None:
    file = save(change(tensors), tmp_path / "weights.safetensors", classes=json.dumps(KNOWN))
    message = refused(("fish", "key"), file)
    assert "Head does not fit" in message and str(file) in message and words in message


def test_a_run_without_a_class_in_common_ends_with_the_sentence_and_leaves_no_folder(fishy: RunConfig) -> None:
    root = fishy.data.root
    config = with_settings(fishy, model__head="pretrained", data__root=str(other_names(root)))
    *_, failed = play(Run(config))
    assert isinstance(failed, p.RunFailed) and failed.exit_status == 2 and failed.title == "No class in common"
    assert not list(Path(config.checkpoint.dir).glob("*"))


def other_names(root: Path | None) -> Path:
    """The same pictures under names that no pretrained classifier has."""
    assert root is not None
    other = root.with_name("other")
    for folder in root.glob("*/*"):
        target = other / folder.parent.name / f"zz{folder.name}zz"
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(folder)
    return other


# --- what it is worth -------------------------------------------------------------------------------------


def first_accuracy(events: list[p.Event]) -> float:
    evaluated = only(events, p.EvalDone)[0]
    assert evaluated.step == 0
    return evaluated.accuracy


def test_before_the_first_step_it_knows_the_classes_already(knowing: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.ArmStarted):
            return [p.Evaluate()]
        return [p.Stop(save=False)] if isinstance(event, p.EvalDone) else []

    known = first_accuracy(play(Run(with_settings(knowing, model__head="pretrained")), react))
    assert known > 0.8 and first_accuracy(play(Run(knowing), react)) < 0.5


def test_a_rewind_to_the_start_with_such_a_head_is_a_run_with_it(knowing: RunConfig) -> None:
    events = play(
        Run(knowing),
        Person(("pretrained", 1, 3, [p.Rewind("start", "pretrained")]), ("pretrained", 2, 0, [p.Evaluate()])),
    )
    (rewound,) = only(events, p.Rewound)
    assert (rewound.step, rewound.branch, rewound.head) == (0, 2, "pretrained")
    assert "with the pretrained classifier's rows in the head" in rewound.reason
    assert "the head's rows of Fish, Sailing-Boat, finger ring, umbrella" in only(events, p.ArmStarted)[1].init
    assert first_accuracy(events) > 0.8
    plain = play(Run(with_settings(knowing, model__head="pretrained")))
    assert events[-1].weights_sha256 == plain[-1].weights_sha256


def test_the_other_way_round_too(fishy: RunConfig, plain: str) -> None:
    config = with_settings(fishy, model__head="pretrained")
    events = play(Run(config), Person(("pretrained", 1, 3, [p.Rewind("start", "random")])))
    assert events[-1].weights_sha256 == plain


def test_the_start_stays_what_the_configuration_says(fishy: RunConfig, plain: str) -> None:
    turns = [("pretrained", 1, 3, [p.Rewind("start", "pretrained")]), ("pretrained", 2, 2, [p.Rewind("start")])]
    events = play(Run(fishy), Person(*turns))
    assert events[-1].weights_sha256 == plain


@pytest.mark.parametrize(
    ("command", "arm", "reason"),
    [
        (p.Rewind("step-000001.pt", "pretrained"), "pretrained", "only `start` can have another head"),
        (p.Rewind("step-000001.pt", "random"), "pretrained", "only `start` can have another head"),
        (p.Rewind("start", "pretrained"), "scratch", "scratch has no pretrained classifier"),
    ],
)
def test_an_impossible_one_is_refused(fishy: RunConfig, command: p.Command, arm: p.Arm, reason: str) -> None:
    events = play(Run(with_settings(fishy, init=arm)), after_step(1, p.Save(), command, arm=arm))
    (refusal,) = only(events, p.CommandRefused)
    assert reason in refusal.reason and not only(events, p.Rewound) and events[-1].completed


def test_where_the_rows_cannot_be_had_it_is_refused_and_training_goes_on(fishy: RunConfig) -> None:
    config = with_settings(fishy, data__root=str(other_names(fishy.data.root)))
    events = play(Run(config), after_step(3, p.Rewind("start", "pretrained"), arm="pretrained"))
    (refusal,) = only(events, p.CommandRefused)
    assert "No class in common" in refusal.reason and not only(events, p.Rewound)
    assert not list(Path(folder_of(events)).rglob("branch-*"))
    assert events[-1].weights_sha256 == play(Run(config))[-1].weights_sha256


# --- done again -------------------------------------------------------------------------------------------

TURNS = [
    ("pretrained", 1, 5, [p.SetRate("head", 0.01), p.Rewind("start", "pretrained")]),
    ("pretrained", 2, 2, [p.SetRate("backbone", 1e-3)]),
]


@pytest.fixture(scope="module")
def whole(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> list[p.Event]:
    """A run with such a rewind."""
    return play(Run(tiny(drawn, tmp_path_factory.mktemp("whole"))), Person(*TURNS))


def test_a_run_with_such_a_rewind_is_replayed_bit_by_bit(whole: list[p.Event]) -> None:
    verdict, told = again(whole)
    assert verdict.equal and verdict.left == 0 and [e.head for e in only(told, p.Rewound)] == ["pretrained"]


@pytest.mark.parametrize("lost", [False, True], ids=["a stop", "a crash that undid it"])
def test_a_run_with_such_a_rewind_is_resumed_exactly(fishy: RunConfig, whole: list[p.Event], lost: bool) -> None:
    person = Person(*TURNS, ("pretrained", 2, 3, [p.Stop(save=not lost)]))
    folder = Path(folder_of(play(Run(fishy), person)))
    if lost:  # as if nothing since the first epoch had reached the disk but the journal
        for path in {*folder.glob("*/*.pt"), *folder.glob("*/points/*.pt")} - {*folder.glob("*/points/1-000004-*")}:
            path.unlink()
    resumed = play(Run(fishy, resume=folder))
    assert [e.head for e in only(resumed, p.Rewound)] == (["pretrained"] if lost else [])
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256
    verdict, _ = again(resumed)
    assert verdict.equal


@pytest.mark.parametrize("last", [[], [("pretrained", 2, 4, [p.Rewind("start")])]], ids=["kept", "taken back"])
def test_as_a_script_it_is_a_head_of_the_configuration(fishy: RunConfig, tmp_path: Path, last: list) -> None:
    events = play(Run(fishy), Person(*TURNS, *last))
    file = tmp_path / "scripted.yaml"
    file.write_text(schedule_export.script(Path(folder_of(events))))
    assert load_config(file).model.head == ("random" if last else "pretrained")
    assert play(Run(load_config(file)))[-1].weights_sha256 == events[-1].weights_sha256
