"""The stages of a backbone: its parts from the picture to the head, found from the order of its modules."""

from collections.abc import Iterator, Mapping, Sequence

from torch import nn

CONTAINERS = ("features", "encoder", "layers", "blocks")
"what torchvision calls modules that hold all stages, and are none themselves"


def find_stages(model: nn.Module, head: str) -> Mapping[str, Sequence[str]]:
    """`stem`, `stage1`, `stage2` ...: names of the parameters of each, every one outside `head` in exactly one.

    Modules are taken in the order in which the model has them: in feed-forward models that is the pictures' way
    through them. A norm layer belongs to the part before it. The first part is the stem, with what belongs to no
    module below the model: the class token and the position embedding of a transformer.
    """
    parameters = {name: value for name, value in model.named_parameters() if not name.startswith(f"{head}.")}
    stages: list[list[str]] = []
    for part in _parts(model, "", parameters):
        if stages and all(parameters[name].dim() == 1 for name in part):
            stages[-1] += part
        elif part:
            stages.append(part)
    inside = {name for stage in stages for name in stage}
    stem, *rest = stages or [[]]
    stem = [name for name in parameters if name not in inside] + stem
    return {"stem": stem} | {f"stage{number}": stage for number, stage in enumerate(rest, 1)}


def _parts(module: nn.Module, prefix: str, parameters: Mapping[str, nn.Parameter]) -> Iterator[list[str]]:
    """The names of the parameters of each child, or of its children if it is a container of stages."""
    for name, child in module.named_children():
        path = f"{prefix}{name}."
        if name in CONTAINERS:
            yield from _parts(child, path, parameters)
        else:
            yield [key for key in parameters if key.startswith(path)]
