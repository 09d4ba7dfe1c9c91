"""The plots: loss and accuracy of both arms over the epochs."""

from collections.abc import Callable

from engine.protocol import ARMS
from tui.plot import Line, Plot
from tui.series import Series, smoothed
from tui.state import ArmView, UiState
from tui.theme import ARM_COLOURS

WINDOW_SHARE, SMALLEST_WINDOW = 0.1, 5  # of the points shown, and points, for smoothing
FULL_LEGEND = 64  # cells

Curve = tuple[Callable[[ArmView], Series], Callable[[ArmView], list[float]]]


class Curves(Plot):
    """Training per step, smoothed, as a line; test per epoch as points."""

    def __init__(self, name: str, curve: Curve, *, share: bool) -> None:
        """`share`: the values are shares of 1, drawn as per cent."""
        super().__init__(id=name, percent=share)
        self._title = name
        self._training, self._test = curve

    def _legend(self) -> str:
        """What is what, outside the plot where it hides no data; a narrow plot says its half of it."""
        pretrained, scratch = (ARM_COLOURS[arm] for arm in ARMS)
        arms = f"[{pretrained}]── pretrained[/]  [{scratch}]╌╌ scratch[/]"
        kinds = "[$foreground]── training  ● test[/]"
        parts = (arms, kinds) if self.size.width >= FULL_LEGEND else (arms,) if self._percent else (kinds,)
        return "  ".join((self._title, *parts))

    def show(self, state: UiState, now: float) -> None:
        """Draw what is new."""
        version = (state.drawn_steps, self.size)
        if not self.stale(version):
            return
        self.border_title = self._legend()
        lines: list[Line] = []
        epochs = 1
        for arm in ARMS:
            view = state.arms.get(arm)
            if view is None:
                continue
            epochs = max(epochs, view.epochs)
            steps, values = self._training(view).points()
            window = max(len(values) * WINDOW_SHARE, SMALLEST_WINDOW)
            colour, dashed = ARM_COLOURS[arm], arm == "scratch"
            per_epoch = view.steps_per_epoch
            lines.append(Line([step / per_epoch for step in steps], smoothed(values, window), colour, dashed))
            lines.append(
                Line([e.step / per_epoch for e in view.evaluations], self._test(view), colour, dashed, points=True)
            )
        self.draw(lines, epochs, version)


def loss() -> Curves:
    """Cross entropy."""
    return Curves("loss", (lambda view: view.train_loss, lambda view: [e.loss for e in view.evaluations]), share=False)


def accuracy() -> Curves:
    """Share of pictures classified correctly."""
    return Curves(
        "accuracy",
        (lambda view: view.train_accuracy, lambda view: [e.accuracy for e in view.evaluations]),
        share=True,
    )
