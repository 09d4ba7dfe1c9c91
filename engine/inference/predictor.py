"""Decodes picture files in threads and predicts their classes, batch by batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.config.sections import DataConfig
from engine.data.batches import Waiting
from engine.data.loader import Loader
from engine.data.samples import Sample
from engine.errors import DataError
from engine.inference.trained import TrainedModel

BATCH = 64  # pictures; more are no faster on a processor, and a GPU waits for the decoding anyway


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of a picture."""

    path: str
    probabilities: torch.Tensor | None
    "float32 (classes), calibrated; `None` if the picture cannot be read"
    error: str = ""
    "why it cannot be read"

    def top(self, count: int) -> list[tuple[int, float]]:
        """The `count` most probable classes, each with its probability."""
        if self.probabilities is None:
            return []
        values, labels = self.probabilities.topk(min(count, len(self.probabilities)))
        return list(zip(labels.tolist(), values.tolist(), strict=True))


def predict(
    trained: TrainedModel, files: Sequence[str], *, mirrored: bool = False, batch_size: int = BATCH
) -> Iterator[Prediction]:
    """A prediction for each file, in their order, as soon as its batch is done.

    With `mirrored`, probabilities are the mean of those of a picture and its mirror image.
    """
    data = DataConfig(root=Path(), batch_size=batch_size, threads=trained.config.data.threads, prepare=False)
    loader = Loader(trained.preparation, data, (), 0)
    done = 0
    try:
        for numbers, probabilities, errors in _batches(trained, loader, files, mirrored):
            rows = dict(zip(numbers, probabilities, strict=True))
            group = range(done, min(done + batch_size, len(files)))
            for number in group:
                yield Prediction(files[number], rows.get(number), errors.get(number, ""))
            done = group.stop
    finally:
        loader.close()


def _batches(
    trained: TrainedModel, loader: Loader, files: Sequence[str], mirrored: bool
) -> Iterator[tuple[list[int], torch.Tensor, dict[int, str]]]:
    """Of each batch: the indices of its readable files, their probabilities, and why others cannot be read."""
    size, done = loader.batch_size, 0
    try:
        for batch in loader.testing([Sample(file, 0) for file in files]):
            if isinstance(batch, Waiting):
                continue
            lost = [number for number in range(done, min(done + size, len(files))) if number not in batch.numbers]
            reasons = {n: bad.reason for n, bad in zip(lost, batch.unreadable, strict=True)}
            done += size
            if batch.numbers:
                yield batch.numbers, trained.probabilities(batch.images, mirrored), reasons
            else:
                yield [], torch.empty(0), reasons
    except DataError:  # not one of the files can be read; each was reported with its reason
        return
