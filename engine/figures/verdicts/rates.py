"""Learning rates that are far too small or far too large.

The measure is the length of an update divided by that of the weights, about 1e-3 in a sound training: A. Karpathy,
"CS231n: Convolutional Neural Networks", notes on training, "Ratio of weights:updates" (2015),
https://cs231n.github.io/neural-networks-3/. Sound trainings are often ten times above or below, so a ratio counts here
only if it is a hundred times away, and only where the loss shows it, too.
"""

from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Verdict, percent, small

USUAL, FAR = 1e-3, 100.0
EPOCHS = 2  # with the same rates
FALLEN = 0.98  # a training loss above this share of the first one has not fallen
SOLVED = 0.95  # accuracy above which nothing need be learnt
WORSE, NO_BETTER = 2.0, 0.98  # times the loss of guessing; from scratch the first epochs are often a little worse
OVERTURNED = 1.0  # after an update as long as the weights, guessing shows enough


def too_small(known: Known) -> Verdict | None:
    """No group moves, the training loss has not fallen since the first epoch, and there is something to learn."""
    rows, scored = known.steady, known.scored
    found = {name: known.largest_ratio(name, known.since) for name in known.trained}
    ratios = {name: ratio for name, ratio in found.items() if ratio is not None}
    if len(rows) < EPOCHS or scored is None or len(ratios) < len(found) or not ratios or not known.warm:
        return None
    group = max(ratios, key=ratios.__getitem__)
    stays = rows[-1].train_loss > FALLEN * known.epochs[0].train_loss
    if ratios[group] >= USUAL / FAR or not stays or max(scored.accuracy, rows[-1].train_accuracy) > SOLVED:
        return None
    return Verdict(
        name="rate-too-small",
        text="rate too small",
        evidence=(
            f"{group} moves {small(ratios[group])} of its length a step",
            f"{small(USUAL)} is usual",
            f"{known.part} accuracy {percent(scored.accuracy)} after {len(rows)} such epochs",
        ),
        key="*" if known.live else ">",
        advice="raises all rates" if known.live else "adds an epoch, then * raises all rates",
        setting="larger rates",
    )


def too_large(known: Known) -> Verdict | None:
    """An update was huge, and since then the training loss is far worse than guessing, or only guessing is left."""
    rows, scored = known.steady[-EPOCHS:], known.scored
    ratios = {name: known.largest_ratio(name, known.since) or 0.0 for name in known.ratios}
    if len(rows) < EPOCHS or len(known.epochs) <= EPOCHS or not ratios or scored is None:
        return None
    group, guessing = max(ratios, key=ratios.__getitem__), known.uniform
    lost = ratios[group] > OVERTURNED and known.guesses(scored)
    bound = (NO_BETTER if lost else WORSE) * guessing
    if ratios[group] <= USUAL * FAR or min(row.train_loss for row in rows) < bound:
        return None
    return Verdict(
        name="rate-too-large",
        text="rate too large",
        evidence=(
            f"training loss {rows[-1].train_loss:.3g}, guessing {guessing:.3g}",
            f"a step moved the {group} by {percent(ratios[group], 0)} of its length",
        ),
        key="b",
        advice="goes back, then _ lowers all rates",
        setting="smaller rates",
    )
