"""Both arms side by side: the recipe's table, live."""

from textual.content import Content

from engine.protocol import ARMS, Arm
from tui.arm import ArmView
from tui.format import MISSING, percent
from tui.panels.panel import Panel, lines, row
from tui.state import UiState
from tui.theme import ARM_COLOURS

LABEL, COLUMN = 14, 11


class Comparison(Panel):
    """Test accuracy after the first epoch, now and at best; epochs and seconds."""

    def on_mount(self) -> None:
        """Name the panel."""
        self.border_title = "comparison (test accuracy)"

    def text(self, state: UiState, now: float) -> Content:
        """A head and five rows."""
        columns = [_figures(state.arms.get(arm)) for arm in ARMS]
        head = Content.assemble(" " * LABEL, *(part for arm in ARMS for part in _name(arm, arm == state.arm)))
        return lines(
            head,
            *(
                row((label, LABEL, "$muted"), *((column[number], -COLUMN, "bold") for column in columns))
                for number, label in enumerate(("after epoch 1", "latest", "best", "epochs", "seconds"))
            ),
        )


def _name(arm: Arm, in_hand: bool) -> tuple[str, tuple[str, str]]:
    return " " * (COLUMN - len(arm)), (arm, f"bold {'underline ' if in_hand else ''}{ARM_COLOURS[arm]}")


def _figures(view: ArmView | None) -> tuple[str, str, str, str, str]:
    if view is None:
        return (MISSING,) * 5
    scores, history = view.curves.evaluations, view.curves.history
    return (
        percent(next((score.accuracy for score in scores if score.step == view.steps_per_epoch), None)),
        percent(scores[-1].accuracy if scores else None),
        percent(view.best.accuracy if view.best else None),
        f"{len(history)} of {view.epochs}",
        f"{history[-1].seconds:.1f}" if history else MISSING,
    )
