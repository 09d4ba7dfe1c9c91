"""The keys that steer the run: each builds a command for the engine.

The engine answers commands with events; until then `answer` says what was asked for.
"""

from collections.abc import Callable

from engine.figures.arm import ArmView
from engine.protocol import (
    PART_NAMES,
    Arm,
    Command,
    Evaluate,
    Pause,
    Resume,
    Save,
    SetEpochs,
    SetFrozen,
    StopAfterEpoch,
    SwitchArm,
    other_arm,
)
from tui import refusals as no
from tui.keys.key import Key
from tui.keys.rates import RATES
from tui.state import UiState


def _other(state: UiState) -> Arm:
    assert state.arm is not None
    asked = [command.arm for command in state.waiting if isinstance(command, SwitchArm)]
    return other_arm(asked[-1] if asked else state.arm)


def _view(state: UiState) -> ArmView:
    assert state.view is not None, "refused without a run"
    return state.view


def _pause_or_resume(state: UiState) -> Command:
    return Resume() if state.paused else Pause()


def _frozen(state: UiState) -> bool:
    return _view(state).groups[state.selected].frozen


def _freeze_answer(state: UiState) -> str:
    return f"{state.selected}: {'trained again' if _frozen(state) else 'frozen'} after this step…"


def _set_epochs(by: int) -> Callable[[UiState], Command]:
    return lambda state: SetEpochs(_view(state).wanted_epochs + by)


def _epochs_answer(by: int) -> Callable[[UiState], str]:
    return lambda state: f"{_view(state).wanted_epochs + by} epochs in all after this step…"


def _stop_answer(state: UiState) -> str:
    return "going on after this epoch, too…" if state.stop_planned else f"ending after epoch {_view(state).epoch}…"


def _when(state: UiState) -> str:
    return "" if state.paused else " after this step"


STEERING: tuple[Key, ...] = (
    Key(
        "pause",
        ("p", "space"),
        "p",
        "pause",
        "Pause after the current step, or go on. A paused run uses no processor.",
        build=_pause_or_resume,
        refusal=no.not_training,
        answer=lambda state: "going on…" if state.paused else "pausing after this step…",
    ),
    Key(
        "pause_free",
        ("P",),
        "P",
        "pause, free GPU",
        "Pause and give the GPU's memory back meanwhile, so that others can use it. p takes it again and goes on.",
        build=lambda state: Pause(free=True),
        refusal=no.nothing_to_free,
        answer=lambda state: "freeing the GPU…" if state.paused else "pausing after this step and freeing the GPU…",
        rank=6,
    ),
    Key(
        "switch",
        ("m",),
        "m",
        "switch arm",
        "Suspend this arm with its whole state and start the other one, or go on with it exactly where it was.",
        build=lambda state: SwitchArm(_other(state)),
        refusal=no.other_arm_done,
        answer=lambda state: f"switching to {_other(state)} after this step…",
    ),
    Key(
        "save",
        ("s",),
        "s",
        "save",
        "Write a checkpoint that nothing overwrites.",
        build=lambda state: Save(),
        refusal=no.without_run,
        answer=lambda state: "saving after this step…",
    ),
    Key(
        "evaluate",
        ("e",),
        "e",
        "evaluate",
        "Score the pictures that choose (validation; without them, test) now, in a pause, too.",
        build=lambda state: Evaluate(),
        refusal=no.evaluating,
        answer=lambda state: f"scoring the {PART_NAMES[state.part]} pictures{_when(state)}…",
        rank=3,
    ),
    Key(
        "test",
        ("E",),
        "E",
        "test best",
        "Score the best weights so far on the test pictures, which is done once at the end anyway.",
        build=lambda state: Evaluate(test=True),
        refusal=no.testing,
        answer=lambda state: f"testing the best weights{_when(state)}…",
        rank=9,
    ),
    Key(
        "rewind",
        ("b",),
        "b",
        "rewind",
        "Go back to an earlier state of this arm and on from there; what is left behind stays on the plots, dimmed.",
        refusal=no.without_run,
        rank=2,
    ),
    Key(
        "find_rate",
        ("r",),
        "r",
        "find lr",
        "In a pause: train a few steps at growing rates, show the loss at each, take the arm back.",
        refusal=no.no_sweep,
    ),
    *RATES,
    Key(
        "freeze",
        ("f",),
        "f",
        "freeze",
        "Leave the chosen group as it is from now on, or train it again.",
        build=lambda state: SetFrozen(state.selected, frozen=not _frozen(state)),
        refusal=no.last_trained,
        answer=_freeze_answer,
        rank=3,
    ),
    Key(
        "fewer_epochs",
        ("<", "comma"),
        "<",
        "epochs",
        "Train one epoch less in all; the schedule of the rates is squeezed.",
        build=_set_epochs(-1),
        refusal=no.epoch_begun,
        answer=_epochs_answer(-1),
        rank=4,
    ),
    Key(
        "more_epochs",
        (">", "."),
        ">",
        "epochs",
        "Train one epoch more in all, with the schedule stretched; an arm that has done its epochs goes on.",
        build=_set_epochs(+1),
        refusal=no.without_run,
        answer=_epochs_answer(+1),
        rank=4,
    ),
    Key(
        "stop_after_epoch",
        ("x",),
        "x",
        "stop after epoch",
        "End the run, saved, when this epoch and its test are done; once more takes that back.",
        build=lambda state: StopAfterEpoch(planned=not state.stop_planned),
        refusal=no.not_training,
        answer=_stop_answer,
        rank=5,
    ),
)
