"""How far the arm in hand is, how fast, and how good."""

from textual.content import Content

from tui.arm import ArmView
from tui.format import MISSING, clock, percent, speed
from tui.panels.panel import Panel, filled_bar, lines, row
from tui.state import UiState
from tui.theme import ARM_COLOURS

LABEL = 11


class Progress(Panel):
    """Epoch, step, time left, throughput, waiting for data, best accuracy, last checkpoint."""

    def on_mount(self) -> None:
        """Name the panel."""
        self.border_title = "progress"

    def text(self, state: UiState, now: float) -> Content:
        """Six lines, and in the title what is planned."""
        planned = f": stops after epoch {state.stop_epoch}" if state.stop_planned and state.live else ""
        if self.border_title != f"progress{planned}":  # setting it draws the panel again
            self.border_title = f"progress{planned}"
        if state.view is None or state.run is None:
            return self._loading(state)
        view, width = state.view, max(self.size.width, 20)
        done, total, what = view.step, view.total_steps, "step"
        if state.evaluating is not None:
            done, total, what = state.evaluating.done, state.evaluating.total, "evaluating"
        best, history = view.best, view.curves.history
        saved = state.checkpoint
        return lines(
            row(("epoch", LABEL, "$muted"), (f"{view.epoch} of {view.epochs}", 13, "bold"))
            + Content.assemble((f"{what} ", "$muted"), (f"{done:,}/{total:,}", "bold")),
            filled_bar(done / total if total else 0.0, width, ARM_COLOURS[view.arm]),
            row(("time left", LABEL, "$muted"), (self._left(state, view), 13, "bold"))
            + Content.assemble(("spent ", "$muted"), clock(history[-1].seconds if history else None)),
            row(
                ("images/s", LABEL, "$muted"),
                (speed(view.images_per_second) if view.images_per_second else MISSING, 13, "bold"),
            )
            + self._data(state, view),
            row(("best", LABEL, "$muted"), (percent(best.accuracy if best else None), 13, "bold $success"))
            + Content.assemble(("in epoch ", "$muted"), str(best.epoch) if best else MISSING),
            row(("safe file", LABEL, "$muted"))
            + Content.assemble("/".join(saved.path.rsplit("/", 2)[-2:]) if saved else MISSING, self._skipped(state)),
        )

    def _left(self, state: UiState, view: ArmView) -> str:
        if state.phase in ("finished", "ended", "failed") or state.run is None:
            return MISSING
        return clock(view.seconds_left(state.run.batch_size))

    def _data(self, state: UiState, view: ArmView) -> Content:
        if state.preparing is not None:  # which is what a step waits for then
            return Content.assemble(
                (f"{state.preparing.what} ", "$muted"), percent(state.preparing.done / state.preparing.total, 0)
            )
        style = "bold $warning" if view.data_wait > 0.3 else ""
        return Content.assemble(("data wait ", "$muted"), (percent(view.data_wait, 0), style))

    def _skipped(self, state: UiState) -> tuple[str, str]:
        return (f"  {state.skipped} unreadable", "$warning") if state.skipped else ("", "")

    def _loading(self, state: UiState) -> Content:
        loading = state.loading
        if state.phase != "loading" or not loading.what:
            return Content("")
        if not loading.total:
            return Content.assemble((f"{loading.what}…", "bold"))
        return lines(
            Content.assemble((loading.what, "bold")),
            filled_bar(loading.done / loading.total, max(self.size.width, 20), "$primary"),
        )
