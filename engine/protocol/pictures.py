"""Events about pictures."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from engine.protocol.values import Int, Real


@dataclass(frozen=True, slots=True)
class Preparing:
    """Progress of work that is done once: decoding and keeping `pictures`, or computing their `features`."""

    what: Literal["pictures", "features"]
    done: Int
    total: Int


@dataclass(frozen=True, slots=True)
class PicturesNoted:
    """Something about the pictures was guessed or chosen, some are left out, or prepared ones cannot be read."""

    message: str


@dataclass(frozen=True, slots=True)
class PicturesPrepared:
    """Decoded pictures are kept in the user's cache folder. `reason` says why some are not; it is empty if all are."""

    prepared: Int
    pictures: Int
    bytes: Int
    reason: str
    format: Annotated[Literal["raw", "jpeg"], Field(exclude_if=lambda value: value == "raw")] = "raw"
    "how training pictures are kept"


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
