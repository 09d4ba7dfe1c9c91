"""The one table of keys: bindings, footer, help and palette are read from it.

A key either builds a command for the engine or names an action of the app. Commands are acknowledged by
the engine's events; until then `answer` says what was asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass

from engine.protocol import Arm, Command, Pause, Resume, Save, SetRate, SwitchArm, other_arm
from tui.format import next_nice, rate
from tui.state import UiState

LOWEST_RATE, HIGHEST_RATE = 1e-9, 100.0


@dataclass(frozen=True)
class Key:
    """A row of the table."""

    name: str
    "for the app's actions and tests"
    keys: tuple[str, ...]
    "as Textual names them; the first one is shown"
    shown: str
    "the key as printed on a keyboard"
    label: str
    "one or two words for the footer"
    help: str
    "one sentence"
    build: Callable[[UiState], Command] | None = None
    "the command, from a state in which `refusal` is empty; none: the app's own action of that name"
    refusal: Callable[[UiState], str] = lambda state: ""
    "why it cannot be done now; empty if it can"
    answer: Callable[[UiState], str] = lambda state: ""
    "what the engine has been asked for"


def _without_run(state: UiState) -> str:
    if state.phase in ("ended", "failed"):
        return "the run has ended"
    return "" if state.view else "the run has not started yet"


def _not_training(state: UiState) -> str:
    reason = _without_run(state)
    return reason or ("this arm has done all its epochs" if state.phase == "finished" else "")


def _other(state: UiState) -> Arm:
    assert state.arm is not None
    return other_arm(state.arm)


def _no_other_arm(state: UiState) -> str:
    if reason := _without_run(state):
        return reason
    other = state.arms.get(_other(state))
    return f"{other.arm} has done all its epochs" if other is not None and other.finished else ""


def _pause_or_resume(state: UiState) -> Command:
    return Resume() if state.phase == "paused" else Pause()


def _changed_rate(state: UiState, up: bool) -> float:
    assert state.view is not None
    now = state.view.base_rate(state.selected)
    return min(max(next_nice(max(now, LOWEST_RATE), up), LOWEST_RATE), HIGHEST_RATE)


def _set_rate(up: bool) -> Callable[[UiState], Command]:
    return lambda state: SetRate(state.selected, _changed_rate(state, up))


def _rate_answer(up: bool) -> Callable[[UiState], str]:
    return lambda state: f"{state.selected}: base rate {rate(_changed_rate(state, up))} after this step…"


KEYS: tuple[Key, ...] = (
    Key(
        "pause",
        ("p", "space"),
        "p",
        "pause",
        "Pause after the current step, or go on. A paused run uses no processor.",
        build=_pause_or_resume,
        refusal=_not_training,
        answer=lambda state: "going on…" if state.phase == "paused" else "pausing after this step…",
    ),
    Key(
        "switch",
        ("m",),
        "m",
        "switch arm",
        "Suspend this arm with its whole state and start the other one, or go on with it exactly where it was.",
        build=lambda state: SwitchArm(_other(state)),
        refusal=_no_other_arm,
        answer=lambda state: f"switching to {_other(state)} after this step…",
    ),
    Key(
        "save",
        ("s",),
        "s",
        "save",
        "Write a checkpoint that nothing overwrites.",
        build=lambda state: Save(),
        refusal=_without_run,
        answer=lambda state: "saving after this step…",
    ),
    Key("previous_group", ("[",), "[", "group", "Choose the parameter group above."),
    Key("next_group", ("]",), "]", "group", "Choose the parameter group below."),
    Key(
        "lower_rate",
        ("-",),
        "-",
        "rate",
        "Lower the chosen group's base learning rate: 5e-4, 2e-4, 1e-4, 5e-5 and so on.",
        build=_set_rate(up=False),
        refusal=_not_training,
        answer=_rate_answer(up=False),
    ),
    Key(
        "raise_rate",
        ("+", "="),
        "+",
        "rate",
        "Raise the chosen group's base learning rate: 1e-4, 2e-4, 5e-4, 1e-3 and so on.",
        build=_set_rate(up=True),
        refusal=_not_training,
        answer=_rate_answer(up=True),
    ),
    Key("log", ("l",), "l", "log", "Read everything the run has said so far."),
    Key("help", ("?", "h"), "?", "help", "Show what the keys do and what the numbers mean."),
    Key("leave", ("q",), "q", "quit", "Leave; while training it asks first, and saving is what it offers."),
)
