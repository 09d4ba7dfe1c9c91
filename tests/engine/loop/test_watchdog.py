"""What goes wrong in a step is mended: the weights are left alone, and training goes on from the last good state."""

import contextlib
import ctypes
import math
import os
import random
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.arms.arm import TrainedArm
from engine.arms.gradients import add_gradients
from engine.arms.setup import Setup
from engine.config import RunConfig
from engine.data.batches import Batch
from engine.data.pictures import Preparation
from engine.data.transfer import Transfer
from engine.hardware.process_group import ProcessGroup
from engine.loop import watchdog
from engine.loop.run import Run
from engine.protocol.arms import EVALUATION_LOSS
from engine.storage import checkpoint
from tests.engine.backbones import PLAIN
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.pair import in_fork

# --- a loss or gradient that is not finite --------------------------------------------------------------


def test_a_rate_that_is_far_too_high_is_taken_back_and_halved(small: RunConfig) -> None:
    events = play(Run(small), after_step(3, p.SetRate("head", 100.0), p.SetRate("backbone", 100.0)))
    first, second = (event for event in only(events, p.Diverged) if event.what != EVALUATION_LOSS)
    assert (first.step, second.step, second.times) == (4, 4, 2)
    # The state after the epoch was spoilt by the rate already, so that of before is next, with a quarter of its rates.
    once, twice = only(events, p.Rewound)
    assert (once.step, once.branch, once.point) == (4, 2, "points/1-000004-3.pt")
    assert (twice.step, twice.branch, twice.point) == (3, 3, "points/1-000003-0.pt")
    assert once.reason == f"the {first.what} of step 5 was not finite"
    rates = [(e.step, e.group, e.base_lr, e.why) for e in only(events, p.RateChanged)]
    assert rates[2:4] == [(4, name, 50.0, "halved by the watchdog after step 4") for name in ("backbone", "head")]
    assert rates[4:] == [(3, name, 0.00025, "halved by the watchdog after step 3") for name in ("backbone", "head")]
    assert events[-1].completed
    assert all(math.isfinite(event.loss) for event in only(events, p.TrainStep))


def test_it_gives_up_after_three_times_and_what_was_good_is_on_the_disk(small: RunConfig) -> None:
    events = play(Run(with_settings(small, optim__scratch_lr=100.0)))
    assert [event.times for event in only(events, p.Diverged)] == [1, 2, 3]
    assert [event.base_lr for event in only(events, p.RateChanged)] == [50.0, 50.0, 25.0, 25.0, 12.5, 12.5]
    failed = events[-1]
    assert isinstance(failed, p.RunFailed) and "is not finite" in failed.title and failed.exit_status == 1
    assert "lower the learning rates" in failed.message
    state = checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))
    assert all(tensor.isfinite().all() for tensor in state["model"].values())


def test_it_gives_up_too_where_the_schedule_ruins_the_arm_again_after_each_good_epoch(small: RunConfig) -> None:
    """The epoch before is trained again after the rewind, and completed: that is no progress."""
    changes = [{"arm": "scratch", "step": 4, "group": "head", "lr": 50.0}]
    events = play(Run(with_settings(small, schedule__changes=changes)))
    assert [event.times for event in only(events, p.Diverged)] == [1, 2, 3]
    assert isinstance(events[-1], p.RunFailed)


def test_it_can_be_switched_off(small: RunConfig) -> None:
    events = play(Run(with_settings(small, optim__scratch_lr=100.0, watchdog__not_finite=False)))
    assert isinstance(events[-1], p.RunFailed) and not only(events, p.Diverged)


class Spoilt:
    """Makes the gradient of one step infinite, or its loss, as often as it is asked to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: int, what: str, times: int = 1) -> None:
        self.times, self.weights = times, list[str]()
        update, arms = TrainedArm.update, list[TrainedArm]()

        def noted(arm: TrainedArm, batch: Batch) -> object:
            arms[:] = [arm]
            return update(arm, batch)

        def spoil(*batch: Any, **how: Any) -> tuple[torch.Tensor, torch.Tensor]:
            (loss, right), (arm,) = add_gradients(*batch, **how), arms
            if arm.step + 1 == step and self.times:
                self.times -= 1
                self.weights.append(arm.network.weights_sha256())
                gradients = arm._updater.gradients()
                if what == "gradient":
                    gradients[-1][0] = math.inf  # of the last layer's bias
                else:
                    loss = loss * math.nan
            elif self.weights and len(self.weights) < 2:
                self.weights.append(arm.network.weights_sha256())
            return loss, right

        monkeypatch.setattr(TrainedArm, "update", noted)
        monkeypatch.setattr("engine.arms.update.add_gradients", spoil)


@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_the_weights_are_not_touched_by_the_step(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch, what: str, name: str
) -> None:
    config = with_settings(small, optim__name=name)
    spoilt = Spoilt(monkeypatch, 6, what)
    run, after = Run(config), list[str]()

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.Diverged):
            after.append(run.work.arms.current.network.weights_sha256())
        return []

    events = play(run, react)
    diverged = only(events, p.Diverged)[0]
    assert (diverged.step, diverged.what, diverged.times) == (5, what, 1)
    assert after == spoilt.weights[:1] and events[-1].completed
    assert only(events, p.Rewound)[0].step == 4  # the state after the epoch


def test_after_an_epoch_it_counts_anew(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    config = with_settings(small, train__epochs=3)
    Spoilt(monkeypatch, 2, "loss", times=3)
    events = play(Run(config))
    assert [event.times for event in only(events, p.Diverged)] == [1, 2, 3] and events[-1].completed
    assert [event.base_lr for event in only(events, p.RateChanged)[::2]] == [0.0005, 0.00025, 0.000125]
    assert checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))["diverged"] == 0


# --- memory ---------------------------------------------------------------------------------------------


def batch_of(pictures: int) -> Batch:
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(0, 256, (pictures, 3, 32, 32), dtype=torch.uint8, generator=generator)
    labels = torch.arange(pictures) % 2
    return Batch(images, labels, list(range(pictures)), pictures, 1.0, [])


def arm_of(config: RunConfig, micro_batch: int | None) -> TrainedArm:
    device = torch.device("cpu")
    transfer = Transfer(Preparation(32, 36), device)
    arm = TrainedArm("scratch", Setup(config, ("cat", "dog"), 4, device, transfer, ProcessGroup()))
    arm.micro_batch = micro_batch
    return arm


@pytest.mark.parametrize("pictures, micro_batch", [(8, 4), (8, 2), (7, 3), (8, 1)])
def test_the_gradients_of_micro_batches_are_those_of_the_whole_batch(
    small: RunConfig, pictures: int, micro_batch: int
) -> None:
    """Of a network without batch norm and dropout; those are of each micro-batch."""
    whole, parts = arm_of(small, None), arm_of(small, micro_batch)
    for arm in (whole, parts):
        for module in arm.network.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    batch = batch_of(pictures)
    pieces = {arm: arm._micro_batch_count(batch) for arm in (whole, parts)}
    assert pieces[whole] == 1 < pieces[parts]
    figures = [
        add_gradients(
            arm.network, arm._recipe, batch, pieces=pieces[arm], scale=lambda loss: loss, rng=random.Random(0)
        )
        for arm in (whole, parts)
    ]
    torch.testing.assert_close(figures[0], figures[1])
    torch.testing.assert_close(whole._updater.gradients(), parts._updater.gradients(), rtol=1e-5, atol=1e-7)


def refuse_more_than(monkeypatch: pytest.MonkeyPatch, pictures: int, error: type[Exception], message: str) -> None:
    """A device that has no room for more pictures at once."""
    from engine.arms.network import Network

    real = Network._forward

    def forward(self: Network, inputs: torch.Tensor, network: object) -> torch.Tensor:
        if len(inputs) > pictures:
            raise error(message)
        return real(self, inputs, network)  # type: ignore[arg-type]

    monkeypatch.setattr(Network, "_forward", forward)


OUT_OF_MEMORY = [
    (torch.OutOfMemoryError, "CUDA out of memory"),
    (MemoryError, ""),
    (RuntimeError, "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
]


@pytest.mark.parametrize("error, message", OUT_OF_MEMORY)
def test_where_memory_runs_out_micro_batches_are_halved_until_they_fit(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch, error: type[Exception], message: str
) -> None:
    config = with_settings(small, data__batch_size=8)
    by_hand = play(Run(config), after_step(0, p.SetMicroBatch(2)))
    refuse_more_than(monkeypatch, 2, error, message)
    events = play(Run(config))
    changed = [(e.step, e.pictures, e.reason) for e in only(events, p.MicroBatchChanged)]
    assert changed == [(0, 4, "8 pictures at once do not fit"), (0, 2, "4 pictures at once do not fit")]
    assert events[-1].weights_sha256 == by_hand[-1].weights_sha256
    assert {event.images for event in only(events, p.EvalDone)} == {6}  # the test set fits in the same way
    resumed = play(Run(config, resume=folder_of(play(Run(config), after_step(2, p.Stop())))))
    assert not only(resumed, p.MicroBatchChanged) and resumed[-1].weights_sha256 == events[-1].weights_sha256


def test_where_even_the_smallest_does_not_fit_it_says_what_would(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_more_than(monkeypatch, 1, *OUT_OF_MEMORY[0])
    failed = play(Run(small))[-1]
    assert isinstance(failed, p.RunFailed) and failed.title == "Out of memory"


def test_it_can_be_switched_off_too(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_more_than(monkeypatch, 2, *OUT_OF_MEMORY[0])
    events = play(Run(with_settings(small, watchdog__out_of_memory=False)))
    assert isinstance(events[-1], p.RunFailed) and not only(events, p.MicroBatchChanged)
    assert "use --set data.batch_size=2" in events[-1].message


def test_an_error_of_another_kind_is_not_taken_for_it() -> None:
    assert not watchdog.is_out_of_memory(RuntimeError("shapes cannot be multiplied"))


def test_a_process_that_really_has_no_more_memory_goes_on_with_smaller_batches(tmp_path: Path, pictures: Path) -> None:
    """The system refuses it, in a process of its own: pictures of 32 would fit, a batch of 14 at 1536 does not."""
    data = {"root": pictures, "image_size": 1536, "batch_size": 14, "threads": 1, "prepare": False}
    model, checkpoints = {"name": PLAIN}, {"dir": tmp_path / "runs"}
    config = RunConfig(device="cpu", init="scratch", model=model, data=data, checkpoint=checkpoints)
    done = in_fork(tmp_path, first_step_with_little_memory, config)
    assert "MicroBatchChanged(arm='scratch', step=0, pictures=7" in done.out, done
    assert "TrainStep(arm='scratch', step=1" in done.out and "RunFailed" not in done.out


def first_step_with_little_memory(config: RunConfig) -> int:
    ctypes.CDLL(None).mallopt(-8, 2)  # M_ARENA_MAX: each takes room that it may never use
    with Path("/proc/self/statm").open() as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 1000 * 2**20, -1))
    for event in Run(config).events():
        if isinstance(event, p.MicroBatchChanged | p.RunFailed | p.TrainStep):
            print(event, flush=True)
        if isinstance(event, p.TrainStep):
            break
    return 0


# --- a loader that makes no progress --------------------------------------------------------------------


def copied(small: RunConfig, root: Path, **settings: object) -> RunConfig:
    """A run with pictures of its own, which are read in each epoch."""
    for file in small.data.root.glob("*/*/*.jpg"):  # type: ignore[union-attr]
        (root / file.relative_to(small.data.root)).parent.mkdir(parents=True, exist_ok=True)  # type: ignore[arg-type]
        (root / file.relative_to(small.data.root)).write_bytes(file.read_bytes())  # type: ignore[arg-type]
    return with_settings(small, data__root=root, data__prepare=False, **settings)


def block(root: Path) -> None:
    for file in root.glob("train/*/*.jpg"):
        file.unlink()
        os.mkfifo(file)


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where files may block; afterwards no thread waits for one any more."""
    monkeypatch.setattr("engine.data.loader.CLOSE_SECONDS", 0.1)  # for a file that will not come
    yield tmp_path / "blocked"
    pipes = [file for file in (tmp_path / "blocked").glob("train/*/*.jpg") if file.is_fifo()]
    while any(thread.name.startswith("decode") for thread in threading.enumerate()):
        for file in pipes:
            with contextlib.suppress(OSError):  # nobody waits for this one
                os.close(os.open(file, os.O_WRONLY | os.O_NONBLOCK))
        time.sleep(0.01)


def test_it_says_which_files_it_waits_for_and_obeys_a_stop(small: RunConfig, blocked: Path) -> None:
    config = copied(small, blocked, watchdog__loader_seconds=0.3)

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep) and event.step == 2:
            block(blocked)
        # A machine that is busy with other things may keep the threads from opening any file for a while.
        told = isinstance(event, p.LoaderStuck) and event.paths
        return [p.SetRate("head", 0.5), p.Stop()] if told else []

    events = play(Run(config), react)
    told = only(events, p.LoaderStuck)[-1]
    assert told.seconds >= 0.3 and all(path.startswith(str(blocked / "train")) for path in told.paths)
    assert only(events, p.RateChanged) and not events[-1].completed and events[-1].checkpoint


def test_without_it_nothing_is_said(small: RunConfig, blocked: Path) -> None:
    config = copied(small, blocked, watchdog__loader_seconds=None)
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events = []
    for event in Run(config).events(inbox):
        events.append(event)
        if isinstance(event, p.TrainStep) and event.step == 1:
            block(blocked)
            inbox.put(p.Pause())  # obeyed though no batch comes
        if isinstance(event, p.Paused):
            inbox.put(p.Stop())
    assert not only(events, p.LoaderStuck) and isinstance(events[-1], p.RunFinished)
