"""The gradients of a batch, one micro-batch after the other."""

import contextlib
import random
from collections.abc import Callable

import torch
from torch.nn.functional import one_hot

from engine.arms.features import FeatureBatch
from engine.arms.network import Network
from engine.data.batches import Batch
from engine.recipes.recipe import Recipe


def add_gradients(
    network: Network,
    recipe: Recipe,
    batch: Batch | FeatureBatch,
    *,
    pieces: int,
    scale: Callable[[torch.Tensor], torch.Tensor],
    rng: random.Random,
    observe: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], None] = lambda logits, labels, targets: None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Add the gradients of a batch, computed in `pieces` micro-batches, to the parameters.

    Returns the mean loss and the number of correct predictions of the batch, both scalars on the device.

    The gradients are those of the whole batch, but batch norm and dropout see each micro-batch separately. `scale`
    multiplies the loss before `backward`. The processes average their gradients, so `scale` must contain this
    process's weight times the number of processes. `observe` gets the logits, labels and targets of each micro-batch.
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
    for number, (part, target, label) in enumerate(parts, 1):
        with network.no_gradient_sync() if number < pieces else contextlib.nullcontext():
            logits = network.training_logits(part, features)
            mean = recipe.loss(logits, target) * (len(target) / len(labels))
            scale(mean).backward()  # type: ignore[no-untyped-call]
        loss += mean.detach()
        right += (logits.argmax(1) == label).sum()
        observe(logits, label, target)
    return loss, right


def micro_batch_count(batch: Batch | FeatureBatch, most: int | None, processes: int) -> int:
    """The number of micro-batches of at most `most` pictures for a batch. It is the same in all processes.

    No micro-batch has a single picture, because batch norm fails with one.
    """
    if most is None or isinstance(batch, FeatureBatch):
        return 1
    return min(-(-batch.global_size // most), max(batch.global_size // processes // 2, 1))
