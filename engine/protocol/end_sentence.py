"""The end of a run in a sentence: what has ended it, and which weights are where."""

from engine.protocol import Part, RunFinished


def end_sentence(event: RunFinished) -> str:
    """How a run has ended, for people."""
    stopped = f"stopped by {event.cause}" if event.cause else "stopped"
    if not event.weights_sha256 and event.step == 0:
        return f"{stopped} before the first step"
    end = f"{'finished' if event.completed else stopped} at step {event.step}"
    if event.best_accuracy is None:
        return end + ("; no best weights are on the disk" if event.accuracy is not None else "")
    return f"{end}: {_both(event)}"


def on(part: Part) -> str:
    """Says that a figure is of validation pictures; figures of test pictures have no such word."""
    return "validation " if part == "val" else ""


def _uneven(event: RunFinished) -> str:
    """What stands beside the accuracy where classes are uneven."""
    if event.majority is None:
        return ""
    balanced = f"balanced {event.balanced_accuracy:.1%}, " if event.balanced_accuracy is not None else ""
    return f" ({balanced}always the largest class {event.majority:.1%})"


def _both(event: RunFinished) -> str:
    """The best weights and the last ones, each with their file: they are seldom the same."""
    tested = f", {event.test_accuracy:.1%} on test pictures" if event.test_accuracy is not None else ""
    epoch = f" (epoch {event.best_epoch})" if event.best_epoch is not None else ""
    best = f"best {on(event.part)}accuracy {event.best_accuracy:.1%}{epoch}{_uneven(event)}{tested}"
    if not event.best_checkpoint:  # a journal of an older version
        return f"{best}; last checkpoint {event.checkpoint}"
    last = f" {event.accuracy:.1%}" if event.accuracy is not None else ""
    return f"{best}: {event.best_checkpoint} · last{last}: {event.checkpoint}"
