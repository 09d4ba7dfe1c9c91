"""The gradients of a batch, a micro-batch at a time."""

import contextlib
import random
from collections.abc import Callable

import torch
from torch.nn.functional import one_hot

from engine.arms.features import FeatureBatch
from engine.arms.network import Network
from engine.data.batches import Batch
from engine.recipes import Recipe


def add_gradients(
    network: Network,
    recipe: Recipe,
    batch: Batch | FeatureBatch,
    *,
    pieces: int,
    scale: Callable[[torch.Tensor], torch.Tensor],
    rng: random.Random,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Go through a batch in `pieces` micro-batches; its mean loss and its number of correct predictions, both scalars.

    The gradients are those of the whole batch; batch norm and dropout see each micro-batch by itself. `scale` makes the
    weighted loss of a micro-batch into what gradients are computed of: the processes average their gradients, so each
    one's loss counts by its weight times their number.
    """
    features = isinstance(batch, FeatureBatch)
    inputs, labels = network.prepare(batch)
    targets = labels
    if not features and (augmentations := recipe.train_transform.batches):
        targets = one_hot(labels, network.classes).float()
        for augment in augmentations:
            inputs, targets = augment(inputs, targets, rng)
    loss, right = torch.zeros((), device=labels.device), torch.zeros((), device=labels.device)
    parts = zip(*(tensor.tensor_split(pieces) for tensor in (inputs, targets, labels)), strict=True)
    for number, (part, wanted, true) in enumerate(parts, 1):
        with network.gradients_wait() if number < pieces else contextlib.nullcontext():
            logits = network.train_on(part, features)
            mean = recipe.loss(logits, wanted) * (len(wanted) / len(labels))
            scale(mean).backward()  # type: ignore[no-untyped-call]
        loss += mean.detach()
        right += (logits.argmax(1) == true).sum()
    return loss, right


def micro_batches(batch: Batch | FeatureBatch, most: int | None, processes: int) -> int:
    """In how many micro-batches of at most `most` pictures a batch goes through the model, the same in all processes.

    None of them has a single picture: batch norm fails on one.
    """
    if most is None or isinstance(batch, FeatureBatch):
        return 1
    return min(-(-batch.whole // most), max(batch.whole // processes // 2, 1))
