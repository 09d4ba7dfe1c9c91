"""What an evaluation gets right and wrong, class by class, and the mistakes it is most sure of."""

from collections.abc import Iterator, Sequence
from heapq import nsmallest

import torch

from engine.data.folder import Sample, printable
from engine.hardware.process_group import ProcessGroup
from engine.protocol import Arm, Confusion, Mistake

MOST_PAIRS = 10_000
MOST_MISTAKES = 24


class Answers:
    """What a model takes each test picture for, and how sure it is."""

    def __init__(self, samples: Sequence[Sample], classes: int) -> None:
        self._samples = samples
        self._classes = classes
        # An entry a sample, 0 where it has not been seen here, so that those of several processes add up.
        self._predicted = torch.zeros(len(samples), dtype=torch.int64)  # counted from 1
        self._confidence = torch.zeros(len(samples))

    def add(self, numbers: list[int], answers: torch.Tensor) -> None:
        """Those of a batch: which samples they are (N); predicted class and its probability, float32 (N, 2)."""
        self._predicted[numbers] = answers[:, 0].long() + 1
        self._confidence[numbers] = answers[:, 1]

    def compare(self, arm: Arm, step: int, processes: ProcessGroup) -> Confusion:
        """With what is right, those of all processes; to be called once."""
        labels = torch.tensor([sample.label for sample in self._samples])
        predicted, confidence = processes.all_reduce(self._predicted) - 1, processes.all_reduce(self._confidence)
        seen = predicted >= 0  # the others cannot be read
        right = predicted == labels
        wrong = seen & ~right
        return Confusion(
            arm,
            step,
            images=tuple(labels[seen].bincount(minlength=self._classes).tolist()),
            correct=tuple(labels[right].bincount(minlength=self._classes).tolist()),
            confused=tuple(self._pairs(labels[wrong], predicted[wrong])),
            mistakes=tuple(self._worst(wrong, predicted, confidence)),
        )

    def _pairs(self, labels: torch.Tensor, predicted: torch.Tensor) -> Iterator[tuple[int, int, int]]:
        """How many pictures of a class are taken for another one, the most frequent pairs first."""
        pairs, counts = (labels * self._classes + predicted).unique(return_counts=True)  # type: ignore[no-untyped-call]
        order = counts.argsort(descending=True, stable=True)[:MOST_PAIRS]
        for pair, count in zip(pairs[order].tolist(), counts[order].tolist(), strict=True):
            yield *divmod(pair, self._classes), count

    def _worst(self, wrong: torch.Tensor, predicted: torch.Tensor, confidence: torch.Tensor) -> Iterator[Mistake]:
        """The most confident mistakes; of equally confident ones, those that come first by path."""
        sure, numbers = confidence.tolist(), wrong.nonzero().flatten().tolist()
        for number in nsmallest(MOST_MISTAKES, numbers, lambda number: (-sure[number], self._samples[number].path)):
            sample = self._samples[number]
            yield Mistake(printable(sample.path), sample.label, int(predicted[number]), sure[number])
