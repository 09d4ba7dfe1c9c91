"""What is known of a run before it starts: its pictures, and an estimate of its time. Loads no torch."""

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.config import RunConfig
from engine.data.listing.balance import UNEVEN, majority
from engine.data.listing.left_out import left_out_notes
from engine.data.listing.summary import summary
from engine.data.samples import Catalogue, LeftOut
from engine.data.sources import SOURCES, local_catalogue
from engine.protocol import Arm
from engine.protocol.printable import printable
from engine.recipes.choices import complete

SAMPLES = 3  # example pictures
LINES = 20  # classes that are listed for people


@dataclass(frozen=True, slots=True)
class ClassCount:
    """A class, and how many pictures of it are in each part."""

    name: str
    train: int
    test: int
    val: int = 0


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a run, listed but not opened."""

    root: str
    "their folder, several of them, or the table that lists them; empty if there are none yet"
    classes: tuple[ClassCount, ...]
    train_images: int
    test_images: int
    imbalance: float
    "training pictures of the largest class divided by those of the smallest"
    samples: tuple[str, ...]
    "paths of training pictures, one of each of up to three classes"
    message: str
    "why there are none yet; empty if there are"
    val_images: int = 0
    "validation pictures, which choose; 0: the test pictures serve for that, too"
    notes: tuple[str, ...] = ()
    "what was guessed or left out, a sentence each"
    found: str = ""
    "which folder or table is which part, as one line"
    left_out: tuple[LeftOut, ...] = ()
    "the files that are no pictures to train on, a kind each"
    majority: float = 0.0
    "share of the largest class in the training pictures"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that have pictures, as in the fields of `ClassCount`."""
        val, test = ("val",) if self.val_images else (), ("test",) if self.test_images else ()
        return ("train", *val, *test)


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a run would take on this machine, estimated from a few steps and a few pictures."""

    model: str
    arm: Arm
    device: str
    precision: str
    parameters: dict[str, int]
    "number of trainable scalars of each group"
    frozen: tuple[str, ...]
    "groups that are not trained"
    image_size: int
    batch_size: int
    micro_batch: int | None
    "pictures that go through the model at once, if the memory is too small for a whole batch"
    epochs: int
    steps_per_epoch: int
    step_seconds: float
    "seconds for an update, without waiting for pictures"
    images_per_second: float
    "pictures per second when they are decoded for the first time"
    images_per_second_again: float
    "pictures per second in later epochs"
    first_epoch_seconds: float
    epoch_seconds: float
    "seconds for each later epoch, its evaluation included"
    seconds: float
    "seconds for all epochs of an arm"
    bottleneck: Literal["decoding", "computing"]
    "which of the two takes longer in all"
    minutes: float | None = None
    "minutes after which an arm ends (`train.minutes`, `train.until`)"
    until: str = ""
    "when it ends, for people, if that is a time of day (`train.until`); else empty"
    recipe: str = "lesson"
    chosen: dict[str, Any] = field(default_factory=dict)
    "the settings that the recipe has chosen, by dotted key"
    cache_format: Literal["raw", "jpeg"] = "raw"
    "how prepared training pictures are kept"
    cache_bytes: int = 0
    "space that all prepared pictures take, about; 0 if none are kept"
    raw_bytes: int = 0
    "space that they would take as pixels"


def find(config: RunConfig) -> Catalogue | None:
    """The pictures of the configuration; `None` if they are not drawn or downloaded yet.

    Raises:
        DataError: they cannot be trained on.
    """
    return local_catalogue(complete(config).data, config.seed)


def count_pictures(config: RunConfig, catalogue: Catalogue | None) -> Pictures:
    """The numbers of the pictures that `find` has listed, by class."""
    if catalogue is None:
        return Pictures("", (), 0, 0, 0.0, (), SOURCES[config.data.source].missing)
    parts = (catalogue.train, catalogue.test, catalogue.val)
    train, test, val = (Counter(sample.label for sample in part) for part in parts)
    first = {sample.label: sample.path for sample in reversed(catalogue.train)}
    return Pictures(
        root=catalogue.where,
        classes=tuple(
            ClassCount(name, train[label], test[label], val[label]) for label, name in enumerate(catalogue.classes)
        ),
        train_images=len(catalogue.train),
        test_images=len(catalogue.test),
        imbalance=max(train.values()) / min(train.values()),
        samples=tuple(first[label] for label in sorted(first)[:SAMPLES]),
        message="",
        val_images=len(catalogue.val),
        notes=catalogue.notes,
        found=summary(catalogue),
        left_out=catalogue.left_out,
        majority=majority(catalogue.train)[1],
    )


def lines(found: Pictures | Estimate, as_json: bool) -> list[str]:
    """The answer as one line of JSON, with the `type` `pictures` or `estimate`, or as lines for people."""
    if as_json:
        return [json.dumps({"type": type(found).__name__.lower()} | dataclasses.asdict(found))]
    return _of_pictures(found) if isinstance(found, Pictures) else _of_estimate(found)


def _of_pictures(found: Pictures) -> list[str]:
    if found.message:
        return [found.message]
    more = len(found.classes) - LINES
    return [
        f"{printable(found.root)}: {in_parts(found)}",
        *([printable(found.found)] if found.found else []),
        *map(printable, found.notes),
        *map(printable, left_out_notes(found.left_out)),
        *(f"  {printable(item.name)}: {_numbers(item, found.parts)}" for item in found.classes[:LINES]),
        *([f"  and {more:,} classes more"] if more > 0 else []),
        f"the largest class has {found.imbalance:.1f} times as many as the smallest{_always(found)}",
        f"for example {', '.join(map(printable, found.samples))}",
    ]


def _always(found: Pictures) -> str:
    """What uneven classes mean for the accuracy; empty if they are even."""
    if found.imbalance < UNEVEN:
        return ""
    return f", {found.majority:.0%} of all: a model that always says that class is right in {found.majority:.0%}"


def in_parts(found: Pictures) -> str:
    """How many pictures there are for training, validation and test."""
    texts = {
        "train": f"{found.train_images:,} pictures for training",
        "val": f"{found.val_images:,} for validation",
        "test": f"{found.test_images:,} for test",
    }
    return ", ".join(texts[part] for part in found.parts)


def _numbers(item: ClassCount, parts: Iterable[str]) -> str:
    return " and ".join(f"{getattr(item, part):,}" for part in parts)


def _of_estimate(found: Estimate) -> list[str]:
    groups = ", ".join(
        f"{count:,} in the {name}{' (frozen)' if name in found.frozen else ''}"
        for name, count in found.parameters.items()
    )
    parts = f", in parts of {found.micro_batch}" if found.micro_batch is not None else ""
    return [
        f"{found.model}, {found.arm}, on {found.device} in {found.precision}; parameters: {groups}",
        f"a step of {found.batch_size} pictures of {found.image_size} pixels{parts} takes {found.step_seconds:.2g} s; "
        f"{found.images_per_second:,.0f} pictures/s are decoded at first, {found.images_per_second_again:,.0f} later",
        f"{how_long(found)}, {duration(found.first_epoch_seconds)} for the "
        f"first and {duration(found.epoch_seconds)} for each later one; {found.bottleneck} is the bottleneck",
        *([f"the recipe {found.recipe} chose {settings(found.chosen)}"] if found.chosen else []),
        *([prepared(found)] if found.cache_bytes else []),
    ]


def prepared(found: Estimate) -> str:
    """How much space the prepared pictures take."""
    if found.cache_format == "raw":
        return f"prepared pictures take about {space(found.cache_bytes)} in the cache folder"
    return (
        f"prepared pictures take about {space(found.cache_bytes)} in the cache folder as JPEG, "
        f"and {space(found.raw_bytes)} as pixels (data.cache_format)"
    )


def space(count: int) -> str:
    """`3.1 MiB`, `33 GiB`."""
    size, unit = (count / 2**30, "GiB") if count >= 2**30 else (count / 2**20, "MiB")
    return f"{size:.2g} {unit}" if size < 10 else f"{size:,.0f} {unit}"


def how_long(found: Estimate) -> str:
    """How long the run takes, and how much it trains in that time."""
    if found.minutes is None:
        return f"about {duration(found.seconds)} for {found.epochs:,} epoch{'s' * (found.epochs != 1)}"
    later = max(found.seconds - found.first_epoch_seconds, 0.0) / max(found.epoch_seconds, 1e-9)
    share = found.seconds / max(found.first_epoch_seconds, 1e-9)
    until = f"until {found.until}, " if found.until else ""
    return f"{until}{duration(found.seconds)}, in which there is time for about {min(share, 1.0) + later:,.2g} epochs"


def settings(chosen: Mapping[str, Any]) -> str:
    """Settings as text: `optim.lr 0.0001, train.clip 1.0`."""
    return ", ".join(
        f"{key} {str(value).lower() if isinstance(value, bool) else value}" for key, value in chosen.items()
    )


def duration(seconds: float) -> str:
    """`0.8 s`, `34 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
