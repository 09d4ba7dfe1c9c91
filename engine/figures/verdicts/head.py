"""A pretrained arm whose new last layer is still as it was drawn."""

from engine.figures.arm import HEAD
from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Verdict, percent

EPOCHS = 2  # with the same rates
LEARNT = 0.9  # a training loss below this share of that of guessing shows learning
MOVED = 1.0  # the head has moved by at most this part of its length


def not_fitted(known: Known) -> Verdict | None:
    """It was not fitted, its steps together are short, and the answers are no better than guessing."""
    scored, ratio = known.scored, known.head_ratio
    if known.arm.arm == "scratch" or known.head_fitted or scored is None or ratio is None or HEAD not in known.trained:
        return None
    moved = ratio * known.arm.step  # at most: a step is as long as the longest one that was measured
    learns = not known.guesses(scored) or (bool(known.epochs) and known.epochs[-1].train_loss < LEARNT * known.guessing)
    if len(known.steady) < EPOCHS or learns or moved > MOVED:
        return None
    return Verdict(
        name="head-not-fitted",
        text="head still random",
        evidence=(
            f"moved at most {percent(max(moved, 0.01), 0)} of its length",
            f"{known.part} accuracy {percent(scored.accuracy)} after {len(known.epochs)} epochs",
        ),
        key="ctrl+p",
        advice="then `fitted head`",
        setting="model.head: fitted",
    )
