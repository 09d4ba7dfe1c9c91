"""What is known about a run before it starts, in sentences."""

from collections.abc import Mapping
from typing import Any

from engine.cli.first_weights import Weights, described
from engine.cli.preview import Estimate, Pictures, duration, how_long, in_parts, settings
from engine.data.listing.balance import UNEVEN
from engine.data.listing.left_out import left_out_notes
from tui.format import count
from tui.start_screen.fields import FIELDS

SLOWER = {
    "decoding": "reading pictures is the bottleneck",
    "computing": "computing is the bottleneck",
}


def counted(found: Pictures) -> str:
    """How many pictures of how many classes there are, and in which folders; below it, what was guessed or left out."""
    if found.message:
        return _sentence(found.message)
    counts = f"{len(found.classes):,} classes, {in_parts(found)}"
    where = (found.found,) if found.found else ()
    return "\n".join((counts, *where, *found.notes, *left_out_notes(found.left_out)))


def uneven(found: Pictures) -> str:
    """A warning where one class has far more pictures than another; else empty."""
    if found.imbalance < UNEVEN:
        return ""
    largest, smallest = (choose(found.classes, key=lambda item: item.train) for choose in (max, min))
    return (
        f"{largest.name} has {found.imbalance:.0f} times as many pictures as {smallest.name}, "
        f"{found.majority:.0%} of all: a model that always says {largest.name} is right in {found.majority:.0%}"
    )


def starts_from(found: Weights | None) -> str:
    """Which weights the run starts from, and what to do where they cannot be downloaded."""
    if found is None:
        return ""
    other = "" if found.here else "; or type the path of a file in `weights`"
    return f"{_sentence(described(found))}{other}"


def estimated(found: Estimate) -> list[str]:
    """How long the run would take, and what takes most of the time."""
    first = f", the first one {duration(found.first_epoch_seconds)}" if found.epochs > 1 else ""
    parts = f", a batch in parts of {found.micro_batch}" if found.micro_batch is not None else ""
    return [
        f"{how_long(found)}{first}; {SLOWER[found.bottleneck]}",
        f"on {found.device} in {found.precision}; {count(sum(found.parameters.values()))} parameters, "
        f"{found.steps_per_epoch:,} step{'s' * (found.steps_per_epoch != 1)} an epoch{parts}",
        *([f"{found.recipe}: {_short(found.chosen)}"] if found.chosen else []),
    ]


def _short(chosen: Mapping[str, Any]) -> str:
    """The settings but those that have a field, without their sections; the run's folder has the whole names."""
    shown = {field.key for field in FIELDS}
    return settings({key.rpartition(".")[2]: value for key, value in chosen.items() if key not in shown})


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
