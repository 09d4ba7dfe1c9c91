"""Training that waits for pictures most of the time."""

from engine.figures.account import FEWEST_STEPS
from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Verdict, percent

MOST = 0.5  # of the time
SECONDS = 0.2  # an epoch


def data_waits(known: Known) -> Verdict | None:
    """In the last epoch; not in the first one, in which pictures may be prepared for the later ones."""
    rows, run = known.epochs, known.run
    if len(rows) < 2 or known.arm.steps_per_epoch < FEWEST_STEPS or rows[-1].data_wait <= MOST:
        return None
    seconds = rows[-1].data_wait * run.train_images / max(rows[-1].images_per_second, 1e-9)
    if seconds < SECONDS:
        return None
    return Verdict(
        name="data-waits",
        text="training waits for pictures",
        evidence=(f"{percent(rows[-1].data_wait, 0)} of epoch {rows[-1].epoch}",),
        key="5",
        advice="shows where time goes",
        setting="data.prepare, a smaller data.short_side, or more data.threads",
    )
