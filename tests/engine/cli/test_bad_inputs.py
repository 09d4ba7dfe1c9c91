"""Bad input, through the front door: one clear message, exit status 2, nothing on standard output, nothing left behind.

Each row says what is on the disk, what is typed, and what the message must say: what is wrong, where, what to do.
"""

import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torchvision
from PIL import Image

from engine.cli.program import main
from engine.config import load_config
from engine.storage.run_folder import create_run
from tests import programs
from tests.engine.onestep import first_step
from tests.paths import ROOT

# pytest sets its own filters of warnings; the real program, tested below, shows none.
pytestmark = pytest.mark.filterwarnings("ignore:Detected pickle protocol")

GOOD = """
name: good
device: cpu
data: {source: folder, root: pictures, image_size: 32, batch_size: 4, threads: 1}
model: {name: shufflenet_v2_x0_5}
init: scratch
train: {epochs: 1}
"""


@dataclass
class Row:
    """`prepare` acts in the working directory, which holds `good.yaml` and a sound folder `pictures`."""

    arguments: list[str]
    says: list[str]
    prepare: Callable[[], object] = lambda: None
    lines: int = 1


def write(name: str, content: str | bytes) -> Callable[[], object]:
    return lambda: Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def broken_pictures(count: int) -> Callable[[], object]:
    return lambda: [Path(f"pictures/train/cat/{number}.jpg").write_bytes(b"no picture") for number in range(count)]


def split_folder(**classes: int) -> Callable[[], object]:
    def make() -> None:
        for path, count in classes.items():
            folder = Path("mine", *path.split("_"))
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (8, 8)).save(folder / f"{number}.png")

    return make


class Code:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("executed"),))


def weights(name: str, content: object) -> Callable[[], object]:
    return lambda: torch.save(content, name)


def other_models_weights() -> None:
    torch.save(torchvision.models.squeezenet1_1().state_dict(), "other.pth")


def empty_run() -> None:
    """A run's folder without a checkpoint: `runs/good-1`."""
    create_run(load_config("good.yaml", ["checkpoint.dir=runs"]))


def damaged_run() -> None:
    empty_run()
    Path("runs/good-1/scratch").mkdir()
    Path("runs/good-1/scratch/last.pt").write_bytes(b"half a checkpoint")


def run_and(change: Callable[[], object] = lambda: None) -> Callable[[], object]:
    """A run stopped after its first step and something changed since: `runs/good-1`."""

    def make() -> None:
        first_step(load_config("good.yaml", ["checkpoint.dir=runs"]))
        change()

    return make


def rename_a_class() -> None:
    for part in ("train", "test"):
        Path("pictures", part, "dog").rename(Path("pictures", part, "fox"))


CONFIG = ["good.yaml"]
RESUME = ["--resume", "good-1", "--set", "checkpoint.dir=runs"]
PRETRAINED = [*CONFIG, "--init", "pretrained"]

ROWS = {
    # configuration files
    "no such file": Row(["gone.yaml"], ["gone.yaml", "No such file", "name a YAML file"]),
    "a folder as file": Row(["pictures"], ["pictures: Is a directory", "name a YAML file"]),
    "not UTF-8": Row(["x.yaml"], ["x.yaml", "UTF-8", "save it as one"], write("x.yaml", b"name: \xff\xfe")),
    "not YAML": Row(["x.yaml"], ["x.yaml, line 2", "not valid YAML"], write("x.yaml", "a: [1\nb: 2\n")),
    "no mapping": Row(["x.yaml"], ["x.yaml", "`key: value` lines"], write("x.yaml", "hello")),
    "a key twice": Row(
        ["x.yaml"], ["x.yaml, line 2", "`seed` is given twice", "keep one"], write("x.yaml", "seed: 1\nseed: 2\n")
    ),
    "an empty file": Row(["x.yaml"], ["x.yaml", "`data.root` is missing", "--data DIR"], write("x.yaml", "")),
    "an unknown key": Row(
        ["x.yaml"], ["x.yaml", "`data.rot`", "did you mean `data.root`?"], write("x.yaml", "data: {rot: pictures}")
    ),
    "several problems": Row(
        ["x.yaml", "--set", "seed=-1"],
        ["--set seed=-1", "`train.epochs` is -1", "unknown key `sed`", "did you mean `seed`?"],
        write("x.yaml", "data: {root: pictures}\nsed: 1\ntrain: {epochs: -1}\n"),
        lines=3,
    ),
    # options
    "no epochs": Row([*CONFIG, "--epochs", "0"], ["train.epochs 0", "needs model.head fitted"]),
    "fewer than no epochs": Row([*CONFIG, "--epochs", "-1"], ["--set train.epochs=-1", "greater than or equal to 0"]),
    "a rate that is no number": Row(
        [*CONFIG, "--set", "optim.groups.head.lr=nan"], ["`optim.groups.head.lr` is nan", "finite number"]
    ),
    "a rate below nothing": Row([*CONFIG, "--set", "optim.scratch_lr=-1"], ["optim.scratch_lr", "greater than 0"]),
    "an override without a value": Row([*CONFIG, "--set", "seed"], ["--set seed", "expected KEY=VALUE"]),
    "an override of an unknown key": Row(
        [*CONFIG, "--set", "optim.learning_rate=1"], ["--set optim.learning_rate=1", "unknown key", "README"]
    ),
    "an unknown optimizer": Row([*CONFIG, "--set", "optim.name=adam"], ["optim.name", "'sgd' or 'adamw'"]),
    "the demo with other data": Row(["--demo", "--data", "pictures"], ["--demo", "leave out"]),
    "an empty folder name": Row([*CONFIG, "--data", ""], ["data.root", "it should be a path"]),
    # data
    "no such folder": Row([*CONFIG, "--data", "gone"], ["gone does not exist", "--data DIR"]),
    "the placeholder of folder.yaml": Row(
        [str(ROOT / "configs" / "folder.yaml")], ["data.root data does not exist", "--data DIR"]
    ),
    "a file as folder": Row([*CONFIG, "--data", "good.yaml"], ["good.yaml is not a folder", "--data DIR"]),
    "no class folders": Row(
        [*CONFIG, "--data", "mine"], ["mine", "at least two class folders"], lambda: Path("mine").mkdir()
    ),
    "a single class": Row(
        [*CONFIG, "--data", "mine"], ["only `cat` found", "folder named after it"], split_folder(cat=3)
    ),
    "an empty class": Row(
        [*CONFIG, "--data", "mine"], ["mine", "in `dog`", "add pictures"], split_folder(cat=3, dog=0)
    ),
    "one picture in a class": Row(
        [*CONFIG, "--data", "mine"], ["mine/dog", "cannot be split", "add more"], split_folder(cat=3, dog=1)
    ),
    "other classes for testing": Row(
        [*CONFIG, "--data", "mine"],
        ["`dog` only in `train`", "`fox` only in `test`", "same class folders"],
        split_folder(train_cat=2, train_dog=2, test_cat=2, test_fox=2),
    ),
    "test without train": Row(
        [*CONFIG, "--data", "mine"], ["`test` but no `train`", "add it"], split_folder(test_cat=2, test_dog=2)
    ),
    "too many unreadable pictures": Row(
        CONFIG,
        ["3 of 20 cannot be decoded", "not a picture in a known format", "remove or replace"],
        broken_pictures(3),
    ),
    "a class of unreadable pictures": Row(
        [*CONFIG, "--data", "mine"],
        ["no readable picture to train on in `dog`", "add pictures"],
        lambda: (
            split_folder(train_cat=40, train_dog=1, test_cat=1, test_dog=1)(),
            Path("mine/train/dog/0.png").write_bytes(b""),
        ),
    ),
    "an archive without an address": Row(
        [*CONFIG, "--set", "data.source=archive"], ["`data.url` is missing", "`source: archive` needs it"]
    ),
    # models and weights
    "an unknown model": Row([*CONFIG, "--model", "resnet81"], ["model.name `resnet81`", "did you mean", "resnet18"]),
    "a size that is not for the model": Row(
        [*CONFIG, "--model", "vit_b_16"], ["vit_b_16 cannot take data.image_size 32", "use 224"]
    ),
    "no such weights": Row([*PRETRAINED, "--set", "model.weights=gone.pth"], ["gone.pth does not exist", "correct"]),
    "weights of another model": Row(
        [*PRETRAINED, "--set", "model.weights=other.pth"],
        ["other.pth", "missing (conv1.0.weight", "unexpected (features.0", "set model.name"],
        other_models_weights,
    ),
    "weights that hold code": Row(
        [*PRETRAINED, "--set", "model.weights=x.pth"],
        ["x.pth", "holds code", "save the model's state_dict()"],
        write("x.pth", pickle.dumps({"a": Code()})),
    ),
    "weights that are damaged": Row(
        [*PRETRAINED, "--set", "model.weights=x.safetensors"],
        ["x.safetensors", "valid file"],
        write("x.safetensors", b"\x00" * 50),
    ),
    "weights of something else": Row(
        [*PRETRAINED, "--set", "model.weights=x.pth"],
        ["x.pth", "expected tensors by name"],
        weights("x.pth", {"accuracy": 0.9}),
    ),
    # devices and folders
    "an unknown device": Row([*CONFIG, "--set", "device=gpu"], ["`device` is gpu", "auto, cpu, cuda"]),
    "a checkpoint folder in the way": Row(
        [*CONFIG, "--set", "checkpoint.dir=good.yaml"], ["good.yaml", "checkpoint.dir=DIR"]
    ),
    # resuming
    "no such run": Row(["--resume", "gone-9"], ["gone-9 is no run", "there: none"]),
    "another run than there is": Row(
        ["--resume", "gone-9", "--set", "checkpoint.dir=runs"], ["gone-9 is no run", "there: good-1"], empty_run
    ),
    "a run whose checkpoint is damaged": Row(RESUME, ["last.pt", "damaged"], damaged_run),
    "a run of other classes": Row(
        RESUME, ["pictures were moved", "train/dog", "fox", "resume again"], run_and(rename_a_class)
    ),
    "a run of another number of pictures": Row(
        RESUME,
        ["1 picture is gone", "train/cat/0.jpg", "resume again"],
        run_and(Path("pictures/train/cat/0.jpg").unlink),
    ),
    "a run with another model": Row(
        [*RESUME, "--model", "resnet18"], ["last.pt", "shufflenet_v2_x0_5", "resnet18"], run_and()
    ),
    "a run and a configuration": Row(
        ["good.yaml", "--resume", "good-1"], ["--resume goes on with the run's own configuration", "leave out CONFIG"]
    ),
}


@pytest.fixture
def place(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a sound configuration and sound pictures; nobody's cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    shutil.copytree(pictures, "pictures")
    Path("good.yaml").write_text(GOOD)
    return tmp_path


def runs(place: Path) -> list[Path]:
    return sorted(file.parent for file in place.rglob("config.yaml"))


def check_message(row: Row, status: int | None, out: str, err: str) -> None:
    assert status == 2, err
    assert out == ""
    assert "Traceback" not in err and "Unexpected error" not in err
    # What was found, guessed or left out comes before the message.
    messages = [line for line in err.splitlines() if not line.startswith(("skipped ", "train: ", "the largest class"))]
    title, colon, _ = messages[0].partition(": ")
    assert colon and title[0].isupper() and len(title) < 40
    for words in row.says:
        assert words in err, err
    assert len(messages) == row.lines


@pytest.mark.parametrize("name", ROWS)
def test_bad_input_is_one_clear_message_and_exit_status_2(
    name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = ROWS[name]
    row.prepare()
    before = runs(place)
    status = main(["train", *row.arguments])
    captured = capsys.readouterr()
    check_message(row, status, captured.out, captured.err)
    assert runs(place) == before
    assert not Path("executed").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_a_device_that_this_machine_does_not_have_is_refused(
    device: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["train", "good.yaml", "--set", f"device={device}"])
    captured = capsys.readouterr()
    check_message(Row([], [f"device: {device}", "use auto or cpu"]), status, captured.out, captured.err)
    assert runs(place) == []


@pytest.mark.parametrize("name", ["several problems", "too many unreadable pictures", "weights that hold code"])
def test_the_same_holds_for_the_real_program(name: str, place: Path) -> None:
    row = ROWS[name]
    row.prepare()
    done = programs.run("engine", "train", *row.arguments, cwd=Path.cwd())
    check_message(row, done.returncode, done.stdout, done.stderr)
    assert runs(place) == []


@pytest.mark.parametrize(
    "arguments", [["--epochs", "many"], ["--init", "random"], ["--nonsense"], ["a.yaml", "b.yaml"]]
)
def test_arguments_that_are_no_arguments_are_refused_with_the_usage(
    arguments: list[str], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", *arguments])
    captured = capsys.readouterr()
    assert caught.value.code == 2 and captured.out == ""
    assert captured.err.startswith("usage: ") and "error: " in captured.err.splitlines()[-1]


def test_the_same_configuration_without_the_mistake_trains(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "good.yaml"]) == 0
    assert "epoch 1/1" in capsys.readouterr().out and len(runs(place)) == 1
