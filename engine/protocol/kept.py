"""What is kept on the disk, and gone back to."""

from dataclasses import dataclass

from engine.protocol.values import Arm, Head, Int, Real


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """A checkpoint is on the disk, synced and read back."""

    arm: Arm
    step: Int
    path: str
    reason: str
    "`epoch`, `best`, `key`, `autosave`, `switch` or `stop`"
    bytes: Int
    time: Real
    "when it was copied"
    stall: Real = 0.0
    "seconds that training stood still for it; it is written while training goes on"
    point: str = ""
    "name of the restore point that keeps it, empty where none does"


@dataclass(frozen=True, slots=True)
class CheckpointFailed:
    """A checkpoint could not be written; the one before it is whole and training goes on."""

    arm: Arm
    step: Int
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckpointDamaged:
    """A checkpoint that cannot be read and was passed over for an older one."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """A state of an arm that a rewind can go back to."""

    name: str
    step: Int
    epoch: Int
    branch: Int
    accuracy: Real | None
    "on the test set at this very step, none where it was not evaluated there"
    reason: str
    "why it was kept, in words"
    time: Real


@dataclass(frozen=True, slots=True)
class RestorePoints:
    """The restore points of the arm in hand as they are now, oldest step first."""

    arm: Arm
    points: tuple[RestorePoint, ...]


@dataclass(frozen=True, slots=True)
class Rewound:
    """The arm is back at `step` and goes on from there as `branch`; branch `left` ends at `left_step` and is kept."""

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
    "the arm's, at that point"
    head: Head = "kept"
    "what its last layer starts from, where that is not what the point has"
