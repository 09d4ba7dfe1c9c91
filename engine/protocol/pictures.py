"""What happens to the pictures."""

from dataclasses import dataclass
from typing import Literal

from engine.protocol.values import Int, Real


@dataclass(frozen=True, slots=True)
class Preparing:
    """How far something is that is done once: `pictures` decoded and kept, or `features` computed of them."""

    what: Literal["pictures", "features"]
    done: Int
    total: Int


@dataclass(frozen=True, slots=True)
class PicturesPrepared:
    """Decoded pictures are kept in the user's cache folder; `reason` says why not all of them, empty if all are."""

    prepared: Int
    pictures: Int
    bytes: Int
    reason: str


@dataclass(frozen=True, slots=True)
class ImageSkipped:
    """A picture that cannot be decoded; training goes on without it."""

    path: str
    reason: str
    count: Int
    "pictures skipped so far"


@dataclass(frozen=True, slots=True)
class LoaderStuck:
    """No batch has come for so long; training waits for these files."""

    seconds: Real
    paths: tuple[str, ...]
