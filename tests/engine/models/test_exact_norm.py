"""The program trains with the gradients of torch's plain memory layout, though it uses another, which is faster."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, interpolate
from torchvision.models import get_model

from engine.arms.network import Network
from engine.arms.setup import Setup
from engine.config import RunConfig
from engine.data.pictures import Preparation
from engine.data.transfer import Transfer
from engine.hardware.process_group import ProcessGroup
from engine.models.build import BuiltModel
from engine.models.exact_norm import FEW_VALUES, make_batch_norm_exact
from engine.models.head import find_head

CPU, PICTURES = torch.device("cpu"), 32
# sizes of pictures at which these gradients, with torch's batch norm and on one thread, were too far away
SIZES = {"mobilenet_v2": 48, "resnet18": 64, "shufflenet_v2_x0_5": 48, "efficientnet_b0": 48}


def smooth_model(name: str) -> nn.Module:
    """Random weights, nothing random in a step, and no ReLU: one whose input is about zero makes any rounding large."""
    torch.manual_seed(0)
    model: nn.Module = get_model(name, num_classes=4).train()
    for layer in list(model.modules()):
        for child_name, child in layer.named_children():
            if isinstance(child, nn.ReLU | nn.ReLU6):
                setattr(layer, child_name, nn.SiLU())
            elif hasattr(child, "p"):  # dropout, stochastic depth
                child.p = 0.0
    return model


def gradient(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    cross_entropy(model(images), torch.arange(len(images)) % 4).backward()
    return torch.cat([parameter.grad.double().flatten() for parameter in model.parameters()])


def laid_out(model: nn.Module, config: RunConfig) -> nn.Module:
    """As the program trains it."""
    setup = Setup(config, tuple("abcd"), 1, CPU, Transfer(Preparation(), CPU), ProcessGroup())
    return Network(BuiltModel(model, find_head(model), ""), setup).model


@pytest.mark.parametrize("name", SIZES)
def test_a_gradient_is_at_most_twice_as_far_from_double_precision_as_in_the_plain_layout(
    name: str, small: RunConfig
) -> None:
    model, size = smooth_model(name), SIZES[name]
    shapes = interpolate(torch.randn(PICTURES, 3, 4, 4), (size, size), mode="bicubic")
    images = 2 + shapes + 0.2 * torch.randn(PICTURES, 3, size, size)
    right = gradient(copy.deepcopy(model).double(), images.double())
    plain = (gradient(copy.deepcopy(model), images) - right).norm()
    assert (gradient(laid_out(model, small), images) - right).norm() <= 2 * plain < 1e-3 * right.norm()


# --- one layer ------------------------------------------------------------------------------------------


def values(side: int = 40, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Of 8 pictures and 6 channels, far from zero, with adjacent channels; more than `FEW_VALUES` of a channel."""
    torch.manual_seed(1)
    given = 5 + torch.randn(8, 6, side, side, dtype=torch.float64)
    return given.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()


def norms(momentum: float | None = 0.3) -> tuple[nn.BatchNorm2d, nn.BatchNorm2d]:
    """An exact one, and torch's in double precision."""
    right = nn.BatchNorm2d(6, eps=1e-3, momentum=momentum)
    nn.init.uniform_(right.weight), nn.init.uniform_(right.bias)
    exact = copy.deepcopy(right)
    make_batch_norm_exact(exact)
    assert type(exact) is not nn.BatchNorm2d
    return exact, right.double()


@pytest.mark.parametrize("momentum", [0.3, None])
@pytest.mark.parametrize("side", [40, 37, 2])  # 37 * 37 has few divisors; 32 values of a channel are few
def test_output_gradients_and_running_statistics_are_those_of_double_precision(
    side: int, momentum: float | None
) -> None:
    exact, right = norms(momentum)
    for _ in range(2):
        mine, theirs = values(side), values(side, torch.float64)
        output, expected = exact(mine), right(theirs)
        torch.testing.assert_close(output.double(), expected, rtol=1e-5, atol=1e-5)
        (output**2).sum().backward(), (expected**2).sum().backward()
        torch.testing.assert_close(mine.grad.double(), theirs.grad, rtol=1e-4, atol=1e-4)
        assert output.is_contiguous(memory_format=torch.channels_last)
    for one, other in zip(exact.parameters(), right.parameters(), strict=True):
        torch.testing.assert_close(one.grad.double(), other.grad, rtol=1e-4, atol=1e-4)
    for name, buffer in exact.named_buffers():
        torch.testing.assert_close(buffer.double(), right.get_buffer(name).double(), rtol=1e-6, atol=1e-6)


def test_the_state_has_the_same_names_and_can_be_exchanged_with_torch() -> None:
    exact, right = norms()
    exact(values())
    other = nn.BatchNorm2d(6, eps=1e-3)
    other.load_state_dict(exact.state_dict())
    assert list(exact.state_dict()) == list(right.state_dict())
    assert torch.equal(other.eval()(values()), exact.eval()(values()))
    assert int(exact.num_batches_tracked) == 1


def test_a_layer_in_evaluation_mode_keeps_its_statistics() -> None:
    exact, _ = norms()
    before = copy.deepcopy(exact.state_dict())
    exact.eval()(values()).sum().backward()
    assert all(torch.equal(before[name], value) for name, value in exact.state_dict().items())


def test_a_copy_is_exact_and_a_step_is_the_same_bit_for_bit() -> None:
    exact, _ = norms()
    other = copy.deepcopy(exact)
    assert torch.equal(exact(values()), other(values()))
    assert type(other) is type(exact) and torch.equal(exact.running_var, other.running_var)
    assert values().numel() // 6 > FEW_VALUES


def test_frozen_weights_and_inputs_without_gradient_get_none() -> None:
    exact, _ = norms()
    exact.bias.requires_grad_(False)
    exact(values().detach()).square().sum().backward()
    assert exact.weight.grad is not None and exact.bias.grad is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions_are_left_to_torch(dtype: torch.dtype) -> None:
    exact, right = norms()
    right = right.to(dtype) if dtype is torch.float64 else right.float()
    exact = exact.double() if dtype is torch.float64 else exact
    assert torch.equal(exact(values(dtype=dtype)), right(values(dtype=dtype)))


def test_layers_of_other_types_stay_as_they_are() -> None:
    class Own(nn.BatchNorm2d):
        pass

    model = nn.Sequential(nn.BatchNorm1d(2), Own(2), nn.BatchNorm2d(2, affine=False))
    kinds = [type(layer) for layer in model]
    make_batch_norm_exact(model)
    assert [type(layer) for layer in model] == kinds
