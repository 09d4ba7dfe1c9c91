"""A new head that starts from the pretrained classifier's own, in the rows of the classes that both have."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from heapq import nlargest

import torch
from torch import nn

from engine.errors import WeightsError

MAX_NAMES = 10  # that a sentence has


def copy_rows(
    model: nn.Module,
    head: str,
    classes: Sequence[str],
    weights: Mapping[str, torch.Tensor],
    *,
    known: Sequence[str],
    source: str,
) -> list[str]:
    """Copy the pretrained head's rows of `classes`, weight and bias, into the model's, in place; the classes it has.

    `known` are the classes of its rows. Case, spaces and punctuation of names do not count, and one that two rows
    have (ImageNet's Cardigan is a dog, its cardigan a garment) is not taken.

    Raises:
        WeightsError: it has none of the classes, no row a name, or rows of another length.
    """
    rows = _rows(known)
    taken = {label: rows[_normalise(name)] for label, name in enumerate(classes) if _normalise(name) in rows}
    if not taken:
        near = ", ".join(known[rows[name]] for name in _nearest(classes[:MAX_NAMES], rows))
        raise WeightsError(
            "No class in common",
            f"the pretrained classifier of {source} has none of {join_names(classes)}; the nearest it has are {near}: "
            f"rename the classes, or let the new head start at random (model.head: random)",
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
    """The first names, and how many more there are."""
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _rows(known: Sequence[str]) -> dict[str, int]:
    """The row of each name that stands for one row alone."""
    names = [_normalise(name) for name in known]
    counts = Counter(names)
    return {name: row for row, name in enumerate(names) if counts[name] == 1}


def _nearest(classes: Sequence[str], known: Mapping[str, int]) -> list[str]:
    names = [_normalise(name) for name in classes]
    return nlargest(3, known, key=lambda one: max(SequenceMatcher(None, one, name).ratio() for name in names))


def _normalise(name: str) -> str:
    """A name without what does not count when it is compared, unless it has nothing else."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name
