"""What makes training pictures harder to classify than scored ones: augmentation and dropout."""

from functools import partial

from torch import nn

from engine.recipes.recipe import Recipe

DROPOUT = "dropout"


def regularisation(recipe: Recipe, model: nn.Module) -> tuple[str, ...]:
    """The augmentations of a recipe by name, and `dropout` if the model leaves out units, or whole layers."""
    transform = recipe.train_transform
    names = [_name(augment) for augment in (*transform.pictures, *transform.batches)]
    return (*names, *([DROPOUT] if any(map(_drops, model.modules())) else ()))


def _name(augment: object) -> str:
    function = augment.func if isinstance(augment, partial) else augment
    return str(getattr(function, "__name__", type(function).__name__))


def _drops(module: nn.Module) -> bool:
    """Whether a module leaves something out at random: torch's, torchvision's and timm's have these names."""
    name = type(module).__name__.lower()
    share = getattr(module, "p", None) or getattr(module, "drop_prob", None)
    return ("drop" in name or "stochasticdepth" in name) and bool(share)
