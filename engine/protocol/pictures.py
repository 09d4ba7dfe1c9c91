"""Events about pictures."""

from dataclasses import dataclass
from typing import Literal

from engine.protocol.values import Int, Real


@dataclass(frozen=True, slots=True)
class Preparing:
    """Progress of work that is done once: decoding and keeping `pictures`, or computing their `features`."""

    what: Literal["pictures", "features"]
    done: Int
    total: Int


@dataclass(frozen=True, slots=True)
class PicturesNoted:
    """Something about the list of pictures was guessed, or some of them are left out of it."""

    message: str


@dataclass(frozen=True, slots=True)
class PicturesPrepared:
    """Decoded pictures are kept in the user's cache folder. `reason` says why some are not; it is empty if all are."""

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
    """No batch has been ready for `seconds`; training waits for these files."""

    seconds: Real
    paths: tuple[str, ...]
