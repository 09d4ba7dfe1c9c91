"""Begin again with a head that is fitted to the features of the pretrained backbone."""

from engine.figures.arm import ArmView
from engine.protocol import Command, EpochDone, Event, HeadFitted, Rewind, Rewound
from tui.experiments.experiment import Experiment
from tui.format import percent
from tui.state import UiState


class FittedHead(Experiment):
    """Go back to the start as a new branch with a fitted head; score it there, and after an epoch."""

    name = "fitted head"
    help = "Begin again with a head fitted to the features of all training pictures, scored before any training."
    head = ("branch", "scored", "accuracy")
    kept_as = "branch"

    def __init__(self) -> None:
        super().__init__()
        self._branch = 0

    @classmethod
    def refusal(cls, state: UiState) -> str:
        """Also refused before there is a score to compare with."""
        if reason := super().refusal(state):
            return reason
        assert state.view is not None, "refused without a run"
        return "" if _last_score(state.view) is not None else "an epoch has to be done first"

    @classmethod
    def expect(cls, state: UiState) -> str:
        """What a fitted head is good for."""
        return (
            "The pretrained backbone already tells pictures apart. One pass over the training pictures gives its"
            " features, and a logistic regression on them is the best last layer for this backbone: no step of training"
            " is needed. The run goes back to its start as a new branch with that head. Expect in seconds what training"
            " from a random head needs epochs for; what is left behind stays on the plots, dimmed."
        )

    def _first(self, view: ArmView) -> list[Command]:
        self.rows.append((str(view.branch), f"epoch {view.curves.history[-1].epoch}", percent(_last_score(view))))
        return [Rewind("start", head="fitted")]

    def _broken_off(self, event: Event) -> str:
        return "" if isinstance(event, Rewound) and not self._branch else super()._broken_off(event)

    def _next(self, event: Event) -> list[Command]:
        if isinstance(event, Rewound):
            self._branch = event.branch
        elif isinstance(event, HeadFitted) and event.failure:
            self.end(event.failure)
        elif isinstance(event, HeadFitted):
            self.rows.append((str(self._branch), "before any training", percent(event.accuracy)))
        elif isinstance(event, EpochDone) and self._branch:
            self.rows.append((str(self._branch), f"epoch {event.epoch}", percent(event.test_accuracy)))
            self.end("; ".join(f"branch {branch} {when}: {score}" for branch, when, score in self.rows))
        return []


def _last_score(view: ArmView) -> float | None:
    return view.curves.history[-1].test_accuracy if view.curves.history else None
