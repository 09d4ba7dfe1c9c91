"""What depended on time in a run: kept so that a replay can do the same without looking at the clock."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.protocol import Arm, CheckpointSaved, CompileChosen, Event


@dataclass(frozen=True, slots=True)
class Choices:
    """When restore points were kept, and when the training step was compiled."""

    points: frozenset[tuple[Arm, str]]
    "the restore points that were kept, by arm and name"
    compiled: frozenset[tuple[Arm, int]]
    "the arms and steps at which the training step was compiled"


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
