"""What a model makes of each picture of a part: collected batch by batch, over all processes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from engine.hardware.process_group import ProcessGroup


@dataclass(frozen=True, slots=True)
class Predictions:
    """The predictions for the N pictures that can be read, all on the CPU, in the order of the part."""

    paths: Sequence[str]
    "files of the pictures (N)"
    labels: torch.Tensor
    "int64 (N): the right class"
    predicted: torch.Tensor
    "int64 (N): the most probable class"
    confidence: torch.Tensor
    "float32 (N): its probability"
    ahead: torch.Tensor
    "int64 (N): how many classes are more probable than the right one"
    loss: float
    "sum of the pictures' cross entropy"
    classes: int


def prediction_rows(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """What is kept of a batch's logits (N, classes) and labels (N): float32 (1 + N, 3), on their device.

    The first row begins with the summed cross entropy. Then there is a row a picture: the most probable class, its
    probability, and how many classes are more probable than the right one.
    """
    predicted, confidence = logits.argmax(1), logits.softmax(1).amax(1).nan_to_num(0.0)
    # Written so that a logit that is not a number counts as more probable: such a model is right about nothing.
    ahead = (~(logits <= logits.gather(1, labels[:, None]))).sum(1)
    loss = torch.zeros(1, 3, device=logits.device)
    loss[0, 0] = cross_entropy(logits, labels, reduction="sum")
    return torch.cat((loss, torch.stack((predicted, confidence, ahead), dim=1)))


class Collector:
    """Collects the rows of `prediction_rows` for a part, and joins those of all processes."""

    def __init__(self, paths: Sequence[str], labels: Sequence[int], classes: int) -> None:
        """`paths` and `labels` (M) are those of all pictures of the part, whether they can be read or not."""
        self._paths = paths
        self._labels = torch.tensor(labels, dtype=torch.int64)
        self._classes = classes
        # A row a picture, 0 where this process has not seen it: the processes' tables add up to the whole one.
        self._rows = torch.zeros(len(paths), 3)
        self._seen = torch.zeros(len(paths), dtype=torch.int64)
        self._loss = 0.0
        self.seen = 0
        "pictures that this process has scored"

    def add(self, numbers: list[int], rows: torch.Tensor) -> None:
        """Add a batch: the places of its pictures in the part (N), and what `prediction_rows` says of them (1 + N, 3)."""
        self._loss += rows[0, 0].item()
        self._rows[numbers] = rows[1:]
        self._seen[numbers] = 1
        self.seen += len(numbers)

    def gather(self, processes: ProcessGroup) -> Predictions:
        """The predictions of all processes; to be called once, by each of them."""
        rows, seen = processes.all_reduce(self._rows), processes.all_reduce(self._seen).bool()
        loss = processes.all_reduce(torch.tensor([self._loss], dtype=torch.float64))
        found = rows[seen]
        return Predictions(
            paths=[self._paths[number] for number in seen.nonzero().flatten().tolist()],
            labels=self._labels[seen],
            predicted=found[:, 0].long(),
            confidence=found[:, 1],
            ahead=found[:, 2].long(),
            loss=loss.item(),
            classes=self._classes,
        )
