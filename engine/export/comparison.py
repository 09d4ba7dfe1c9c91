"""Compares what an exported file says of pictures, in a process of its own, with what the checkpoint says."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.config.values import with_values
from engine.errors import EngineError
from engine.export.exported import FACTS, Exported
from engine.export.formats import BATCHES
from engine.inference.trained import TrainedModel

TOLERANCE = {"float32": 1e-3, "float16": 5e-2}
"by how much of the largest logit an answer may differ, by the type of the weights"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far the answers of a file are from those of the checkpoint, over all pictures and sizes of batches."""

    pictures: int
    difference: float
    "the largest one of two logits"
    scale: float
    "the largest logit of the checkpoint"
    tolerance: float
    "the share of `scale` that is allowed"
    near_ties: int
    "pictures with another class, where the checkpoint's own logits of the two are no farther apart than allowed"
    disagreements: int
    "other pictures with another class"

    @property
    def holds(self) -> bool:
        """Whether the file says the same."""
        return self.difference <= self.tolerance * self.scale and not self.disagreements

    def __str__(self) -> str:
        """For people."""
        other = self.near_ties + self.disagreements
        classes = (
            f"all {self.pictures} predicted classes agree"
            if not other
            else f"{other} of {self.pictures} predicted classes differ ({self.near_ties} of them near ties)"
        )
        share = self.difference / self.scale if self.scale else 0.0
        return (
            f"largest difference of logits {self.difference:.2g}, {share:.1g} of the largest logit "
            f"(allowed {self.tolerance:g}); {classes}"
        )


def compare(trained: TrainedModel, exported: Exported, pixels: torch.Tensor, form: str, path: Path) -> Comparison:
    """Load a file in a process of its own, and compare its answers on pixels, uint8 (N, 3, size, size).

    Raises:
        EngineError: it cannot be loaded or used, or says something else of itself than was written.
    """
    exact = replace(trained, config=with_values(trained.config, {"train.precision": "float32"}))
    size = BATCHES[-1]  # no more than the file is given, so no more memory is needed
    wanted = torch.cat([exact.logits(part) for part in torch.split(pixels, size)]).numpy()
    given, facts = _answers(form, path, pixels.numpy())
    own = exported.facts()
    if wrong := [key for key in FACTS if facts.get(key) != own[key]]:
        said = f"{wrong[0]} {facts.get(wrong[0])} instead of {own[wrong[0]]}"
        raise EngineError("Not exported", f"the file does not keep its metadata: it says {said}; use another format")
    return judge(wanted, given, TOLERANCE[exported.weights])


def judge(wanted: npt.NDArray[np.float32], given: npt.NDArray[np.float32], tolerance: float) -> Comparison:
    """Compare logits (N, classes) with those that are given for each size of batch (sizes, N, classes)."""
    scale = float(np.abs(wanted).max())
    difference = float(np.abs(given - wanted).max())  # not a number if any is not
    rows = np.arange(len(wanted))
    behind = np.stack([wanted.max(1) - wanted[rows, labels] for labels in given.argmax(2)]).max(0)
    near = int(((behind > 0) & (behind <= tolerance * scale)).sum())
    return Comparison(len(wanted), difference, scale, tolerance, near, int((behind > tolerance * scale).sum()))


def _answers(form: str, path: Path, pixels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
    """What a fresh process says of the pictures, for each size of batch, and of the file."""
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        asked, answered = Path(folder) / "pixels.npy", Path(folder) / "answers.npz"
        np.save(asked, pixels)
        status, said = run_check([form, str(path.absolute()), str(asked), str(answered)])
        if status != 0:
            last = said.strip().splitlines()[-1:] or [f"exit status {status}"]
            raise EngineError("Not exported", f"the file that was written cannot be used: {last[0]}")
        with np.load(answered) as answers:
            return answers["logits"], json.loads(str(answers["facts"]))


def run_check(arguments: Sequence[str]) -> tuple[int, str]:
    """Run `engine.export.check` in a fresh interpreter; its exit status, and what it wrote to standard error."""
    command = [sys.executable, "-m", "engine.export.check", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr
