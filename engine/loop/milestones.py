"""The first and the last event of a run: what it is, and what has become of it."""

import time
from pathlib import Path

import torch

from engine.arms.arm import TrainedArm
from engine.arms.arms import Arms
from engine.data.samples import Catalogue
from engine.hardware.device import describe_device
from engine.hardware.machine import device_name, versions
from engine.loop.baseline import baseline
from engine.protocol import Arm, RunFinished, RunStarted
from engine.protocol.best import BEST
from engine.storage.writer import CheckpointWriter


def started(arms: Arms, catalogue: Catalogue, folder: Path | None, steps_per_epoch: int, resumed: str) -> RunStarted:
    """The event of a run that begins to train. `resumed` is the checkpoint that it goes on from, or empty."""
    setup, arm = arms.setup, arms.current
    return RunStarted(
        name=(folder or Path()).resolve().name,
        path=str(folder or ""),
        arm=arm.arm,
        device=describe_device(setup.device, setup.processes.size),
        precision=arm.network.precision,
        model=setup.config.model.name,
        classes=catalogue.classes,
        train_images=len(catalogue.train),
        test_images=len(catalogue.test),
        val_images=len(catalogue.val),
        batch_size=setup.config.data.batch_size,
        epochs=setup.config.train.epochs,
        steps_per_epoch=steps_per_epoch,
        time=time.time(),
        resumed_from=resumed,
        threads=torch.get_num_threads(),
        commands=arms.commands,
        versions=versions(),
        hardware=device_name(setup.device),
    )


def finished(
    arms: Arms, catalogue: Catalogue, folder: Path | None, writer: CheckpointWriter, cause: str
) -> RunFinished:
    """The event of a run that is over. Call it when all that was asked for is written. `cause` is what stopped it."""
    arm = arms.current
    best = arms.checkpointer.best_accuracy(arm)
    best_step = arms.checkpointer.best_step(arm)
    return RunFinished(
        arm=arm.arm,
        step=arm.step,
        completed=arm.done,
        accuracy=arm.evaluated[1] if arm.evaluated is not None else None,
        best_accuracy=best,
        checkpoint=writer.last_checkpoint,
        weights_sha256=arm.network.weights_sha256(),
        seconds=arm.seconds,
        part=catalogue.scored_part,
        test_accuracy=arm.tested,
        best_checkpoint=str((folder or Path()) / arm.arm / BEST) if best is not None else "",
        best_epoch=-(-best_step // arm.steps_per_epoch) if best_step is not None else None,
        cause=cause if not arm.done else "",
        **baseline(catalogue.scored, arm.history, arm.best_accuracy),
    )


def stopped(init: Arm, cause: str) -> RunFinished:
    """The last event of a run that ends before it trains; `init` is the arm that it was to begin with."""
    return RunFinished(init, 0, False, None, None, "", "", 0.0, cause=cause)


def left(arm: TrainedArm, catalogue: Catalogue, writer: CheckpointWriter, cause: str) -> RunFinished:
    """The last event of a run whose process ends in the middle of something long. The weights may be changing."""
    accuracy = arm.evaluated[1] if arm.evaluated is not None else None
    saved, part = writer.last_checkpoint, catalogue.scored_part
    return RunFinished(arm.arm, arm.step, False, accuracy, arm.best_accuracy, saved, "", arm.seconds, part, cause=cause)
