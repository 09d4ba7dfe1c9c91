"""The sources of pictures other than the user's own folder. Loads no torch.

A source finds or makes a folder of pictures. A new source is a module with the two functions below and a row here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from engine.config.sections import DataConfig
from engine.data import archive, demo
from engine.protocol import Loading


@dataclass(frozen=True, slots=True)
class Source:
    """A source of pictures. Both functions get the configuration and the seed."""

    locate: Callable[[DataConfig, int], Generator[Loading, None, Path]]
    "finds or makes the folder, yields progress and returns the folder"
    find_local: Callable[[DataConfig, int], Path | None]
    "the folder if it exists already, otherwise `None`"
    missing: str
    "message for users if the folder does not exist: what a run does first"


SOURCES: dict[str, Source] = {
    "demo": Source(demo.locate, demo.find_local, "the demo's pictures are not there yet: the run draws them first"),
    "archive": Source(
        archive.locate, archive.find_local, "the pictures are not there yet: the run downloads them first"
    ),
}
