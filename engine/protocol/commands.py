"""The commands that a run obeys. Each takes effect between two steps, or is refused with the reason."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from engine.protocol.values import Arm, Bool, Head, Int, Real, Verdict


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait after the current step; with `free`, give the GPU's memory back meanwhile."""

    free: Bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write a checkpoint that nothing overwrites."""


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Score the pictures that choose now, in a pause too; with `test`, the best weights on the test pictures."""

    test: Bool = False


@dataclass(frozen=True, slots=True)
class FindRate:
    """Find a learning rate, in a pause: train a few steps at growing rates, and restore the arm afterwards.

    The next command ends it.
    """


@dataclass(frozen=True, slots=True)
class SwitchArm:
    """Suspend the current arm and start `arm`, or go on with it exactly where it was."""

    arm: Arm


@dataclass(frozen=True, slots=True)
class SetRate:
    """Give a parameter group of the current arm another base rate."""

    group: str
    base_lr: Real


@dataclass(frozen=True, slots=True)
class ScaleRate:
    """Multiply the base rate of a parameter group of the current arm, or of all groups."""

    group: str
    "a name, or `all`"
    factor: Real


@dataclass(frozen=True, slots=True)
class SetFrozen:
    """Stop training a parameter group of the current arm, or, without `frozen`, train it again."""

    group: str
    frozen: Bool = True


@dataclass(frozen=True, slots=True)
class SetEpochs:
    """Give the current arm more or fewer epochs; the rest of a schedule is stretched or shortened to fit."""

    epochs: Int


@dataclass(frozen=True, slots=True)
class SetSteps:
    """End the current arm after so many steps in all, in the middle of an epoch if they say so."""

    steps: Int


@dataclass(frozen=True, slots=True)
class SetMicroBatch:
    """Send at most `pictures` of a batch through the model at once; gradients are summed over the whole batch."""

    pictures: Int


@dataclass(frozen=True, slots=True)
class Rewind:
    """Take the current arm back to a restore point, by its name, and go on from there as a new branch."""

    point: str
    head: Head = "kept"
    "what its last layer starts from; any other value than `kept` needs the point `start`"


@dataclass(frozen=True, slots=True)
class StopAfterEpoch:
    """End the run, with a checkpoint, after the evaluation of the current epoch; without `planned`, cancel that."""

    planned: Bool = True


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run after the current step, with a checkpoint unless `save` is false.

    If the checkpoint cannot be written, the command is refused and training goes on.
    """

    save: Bool = True
    cause: Annotated[str, Field(exclude_if=lambda cause: not cause)] = ""
    "the signal or the time limit that ends the run; empty if a person does"


@dataclass(frozen=True, slots=True)
class Release:
    """End a run that has done its epochs, unless somebody watches it. Sent when the last watcher has left."""


@dataclass(frozen=True, slots=True)
class CorrectLabel:
    """Say what is right for a training picture. It counts from the next epoch of the current arm on."""

    picture: str
    "its path, below the folder of the pictures or whole"
    verdict: Verdict
    "`right`: keep its class; `wrong`: it is of the class `label`; `leave_out`: do not train on it; `undecided`: undo"
    label: str = ""


Command = (
    Pause
    | Resume
    | Save
    | Evaluate
    | FindRate
    | SwitchArm
    | SetRate
    | ScaleRate
    | SetFrozen
    | SetEpochs
    | SetSteps
    | SetMicroBatch
    | Rewind
    | StopAfterEpoch
    | Stop
    | Release
    | CorrectLabel
)
