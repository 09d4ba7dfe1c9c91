"""How the plots are looked at, the same for all of them. Loads no Textual."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

from engine.figures.arm import ArmView
from tui.plots.overlay import Overlay

Smoothing = Literal["none", "light", "medium", "strong"]
# The window as a share of the arm's steps, and its fewest points. Neither changes while points arrive: if it did, old
# values would change, and would be drawn and sent again.
WINDOWS: dict[Smoothing, tuple[float, int]] = {
    "none": (0, 1),
    "light": (0.02, 3),
    "medium": (0.05, 6),
    "strong": (0.15, 15),
}


@dataclass
class PlotView:
    """Changed by keys alone."""

    by_step: bool = False
    "whether the x axis has steps, not epochs"
    log: set[str] = field(default_factory=lambda: {"lr", "gradient"})
    "names of the plots whose y axis is logarithmic"
    smoothing: Smoothing = "medium"
    cursor: int | None = None
    "the step of the current arm whose values are shown; `None`: there is no cursor"
    overlay: Overlay | None = None
    "older runs"

    def shape(self, name: str) -> tuple[object, ...]:
        """All that the picture of a plot depends on, except the cursor, which is laid over it."""
        drawn = self.overlay.drawn if self.overlay is not None else 0
        return self.by_step, name in self.log, self.smoothing, id(self.overlay), drawn

    def older(self) -> list[tuple[str, ArmView]]:
        """Name and arm of each older run that is drawn."""
        return self.overlay.loaded() if self.overlay is not None else []

    def x(self, view: ArmView, step: float) -> float:
        """Where a step of an arm lies on the x axis."""
        return step if self.by_step else step / view.steps_per_epoch

    def step(self, view: ArmView, x: float) -> int:
        """The step of an arm that lies at `x`."""
        return round(x if self.by_step else x * view.steps_per_epoch)

    def cursor_x(self, current: ArmView) -> float | None:
        """Where the cursor is on the x axis."""
        return None if self.cursor is None else self.x(current, self.cursor)

    def window(self, view: ArmView, stride: int) -> float:
        """Number of points to smooth over, the same for all branches of an arm; a point stands for `stride` steps."""
        share, least = WINDOWS[self.smoothing]
        return max(share * view.total_steps / stride, least)

    def next_smoothing(self) -> None:
        """Choose the next strength of smoothing."""
        names = list(WINDOWS)
        self.smoothing = names[(names.index(self.smoothing) + 1) % len(names)]

    def move(self, steps: list[int], by: int) -> None:
        """Move the cursor `by` points; without a cursor, start at the newest point."""
        if not steps:
            return
        place = (len(steps) if self.cursor is None else bisect_left(steps, self.cursor)) + by
        self.cursor = steps[min(max(place, 0), len(steps) - 1)]
