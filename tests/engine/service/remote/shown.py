"""What a viewer was told, and what its screen shows of it."""

from engine import protocol as p
from engine.figures.best import BestWeights
from engine.storage.journal import NOT_JOURNALED
from tests.engine.driving import only
from tui.state import UiState


def steps(events: list[p.Event]) -> list[int]:
    return [event.step for event in only(events, p.TrainStep)]


def saved_by_key(events: list[p.Event]) -> int:
    return sum(event.reason == "key" for event in only(list(events), p.CheckpointSaved))


def journaled(events: list[p.Event]) -> list[p.Event]:
    return [event for event in events if not isinstance(event, NOT_JOURNALED)]


def without(events: list[p.Event], kind: type[p.Event]) -> list[p.Event]:
    return [event for event in events if not isinstance(event, kind)]


def shown(events: list[p.Event]) -> object:
    """Phase, curves and history on a screen that was told these."""
    state = UiState()
    for event in events:
        state.fold(event)
    return (state.phase, state.run, state.arm, state.checkpoint, _plain(state.arms))


def _plain(thing: object) -> object:
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(value) for value in thing]
    if hasattr(thing, "points"):
        return thing.points()
    if isinstance(thing, BestWeights):  # a history has what they got wrong only of the last ones
        return thing.best()
    return _plain(vars(thing)) if hasattr(thing, "__dict__") else thing
