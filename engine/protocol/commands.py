"""What may be asked of a run; each takes effect between two steps, or is refused with the reason."""

from dataclasses import dataclass

from engine.protocol.values import Arm, Bool, Head, Int, Real


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait after the current step; with `free`, with the GPU's memory given back."""

    free: Bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write a checkpoint of its own, which nothing overwrites."""


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Score the test set now, in a pause too."""


@dataclass(frozen=True, slots=True)
class SwitchArm:
    """Suspend the arm in hand and start `arm`, or go on with it exactly where it was."""

    arm: Arm


@dataclass(frozen=True, slots=True)
class SetRate:
    """Give a parameter group of the arm in hand another base rate."""

    group: str
    base_lr: Real


@dataclass(frozen=True, slots=True)
class ScaleRate:
    """Multiply the base rate of a parameter group of the arm in hand."""

    group: str
    factor: Real


@dataclass(frozen=True, slots=True)
class SetFrozen:
    """Leave a parameter group of the arm in hand as it is, or train it again."""

    group: str
    frozen: Bool = True


@dataclass(frozen=True, slots=True)
class SetEpochs:
    """Give the arm in hand more or fewer epochs; a schedule is stretched or squeezed from here on."""

    epochs: Int


@dataclass(frozen=True, slots=True)
class SetMicroBatch:
    """Send at most `pictures` of a batch through the model at once; gradients are summed over the whole batch."""

    pictures: Int


@dataclass(frozen=True, slots=True)
class Rewind:
    """Go back to a restore point of the arm in hand, by its name, and on from there as a new branch."""

    point: str
    head: Head = "kept"
    "what its last layer is to start from; only the point `start` can have another one than it has"


@dataclass(frozen=True, slots=True)
class StopAfterEpoch:
    """End the run, with a checkpoint, after the evaluation of the current epoch, or, not `planned`, do not."""

    planned: Bool = True


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run after the current step, with a checkpoint unless `save` is false.

    Where that checkpoint cannot be written the stop is refused and training goes on.
    """

    save: Bool = True


@dataclass(frozen=True, slots=True)
class Release:
    """The last one who watched has left: unless somebody watches by now, a run that has done its epochs ends."""


Command = (
    Pause
    | Resume
    | Save
    | Evaluate
    | SwitchArm
    | SetRate
    | ScaleRate
    | SetFrozen
    | SetEpochs
    | SetMicroBatch
    | Rewind
    | StopAfterEpoch
    | Stop
    | Release
)
