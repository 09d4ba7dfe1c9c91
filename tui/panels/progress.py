"""How far the current arm is, how fast, and how good."""

from textual.content import Content

from engine.figures.arm import ArmView
from engine.protocol.best import BEST
from tui.activity import OVER
from tui.figures.pace import Pace
from tui.figures.steady import SHARE, SPEED, steady
from tui.format import MISSING, clock, coarse, percent, speed
from tui.panels.panel import Panel, filled_bar, lines, row
from tui.panels.spent import Spent
from tui.panels.underway import described, slow
from tui.state import UiState
from tui.theme import ARM_STYLES

LABEL, FIGURE = 11, 12  # cells
ALL = 8  # lines


class Progress(Panel):
    """Step, time left, throughput, waiting for data, best accuracy and its file, what the time is spent on."""

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace()
        self._spent = Spent()
        self._speed: float | None = None
        self._wait: float | None = None

    def wanted_rows(self, state: UiState) -> int:
        """All of its lines, if that leaves enough room for the plots."""
        return ALL if self.roomy else 0

    def text(self, state: UiState, now: float) -> Content:
        """The most important lines first; the title says what is planned."""
        planned = f": stops after epoch {state.stop_epoch}" if state.stop_planned and state.live else ""
        self.title(f"progress{planned}")
        width, under_way = max(self.size.width, 20), slow(state)
        instead = described(under_way, self._pace, now, width) if under_way is not None else []
        if state.view is None or state.run is None:
            return lines(*instead)
        usual = self._lines(state, state.view, width)
        return lines(*instead, *usual[len(instead) :])

    def _lines(self, state: UiState, view: ArmView, width: int) -> list[Content]:
        best = view.best
        self._speed = steady(self._speed, view.images_per_second, SPEED * (self._speed or 0.0))
        self._spent.take(view.account)
        sentence = self._spent.sentence(state, width)
        return [
            *_step(state, view, width),
            _line("time left", self._left(state, view)) + Content.assemble(("spent ", "$muted"), clock(view.seconds)),
            _line("images/s", speed(self._speed) if self._speed else MISSING) + self._data(state, view),
            _line("best", percent(best.accuracy if best else None), "bold $success")
            + Content.assemble(("in epoch ", "$muted"), str(best.epoch) if best else MISSING),
            *([sentence] if sentence is not None else []),
            *([] if sentence is not None and self.size.height < 9 else [self._best_file(state, view)]),
            row(("spent on", LABEL, "$muted")) + self._spent.bar(width - LABEL),
            self._spent.legend(width),
        ]

    def _left(self, state: UiState, view: ArmView) -> str:
        if state.phase in OVER or state.run is None:
            return MISSING
        left = view.seconds_left(state.run.batch_size)
        return clock(None if left is None else coarse(left))

    def _data(self, state: UiState, view: ArmView) -> Content:
        if state.preparing is not None:  # then a step waits for this
            return Content.assemble(
                (f"{state.preparing.what} ", "$muted"), percent(state.preparing.done / state.preparing.total, 0)
            )
        # One figure for one thing: as in the bar of what the time is spent on, once there is one.
        self._wait = steady(self._wait, view.account.shares().get("data", view.data_wait), SHARE)
        style = "bold $warning" if self._spent.starved else ""
        return Content.assemble(("data wait ", "$muted"), (percent(self._wait, 0), style))

    def _best_file(self, state: UiState, view: ArmView) -> Content:
        """Where the best weights lie; the first line of the screen has the last checkpoint."""
        path = f"{view.arm}/{BEST}" if view.best is not None else MISSING
        skipped = f"  {state.skipped} unreadable" if state.skipped else ""
        return row(("best file", LABEL, "$muted")) + Content.assemble(path, (skipped, "$warning"))


def _step(state: UiState, view: ArmView, width: int) -> tuple[Content, Content]:
    """Which step, or meanwhile which scored picture, and a bar of all steps."""
    what, done, total = "step", view.step, view.total_steps
    if state.evaluating is not None:
        what, done, total = "evaluating", state.evaluating.done, state.evaluating.total
    return (
        _line(what, f"{done:,}/{total:,}") + Content.assemble(("epoch ", "$muted"), f"{view.epoch}/{view.epochs}"),
        filled_bar(view.step / view.total_steps if view.total_steps else 0.0, width, ARM_STYLES[view.arm]),
    )


def _line(label: str, figure: str, style: str = "bold") -> Content:
    return row((label, LABEL, "$muted"), (figure, max(FIGURE, len(figure) + 1), style))
