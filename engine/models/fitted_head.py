"""Fits the last layer to features by logistic regression with an L2 penalty, before any training.

The objective is the mean cross entropy plus half the penalty's strength times the squared norm of the weights. L-BFGS
minimises it (Nocedal, "Updating Quasi-Newton Matrices with Limited Storage", 1980). The strength is chosen on a part of
the pictures that is held back: Kornblith et al., "Do Better ImageNet Models Transfer Better?" (2019), section A.4.
"""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, log_softmax

STRENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 3e-4, 1e-4, 3e-5, 1e-5)
"penalties, strongest first"
HELD_BACK = 0.2  # fraction of the pictures that choose the strength
MAX_CHOOSING = 10_000  # pictures that are used to choose the strength
EXACT_SIZE = 2 * 10**8  # pictures x features x classes up to which float64 on the CPU takes seconds
ROWS = 8192  # pictures at once, which bounds the memory for logits
ROUND = 10  # iterations between two answers to the caller
MAX_ROUNDS = 20
TOLERANCE = 1e-6  # of the gradient's largest element and of the loss's change in a round


@dataclass(frozen=True, slots=True)
class FittedHead:
    """Weights of a fitted last layer."""

    weight: torch.Tensor
    "float32 (classes, features)"
    bias: torch.Tensor
    "float32 (classes)"
    strength: float
    "the penalty that was chosen"


class _Regression:
    """A logistic regression on standardised features. Each fit starts where the last one ended."""

    def __init__(self, features: torch.Tensor, labels: torch.Tensor, classes: int, with_bias: bool) -> None:
        self._features, self._labels = features, labels
        self._with_bias = with_bias
        self.weight = torch.zeros(classes, features.shape[1], dtype=features.dtype, device=features.device)
        self.bias = torch.zeros(classes, dtype=features.dtype, device=features.device)

    def fit(self, strength: float) -> Generator[None, None, None]:
        """Minimise the objective. Yields after every few iterations."""
        optimizer = torch.optim.LBFGS(
            [self.weight, self.bias],
            max_iter=ROUND,
            tolerance_grad=TOLERANCE,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )
        before = float("inf")
        for _ in range(MAX_ROUNDS):
            loss = float(optimizer.step(lambda: self._objective(strength)))  # type: ignore[no-untyped-call]
            yield
            largest = max(float(self.weight.grad.abs().max()), float(self.bias.grad.abs().max()))  # type: ignore[union-attr]
            if largest <= TOLERANCE or before - loss <= TOLERANCE * abs(loss):
                return
            before = loss

    def _objective(self, strength: float) -> torch.Tensor:
        """The objective; its gradient is written to the weights."""
        count = len(self._labels)
        loss = 0.5 * strength * self.weight.square().sum()
        self.weight.grad, self.bias.grad = strength * self.weight, torch.zeros_like(self.bias)
        for features, labels in zip(self._features.split(ROWS), self._labels.split(ROWS), strict=True):  # type: ignore[no-untyped-call]
            log_probabilities = log_softmax(features @ self.weight.T + self.bias, 1)
            rows = torch.arange(len(labels), device=labels.device)
            loss = loss - log_probabilities[rows, labels].sum() / count
            errors = log_probabilities.exp_()
            errors[rows, labels] -= 1
            self.weight.grad += errors.T @ features / count
            if self._with_bias:
                self.bias.grad += errors.sum(0) / count
        return loss


@torch.no_grad()
def fit_head(
    features: torch.Tensor, labels: torch.Tensor, classes: int, seed: int, with_bias: bool = True
) -> Generator[None, None, FittedHead]:
    """Fit a last layer to features (N, D), float32, and labels (N), int64, of `classes` classes.

    Small problems are solved in float64 on the CPU, large ones in float32 where the features are. `seed` chooses the
    pictures that are held back. Without `with_bias` the bias is 0. Yields every few iterations, so that the caller can
    take commands.
    """
    mean = features.mean(0, dtype=torch.float64) * with_bias
    scale = features.std(0, correction=0).mean().double().clamp_min(1e-12)
    exact = features.shape[0] * features.shape[1] * classes <= EXACT_SIZE
    device, dtype = (torch.device("cpu"), torch.float64) if exact else (features.device, torch.float32)
    table = ((features - mean) / scale).to(device, dtype)
    labels = labels.to(device)
    strength = STRENGTHS[0]
    if len(labels) > 1:
        strength = yield from _choose(table, labels, classes, seed, with_bias)
    regression = _Regression(table, labels, classes, with_bias)
    yield from regression.fit(strength)
    weight = regression.weight.double().cpu() / scale.cpu()
    bias = regression.bias.double().cpu() - weight @ mean.cpu()
    return FittedHead(weight.float(), bias.float(), strength)


def _choose(
    table: torch.Tensor, labels: torch.Tensor, classes: int, seed: int, with_bias: bool
) -> Generator[None, None, float]:
    """The strength with the lowest loss on the pictures that are held back, from strong to weak until it rises."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(labels.device)[:MAX_CHOOSING]
    held = max(round(len(order) * HELD_BACK), 1)
    inside, outside = order[held:], order[:held]
    regression = _Regression(table[inside], labels[inside], classes, with_bias)
    best, lowest, rises = STRENGTHS[0], float("inf"), 0
    for strength in STRENGTHS:
        yield from regression.fit(strength)
        loss = float(cross_entropy(table[outside] @ regression.weight.T + regression.bias, labels[outside]))
        if loss < lowest:
            best, lowest, rises = strength, loss, 0
        else:
            rises += 1
        if rises == 2:
            break
    return best
