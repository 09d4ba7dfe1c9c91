"""The plots: loss and accuracy of both arms over the epochs, with the branches that rewinds left."""

import math
from collections.abc import Callable

from engine.protocol import ARMS, Arm
from tui.arm import ArmView
from tui.branch import Branch
from tui.plot import Line, Plot, Tick
from tui.series import Series, smoothed
from tui.state import UiState
from tui.theme import ARM_COLOURS, PAST_COLOURS

WINDOW_SHARE, SMALLEST_WINDOW = 0.1, 5  # of the points shown, and points, for smoothing
FULL_LEGEND = 72  # cells
MOST_PAST = 8  # branches drawn beside the one in hand, the newest

Curve = tuple[Callable[[Branch], Series], Callable[[Branch], list[float]]]


class Curves(Plot):
    """Training per step, smoothed, as a line; test per evaluation as points; what was done as ticks below."""

    def __init__(self, name: str, curve: Curve, *, share: bool) -> None:
        """`share`: the values are shares of 1, drawn as per cent."""
        super().__init__(id=name, percent=share)
        self._title = name
        self._training, self._test = curve

    def _legend(self) -> str:
        """What is what, outside the plot where it hides no data; a narrow plot says its half of it."""
        pretrained, scratch = (ARM_COLOURS[arm] for arm in ARMS)
        arms = f"[{pretrained}]── pretrained[/]  [{scratch}]╌╌ scratch[/]"
        kinds = "[$foreground]── training  ● test  ▴ command[/]"
        parts = (arms, kinds) if self.size.width >= FULL_LEGEND else (arms,) if self._percent else (kinds,)
        return "  ".join((self._title, *parts))

    def show(self, state: UiState, now: float) -> None:
        """Draw what is new."""
        version = (state.drawn, self.size)
        if not self.stale(version):
            return
        self.border_title = self._legend()
        views = [state.arms[arm] for arm in ARMS if arm in state.arms]
        drawn = [(view, branch, PAST_COLOURS) for view in views for branch in _past(view)]
        drawn += [(view, view.curves, ARM_COLOURS) for view in views]  # over the past
        self.draw(
            [line for shown in drawn for line in self._lines(*shown)],
            [tick for shown in drawn for tick in _ticks(*shown)],
            max((_epochs(view) for view in views), default=1),
            version,
        )

    def _lines(self, view: ArmView, branch: Branch, colours: dict[Arm, str]) -> tuple[Line, Line]:
        colour, dashed, per_epoch = colours[view.arm], view.arm == "scratch", view.steps_per_epoch
        steps, values = self._training(branch).points()
        # As wide for all branches of an arm, so that what they share is one line.
        window = max(len(self._training(view.curves)) * WINDOW_SHARE, SMALLEST_WINDOW)
        return (
            Line([step / per_epoch for step in steps], smoothed(values, window), colour, dashed),
            Line([e.step / per_epoch for e in branch.evaluations], self._test(branch), colour, dashed, points=True),
        )


def _past(view: ArmView) -> list[Branch]:
    return list(view.past.values())[-MOST_PAST:]


def _epochs(view: ArmView) -> int:
    """As many as there is something to draw of."""
    last = max((branch.last_step for branch in _past(view)), default=0)
    return max(view.epochs, math.ceil(last / view.steps_per_epoch), 1)


def _ticks(view: ArmView, branch: Branch, colours: dict[Arm, str]) -> list[Tick]:
    return [
        Tick(step / view.steps_per_epoch, "×" if kind == "diverged" else "▴", colours[view.arm])
        for step, kind in branch.ticks
    ]


def loss() -> Curves:
    """Cross entropy."""
    return Curves(
        "loss", (lambda branch: branch.train_loss, lambda branch: [e.loss for e in branch.evaluations]), share=False
    )


def accuracy() -> Curves:
    """Share of pictures classified correctly."""
    return Curves(
        "accuracy",
        (lambda branch: branch.train_accuracy, lambda branch: [e.accuracy for e in branch.evaluations]),
        share=True,
    )
