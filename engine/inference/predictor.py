"""Decodes picture files in threads and predicts their classes, batch by batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from engine.config.sections import DataConfig
from engine.data.batches import Batch
from engine.data.loader import Loader
from engine.data.reading.notes import Notes
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
    trained: TrainedModel,
    files: Sequence[str],
    *,
    mirrored: bool = False,
    batch_size: int = BATCH,
    notes: Notes | None = None,
) -> Iterator[Prediction]:
    """A prediction for each file, in their order, as soon as its batch is done.

    With `mirrored`, probabilities are the mean of those of a picture and its mirror image. `notes` gets what was done
    to pictures that a person should know of.
    """
    done = 0
    for batch in decoded(trained, files, batch_size, notes):
        rows: dict[int, torch.Tensor] = {}
        if batch.numbers:
            rows = dict(zip(batch.numbers, trained.probabilities(batch.images, mirrored), strict=True))
        lost = iter(batch.unreadable)
        for number in range(done, done := min(done + batch_size, len(files))):
            error = "" if number in rows else next(lost).reason
            yield Prediction(files[number], rows.get(number), error)


def decoded(
    trained: TrainedModel, files: Sequence[str], batch_size: int = BATCH, notes: Notes | None = None
) -> Iterator[Batch]:
    """The pictures in batches, prepared for the model. `numbers` are indices in `files`; labels mean nothing."""
    data = DataConfig(root=Path(), batch_size=batch_size, threads=trained.config.data.threads, prepare=False)
    loader = Loader(trained.preparation, data, (), 0)
    loader.decoded.notes = notes or loader.decoded.notes
    try:
        yield from (batch for batch in loader.testing([Sample(file, 0) for file in files]) if isinstance(batch, Batch))
    except DataError:  # not one of the files can be read; each was reported with its reason
        return
    finally:
        loader.close()
