"""Collects a model's predictions for all test pictures, batch by batch and over all processes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from engine.hardware.process_group import ProcessGroup
from engine.metrics.logits import LogitTable
from engine.metrics.temperature import fit_temperature

FIGURES = 3
"columns of `prediction_rows` before the logits"


@dataclass(frozen=True, slots=True)
class Predictions:
    """The predictions for the N readable pictures, in the order of the test pictures, on the CPU."""

    paths: Sequence[str]
    "files of the pictures (N)"
    labels: torch.Tensor
    "int64 (N): the right class"
    predicted: torch.Tensor
    "int64 (N): the most probable class"
    confidence: torch.Tensor
    "float32 (N): its probability"
    ahead: torch.Tensor
    "int64 (N): number of classes that come before the right one; 0 if it is predicted"
    loss: float
    "sum of the pictures' cross entropy"
    classes: int
    logits: torch.Tensor
    "float32 (K, classes): of all pictures, or of K of them if there are too many"
    kept: torch.Tensor
    "int64 (K): the indices of those pictures, in 0..N-1"
    temperature: float
    "fitted to `logits`; 1.0 if they say nothing"


def predictions_of(paths: Sequence[str], labels: torch.Tensor, logits: torch.Tensor, temperature: float) -> Predictions:
    """The predictions for N pictures with the right classes `labels`, int64 (N), from all logits, float32 (N, classes).

    `temperature` is taken as it is, not fitted.
    """
    rows = prediction_rows(logits, labels)
    figures = rows[1:, :FIGURES]
    return Predictions(
        paths=paths,
        labels=labels,
        predicted=figures[:, 0].long(),
        confidence=figures[:, 1],
        ahead=figures[:, 2].long(),
        loss=rows[0, 0].item(),
        classes=logits.shape[1],
        logits=logits,
        kept=torch.arange(len(labels)),
        temperature=temperature,
    )


def prediction_rows(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Reduce the logits (N, classes) and labels (N) of a batch to a table, float32 (1 + N, 3 + classes).

    The first row starts with the sum of the cross entropy. Then each picture has a row: the most probable class, its
    probability, the number of classes that come before the right one, and the logits. The table is on their device.
    """
    predicted, confidence = logits.argmax(1), logits.softmax(1).amax(1).nan_to_num(0.0)
    own = logits.gather(1, labels[:, None])
    # With `~(<=)` a logit that is NaN counts as more probable, so that such a model is never right. Of equal classes
    # the first one is predicted, so the others come after it. Else a model that says nothing would always be right.
    earlier = torch.arange(logits.shape[1], device=logits.device) < labels[:, None]
    ahead = (~(logits <= own) | ((logits == own) & earlier)).sum(1)
    loss = logits.new_zeros(1, FIGURES + logits.shape[1])
    loss[0, 0] = cross_entropy(logits, labels, reduction="sum")
    figures = torch.stack((predicted, confidence, ahead), dim=1)
    return torch.cat((loss, torch.cat((figures, logits), dim=1)))


class Collector:
    """Collects the rows of `prediction_rows` for all test pictures, and joins those of all processes."""

    def __init__(self, paths: Sequence[str], labels: Sequence[int], classes: int) -> None:
        """`paths` and `labels` (M) are those of all test pictures, readable or not."""
        self._paths = paths
        self._labels = torch.tensor(labels, dtype=torch.int64)
        self._classes = classes
        # A row per picture. Rows of other processes are 0, so that the sum of all tables is the whole table.
        self._rows = torch.zeros(len(paths), FIGURES)
        self._logits = LogitTable(len(paths), classes)
        self._seen = torch.zeros(len(paths), dtype=torch.int64)
        self._loss = 0.0
        self.seen = 0
        "number of pictures that this process has scored"

    def add(self, numbers: list[int], rows: torch.Tensor) -> None:
        """Add a batch: the indices (N) of its pictures among all, and its `prediction_rows`."""
        self._loss += rows[0, 0].item()
        self._rows[numbers] = rows[1:, :FIGURES]
        self._logits.add(numbers, rows[1:, FIGURES:])
        self._seen[numbers] = 1
        self.seen += len(numbers)

    def gather(self, processes: ProcessGroup) -> Predictions:
        """The predictions of all processes. Each process must call it, once."""
        rows, seen = processes.all_reduce(self._rows), processes.all_reduce(self._seen).bool()
        loss = processes.all_reduce(torch.tensor([self._loss], dtype=torch.float64))
        logits, kept = self._logits.gather(processes, seen)
        found, labels = rows[seen], self._labels[seen]
        return Predictions(
            paths=[self._paths[number] for number in seen.nonzero().flatten().tolist()],
            labels=labels,
            predicted=found[:, 0].long(),
            confidence=found[:, 1],
            ahead=found[:, 2].long(),
            loss=loss.item(),
            classes=self._classes,
            logits=logits,
            kept=kept,
            temperature=fit_temperature(logits, labels[kept]),
        )
