"""Changes of an arm's state between two steps, by a person or by the schedule."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from engine.arms.arm import TrainedArm
from engine.arms.optimizer import describe_groups, groups_of
from engine.config.sections import Change, ScheduleConfig
from engine.protocol import (
    ALL_GROUPS,
    CorrectLabel,
    EpochsChanged,
    Event,
    GroupFrozen,
    LabelCorrected,
    MicroBatchChanged,
    RateChanged,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    SetSteps,
    StepsChanged,
)
from engine.protocol.printable import unicode_text

Changing = SetRate | ScaleRate | SetFrozen | SetEpochs | SetSteps | SetMicroBatch | CorrectLabel


def make(command: Changing, arm: TrainedArm, why: str) -> Event:
    """Change the arm as the command says, which has to be possible."""
    match command:
        case SetRate():
            return _set_rate(arm, command.group, command.base_lr, why)
        case ScaleRate():
            rate = groups_of(arm.optimizer, command.group)[0]["base_lr"] * command.factor
            return _set_rate(arm, command.group, rate, why)
        case SetFrozen():
            arm.set_frozen(command.group, command.frozen)
            return GroupFrozen(arm.arm, arm.step, command.group, command.frozen, arm.change)
        case SetEpochs():
            arm.set_epochs(command.epochs)
            return EpochsChanged(arm.arm, arm.step, command.epochs, arm.change)
        case SetSteps():
            arm.set_steps(command.steps)
            return StepsChanged(arm.arm, arm.step, arm.total_steps, arm.epochs, why, arm.change)
        case SetMicroBatch():
            arm.set_micro_batch(command.pictures)
            return MicroBatchChanged(arm.arm, arm.step, command.pictures, why, arm.change)
        case CorrectLabel():
            return _correct_label(arm, command)
        case _:
            assert_never(command)


def by_group(command: Changing, arm: TrainedArm) -> Sequence[Changing]:
    """A command for all groups as a command for each group; any other command as it is."""
    if isinstance(command, ScaleRate) and command.group == ALL_GROUPS:
        return [replace(command, group=group.name) for group in describe_groups(arm.optimizer)]
    return [command]


def scheduled(config: ScheduleConfig, arm: TrainedArm) -> Iterator[Changing]:
    """The changes that the schedule has for the arm's step."""
    return (_command(change) for change in config.changes if (change.arm, change.step) == (arm.arm, arm.step))


def _command(change: Change) -> Changing:
    if change.epochs is not None:
        return SetEpochs(change.epochs)
    if change.steps is not None:
        return SetSteps(change.steps)
    if change.micro_batch is not None:
        return SetMicroBatch(change.micro_batch)
    assert change.group is not None
    if change.lr is not None:
        return SetRate(change.group, change.lr)
    return SetFrozen(change.group, bool(change.frozen))


def _correct_label(arm: TrainedArm, command: CorrectLabel) -> Event:
    label = command.label if command.verdict == "wrong" else ""
    arm.judge(command.picture, command.verdict, label)
    index = arm.judgements.index(command.picture)
    assert index is not None
    path = unicode_text(arm.judgements.samples[index].path)
    epoch = arm.next_epoch + 1
    return LabelCorrected(arm.arm, arm.step, command.picture, path, command.verdict, command.label, epoch, arm.change)


def _set_rate(arm: TrainedArm, group: str, base_lr: float, why: str) -> RateChanged:
    why = f"{why} after step {arm.step}"
    arm.set_rate(group, base_lr, why)
    return RateChanged(arm.arm, arm.step, group, base_lr, why, arm.change)
