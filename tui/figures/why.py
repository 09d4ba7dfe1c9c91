"""Why the current arm learns nothing, or not what it should, as far as that is sure."""

from engine.figures.arm import ArmView
from engine.figures.verdicts import Verdict, sentence, verdicts_of
from engine.protocol import (
    Arm,
    ArmFinished,
    ArmStarted,
    Confusion,
    EpochDone,
    EpochsChanged,
    Event,
    GroupFrozen,
    RateChanged,
    Rewound,
    RunStarted,
    StepsChanged,
)

JUDGED = (ArmStarted, Confusion, EpochDone, RateChanged, GroupFrozen, EpochsChanged, StepsChanged, Rewound, ArmFinished)
"after these a verdict may come or go; between them it stays"


class Why:
    """The verdict that is shown, and which ones have been told."""

    def __init__(self) -> None:
        self.verdict: Verdict | None = None
        self._told: set[tuple[Arm, int, str]] = set()

    def fold(self, event: Event, run: RunStarted | None, view: ArmView | None) -> str:
        """Take in an event; the sentence of a verdict that a branch has for the first time, else empty."""
        if not isinstance(event, JUDGED) or run is None or view is None:
            return ""
        self.verdict = next(iter(verdicts_of(run, view)), None)
        if self.verdict is None or (told := (view.arm, view.branch, self.verdict.name)) in self._told:
            return ""
        self._told.add(told)
        return f"{view.arm}: {sentence(self.verdict)}"
