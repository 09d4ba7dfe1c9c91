"""Finds the stages of a backbone, its parts from the input to the head, by the order of its modules."""

from collections.abc import Iterator, Mapping, Sequence

from torch import nn

CONTAINERS = ("features", "encoder", "layers", "blocks")
"torchvision's names of modules that contain all stages and are not stages themselves"


def find_stages(model: nn.Module, head: str) -> Mapping[str, Sequence[str]]:
    """The names of the parameters of `stem`, `stage1`, `stage2` and so on.

    Every parameter outside `head` is in exactly one stage. The order is that of the model's modules, which in
    feed-forward models is the order of computation. A norm layer belongs to the stage before it. The first stage is the
    stem. It also has the parameters of the model itself: the class token and position embedding of a transformer.
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
    """The names of the parameters of each child. A container of stages is replaced by its children."""
    for name, child in module.named_children():
        path = f"{prefix}{name}."
        if name in CONTAINERS:
            yield from _parts(child, path, parameters)
        else:
            yield [key for key in parameters if key.startswith(path)]
