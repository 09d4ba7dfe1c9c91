"""The list of what was said of labels, in the run's folder: a next run may name it as `data.exclude`."""

from pathlib import Path

from engine.arms.arm import TrainedArm
from engine.data.corrections import Correction, merged, read_corrections, write_corrections
from engine.protocol import PicturesNoted
from engine.steering.state import RunState
from engine.storage.run_folder import CORRECTIONS, LABELS

WHY = "said in the label clinic"


def write_label_list(run: RunState) -> None:
    """Write the list of the run's own corrections and of those that count for the current arm.

    Without either there is no list. The journal reports a list that cannot be written.
    """
    arm, folder = run.arms.current, run.arms.checkpointer.folder
    if not run.arms.processes.is_first or not folder.is_dir():
        return
    file = folder / LABELS
    made = corrections_of(arm)
    if not made and not file.exists():
        return
    try:
        write_corrections(file, merged(_given(folder), made, arm.judgements.roots))
    except OSError as error:
        run.journal_failed(file, error)


def corrections_of(arm: TrainedArm) -> list[Correction]:
    """What was said last of each picture, as lines of a list. A label that is right needs no line."""
    return [
        Correction(judgement.picture, judgement.label, WHY)
        for _, judgement in sorted(arm.judgements.latest().items())
        if judgement.verdict != "right"
    ]


def taken_back(before: int, arm: TrainedArm) -> list[PicturesNoted]:
    """Says how many words a rewind has taken back, of `before` that counted; nothing if none."""
    lost = before - len(arm.judgements.latest())
    if lost <= 0:
        return []
    what = "what was said of 1 label is" if lost == 1 else f"what was said of {lost:,} labels is"
    return [PicturesNoted(f"{arm.arm}: {what} taken back by the rewind; the end of the branch that was left has it")]


def _given(folder: Path) -> tuple[Correction, ...]:
    kept = folder / CORRECTIONS
    return read_corrections(kept) if kept.exists() else ()
