"""The choices of a run that depended on time, so that a replay can repeat them."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.protocol import Arm, CheckpointSaved, CompileChosen, Event


@dataclass(frozen=True, slots=True)
class Choices:
    """Which restore points were kept, and when the training step was compiled."""

    points: frozenset[tuple[Arm, str]]
    "arm and name of each restore point that was kept"
    compiled: frozenset[tuple[Arm, int]]
    "arm and step at which the training step was compiled"


def choices_of(events: Iterable[Event]) -> Choices:
    """The choices of a run with these events."""
    points: set[tuple[Arm, str]] = set()
    compiled: set[tuple[Arm, int]] = set()
    for event in events:
        if isinstance(event, CheckpointSaved) and event.point:
            points.add((event.arm, event.point))
        elif isinstance(event, CompileChosen) and event.worth:
            compiled.add((event.arm, event.step))
    return Choices(frozenset(points), frozenset(compiled))
