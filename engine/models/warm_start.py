"""Starts the new head with the pretrained head's rows of the classes that both have."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from heapq import nlargest

import torch
from torch import nn

from engine.errors import WeightsError

MAX_NAMES = 10  # in a message


def copy_rows(
    model: nn.Module,
    head: str,
    classes: Sequence[str],
    weights: Mapping[str, torch.Tensor],
    *,
    known: Sequence[str],
    source: str,
) -> list[str]:
    """Copy the pretrained head's rows (weight and bias) of `classes` into the model's head, in place.

    Returns the classes whose rows were copied. `known` are the classes of the pretrained head, in the order of its
    rows. Case, spaces and punctuation of names are ignored. A name that two rows have is skipped (in ImageNet, Cardigan
    is a dog and cardigan is a garment).

    Raises:
        WeightsError: the pretrained head has none of the classes, another number of rows than `known`, or rows of
            another length.
    """
    rows = _rows(known)
    taken = {label: rows[_normalise(name)] for label, name in enumerate(classes) if _normalise(name) in rows}
    if not taken:
        near = ", ".join(known[rows[name]] for name in _nearest(classes[:MAX_NAMES], rows))
        raise WeightsError(
            "No class in common",
            f"the pretrained classifier of {source} has none of {join_names(classes)}; its most similar classes are "
            f"{near}: rename the classes, or let the new head start at random (model.head: random)",
        )
    with torch.no_grad():
        for key, value in model.get_submodule(head).named_parameters():
            given = weights.get(f"{head}.{key}")
            wanted = (len(known), *value.shape[1:])
            if given is None or given.shape != wanted:
                found = "is missing" if given is None else f"is {tuple(given.shape)}"
                raise WeightsError(
                    "Head does not fit",
                    f"{source}: its `{head}.{key}` {found} instead of {wanted}; set model.weights to a file with the "
                    f"head of its {len(known)} classes, or let the new head start at random (model.head: random)",
                )
            value[list(taken)] = given[list(taken.values())].to(value.dtype)
    return [classes[label] for label in taken]


def join_names(names: Sequence[str]) -> str:
    """The first names, and the number of the others."""
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _rows(known: Sequence[str]) -> dict[str, int]:
    """The row of each normalised name that only one row has."""
    names = [_normalise(name) for name in known]
    counts = Counter(names)
    return {name: row for row, name in enumerate(names) if counts[name] == 1}


def _nearest(classes: Sequence[str], known: Mapping[str, int]) -> list[str]:
    names = [_normalise(name) for name in classes]
    return nlargest(3, known, key=lambda one: max(SequenceMatcher(None, one, name).ratio() for name in names))


def _normalise(name: str) -> str:
    """A name in lower case without spaces and punctuation. A name of nothing else stays as it is."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name
