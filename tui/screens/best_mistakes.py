"""What the best weights of a run get wrong: the pane of mistakes, over the whole screen."""

from copy import copy
from dataclasses import replace
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from engine.figures.arm import ArmView
from engine.figures.best import Best
from engine.figures.branch import Branch
from engine.protocol import PART_NAMES, EvalDone
from tui.panels.mistakes import Mistakes
from tui.panels.panel import Host
from tui.state import UiState


class BestMistakes(Mistakes):
    """The pane, of one evaluation that does not change."""

    def press(self, name: str) -> None:
        """Another view, or another picture."""
        super().press(name)
        self.show(self._state, 0.0)
        if name == "mistakes_copy":
            self.screen.query_one(".sheet").border_subtitle = Content(self._state.note.text)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.show(self._state, 0.0)

    def on_mount(self) -> None:
        """Draw what there is."""
        self.show(self._state, 0.0)


class BestMistakesScreen(ModalScreen[None]):
    """The mistakes of the best weights, as of their checkpoint."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, state: UiState) -> None:
        """`state` has the evaluation of the best weights as the newest one: see `state_of_best`."""
        super().__init__()
        self._state = state

    def compose(self) -> ComposeResult:
        """One pane."""
        with Vertical(classes="sheet") as sheet:
            view = self._state.view
            part = PART_NAMES[self._state.part]
            sheet.border_title = f"best checkpoint of {view.arm if view else ''}, on the {part} pictures"
            sheet.border_subtitle = "v view, c copy path, arrows move, Esc closes"
            pane = BestMistakes()
            pane.host, pane.can_focus = cast(Host, self.app), True
            pane._state = self._state
            yield pane

    def on_mount(self) -> None:
        """Let the pane have the keys."""
        self.query_one(BestMistakes).focus()


def state_of_best(state: UiState, arm: ArmView, best: Best) -> UiState:
    """The state as if the evaluation of an arm's best weights, whose mistakes are known, were the newest one."""
    assert best.confusion is not None
    score = best.chosen
    evaluation = EvalDone(
        arm=arm.arm,
        step=best.confusion.step,
        epoch=best.epoch,
        loss=score.loss,
        accuracy=score.accuracy,
        images=score.images,
        best=True,
        metrics=dict(score.metrics),
        part=score.part,
    )
    view, seen = copy(arm), copy(state)
    view.confusion, view.curves, view.past = best.confusion, Branch(evaluations=[evaluation]), {}
    seen.arms, seen.arm = {arm.arm: view}, arm.arm
    if state.run is not None:
        seen.run = replace(state.run, val_images=int(score.part == "val"))
    return seen
