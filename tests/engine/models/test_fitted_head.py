"""The fitted head is the minimum of its objective, and the penalty is as strong as unseen pictures ask for."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from engine.models import fitted_head
from engine.models.fitted_head import FittedHead, fit_head


def fitted(features: torch.Tensor, labels: torch.Tensor, classes: int, with_bias: bool = True) -> FittedHead:
    fitting = fit_head(features, labels, classes, seed=0, with_bias=with_bias)
    while True:
        try:
            next(fitting)
        except StopIteration as end:
            return end.value


def clusters(count: int, spread: float, classes: int = 3, width: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Features around a centre for each class, of different scale and far from zero."""
    generator = torch.Generator().manual_seed(1)
    centres = torch.randn(classes, width, generator=generator)
    labels = torch.arange(count) % classes
    noise = torch.randn(count, width, generator=generator) * spread
    return (centres[labels] + noise) * 30 + 100, labels


@pytest.mark.parametrize("with_bias", [True, False])
def test_no_other_head_has_a_lower_objective(with_bias: bool) -> None:
    features, labels = clusters(120, spread=0.8)
    head = fitted(features, labels, 3, with_bias)
    weight, bias = head.weight.double().requires_grad_(), head.bias.double().requires_grad_()
    scale = features.std(0, correction=0).mean().double()  # the penalty is on weights of features of unit scale
    loss = cross_entropy(features.double() @ weight.T + bias, labels)
    (loss + head.strength / 2 * (weight * scale).square().sum()).backward()
    assert (weight.grad / scale).abs().max() < 1e-4  # rounded to float32, 1e-6 before
    if with_bias:
        assert bias.grad.abs().max() < 1e-4
    else:
        assert not head.bias.any()


def test_it_classifies_what_can_be_told_apart() -> None:
    features, labels = clusters(150, spread=0.1)
    head = fitted(features, labels, 3)
    assert ((features @ head.weight.T + head.bias).argmax(1) == labels).all()


def test_where_labels_are_noise_the_penalty_is_strong_and_else_weak() -> None:
    features, labels = clusters(150, spread=0.1)
    noise = labels[torch.randperm(150, generator=torch.Generator().manual_seed(2))]
    assert 10 * fitted(features, labels, 3).strength < fitted(features, noise, 3).strength


def test_a_large_problem_is_solved_in_float32_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(120, spread=0.8)
    exact = fitted(features, labels, 3)
    monkeypatch.setattr(fitted_head, "EXACT_SIZE", 0)
    monkeypatch.setattr(fitted_head, "ROWS", 50)
    large = fitted(features, labels, 3)
    assert large.strength == exact.strength
    logits = [features @ head.weight.T + head.bias for head in (exact, large)]
    assert torch.allclose(*(rows.softmax(1) for rows in logits), atol=5e-3)


def test_a_single_picture_and_constant_features_are_no_failure() -> None:
    assert fitted(torch.ones(1, 4), torch.tensor([1]), 2).weight.isfinite().all()
    assert fitted(torch.ones(6, 4), torch.arange(6) % 2, 2).weight.isfinite().all()
