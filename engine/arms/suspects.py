"""Finds the training pictures whose labels the model in training contradicts."""

from collections.abc import Collection, Sequence

import torch

from engine.arms.label_record import LOSS, MARGIN, TIMES
from engine.data.samples import LEFT_OUT, Sample
from engine.protocol import Suspect
from engine.protocol.printable import unicode_text

MAX_SUSPECTS = 100


def find_suspects(
    figures: tuple[torch.Tensor, torch.Tensor],
    samples: Sequence[Sample],
    judged: Collection[int],
    most: int | None = MAX_SUSPECTS,
) -> tuple[list[Suspect], int]:
    """The pictures with a negative mean margin, the lowest first, at most `most`; and how many there are in all.

    `figures` are those of `LabelRecord.figures`, `samples` the pictures (N) with the labels that they are trained as.
    The pictures in `judged` are left out. Of equal margins the first picture comes first.
    """
    sums, other = figures
    times = sums[:, TIMES]
    margins = sums[:, MARGIN] / times.clamp(min=1.0)
    suspected = (times > 0) & (margins < 0)
    suspected[list(judged)] = False
    numbers = suspected.nonzero()[:, 0]
    order = numbers[margins[numbers].argsort(stable=True)]
    found = []
    for number in order[:most].tolist():
        sample, seen = samples[number], int(times[number])
        if sample.label != LEFT_OUT:
            loss = sums[number, LOSS].item() / seen
            said = int(other[number])
            path = unicode_text(sample.path)
            found.append(Suspect(path, sample.label, said, round(margins[number].item(), 4), round(loss, 4), seen))
    return found, len(numbers)
