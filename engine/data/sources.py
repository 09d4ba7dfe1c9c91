"""Where pictures come from, other than a folder of the user's own. Loads no torch.

A source finds or makes a folder of pictures. A new one is a module with the two functions below and a row here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from engine.config.sections import DataConfig
from engine.data import archive, demo
from engine.protocol import Loading


@dataclass(frozen=True, slots=True)
class Source:
    """A source of pictures; both functions get the configuration and the seed."""

    locate: Callable[[DataConfig, int], Generator[Loading, None, Path]]
    "finds or makes the folder, yields its progress and returns the folder"
    find_local: Callable[[DataConfig, int], Path | None]
    "the folder if it is there already, else none"
    missing: str
    "for people: what a run does first if it is not"


SOURCES: dict[str, Source] = {
    "demo": Source(demo.locate, demo.find_local, "the demo's pictures are not there yet: the run draws them first"),
    "archive": Source(archive.locate, archive.find_local, "the pictures are not there yet: the run downloads them first"),
}
