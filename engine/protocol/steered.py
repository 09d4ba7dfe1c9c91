"""What became of commands."""

from dataclasses import dataclass

from engine.protocol.values import Arm, Bool, Int, Real


@dataclass(frozen=True, slots=True)
class Paused:
    """Training waits after `step`."""

    arm: Arm
    step: Int
    freed: Bool = False
    "whether the GPU's memory is given back meanwhile"


@dataclass(frozen=True, slots=True)
class Resumed:
    """Training goes on after `step`."""

    arm: Arm
    step: Int


@dataclass(frozen=True, slots=True)
class RateChanged:
    """A group's base rate, in force from the step after `step`."""

    arm: Arm
    step: Int
    group: str
    base_lr: Real
    why: str = ""
    "who changed it, in words"
    change: Int = 0
    "the arm's, after it"


@dataclass(frozen=True, slots=True)
class GroupFrozen:
    """A group is left as it is from the step after `step` on, or, not `frozen`, trained again."""

    arm: Arm
    step: Int
    group: str
    frozen: Bool
    change: Int = 0
    "the arm's, after it"


@dataclass(frozen=True, slots=True)
class EpochsChanged:
    """The arm is to train so many epochs in all."""

    arm: Arm
    step: Int
    epochs: Int
    change: Int = 0
    "the arm's, after it"


@dataclass(frozen=True, slots=True)
class MicroBatchChanged:
    """At most so many pictures of a batch go through the model at once, from the step after `step` on."""

    arm: Arm
    step: Int
    pictures: Int
    reason: str
    change: Int = 0
    "the arm's, after it"


@dataclass(frozen=True, slots=True)
class StopPlanned:
    """The run ends after the evaluation of `epoch`, or, not `planned`, goes on."""

    arm: Arm
    step: Int
    epoch: Int
    planned: Bool


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command without effect, and why."""

    arm: Arm
    step: Int
    command: str
    reason: str
