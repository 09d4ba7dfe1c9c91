"""What can be done with a run that has ended, a row each: its key, what it does, and why it cannot be done now.

Loads no Textual.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.protocol import other_arm
from engine.service.program import command
from tui import refusals as no
from tui.format import percent
from tui.keys import KEYS
from tui.outcome import OnDisk, takes, winner
from tui.state import UiState


@dataclass(frozen=True, slots=True)
class NextStep:
    """A row of the table. Those that are keys of the dashboard, too, have the same name there, and do the same."""

    name: str
    key: str
    "as Textual names it"
    shown: str
    label: str
    "one or two words for where it cannot be done"
    text: Callable[[UiState], str]
    why_not: Callable[[UiState, OnDisk | None], str]
    "empty if it can be done"


def _of_dashboard(name: str, text: Callable[[UiState], str], instead: Callable[[UiState], str]) -> NextStep:
    """A key that steers the run. `instead` is a command that does it where there is no engine any more."""
    key = next(key for key in KEYS if key.name == name)

    def why_not(state: UiState, disk: OnDisk | None) -> str:
        if name == "test" and (tested := _tested(state)):
            return tested
        reason = key.why_not(state)
        ended = state.locked or no.without_run(state)
        return (
            f"the run is over; {instead(state)}" if reason and reason == ended and not no.elsewhere(state) else reason
        )

    return NextStep(name, key.keys[0], key.shown, key.label if name != "more_epochs" else "train on", text, why_not)


def _tested(state: UiState) -> str:
    best = state.view.best_weights.best() if state.view is not None else None
    tested = best.tested if best is not None else None
    return f"these weights are tested already, {percent(tested.accuracy)}" if tested is not None else ""


def _with_best(state: UiState, disk: OnDisk | None) -> str:
    """For what needs the file of the best weights."""
    return no.elsewhere(state) or ("" if winner(state) is not None else "nothing was scored")


def _no_mistakes(state: UiState, disk: OnDisk | None) -> str:
    view = winner(state)
    best = view.best_weights.best() if view is not None else None
    return "" if best is not None and best.confusion is not None else _with_best(state, disk)


def _nothing_left(state: UiState, disk: OnDisk | None) -> str:
    if reason := no.elsewhere(state) or ("" if disk is not None else "the folder is being read"):
        return reason
    assert disk is not None
    if isinstance(disk.leftover, str):
        return disk.leftover
    return "" if disk.leftover.points else "there are no restore points"


def clean_up_text(disk: OnDisk | None) -> str:
    """What the clean-up would delete."""
    known = disk is not None and not isinstance(disk.leftover, str) and disk.leftover.points
    return f"clean up: {takes(disk.leftover)}; best and last stay" if known else "clean up"  # type: ignore[union-attr, arg-type]


def _best(state: UiState) -> str:
    """The best weights of the run, with their arm: there may be two."""
    view = winner(state)
    return f"the best weights ({view.arm})" if view is not None else "the best weights"


def _folder(state: UiState) -> Path:
    return Path(state.run.path if state.run is not None else "")


def _other(state: UiState) -> str:
    return other_arm(state.arm) if state.arm is not None else "other"


def _more(state: UiState) -> str:
    epochs = state.view.epochs + 1 if state.view is not None else 1
    return command("--resume", _folder(state), "--epochs", epochs)


NEXT_STEPS: tuple[NextStep, ...] = (
    NextStep("mistakes", "v", "v", "mistakes", lambda state: f"look at the mistakes of {_best(state)}", _no_mistakes),
    _of_dashboard(
        "test",
        lambda state: "score the best weights on the test pictures",
        lambda state: command("evaluate", _folder(state)),
    ),
    NextStep(
        "label",
        "i",
        "i",
        "label",
        lambda state: f"label a picture of yours with {_best(state)}",
        lambda state, disk: no.no_label(state) or _with_best(state, disk),
    ),
    NextStep("export", "x", "x", "export", lambda state: f"export {_best(state)} for other programs", _with_best),
    NextStep(
        "report",
        "r",
        "r",
        "report",
        lambda state: "write a report: an HTML page and a model card",
        lambda state, disk: no.elsewhere(state),
    ),
    _of_dashboard("more_epochs", lambda state: f"train {state.arm} on: one epoch more", _more),
    _of_dashboard("switch", lambda state: f"train the {_other(state)} arm", lambda state: "go on with it as for >"),
    NextStep("clean_up", "c", "c", "clean up", lambda state: "clean up", _nothing_left),
)
