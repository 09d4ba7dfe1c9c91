"""Validation accuracy far above training accuracy that augmentation and dropout do not explain."""

from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Verdict, percent
from engine.metrics.interval import difference

EPOCHS = 2
GAP = 0.1
SMALL_BATCH = 16  # below, the noise of batch norm makes training pictures harder


def val_above_train(known: Known) -> Verdict | None:
    """The weights that an epoch began with scored much higher than training did within it, twice in a row.

    Training accuracy is a mean over an epoch in which the weights improve, so it is compared with the score before.
    """
    rows, run = known.epochs, known.run
    if known.arm.curves.regularisation != () or run.batch_size < SMALL_BATCH or len(rows) <= EPOCHS:
        return None
    images = max(known.scored.images, 1) if known.scored is not None else 1
    for before, row in zip(rows[-EPOCHS - 1 :], rows[-EPOCHS:], strict=False):
        hits = round(before.test_accuracy * images), round(row.train_accuracy * run.train_images)
        beyond_chance = difference(hits[0], images, hits[1], max(run.train_images, 1))[0] > 0
        if before.test_accuracy - row.train_accuracy < GAP or not beyond_chance:
            return None
    return Verdict(
        name="val-above-train",
        text=f"{known.part} above training accuracy",
        evidence=(
            f"{percent(rows[-1].test_accuracy)} to {percent(rows[-1].train_accuracy)}",
            "no augmentation or dropout explains it",
        ),
        key="L",
        advice="shows doubtful labels",
        setting="finetune-tui doctor",
    )
