"""Applies the settings that have changed between a checkpoint and the resumed run."""

from collections.abc import Iterator

from engine.arms.arm import TrainedArm
from engine.config import RunConfig
from engine.config.resumed import differences
from engine.protocol import EpochsChanged, Event, GroupFrozen, MicroBatchChanged, RateChanged

WHY = "changed on resume"


def apply_settings(arm: TrainedArm, before: RunConfig, now: RunConfig) -> Iterator[Event]:
    """Apply to an arm the settings of `now` that differ from those of `before`."""
    yield from _groups(arm, before, now)
    changed = {setting.key for setting in differences(before, now)}
    if "train.epochs" in changed:
        begun = -(-arm.step // arm.steps_per_epoch)
        past = "" if begun <= now.train.epochs else f"epoch {begun} has begun, so it ends there"
        arm.set_epochs(max(now.train.epochs, begun))
        yield EpochsChanged(arm.arm, arm.step, arm.epochs, arm.change, past)
    if changed & {"train.minutes", "train.until"} and now.train.is_timed:
        arm.timed = True
    if "train.micro_batch" in changed and now.train.micro_batch is not None:
        arm.set_micro_batch(now.train.micro_batch)
        yield MicroBatchChanged(arm.arm, arm.step, now.train.micro_batch, WHY, arm.change)
    if changed & {"optim.momentum", "optim.weight_decay"}:
        arm.set_constants(now.optim)


def _groups(arm: TrainedArm, before: RunConfig, now: RunConfig) -> Iterator[Event]:
    """Apply changed rates, then changed frozen flags. A change by the user stays if the setting is the same."""
    old, new = arm.groups.initial(before), arm.groups.initial(now)
    for name, group in new.items():
        if group.base_lr != old[name].base_lr:
            arm.set_rate(name, group.base_lr, WHY)
            yield RateChanged(arm.arm, arm.step, name, group.base_lr, WHY, arm.change)
    for name, group in new.items():
        if group.frozen is not old[name].frozen and group.frozen is (name in arm.groups.trained):
            arm.set_frozen(name, group.frozen)
            yield GroupFrozen(arm.arm, arm.step, name, group.frozen, arm.change)
