"""Events about checkpoints, restore points and rewinds."""

from dataclasses import dataclass

from engine.protocol.values import Arm, Head, Int, Real


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """A checkpoint is on the disk: synced, read back and compared."""

    arm: Arm
    step: Int
    path: str
    reason: str
    "`epoch`, `best`, `key`, `autosave`, `switch` or `stop`"
    bytes: Int
    time: Real
    "when the state was copied"
    stall: Real = 0.0
    "seconds for which training waited; the file is written while training goes on"
    point: str = ""
    "name of the restore point that it is kept as, empty if it is not kept"


@dataclass(frozen=True, slots=True)
class CheckpointFailed:
    """A checkpoint could not be written; the previous one is intact and training goes on."""

    arm: Arm
    step: Int
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckpointSent:
    """The command `hooks.saved` has ended well for a checkpoint: it is where that command puts it."""

    arm: Arm
    step: Int
    path: str
    "the file in the run's folder, which may have newer weights by now"
    time: Real
    "when the command had ended"
    seconds: Real
    "that it took"


@dataclass(frozen=True, slots=True)
class CheckpointDamaged:
    """A checkpoint cannot be read; an older one is used."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """A saved state of an arm that a rewind can go back to."""

    name: str
    step: Int
    epoch: Int
    branch: Int
    accuracy: Real | None
    "on the pictures that choose, at this step, `None` if it was not evaluated at this step"
    reason: str
    "why it was kept, for people"
    time: Real


@dataclass(frozen=True, slots=True)
class RestorePoints:
    """All restore points of an arm at this time, oldest step first."""

    arm: Arm
    points: tuple[RestorePoint, ...]


@dataclass(frozen=True, slots=True)
class Rewound:
    """The arm is back at `step` and goes on from there as `branch`. Branch `left` is kept; it ends at `left_step`."""

    arm: Arm
    step: Int
    branch: Int
    base: Int
    "the branch that `point` lies on"
    left: Int
    left_step: Int
    point: str
    reason: str
    change: Int = 0
    "`change` of the arm at that point, as in `ArmStarted`"
    head: Head = "kept"
    "what its last layer starts from; `kept` is what the point has"
