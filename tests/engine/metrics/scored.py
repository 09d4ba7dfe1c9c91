"""Predictions of a model that is played by random numbers."""

import torch

from engine.hardware.process_group import ProcessGroup
from engine.metrics.predictions import Collector, Predictions, prediction_rows


def scored(logits: torch.Tensor, labels: torch.Tensor, batch: int = 64) -> Predictions:
    """The predictions from logits (N, classes) and labels (N), collected in batches."""
    collector = Collector([f"{number}.jpg" for number in range(len(labels))], labels.tolist(), logits.shape[1])
    for start in range(0, len(labels), batch):
        part = slice(start, start + batch)
        numbers = list(range(len(labels)))[part]
        collector.add(numbers, prediction_rows(logits[part], labels[part]))
    return collector.gather(ProcessGroup())


def drawn(pictures: int, classes: int, skill: float, seed: int, *, ties: bool = False) -> Predictions:
    """Random predictions.

    The right class gets `skill` more than the others. The last class has no pictures, and the class before it is
    never predicted. With `ties` the logits are whole numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes - 1, (pictures,), generator=generator)
    logits = torch.randn(pictures, classes, generator=generator) * 2
    logits[torch.arange(pictures), labels] += skill
    logits = logits.round() if ties else logits
    logits[:, classes - 2] = -12.0
    return scored(logits, labels)


def overconfident(factor: float, pictures: int = 5000, classes: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, classes) that are too large by `factor`, and labels (N) drawn from the true probabilities."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(pictures, classes, generator=generator) * 1.5
    labels = logits.softmax(1).multinomial(1, generator=generator)[:, 0]
    return logits * factor, labels
