"""The facts that verdicts rest on, from the events of an arm."""

import math
from dataclasses import dataclass
from functools import cached_property

from engine.figures.arm import HEAD, ArmView
from engine.figures.branch import TickKind
from engine.metrics.interval import wilson
from engine.protocol import EpochDone, EvalDone, RunStarted

STEERED: tuple[TickKind, ...] = ("rate", "freeze", "rewind")
"marks of what makes older updates say nothing of the next ones"


@dataclass(frozen=True)
class Known:
    """What is known of an arm of a run. Losses are cross entropies in nats."""

    run: RunStarted
    arm: ArmView

    @property
    def live(self) -> bool:
        """Whether the arm has steps to train."""
        return not self.arm.finished

    @property
    def epochs(self) -> list[EpochDone]:
        """The finished epochs of the current branch."""
        return self.arm.curves.history

    @property
    def part(self) -> str:
        """The name of the pictures that are scored after each epoch."""
        return self.epochs[-1].part if self.epochs else "test"

    @cached_property
    def scored(self) -> EvalDone | None:
        """The newest evaluation."""
        return self.arm.curves.evaluations[-1] if self.arm.curves.evaluations else None

    @property
    def head_fitted(self) -> bool:
        """Whether the last layer was fitted before the first step."""
        head = self.arm.curves.head
        return head is not None and not head.failure

    @cached_property
    def since(self) -> int:
        """The step after which the arm was steered last; 0: never."""
        return max((step for step, kind in self.arm.curves.ticks if kind in STEERED), default=0)

    @cached_property
    def steady(self) -> list[EpochDone]:
        """The epochs that were trained as the next one will be."""
        return [row for row in self.epochs if row.step - self.arm.steps_per_epoch >= self.since]

    # --- guessing ---------------------------------------------------------------------------------------

    @cached_property
    def majority(self) -> float:
        """The accuracy of always answering with the largest class."""
        images = self.arm.confusion.images if self.arm.confusion is not None else ()
        return max(images) / sum(images) if sum(images) else 1 / max(len(self.run.classes), 1)

    @cached_property
    def guessing(self) -> float:
        """The loss of always answering with the shares of the classes."""
        images = self.arm.confusion.images if self.arm.confusion is not None else ()
        shares = [count / sum(images) for count in images if count]
        return -sum(share * math.log(share) for share in shares) if shares else self.uniform

    @property
    def uniform(self) -> float:
        """The loss of giving all classes the same probability."""
        return math.log(max(len(self.run.classes), 1))

    def guesses(self, scored: EvalDone) -> bool:
        """Whether the accuracy of an evaluation may be that of always answering with the largest class."""
        images = max(scored.images, 1)
        return wilson(round(scored.accuracy * images), images)[0] <= self.majority

    # --- updates ----------------------------------------------------------------------------------------

    @property
    def trained(self) -> list[str]:
        """The names of the groups that are not frozen."""
        return [name for name, group in self.arm.groups.items() if not group.frozen]

    def largest_ratio(self, group: str, after: int = 0) -> float | None:
        """The largest update to weight ratio of a group that was measured after a step; `None`: none was."""
        steps, ratios = self.arm.curves.update_ratios[group].points() if group in self.ratios else ([], [])
        return max((ratio for step, ratio in zip(steps, ratios, strict=True) if step > after), default=None)

    @property
    def ratios(self) -> list[str]:
        """The trained groups of which ratios are known."""
        return [name for name in self.trained if name in self.arm.curves.update_ratios]

    @property
    def warm(self) -> bool:
        """Whether a warm-up is over: since the last command, rates have been at least half of the base rates."""
        for name in self.trained:
            steps, rates = self.arm.curves.rates[name].points() if name in self.arm.curves.rates else ([], [])
            peak = max((rate for step, rate in zip(steps, rates, strict=True) if step > self.since), default=0.0)
            if peak < self.arm.groups[name].base_lr / 2:
                return False
        return True

    @property
    def head_ratio(self) -> float | None:
        """The largest update to weight ratio of the last layer."""
        return self.largest_ratio(HEAD)
