"""Start the head from the rows of the pretrained classifier, for the classes that it knows."""

from engine.figures.arm import ArmView
from engine.figures.branch import Branch
from engine.protocol import Command, CommandRefused, EpochDone, EvalDone, Evaluate, Event, Rewind, Rewound
from tui.experiments.experiment import Experiment
from tui.format import percent
from tui.state import UiState


class KnownHead(Experiment):
    """Go back to the start as a new branch; score it there, and after an epoch."""

    name = "head from the pretrained classifier"
    help = "Begin again with the pretrained classifier's own rows of the classes it has, scored before any training."
    head = ("branch", "scored", "test accuracy")
    kept_as = "branch"

    def __init__(self) -> None:
        super().__init__()
        self._branch = 0
        self._unscored = False
        "whether the rewind was refused, and the answer to the evaluation is still to come"

    @classmethod
    def refusal(cls, state: UiState) -> str:
        """Also refused before there is a score to compare with."""
        if reason := super().refusal(state):
            return reason
        assert state.view is not None, "refused without a run"
        return "" if _after_epoch_1(state.view) is not None else "epoch 1 has to be done first"

    @classmethod
    def expect(cls, state: UiState) -> str:
        """What the rows of the old classifier are good for."""
        return (
            "The new last layer starts at random, though the pretrained classifier may have a class of yours already:"
            " ImageNet has hotdog, say. The run goes back to its start as a new branch whose last layer has that"
            " class's row, and is scored before any training. Expect accuracy far above chance at once; what is left"
            " behind stays on the plots, dimmed. Where the pretrained classifier has none of your classes, nothing is"
            " changed."
        )

    def _first(self, view: ArmView) -> list[Command]:
        self.rows.append(("1", "after epoch 1", percent(_after_epoch_1(view))))
        return [
            Rewind("start", head="pretrained"),
            Evaluate(),
        ]  # both now: it is scored before the first step

    def is_moot(self, event: Event) -> bool:
        """The evaluation was sent together with the rewind; it is refused, too, if the step has a score."""
        if not self._unscored or not _tells_of_score(event):
            return False
        self._unscored = False
        return isinstance(event, CommandRefused)

    def _broken_off(self, event: Event) -> str:
        if isinstance(event, CommandRefused) and event.command == "rewind" and not self._branch:
            self.point = ""  # the run is where it was
            self._unscored = True
        return "" if isinstance(event, Rewound) and not self._branch else super()._broken_off(event)

    def _next(self, event: Event) -> list[Command]:
        if isinstance(event, Rewound):
            self._branch = event.branch
        elif isinstance(event, EvalDone) and self._branch and event.step == 0:
            self.rows.append((str(self._branch), "before any training", percent(event.accuracy)))
        elif isinstance(event, EpochDone) and self._branch:
            self.rows.append((str(self._branch), "after epoch 1", percent(event.test_accuracy)))
            self.end("; ".join(f"branch {branch} {when}: {score}" for branch, when, score in self.rows))
        return []


def _tells_of_score(event: Event) -> bool:
    return isinstance(event, EvalDone) or (isinstance(event, CommandRefused) and event.command == "evaluate")


def _after_epoch_1(view: ArmView) -> float | None:
    first: Branch = view.past.get(1, view.curves)
    return next((row.test_accuracy for row in first.history if row.epoch == 1), None)
