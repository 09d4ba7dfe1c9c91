"""A run as short as one can be, for tests of what is around it."""

from queue import SimpleQueue

from engine.config import RunConfig
from engine.loop.run import Run
from engine.protocol import Command, Event, Stop, TrainStep


def first_step(config: RunConfig) -> list[Event]:
    """The events of a run that is stopped, with a checkpoint, after its first step."""
    inbox: SimpleQueue[Command] = SimpleQueue()
    events = []
    for event in Run(config).events(inbox):
        events.append(event)
        if isinstance(event, TrainStep):
            inbox.put(Stop())
    return events
