"""Several processes train as one would: `torchrun -m engine train`, here two over gloo on the CPU."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import distributed
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from engine import protocol as p
from engine.config import RunConfig, load_config
from engine.config.sections import ModelConfig
from engine.loop.run import Run
from engine.models import build
from engine.models.sync_norm import synchronise_batch_norm
from engine.protocol.sentences import message
from engine.storage import checkpoint
from tests.engine.backbones import NORM, Norm
from tests.engine.conftest import write_pictures
from tests.engine.driving import only, play, with_settings
from tests.engine.pair import in_pair, pair
from tests.paths import ROOT

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


@pytest.fixture
def config(small: RunConfig, tmp_path: Path) -> RunConfig:
    """Batch norm, no dropout, and a last batch that does not divide by two."""
    root = write_pictures(tmp_path / "pictures", {"train": 15, "test": 5})  # batches of 8, the last one of 6
    picture = {"data__root": root, "data__batch_size": 8}
    return with_settings(small, model__name=NORM, optim__scratch_lr=1e-6, **picture)


def written(config: RunConfig, tmp_path: Path, name: str = "together") -> str:
    file = tmp_path / f"{name}.yaml"
    file.write_text(with_settings(config, checkpoint__dir=str(tmp_path / name)).to_yaml())
    return str(file)


def finished(tmp_path: Path, *arguments: str) -> list[p.Message]:
    first, second = pair(tmp_path, *arguments, "--json")
    assert (first.status, second.status, second.out) == (0, 0, ""), first.messages + second.messages
    return events_of(first.out)


def events_of(output: str) -> list[p.Message]:
    return [p.decode(line) for line in output.splitlines()]


def learned(folder: Path) -> torch.Tensor:
    """What training has added to the weights of a run, in one row."""
    state = checkpoint.load(folder / "scratch" / "last.pt")["model"]
    before = build(ModelConfig(name=NORM), ("cat", "dog"), "scratch", 0).model.named_parameters()
    return torch.cat([(state[name] - start.detach()).flatten().double() for name, start in before])


def agree(one: Path, other: Path) -> None:
    """Within the error of float32, which batch norm makes large: these networks' gradients have 1 to 3 % of it,
    by the kind of processor; without averaged gradients or shared batch norm they differ by far more."""
    first, second = learned(one), learned(other)
    assert (first - second).norm() < 0.1 * first.norm()


def equal_to_one_in_double_precision() -> None:
    distributed.init_process_group("gloo")
    torch.manual_seed(0)
    alone, images, labels = Norm(2).double(), torch.randn(7, 3, 32, 32).double(), torch.arange(7) % 2
    together = Norm(2)
    together.load_state_dict(alone.state_dict())
    together = synchronise_batch_norm(together, torch.device("cpu")).double()
    network = DistributedDataParallel(together, broadcast_buffers=False)
    mine = slice(distributed.get_rank(), None, 2)
    for _ in range(2):
        cross_entropy(alone(images), labels).backward()
        share = len(labels[mine]) / len(labels)
        (cross_entropy(network(images[mine]), labels[mine]) * share * 2).backward()
    for one, other in zip(alone.parameters(), together.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(dict(alone.named_buffers()), dict(together.named_buffers()), rtol=1e-6, atol=1e-6)
    alone.eval(), together.eval()
    torch.testing.assert_close(alone(images), together(images), rtol=1e-5, atol=1e-5)
    print("equal", flush=True)


def test_batch_norm_over_two_processes_has_the_gradients_of_one_in_double_precision(tmp_path: Path) -> None:
    for ended in in_pair(tmp_path, equal_to_one_in_double_precision):
        assert (ended.status, ended.out) == (0, "equal\n"), ended.messages


def test_two_processes_end_with_the_weights_of_one(config: RunConfig, tmp_path: Path) -> None:
    alone = play(Run(config))
    together = finished(tmp_path, written(config, tmp_path))
    assert together[-1].completed and only(together, p.RunStarted)[0].device == "2 x cpu"
    assert [folder.name for folder in (tmp_path / "together").iterdir()] == ["small-1"]
    for kind, figures in ((p.TrainStep, ("step", "loss", "accuracy")), (p.EvalDone, ("loss", "accuracy", "images"))):
        for one, other in zip(only(alone, kind), only(together, kind), strict=True):
            for figure in figures:
                assert getattr(one, figure) == pytest.approx(getattr(other, figure), abs=1e-3)
    for one, other in zip(only(alone, p.Confusion), only(together, p.Confusion), strict=True):
        assert (one.images, one.correct, one.confused) == (other.images, other.correct, other.confused)
        assert {m.path: (m.label, m.predicted, pytest.approx(m.confidence, abs=1e-3)) for m in one.mistakes} == {
            m.path: (m.label, m.predicted, m.confidence) for m in other.mistakes
        }
    agree(Path(only(alone, p.RunStarted)[0].path), tmp_path / "together" / "small-1")
    records = [
        checkpoint.load(folder / "scratch" / "last.pt")["label_record"]["sums"]
        for folder in (Path(only(alone, p.RunStarted)[0].path), tmp_path / "together" / "small-1")
    ]
    torch.testing.assert_close(*records, rtol=0.05, atol=0.05)


def test_with_augmentation_and_balance_two_processes_repeat_their_bits(config: RunConfig, tmp_path: Path) -> None:
    (Path(str(config.data.root)) / "train" / "dog" / "0.jpg").unlink()
    data = {"data__balance": "full", "data__trivial_augment": True, "data__erasing": 0.5}
    config = with_settings(config, train__epochs=1, train__mixup=0.2, train__cutmix=1.0, train__micro_batch=4, **data)
    one, other = (finished(tmp_path, written(config, tmp_path, name))[-1] for name in ("one", "other"))
    assert one.completed and one.weights_sha256 == other.weights_sha256


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
    together = finished(tmp_path, written(config, tmp_path))
    assert [(e.step, e.frozen) for e in only(together, p.GroupFrozen)] == [(1, True), (3, False)]
    assert [(e.step, e.pictures) for e in only(together, p.MicroBatchChanged)] == [(7, 4)]
    for one, other in zip(only(alone, p.TrainStep)[:7], only(together, p.TrainStep)[:7], strict=True):
        assert (one.loss, one.gradient_norm) == pytest.approx((other.loss, other.gradient_norm), rel=0.02)
    assert together[-1].completed and together[-1].step == 8


def torchrun(settings: str, *options: str) -> subprocess.Popen[str]:
    command = [*TORCHRUN, *options, "-m", "engine", "train", settings, "--json"]
    # A run that tells more than fits into the pipe is not over before what is to happen to it.
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pipesize=4096, text=True, cwd=ROOT)


def until(process: subprocess.Popen[str], come: Callable[[p.Message], bool]) -> list[p.Message]:
    events = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(p.decode(line))
        if come(events[-1]):
            return events
    raise AssertionError(f"it ended after {events[-3:]}: {process.stderr and process.stderr.read()}")


def test_after_a_death_and_a_signal_the_run_goes_on_to_the_weights_it_would_have_had(
    config: RunConfig, tmp_path: Path
) -> None:
    """As torchrun starts it, and starts it again: in fresh interpreters, which know torchvision's models only."""
    config = with_settings(config, model__name="squeezenet1_1", train__epochs=10)  # 40 steps
    whole = finished(tmp_path, written(config, tmp_path, "whole"))[-1].weights_sha256
    process = torchrun(written(config, tmp_path, "ended"), "--max-restarts", "1")
    until(process, lambda event: isinstance(event, p.TrainStep) and event.step == 6)
    os.kill(worker_of(process.pid), signal.SIGKILL)
    events = until(process, lambda event: isinstance(event, p.RunStarted))
    assert events[-1].resumed_from
    until(process, lambda event: isinstance(event, p.TrainStep))
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=120)
    last = events_of(output)[-1]
    folder = tmp_path / "ended" / "small-1"
    assert isinstance(last, p.RunFinished) and not last.completed and last.step >= 5, errors
    assert checkpoint.load(folder / "scratch" / "last.pt")["step"] == last.step
    assert [folder.name for folder in (tmp_path / "ended").iterdir()] == ["small-1"]
    resumed = finished(tmp_path, "--resume", str(folder))
    assert resumed[-1].completed and resumed[-1].weights_sha256 == whole


def test_who_is_left_by_another_process_says_so(config: RunConfig, tmp_path: Path) -> None:
    left, died = in_pair(tmp_path, second_dies, written(config, tmp_path, "left"))
    assert (left.status, died.status) == (1, 7)
    assert re.search(
        "A process is gone: rank 1 on .+ has ended without a word; it was .+; there is no check", left.messages
    )
    assert "report this" not in left.messages


def second_dies(file: Path) -> int:
    for event in Run(load_config(file)).events():
        if isinstance(event, p.TrainStep) and event.step == 2 and os.environ["RANK"] == "1":
            os._exit(7)
        if isinstance(event, p.RunFailed):
            print(message(event), file=sys.stderr, flush=True)
            return event.exit_status
    return 0


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
    first, second = pair(tmp_path, written(config, tmp_path), "--json")
    assert first.status == second.status == 2
    assert "`wolf` only in `train`" in first.messages
    assert json.loads(first.out.splitlines()[-1])["type"] == "run_failed"
