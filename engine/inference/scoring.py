"""Scores a trained model on pictures whose classes are known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from engine.data.batches import Unreadable
from engine.data.reading.notes import Notes
from engine.data.samples import Sample
from engine.errors import DataError
from engine.inference.predictor import BATCH, decoded
from engine.inference.trained import TrainedModel
from engine.metrics.predictions import Predictions, predictions_of


@dataclass(frozen=True, slots=True)
class Scored:
    """The predictions for the pictures that can be read, and the other ones."""

    predictions: Predictions
    unreadable: Sequence[Unreadable]


def score(
    trained: TrainedModel,
    samples: Sequence[Sample],
    *,
    mirrored: bool = False,
    batch_size: int = BATCH,
    progress: Callable[[int], object] = lambda done: None,
    notes: Notes | None = None,
) -> Scored:
    """Score pictures. `progress` is called with the number of pictures that are done; `notes` gets what a person
    should know of how they were read.

    With `mirrored`, the probabilities of a picture are the mean of its own and those of its mirror image.

    Raises:
        DataError: not one picture can be read.
    """
    numbers: list[int] = []
    logits: list[torch.Tensor] = []
    unreadable: list[Unreadable] = []
    for batch in decoded(trained, [sample.path for sample in samples], batch_size, notes):
        unreadable += batch.unreadable
        if batch.numbers:
            numbers += batch.numbers
            logits.append(_logits(trained, batch.images, mirrored))
        progress(len(numbers) + len(unreadable))
    if not numbers:
        raise DataError(
            "Pictures lost",
            f"not one of {len(samples)} pictures can be read, such as {unreadable[0].path} ({unreadable[0].reason})",
        )
    kept = [samples[number] for number in numbers]
    labels = torch.tensor([sample.label for sample in kept], dtype=torch.int64)
    paths = [sample.path for sample in kept]
    return Scored(predictions_of(paths, labels, torch.cat(logits), trained.temperature), unreadable)


def _logits(trained: TrainedModel, images: torch.Tensor, mirrored: bool) -> torch.Tensor:
    """Logits, float32 (N, classes), whose softmax after temperature scaling is the answer of `predict`."""
    if not mirrored:
        return trained.logits(images)
    return trained.probabilities(images, mirrored=True).log() * trained.temperature
