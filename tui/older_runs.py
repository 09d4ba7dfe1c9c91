"""Older runs on the plots: asks which, from the folder of the run that is shown."""

from collections.abc import Callable
from pathlib import Path

from tui.plots.overlay import Overlay
from tui.screens.runs import RunsScreen
from tui.state import UiState

RUNS = Path("checkpoints")  # until a run says where it is

Show = Callable[[RunsScreen, Callable[[set[str] | None], None]], object]
"shows a screen; the other argument gets its answer"


class OlderRuns:
    """Chooses older runs to draw on the plots."""

    def __init__(self, state: UiState, show: Show, draw: Callable[[], None], *, ascii: bool) -> None:
        """`draw` draws the plots again; `ascii`: a comparison is drawn with ASCII characters alone."""
        self._ascii = ascii
        self._state = state
        self._show = show
        self._draw = draw

    def open(self) -> None:
        """Show the runs that there are; those that are drawn already are chosen."""
        run = self._state.run
        root, name = (Path(run.path).parent, Path(run.path).name) if run is not None else (RUNS, "")
        plots = self._state.plots
        if plots.overlay is None or plots.overlay.root != root:
            plots.overlay = Overlay(root)
        self._show(RunsScreen(root, plots.overlay.chosen, name, ascii=self._ascii), self._take)

    def _take(self, names: set[str] | None) -> None:
        if names is not None and self._state.plots.overlay is not None:
            self._state.plots.overlay.choose(names)
            self._draw()
