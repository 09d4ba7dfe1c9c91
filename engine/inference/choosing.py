"""Finds the checkpoint to use: a file that is named, or the best weights of a run."""

from pathlib import Path
from typing import Any

from engine.errors import CheckpointError
from engine.protocol import ARMS, Arm
from engine.storage import checkpoint

PREFERRED = ("best.pt", "last.pt")


def choose_checkpoint(folder: Path, arm: Arm | None = None) -> Path:
    """The best weights in a run's folder: of `arm`, or of the arm with the higher accuracy.

    An arm without `best.pt` is represented by its `last.pt`. Of equally accurate arms the pretrained one is taken.

    Raises:
        CheckpointError: there is no checkpoint, or none that can be read.
    """
    wanted = ARMS if arm is None else (arm,)
    found: list[tuple[float, bool, Path]] = []
    damaged: list[str] = []
    for name in wanted:
        files = [file for file in (folder / name / preferred for preferred in PREFERRED) if file.is_file()]
        for file in files:
            try:
                accuracy = checkpoint.peek(file).get("best_accuracy")
            except CheckpointError as error:
                damaged.append(error.message)
                continue
            found.append((-1.0 if accuracy is None else accuracy, name == "pretrained", file))
            break
    if found:
        return max(found)[2]
    if damaged:
        raise CheckpointError("No sound checkpoint", "; ".join(damaged))
    of_arm = f" of the {arm} arm" if arm is not None else ""
    raise CheckpointError("No checkpoint yet", f"{folder} has no checkpoint{of_arm}; train it first, or save with `s`")


def describe(file: Path, state: dict[str, Any]) -> str:
    """Which weights are used, in one line for people."""
    accuracy = state.get("best_accuracy") if file.name == "best.pt" else None
    known = f", accuracy {accuracy:.1%}" if accuracy is not None else ""
    return f"{file} (step {state['step']}{known})"
