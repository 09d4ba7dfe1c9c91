"""What a run is doing, in words, as its events tell it."""

from engine.protocol.arms import ArmStarted, CompileChosen, TrainStep
from engine.protocol.effects import Paused, Resumed, SweepingRates
from engine.protocol.events import Event
from engine.protocol.pictures import Preparing
from engine.protocol.run import Loading, RunFailed, RunFinished
from engine.protocol.scores import EvalDone, Evaluating


def doing(event: Event) -> str:
    """What goes on after an event, such as `evaluating, step 120`; empty if it says nothing of that."""
    match event:
        case Loading():
            return event.what
        case Preparing():
            return f"preparing {event.what}"
        case Evaluating():
            return f"evaluating, step {event.step}"
        case Paused():
            return f"paused, step {event.step}"
        case SweepingRates():
            return f"finding a learning rate, step {event.step}"
        case CompileChosen(worth=True, waits=True):
            return f"compiling, step {event.step}"
        case TrainStep() | ArmStarted() | EvalDone() | Resumed():
            return f"training, step {event.step}"
        case RunFinished() | RunFailed():
            return "ending"
        case _:
            return ""
