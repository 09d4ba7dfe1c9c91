"""The training pictures of a run whose labels the model contradicts, from its newest checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.arms.judgements import Judgements
from engine.arms.suspects import find_suspects
from engine.config import RunConfig
from engine.data.corrections import Correction, merged, read_corrections, relative_name
from engine.data.sources import folders, local_catalogue
from engine.errors import CheckpointError, DataError
from engine.protocol import Arm, Suspect
from engine.storage import checkpoint
from engine.storage.run_folder import CORRECTIONS, LABELS, load_run_config


@dataclass(frozen=True, slots=True)
class Doubtful:
    """What a checkpoint says of the labels of its run."""

    where: str
    "the arm and the step"
    classes: Sequence[str]
    suspects: Sequence[Suspect]
    "the worst first"
    contradicted: int
    "how many there are in all"
    pictures: int
    "training pictures"
    corrections: Sequence[Correction]
    "the run's list, with a line for each suspect that gives it the class that the model prefers"


def doubtful_of(folder: Path, arm: Arm | None, most: int) -> Doubtful:
    """The at most `most` worst pictures of an arm, by default of the one that was saved last.

    Raises:
        CheckpointError: there is no checkpoint, or an older version wrote it, which kept nothing of the labels.
        DataError: the run's pictures are not the ones that it was trained on.
    """
    found = checkpoint.newest(folder, arm or "*")
    if found is None:
        raise CheckpointError(
            "No checkpoint", f"{folder} has none{f' of the arm {arm}' if arm else ''} yet; train first"
        )
    record = found.state.get("label_record")
    if not record:
        raise CheckpointError("Labels not kept", f"{found.path} says nothing of labels; train on with this version")
    config = load_run_config(folder)
    words = _judgements(config, found.state)
    epoch = max(found.state["epoch"] - 1, 0)
    suspects, contradicted = find_suspects(_figures(record), words.pictures(epoch), words.latest(), most)
    classes = found.state["classes"]
    proposed = [
        Correction(relative_name(one.path, words.roots), classes[one.other], f"label clinic: margin {one.margin:.2f}")
        for one in suspects
    ]
    where = f"{found.state['arm']} at step {found.state['step']:,}"
    corrections = merged(_list_of(folder), proposed, words.roots)
    return Doubtful(where, classes, suspects, contradicted, len(words.samples), corrections)


def _judgements(config: RunConfig, state: dict[str, Any]) -> Judgements:
    """What was said of the labels of the pictures that the run was trained on."""
    catalogue = local_catalogue(config.data, config.seed)
    if catalogue is None:
        raise DataError("Pictures not there", "the run's pictures are not on this machine any more")
    if len(catalogue.train) != state["train_images"]:
        raise DataError(
            "Other pictures",
            f"the run was trained on {state['train_images']:,} pictures, there are {len(catalogue.train):,} now; bring "
            "back those of then",
        )
    words = Judgements(catalogue.train, folders(config.data), state["classes"])
    words.load(state.get("judgements", ()))
    return words


def _figures(record: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    return record["sums"], record["other"]


def _list_of(folder: Path) -> tuple[Correction, ...]:
    """The run's own list: with what was said during the run, or as it was given."""
    file = next((folder / name for name in (LABELS, CORRECTIONS) if (folder / name).exists()), None)
    return () if file is None else read_corrections(file)
