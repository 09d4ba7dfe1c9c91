"""The arguments that both arms of a run share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.config import RunConfig
from engine.data.samples import Sample
from engine.data.transfer import Transfer
from engine.hardware.process_group import ProcessGroup


@dataclass(frozen=True, slots=True)
class Setup:
    """All arguments for building an arm, except its name."""

    config: RunConfig
    classes: Sequence[str]
    steps_per_epoch: int
    device: torch.device
    transfer: Transfer
    processes: ProcessGroup
    train: Sequence[Sample] = ()
    "the training pictures; without them, nothing is kept of how each is answered"
    roots: Sequence[Path] = ()
    "the folders that names of pictures are below"
