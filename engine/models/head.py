"""Finds the last layer of a classifier by the names that torchvision's models use, and replaces it."""

from torch import nn

from engine.errors import WeightsError

PLACES = ("fc", "classifier", "heads.head", "head")


def find_head(model: nn.Module) -> str:
    """Dotted name of the last layer: the last linear layer in `fc`, `classifier`, `heads.head` or `head`.

    A 1x1 convolution counts as linear (SqueezeNet's last layer is one).

    Raises:
        WeightsError: no such module has a linear layer.
    """
    modules = dict(model.named_modules())
    for place in PLACES:
        inside = [name for name, part in modules.items() if name == place or name.startswith(f"{place}.")]
        linear = [name for name in inside if _is_linear(modules[name])]
        if linear:
            return str(linear[-1])
    raise WeightsError(
        "No head found",
        f"{type(model).__name__} has no linear layer in {', '.join(PLACES)}; set model.name to another model",
    )


def replace_head(model: nn.Module, name: str, classes: int) -> None:
    """Replace the last layer by a new one with `classes` outputs, in place.

    Its weights are Xavier uniform (Glorot & Bengio 2010), its bias is zero. A layer without a bias (MaxViT) gets none,
    so that the weights fit torchvision's model.
    """
    old = model.get_submodule(name)
    new: nn.Linear | nn.Conv2d
    if isinstance(old, nn.Conv2d):
        new = nn.Conv2d(old.in_channels, classes, kernel_size=1, bias=old.bias is not None)
    else:
        assert isinstance(old, nn.Linear)
        new = nn.Linear(old.in_features, classes, bias=old.bias is not None)
    nn.init.xavier_uniform_(new.weight)
    if new.bias is not None:
        nn.init.zeros_(new.bias)
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, new)


def _is_linear(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1))
