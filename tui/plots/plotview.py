"""How the plots are looked at, the same for all of them. Loads no Textual."""

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Literal

from engine.figures.arm import ArmView
from tui.plots.axis import a_little_more
from tui.plots.overlay import Overlay

MOST_ZOOM = 5  # times two: a plot has no more points than that can show
PARTS = 4  # of the width of a zoomed axis: it moves by whole parts, so that not each move of the cursor redraws it
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
    """Changed by keys and the mouse alone."""

    by_step: bool = False
    "whether the x axis has steps, not epochs"
    whole: bool = False
    "whether the x axis reaches to the planned end and to that of older runs, not only a little beyond the last step"
    zoom: int = 0
    "how often the x axis was halved; it then lies around the cursor or, without one, at its end"
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
        axis = (self.by_step, self.whole, self.zoom, self.cursor if self.zoom else None)
        return *axis, name in self.log, self.smoothing, id(self.overlay), drawn

    def older(self) -> list[tuple[str, ArmView]]:
        """Name and arm of each older run that is drawn."""
        return self.overlay.loaded() if self.overlay is not None else []

    def x(self, view: ArmView, step: float) -> float:
        """Where a step of an arm lies on the x axis."""
        return step if self.by_step else step / view.steps_per_epoch

    def step(self, view: ArmView, x: float) -> int:
        """The step of an arm that lies at `x`."""
        return round(x if self.by_step else x * view.steps_per_epoch)

    def x_limits(self, current: ArmView, trained: float, planned: float) -> tuple[float, float]:
        """The ends of the x axis, on which the last step lies at `trained` and the last planned one at `planned`."""
        end = planned if self.whole else min(a_little_more(max(trained, 1e-3)), max(planned, trained))
        width = end / 2**self.zoom
        middle = min(self.cursor_x(current) or trained, end) if self.zoom else 0.0
        part = width / PARTS
        first = min(max(math.floor((middle - width / 2) / part) * part, 0.0), end - width)
        return first, first + width

    def cursor_x(self, current: ArmView) -> float | None:
        """Where the cursor is on the x axis."""
        return None if self.cursor is None else self.x(current, self.cursor)

    def window(self, view: ArmView, stride: int) -> float:
        """Number of points to smooth over, the same for all branches of an arm; a point stands for `stride` steps."""
        share, least = WINDOWS[self.smoothing]
        return max(share * view.total_steps / stride, least)

    def zoom_by(self, times: int) -> None:
        """Halve the x axis once more (1), or double it (-1)."""
        self.zoom = min(max(self.zoom + times, 0), MOST_ZOOM)

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

    def point_at(self, steps: list[int], step: int) -> None:
        """Put the cursor at the point nearest to a step."""
        self.cursor = min(steps, key=lambda point: abs(point - step), default=self.cursor)
