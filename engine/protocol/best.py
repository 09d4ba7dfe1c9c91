"""Which evaluations count as the best: those whose weights are on the disk."""

from pathlib import PurePath

from engine.protocol.checkpoints import CheckpointFailed, CheckpointSaved
from engine.protocol.scores import AverageScored, EvalDone

BEST = "best.pt"
"the file of an arm's best weights"
AVERAGE = "average"
"why `best.pt` is saved if it is an average of two weights"


def is_best_file(event: CheckpointSaved | CheckpointFailed) -> bool:
    """Whether an event is about the file of an arm's best weights."""
    return PurePath(event.path).name == BEST


class Unkept:
    """The evaluations of an arm that were the best ones, but whose weights could not be written so far."""

    def __init__(self) -> None:
        self._places: set[tuple[int, bool]] = set()
        self._newest = (0, False)

    def __bool__(self) -> bool:
        """Whether the newest best weights are among them."""
        return self._newest in self._places

    def __contains__(self, evaluation: EvalDone | AverageScored) -> bool:
        """Whether an evaluation is one of them."""
        return _place(evaluation) in self._places

    def fold(self, event: object) -> None:
        """Take in an event about the arm."""
        match event:
            case EvalDone(best=True) | AverageScored(best=True):
                self._newest = _place(event)
                self._places.discard(self._newest)
            case CheckpointFailed() if is_best_file(event):
                self._places.add(self._newest if self._newest[0] == event.step else (event.step, False))
            case CheckpointSaved() if is_best_file(event):
                self._places.discard((event.step, event.reason == AVERAGE))
            case _:
                pass


def _place(evaluation: EvalDone | AverageScored) -> tuple[int, bool]:
    """The step, and whether it is an average, which has no step of its own."""
    return evaluation.step, isinstance(evaluation, AverageScored)
