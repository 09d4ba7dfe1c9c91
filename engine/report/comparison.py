"""The pretrained arm against the one from scratch: accuracy and time at equal epochs, as in the lesson's table."""

from dataclasses import dataclass

from engine.figures.best import Best
from engine.protocol import ARMS, PART_NAMES, EvalDone
from engine.report.difference import difference_of
from engine.report.facts import ArmFacts, RunFacts
from engine.report.text import points

MOST_ROWS = 12
ENOUGH = 0.9  # of the best accuracy of both arms


@dataclass(frozen=True, slots=True)
class Cell:
    """An arm after an epoch. The accuracy is in 0..1, the time in seconds; `None`: not known."""

    accuracy: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Both arms after an epoch."""

    epoch: int
    cells: tuple[Cell, ...]
    "of each arm that the table has"


@dataclass(frozen=True, slots=True)
class Reached:
    """When an arm was first good enough; `None`: never, or not known."""

    epochs: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table, and what it comes to."""

    arms: tuple[ArmFacts, ...]
    rows: tuple[Row, ...]
    left_out: int
    "epochs that the table does not show, because there are many"
    reached: tuple[Reached, ...]
    "when each arm first had `ENOUGH` of the best accuracy"
    verdict: str
    "what the difference of the best accuracies means; empty if there is only one"


def compare(facts: RunFacts) -> Comparison | None:
    """The comparison of the arms that have been scored; `None` if there is none."""
    arms = tuple(facts.arms[arm] for arm in ARMS if arm in facts.arms and facts.arms[arm].view.curves.evaluations)
    if not arms:
        return None
    last = max(_epochs(arm) for arm in arms)
    shown = sorted({round(1 + (last - 1) * number / (MOST_ROWS - 1)) for number in range(MOST_ROWS)}) if last else []
    if last <= MOST_ROWS:
        shown = list(range(1, last + 1))
    rows = tuple(Row(epoch, tuple(_cell(arm, epoch) for arm in arms)) for epoch in shown)
    enough = ENOUGH * max(row.accuracy for arm in arms for row in arm.view.curves.evaluations)
    between = verdict(arms[0].best, arms[1].best) if len(arms) > 1 else ""
    return Comparison(arms, rows, last - len(shown), tuple(_reached(arm, enough) for arm in arms), between)


def _epochs(facts: ArmFacts) -> int:
    """Whole epochs that were scored."""
    return facts.view.curves.evaluations[-1].step // max(facts.view.steps_per_epoch, 1)


def _cell(facts: ArmFacts, epoch: int) -> Cell:
    curves, step = facts.view.curves, epoch * facts.view.steps_per_epoch
    found: EvalDone | None = next((row for row in curves.evaluations if row.step == step), None)
    return Cell() if found is None else Cell(found.accuracy, curves.seconds_at(step))


def _reached(facts: ArmFacts, enough: float) -> Reached:
    then = facts.view.curves.reached(enough)
    if then is None:
        return Reached()
    return Reached(then.step / max(facts.view.steps_per_epoch, 1), facts.view.curves.seconds_at(then.step))


def verdict(one: Best | None, other: Best | None) -> str:
    """By how much the pretrained arm's best weights are better, and whether that may be chance."""
    if one is None or other is None:
        return ""
    found = difference_of(one, other)
    if found is None:
        return ""
    how = "more" if found.by >= 0 else "less"
    word = "this may be chance" if found.may_be_chance else "this is more than chance"
    return (
        f"On the {PART_NAMES[found.part]} pictures the best pretrained weights are {abs(found.by) * 100:.1f} points "
        f"{how} accurate than those from scratch (95 % interval {points(found.low)} to {points(found.high)}): {word}."
    )
