"""The choices of a run that depended on time, so that a replay can repeat them."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.protocol import Arm, ArmStarted, CheckpointSaved, Compiled, Event


@dataclass(frozen=True, slots=True)
class Choices:
    """Which restore points were kept, and when the training step was compiled."""

    points: frozenset[tuple[Arm, str]]
    "arm and name of each restore point that was kept"
    compiled: frozenset[tuple[Arm, int, int]]
    "arm, branch and step from which on the compiled step was used"


def choices_of(events: Iterable[Event]) -> Choices:
    """The choices of a run with these events."""
    points: set[tuple[Arm, str]] = set()
    compiled: set[tuple[Arm, int, int]] = set()
    branches: dict[Arm, int] = {}
    for event in events:
        if isinstance(event, CheckpointSaved) and event.point:
            points.add((event.arm, event.point))
        elif isinstance(event, ArmStarted):
            branches[event.arm] = event.branch
            # What a crash lost is trained again, and the step is compiled again, or not.
            here = event.arm, event.branch
            compiled -= {known for known in compiled if known[:2] == here and known[2] >= event.step}
        elif isinstance(event, Compiled) and not event.failure:
            compiled.add((event.arm, branches.get(event.arm, 1), event.step))
    return Choices(frozenset(points), frozenset(compiled))
