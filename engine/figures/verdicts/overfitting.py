"""Training pictures are learnt by heart: the loss of others rises while that of the training pictures falls."""

from itertools import combinations
from statistics import fmean

from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Verdict

ENOUGH = 50  # scored pictures; the loss of fewer goes up and down by chance
LATER = 4  # epochs after the one with the lowest loss
RISEN, NATS = 1.25, 0.05  # times the lowest loss, and more than it
RISING = 0.75  # share of the pairs of later epochs in which the later one has the higher loss
FALLEN = 0.8  # times the training loss of then
BETTER = 0.005  # a gain in accuracy that says that something is still learnt


def overfits(known: Known) -> Verdict | None:
    """The scored loss has risen far and steadily, without a gain in accuracy; the training loss has fallen."""
    rows = known.epochs
    if len(rows) <= LATER or known.scored is None or known.scored.images < ENOUGH:
        return None
    lowest = min(rows, key=lambda row: row.test_loss)
    later = rows[rows.index(lowest) + 1 :]
    if len(later) < LATER:
        return None
    newest, pairs = later[-LATER:], list(combinations((row.test_loss for row in later), 2))
    risen = min(row.test_loss for row in newest[1:]) > max(lowest.test_loss * RISEN, lowest.test_loss + NATS)
    rising = sum(second > first for first, second in pairs) >= RISING * len(pairs)
    gained = fmean(row.test_accuracy for row in newest) > lowest.test_accuracy + BETTER
    if not (risen and rising) or gained or later[-1].train_loss > FALLEN * lowest.train_loss:
        return None
    scored, training = (lowest.test_loss, later[-1].test_loss), (lowest.train_loss, later[-1].train_loss)
    return Verdict(
        name="overfitting",
        text=f"overfits since epoch {lowest.epoch}",
        evidence=(
            f"{known.part} loss {scored[0]:.2f}, now {scored[1]:.2f}",
            f"training loss {training[0]:.2g}, now {training[1]:.2g}",
        ),
        key="x" if known.live else "b",
        advice="ends the run, best.pt is kept" if known.live else f"goes back to epoch {lowest.epoch}",
        setting="fewer train.epochs, train.patience, or more augmentation (train.mixup)",
    )
