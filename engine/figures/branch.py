"""One branch of an arm: its curves, its epochs, and the steps at which it was steered."""

from dataclasses import dataclass, field
from typing import Literal

from engine.figures.series import Series
from engine.protocol import Confusion, EpochDone, EvalDone, Head, HeadFitted, TrainStep

TickKind = Literal[
    "rate", "freeze", "epochs", "pause", "switch", "save", "evaluate", "stop", "micro_batch", "rewind", "diverged"
]

MOST_TICKS = 256
CONFUSIONS = 3  # evaluations whose mistakes are kept


@dataclass
class Branch:
    """All that the plots and the comparison show of a branch."""

    history: list[EpochDone] = field(default_factory=list)
    evaluations: list[EvalDone] = field(default_factory=list)
    head: HeadFitted | None = None
    "how the head was fitted before the first step"
    train_loss: Series = field(default_factory=Series)
    train_accuracy: Series = field(default_factory=Series)
    gradient_norm: Series = field(default_factory=Series)
    rates: dict[str, Series] = field(default_factory=dict)
    "of each group"
    update_ratios: dict[str, Series] = field(default_factory=dict)
    "length of an update divided by that of the weights, of each group, where it was measured"
    ticks: list[tuple[int, TickKind]] = field(default_factory=list)
    "step and kind of each change of the training, the newest ones"
    confusions: list[Confusion] = field(default_factory=list)
    "what the newest evaluations get wrong"
    regularisation: tuple[str, ...] | None = None
    "what makes training pictures harder than scored ones; `None` if an older version trained it"

    @property
    def head_seconds(self) -> float:
        """Time before the first step, in which the head was fitted."""
        return self.head.seconds if self.head is not None else 0.0

    @property
    def last_step(self) -> int:
        """The last step that is drawn."""
        evaluated = self.evaluations[-1].step if self.evaluations else 0
        return max(evaluated, *self.train_loss.points()[0][-1:], 0)

    def trained(self, step: TrainStep) -> None:
        """Take in a step."""
        self.train_loss.add(step.step, step.loss)
        self.train_accuracy.add(step.step, step.accuracy)
        if step.gradient_norm:  # old journals do not have it
            self.gradient_norm.add(step.step, step.gradient_norm)
        for group, rate in step.learning_rates.items():
            self.rates.setdefault(group, Series()).add(step.step, rate)
        for group, ratio in step.update_ratios.items():
            self.update_ratios.setdefault(group, Series()).add(step.step, ratio)

    def reached(self, accuracy: float) -> EvalDone | None:
        """The first evaluation that was at least as accurate; `None`: there was none."""
        return next((row for row in self.evaluations if row.accuracy >= accuracy), None)

    def seconds_at(self, step: int) -> float | None:
        """The arm's time up to `step`, interpolated within an epoch; `None` after the last finished epoch."""
        before, spent = 0, self.head_seconds
        if step == 0 and spent:
            return spent
        for row in self.history:
            if step <= row.step:
                return spent + (row.seconds - spent) * (step - before) / max(row.step - before, 1)
            before, spent = row.step, row.seconds
        return None

    def evaluated(self, evaluation: EvalDone) -> None:
        """Take in an evaluation; it replaces one of the same step, which says the same."""
        self.evaluations = [row for row in self.evaluations if row.step != evaluation.step] + [evaluation]

    def confused(self, confusion: Confusion) -> None:
        """Take in what an evaluation gets wrong."""
        self.confusions = [*self.confusions, confusion][-CONFUSIONS:]

    def mark(self, step: int, kind: TickKind) -> None:
        """Remember that something took effect after `step`; what is repeated after a crash is kept once."""
        if (step, kind) not in self.ticks:
            self.ticks.append((step, kind))
            del self.ticks[:-MOST_TICKS]

    def cut(self, step: int) -> None:
        """Forget what comes after `step`."""
        by_group = (*self.rates.values(), *self.update_ratios.values())
        for series in (self.train_loss, self.train_accuracy, self.gradient_norm, *by_group):
            series.cut(step)
        self.history = [row for row in self.history if row.step <= step]
        self.evaluations = [row for row in self.evaluations if row.step <= step]
        self.confusions = [row for row in self.confusions if row.step <= step]
        self.ticks = [tick for tick in self.ticks if tick[0] <= step]

    def until(self, step: int, head: Head = "kept") -> "Branch":
        """A copy that ends at `step`, for a branch that goes on from there, perhaps with another head."""
        copy = Branch(
            list(self.history),
            list(self.evaluations),
            self.head if head == "kept" else None,  # if it is fitted, that is told next
            self.train_loss.copy(),
            self.train_accuracy.copy(),
            self.gradient_norm.copy(),
            {group: series.copy() for group, series in self.rates.items()},
            {group: series.copy() for group, series in self.update_ratios.items()},
            list(self.ticks),
        )
        copy.cut(step)
        return copy
