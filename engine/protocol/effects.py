"""Effects of commands, of the schedule and of the watchdog."""

from dataclasses import dataclass

from engine.protocol.values import Arm, Bool, Int, Real, Verdict


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
    """A group has another base rate from the step after `step` on."""

    arm: Arm
    step: Int
    group: str
    base_lr: Real
    why: str = ""
    "who changed it, for people"
    change: Int = 0
    "`change` of the arm after it, as in `ArmStarted`"


@dataclass(frozen=True, slots=True)
class GroupFrozen:
    """From the step after `step` on a group is not trained, or, without `frozen`, trained again."""

    arm: Arm
    step: Int
    group: str
    frozen: Bool
    change: Int = 0
    "`change` of the arm after it, as in `ArmStarted`"


@dataclass(frozen=True, slots=True)
class EpochsChanged:
    """The arm trains another number of epochs in all."""

    arm: Arm
    step: Int
    epochs: Int
    change: Int = 0
    "`change` of the arm after it, as in `ArmStarted`"
    reason: str = ""
    "why training ends early; empty if a command or a setting says so"


@dataclass(frozen=True, slots=True)
class StepsChanged:
    """The arm ends after another number of steps in all; the last epoch may be shorter than the others."""

    arm: Arm
    step: Int
    steps: Int
    epochs: Int
    "whole and begun epochs of these steps"
    reason: str
    change: Int = 0
    "`change` of the arm after it, as in `ArmStarted`"
    planned: Bool = False
    "whether the run itself has planned it, so that the arm ends in time"


@dataclass(frozen=True, slots=True)
class MicroBatchChanged:
    """From the step after `step` on, at most `pictures` of a batch go through the model at once."""

    arm: Arm
    step: Int
    pictures: Int
    reason: str
    change: Int = 0
    "`change` of the arm after it, as in `ArmStarted`"


@dataclass(frozen=True, slots=True)
class StopPlanned:
    """The run ends after the evaluation of `epoch`; without `planned`, it goes on after all."""

    arm: Arm
    step: Int
    epoch: Int
    planned: Bool


@dataclass(frozen=True, slots=True)
class SweepingRates:
    """Progress of a sweep over learning rates in the pause after `step`. It is no training: the arm is restored."""

    arm: Arm
    step: Int
    done: Int
    "steps of the sweep so far"
    total: Int
    "steps of the sweep if training does not diverge before"
    group: str
    "the trained group with the largest base rate"
    rate: Real
    "of that group in the last step; the other groups keep the ratios of their base rates"
    loss: Real
    "at that rate, smoothed"


@dataclass(frozen=True, slots=True)
class RatesSwept:
    """A sweep over learning rates has ended, and the arm is what it was before."""

    arm: Arm
    step: Int
    group: str
    "the trained group with the largest base rate"
    rates: tuple[Real, ...]
    "of that group, rising; the other groups kept the ratios of their base rates"
    losses: tuple[Real, ...]
    "at these rates, smoothed"
    suggestion: Real | None
    "a good base rate of that group; `None` if the sweep shows none"
    reason: str = ""
    "why there is no suggestion, for people"


@dataclass(frozen=True, slots=True)
class LabelCorrected:
    """A person has said what is right for a training picture."""

    arm: Arm
    step: Int
    picture: str
    "as the command named it"
    path: str
    "its whole path"
    verdict: Verdict
    label: str
    "its class, where the verdict is `wrong`"
    epoch: Int
    "the first epoch of the arm, counted from 1, for which it counts"
    change: Int = 0
    "`change` of the arm after it, as in `ArmStarted`"


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command has no effect; `reason` says why."""

    arm: Arm
    step: Int
    command: str
    reason: str
