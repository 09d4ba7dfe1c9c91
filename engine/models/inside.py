"""Finds a model's weights in what other programs save: the dictionary of tensors, and the prefix of its names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

Tensors = dict[str, torch.Tensor]

# Where programs keep a model's weights, the likeliest first; those of a moving average come after the model's own.
USUAL = (
    *("state_dict", "model", "model_state_dict", "net", "weights", "network", "model_state", "params", "backbone"),
    *("state_dict_ema", "model_ema", "ema", "ema_state_dict"),
)
OWN = ("", "model")
"where this program and a plain file of weights have them"
DEPTH = 3  # dictionaries in dictionaries
MOST_NAMES = 5  # in a message


class FoundWeights(NamedTuple):
    """The tensors in a file by name, and where they are."""

    tensors: Tensors
    under: str = ""
    "the keys that lead to them, such as `state_dict`; empty if they are the file's whole content"
    others: Sequence[str] = ()
    "the keys of other dictionaries of tensors in the file"
    prefix: str = ""
    "what was taken off before each name"
    left_out: int = 0
    "tensors without that prefix"

    @property
    def note(self) -> str:
        """What was chosen and taken off, for people; empty if nothing was."""
        parts = [f"its `{self.under}`"] if self.under not in OWN else []
        parts += [f"without the prefix `{self.prefix}`"] if self.prefix else []
        parts += [f"without {self.left_out} other tensor{'s' * (self.left_out != 1)}"] if self.left_out else []
        parts += [f"not its {_listed(self.others)}"] if self.others else []
        return f" ({', '.join(parts)})" if parts else ""


def find_tensors(content: Mapping[Any, Any]) -> FoundWeights | str:
    """The one dictionary of tensors by name in what a file has, or why there is none."""
    found = dict(_dictionaries(content, "", DEPTH))
    if not found:
        return "expected tensors by name"
    usual = sorted((key for key in found if _rank(key) < len(USUAL)), key=_rank)
    if not usual and len(found) > 1 and "" not in found:
        return f"it has several dictionaries of tensors, {_listed(list(found))}, and none has a usual name"
    under = "" if "" in found else (usual or list(found))[0]
    weights = {_current_name(str(key)): value for key, value in found[under].items()}
    return FoundWeights(weights, under, [key for key in found if key != under])


def unwrapped(model: nn.Module, found: FoundWeights) -> FoundWeights:
    """The weights without what a wrapper puts before each name, such as `model.` in a checkpoint of Lightning.

    Tensors without that prefix, such as those of a loss function or an average's counter, are no weights of the model
    and are left out. Weights with the model's own names stay as they are.
    """
    wanted, weights = list(model.state_dict()), found.tensors
    if any(key in weights for key in wanted):
        return found
    prefixes = dict.fromkeys(key.removesuffix(wanted[0]) for key in weights if key.endswith(f".{wanted[0]}"))
    prefix = max(prefixes, key=lambda prefix: sum(f"{prefix}{key}" in weights for key in wanted), default="")
    tensors = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
    return found._replace(tensors=tensors, prefix=prefix, left_out=len(weights) - len(tensors))


def _dictionaries(content: Mapping[Any, Any], under: str, depth: int) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Each dictionary that has nothing but tensors, with the keys that lead to it."""
    if content and all(isinstance(value, torch.Tensor) for value in content.values()):
        # The tensors of an optimizer's state have numbers in place of names, or belong to a number.
        if all(isinstance(key, str) for key in content):
            yield under, content
    elif depth:
        for key, value in content.items():
            if isinstance(key, str) and isinstance(value, dict):
                yield from _dictionaries(value, f"{under}.{key}" if under else key, depth - 1)


def _rank(under: str) -> int:
    """How usual the name of a dictionary is; the first of its keys counts, then the last."""
    names = under.split(".")
    return min(USUAL.index(name) if name in USUAL else len(USUAL) for name in (names[0], names[-1]))


def _listed(keys: Sequence[str]) -> str:
    more = len(keys) - MOST_NAMES
    return ", ".join(f"`{key}`" for key in keys[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _current_name(key: str) -> str:
    """A key with the current spelling of DenseNet's layers."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key)
