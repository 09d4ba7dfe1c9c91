"""Classes that are never predicted."""

from engine.figures.confusion import name_of
from engine.figures.verdicts.known import Known
from engine.figures.verdicts.verdict import Verdict
from engine.metrics.per_class import predicted_counts
from engine.protocol.printable import printable

ENOUGH = 10  # scored pictures of a class
EVALUATIONS = 3  # in a row
OTHERS, MOST = 0.5, 1 / 3  # recall of all other classes together, and share of missing ones: else the model is late
DONE = 0.5  # share of all steps: before, a class may simply be late


def never_predicted(known: Known) -> Verdict | None:
    """Not once in several evaluations, though the other classes are learnt."""
    seen, scored = list(known.arm.curves.confusions), known.scored
    if len({confusion.step for confusion in seen}) < EVALUATIONS or scored is None or known.guesses(scored):
        return None
    if known.arm.step < DONE * known.arm.total_steps:
        return None
    counts = [predicted_counts(confusion) for confusion in seen]
    missing = [
        label
        for label, images in enumerate(seen[-1].images)
        if images >= ENOUGH and all(count is not None and not count[label] for count in counts)
    ]
    images = sum(seen[-1].images[label] for label in missing)
    if (
        not missing
        or len(missing) > MOST * len(known.run.classes)
        or sum(seen[-1].correct) < OTHERS * (sum(seen[-1].images) - images)
    ):
        return None
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return Verdict(
        name="never-predicted",
        text=f"{printable(name_of(known.run.classes, missing[0]))}{more} never predicted",
        evidence=(f"0 of {images:,} {known.part} pictures right", f"in {len(seen)} evaluations"),
        key="9",
        advice="shows what it is predicted as",
        setting="data.balance: sqrt, or more pictures of them",
    )
