"""Several processes train as one would: `torchrun -m engine train`, here two over gloo on the CPU."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from engine import checkpoint
from engine import protocol as p
from engine.config import ModelConfig, RunConfig
from engine.models import build
from engine.run import Run
from tests.engine.conftest import write_pictures
from tests.engine.driving import only, play, with_settings

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def config(small: RunConfig, tmp_path: Path) -> RunConfig:
    """Batch norm, no dropout, and a last batch that does not divide by two."""
    root = write_pictures(tmp_path / "pictures", {"train": 15, "test": 5})  # batches of 8, the last one of 6
    picture = {"data__root": root, "data__image_size": 64, "data__batch_size": 8}
    return with_settings(small, model__name="resnet18", optim__scratch_lr=1e-6, **picture)


def command(config: RunConfig, tmp_path: Path, *options: str, name: str = "together") -> list[str]:
    file = tmp_path / f"{name}.yaml"
    file.write_text(with_settings(config, checkpoint__dir=str(tmp_path / name)).to_yaml())
    return [*TORCHRUN, *options, "-m", "engine", "train", str(file), "--json"]


def finished(command: list[str]) -> list[p.Message]:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENVIRONMENT, check=False)
    assert ended.returncode == 0, ended.stderr
    return events_of(ended.stdout)


def events_of(output: str) -> list[p.Message]:
    return [p.decode(line) for line in output.splitlines()]


def learned(folder: Path) -> torch.Tensor:
    """What training has added to the weights of a run, in one row."""
    state = checkpoint.load(folder / "scratch" / "last.pt")["model"]
    before = build(ModelConfig(name="resnet18"), 2, "scratch", 0).model.named_parameters()
    return torch.cat([(state[name] - start.detach()).flatten().double() for name, start in before])


def agree(one: Path, other: Path) -> None:
    """Within the error of float32, which batch norm makes large: these networks' gradients have 1 % of it."""
    first, second = learned(one), learned(other)
    assert (first - second).norm() < 0.03 * first.norm()


EXACT = """
import torch
from torch import distributed
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel
from torchvision.models import resnet18
from engine.models.sync_norm import synchronise_batch_norm

distributed.init_process_group("gloo")
torch.manual_seed(0)
alone, images, labels = resnet18(num_classes=2).double(), torch.randn(7, 3, 64, 64).double(), torch.arange(7) % 2
together = resnet18(num_classes=2)
together.load_state_dict(alone.state_dict())
together = synchronise_batch_norm(together, torch.device("cpu")).double()
network = DistributedDataParallel(together, broadcast_buffers=False)
mine = slice(distributed.get_rank(), None, 2)
for _ in range(2):
    cross_entropy(alone(images), labels).backward()
    share = len(labels[mine]) / len(labels)
    (cross_entropy(network(images[mine]), labels[mine]) * share * 2).backward()
for one, other in zip(alone.parameters(), together.parameters()):
    torch.testing.assert_close(one.grad, other.grad, rtol=1e-9, atol=1e-9)
torch.testing.assert_close(dict(alone.named_buffers()), dict(together.named_buffers()), rtol=1e-6, atol=1e-6)
alone.eval(), together.eval()
torch.testing.assert_close(alone(images), together(images), rtol=1e-5, atol=1e-5)
print("equal")
"""


def test_batch_norm_over_two_processes_has_the_gradients_of_one_in_double_precision(tmp_path: Path) -> None:
    file = tmp_path / "exact.py"
    file.write_text(EXACT)
    ended = subprocess.run(
        [*TORCHRUN, str(file)], capture_output=True, text=True, timeout=120, env=ENVIRONMENT, check=False
    )
    assert ended.stdout.splitlines() == ["equal", "equal"], ended.stderr


def test_two_processes_end_with_the_weights_of_one(config: RunConfig, tmp_path: Path) -> None:
    alone = play(Run(config))
    together = finished(command(config, tmp_path))
    assert together[-1].completed and only(together, p.RunStarted)[0].device == "2 x cpu"
    assert [folder.name for folder in (tmp_path / "together").iterdir()] == ["small-1"]
    for kind, figures in ((p.TrainStep, ("step", "loss", "accuracy")), (p.EvalDone, ("loss", "accuracy", "images"))):
        for one, other in zip(only(alone, kind), only(together, kind), strict=True):
            for figure in figures:
                assert getattr(one, figure) == pytest.approx(getattr(other, figure), abs=1e-3)
    agree(Path(only(alone, p.RunStarted)[0].path), tmp_path / "together" / "small-1")


def test_groups_that_are_frozen_and_trained_again_learn_as_in_one_process(config: RunConfig, tmp_path: Path) -> None:
    changes = [
        {"step": 1, "group": "backbone", "frozen": True},
        {"step": 3, "group": "backbone", "frozen": False},
        {"step": 7, "micro_batch": 4},  # each with a batch norm of its own, so that the last step is another
    ]
    config = with_settings(
        config, train__epochs=2, schedule__changes=[{"arm": "scratch"} | change for change in changes]
    )
    alone = play(Run(config))
    together = finished(command(config, tmp_path))
    assert [(e.step, e.frozen) for e in only(together, p.GroupFrozen)] == [(1, True), (3, False)]
    assert [(e.step, e.pictures) for e in only(together, p.MicroBatchChanged)] == [(7, 4)]
    for one, other in zip(only(alone, p.TrainStep)[:7], only(together, p.TrainStep)[:7], strict=True):
        assert (one.loss, one.gradient_norm) == pytest.approx((other.loss, other.gradient_norm), rel=0.02)
    assert together[-1].completed and together[-1].step == 8


def started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def until_step(process: subprocess.Popen[str], step: int) -> list[p.Message]:
    events = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(p.decode(line))
        if isinstance(events[-1], p.TrainStep) and events[-1].step == step:
            break
    return events


def test_after_a_signal_or_a_death_of_one_the_run_ends_with_the_weights_it_would_have_had(
    config: RunConfig, tmp_path: Path
) -> None:
    config = with_settings(config, train__epochs=5)
    whole = finished(command(config, tmp_path, name="whole"))[-1].weights_sha256

    stopped = started(command(config, tmp_path, name="stopped"))
    until_step(stopped, 5)
    stopped.send_signal(signal.SIGTERM)
    output, _ = stopped.communicate(timeout=60)
    last = events_of(output)[-1]
    folder = tmp_path / "stopped" / "small-1"
    assert isinstance(last, p.RunFinished) and not last.completed and last.step >= 5
    assert checkpoint.load(folder / "scratch" / "last.pt")["step"] == last.step
    resumed = finished([*TORCHRUN, "-m", "engine", "train", "--resume", str(folder), "--json"])
    assert resumed[-1].weights_sha256 == whole

    died = started(command(config, tmp_path, "--max-restarts", "1", name="died"))
    until_step(died, 6)
    os.kill(worker_of(died.pid), signal.SIGKILL)
    output, errors = died.communicate(timeout=120)
    assert died.returncode == 0, errors
    events = events_of(output)
    assert only(events, p.RunStarted)[-1].resumed_from and events[-1].weights_sha256 == whole
    assert [folder.name for folder in (tmp_path / "died").iterdir()] == ["small-1"]


def worker_of(launcher: int) -> int:
    """The second process, which writes nothing."""
    import psutil

    for _ in range(100):
        workers = [
            child
            for child in psutil.Process(launcher).children()
            if child.environ().get("RANK") == "1" and "engine" in child.cmdline()
        ]
        if workers:
            return workers[0].pid
        time.sleep(0.1)
    raise AssertionError("no second process")


def test_pictures_that_are_missing_end_all_processes_with_the_sentence_of_the_first(
    config: RunConfig, tmp_path: Path
) -> None:
    (config.data.root / "train" / "dog").rename(config.data.root / "train" / "wolf")
    ended = subprocess.run(
        command(config, tmp_path), capture_output=True, text=True, timeout=60, env=ENVIRONMENT, check=False
    )
    assert ended.returncode != 0 and "`wolf` only in `train`" in ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1])["type"] == "run_failed"
