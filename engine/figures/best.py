"""Which evaluation has the best weights of an arm, and what those get wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.metrics.interval import wilson
from engine.protocol import (
    ARMS,
    Arm,
    ArmStarted,
    AverageScored,
    BestTested,
    Confusion,
    EvalDone,
    Message,
    Part,
    Rewound,
)
from engine.protocol.best import Unkept


@dataclass(frozen=True, slots=True)
class Score:
    """How good weights are on one part of the pictures. The accuracy is in 0..1."""

    part: Part
    accuracy: float
    loss: float
    images: int
    metrics: Mapping[str, float]
    "further metrics by name"

    @property
    def correct(self) -> int:
        """How many pictures are classified correctly."""
        return min(max(round(self.accuracy * self.images), 0), self.images)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The Wilson interval, 95 %, of the accuracy; `None` if no picture was scored."""
        return wilson(self.correct, self.images) if self.images > 0 else None


@dataclass(frozen=True, slots=True)
class Best:
    """The best weights of an arm, which are in its `best.pt`."""

    step: int
    epoch: int
    branch: int
    chosen: Score
    "on the pictures that chose these weights"
    tested: Score | None
    "on the test pictures, if there are validation pictures, too, and these weights were tested"
    share: float | None
    "if they are an average with the fitted head, the share of the trained weights in it"
    confusion: Confusion | None
    "what they get wrong of the pictures that chose; `None` where the journal does not say it"

    @property
    def score(self) -> Score:
        """The score to tell first: that of the test pictures, if there is one."""
        return self.tested or self.chosen


@dataclass
class _Found:
    """An evaluation that was the best one so far."""

    branch: int
    score: EvalDone | AverageScored
    confusion: Confusion | None = None
    tested: BestTested | None = None

    def is_void(self, started: ArmStarted) -> bool:
        """Whether a crash undid it: the arm goes on from before it."""
        return (self.branch, self.score.step) > (started.branch, started.step)


class BestWeights:
    """Follows an arm's events. `best.pt` has the best weights of all branches, those that were left included."""

    def __init__(self) -> None:
        self._found: list[_Found] = []
        self._branch = 1
        self._unkept = Unkept()
        self._newest = False
        "whether the last event was an evaluation that was the best one"

    def fold(self, event: Message) -> None:
        """Take in an event about the arm."""
        newest, self._newest = self._newest, False
        self._unkept.fold(event)
        match event:
            case ArmStarted():
                self._branch = event.branch
                self._found = [found for found in self._found if not found.is_void(event)]
            case Rewound():
                self._branch = event.branch
            case EvalDone(best=True):
                self._found.append(_Found(self._branch, event))
                self._newest = True
            case AverageScored(best=True):
                self._found.append(_Found(self._branch, event))
            case Confusion() if newest and event.step == self._found[-1].score.step:
                self._found[-1].confusion = event
            case BestTested() if self._found and event.step == self._found[-1].score.step:
                self._found[-1].tested = event
            case _:
                pass

    def best(self) -> Best | None:
        """The best weights; `None` if nothing was scored."""
        found = next((found for found in reversed(self._found) if found.score not in self._unkept), None)
        if found is None:
            return None
        tested = found.tested
        return Best(
            step=found.score.step,
            epoch=found.score.epoch,
            branch=found.branch,
            chosen=_score(found.score),
            tested=None if tested is None else Score("test", *_figures(tested)),
            share=found.score.share if isinstance(found.score, AverageScored) else None,
            confusion=found.confusion,
        )


def _score(event: EvalDone | AverageScored) -> Score:
    return Score(event.part, *_figures(event))


def _figures(event: EvalDone | AverageScored | BestTested) -> tuple[float, float, int, dict[str, float]]:
    return event.accuracy, event.loss, event.images, event.metrics


def better_arm(bests: Mapping[Arm, Best | None]) -> Arm | None:
    """The arm whose best weights are to be used, as `predict` has it: the more accurate one where both chose.

    Of equally accurate ones the pretrained arm; `None` where nothing was scored.
    """
    scored = [(best.chosen.accuracy, arm == ARMS[0], arm) for arm, best in bests.items() if best is not None]
    return max(scored)[2] if scored else None
