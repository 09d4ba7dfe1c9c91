"""What was seen of one branch of an arm: its curves, its epochs, and where it was steered."""

from dataclasses import dataclass, field
from typing import Literal

from engine.protocol import EpochDone, EvalDone
from tui.series import Series

TickKind = Literal[
    "rate", "freeze", "epochs", "pause", "switch", "save", "evaluate", "stop", "micro_batch", "rewind", "diverged"
]

MOST_TICKS = 256


@dataclass
class Branch:
    """All that the plots and the comparison show of a branch."""

    history: list[EpochDone] = field(default_factory=list)
    evaluations: list[EvalDone] = field(default_factory=list)
    train_loss: Series = field(default_factory=Series)
    train_accuracy: Series = field(default_factory=Series)
    ticks: list[tuple[int, TickKind]] = field(default_factory=list)
    "step and kind of what changed the course, the newest ones"

    @property
    def last_step(self) -> int:
        """The last step that is drawn."""
        evaluated = self.evaluations[-1].step if self.evaluations else 0
        return max(evaluated, *self.train_loss.points()[0][-1:], 0)

    def evaluated(self, evaluation: EvalDone) -> None:
        """Take in an evaluation; one more at the same step says the same and replaces it."""
        self.evaluations = [row for row in self.evaluations if row.step != evaluation.step] + [evaluation]

    def mark(self, step: int, kind: TickKind) -> None:
        """Remember that something took effect after `step`; told again after a crash, it is there once."""
        if (step, kind) not in self.ticks:
            self.ticks.append((step, kind))
            del self.ticks[:-MOST_TICKS]

    def cut(self, step: int) -> None:
        """Forget what comes after `step`."""
        self.train_loss.cut(step)
        self.train_accuracy.cut(step)
        self.history = [row for row in self.history if row.step <= step]
        self.evaluations = [row for row in self.evaluations if row.step <= step]
        self.ticks = [tick for tick in self.ticks if tick[0] <= step]

    def until(self, step: int) -> "Branch":
        """A copy that ends at `step`: where another branch goes on."""
        copy = Branch(
            list(self.history),
            list(self.evaluations),
            self.train_loss.copy(),
            self.train_accuracy.copy(),
            list(self.ticks),
        )
        copy.cut(step)
        return copy
