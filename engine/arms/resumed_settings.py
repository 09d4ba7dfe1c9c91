"""An arm that was trained with other settings takes on those that the run has now."""

from collections.abc import Iterator

from engine.arms.arm import TrainedArm
from engine.config import RunConfig
from engine.config.resumed import differences
from engine.protocol import EpochsChanged, Event, GroupFrozen, MicroBatchChanged, RateChanged


def adopt(arm: TrainedArm, before: RunConfig, now: RunConfig) -> Iterator[Event]:
    """Give an arm that was trained with `before` what is another setting now."""
    changed = {setting.key for setting in differences(before, now)}
    why = "changed on resume"
    rates = (
        {"backbone": ("optim.groups.backbone.lr", now.optim.groups.backbone.lr)}
        | {"head": ("optim.groups.head.lr", now.optim.groups.head.lr)}
        if arm.arm == "pretrained"
        else dict.fromkeys(("backbone", "head"), ("optim.scratch_lr", now.optim.scratch_lr))
    )
    for name, (key, rate) in rates.items():
        if key in changed:
            arm.set_rate(name, rate, why)
            yield RateChanged(arm.arm, arm.step, name, rate, why, arm.change)
    frozen = now.optim.groups.backbone.frozen
    if "optim.groups.backbone.frozen" in changed and arm.arm == "pretrained" and frozen is not arm.frozen:
        arm.set_frozen("backbone", frozen)
        yield GroupFrozen(arm.arm, arm.step, "backbone", frozen, arm.change)
    if "train.epochs" in changed and now.train.epochs * arm.steps_per_epoch >= arm.step:
        arm.set_epochs(now.train.epochs)
        yield EpochsChanged(arm.arm, arm.step, arm.epochs, arm.change)
    if "train.micro_batch" in changed and now.train.micro_batch is not None:
        arm.set_micro_batch(now.train.micro_batch)
        yield MicroBatchChanged(arm.arm, arm.step, now.train.micro_batch, why, arm.change)
    if changed & {"optim.momentum", "optim.weight_decay"}:
        arm.set_constants(now.optim)
