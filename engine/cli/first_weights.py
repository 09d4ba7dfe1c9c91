"""The weights that a run would start from: which file, and whether it must be downloaded. Loads no torch by itself."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from engine.cli.preview import space
from engine.config import RunConfig
from engine.protocol.printable import printable


@dataclass(frozen=True, slots=True)
class Weights:
    """The file with the weights that the first arm of a run starts from."""

    description: str
    "whose they are, for people"
    file: str
    "where the file is, or will be"
    url: str
    "where they are downloaded from; empty for a file of the user's own"
    bytes: int | None
    "size of the file; `None` if it is not known before the download"
    here: bool
    "whether the file is on this machine"


def first_weights(config: RunConfig) -> Weights | None:
    """The weights that the run would start from; `None` if they are random. Loads torch, and downloads nothing.

    Raises:
        WeightsError: the model is unknown, or has no published weights.
    """
    if config.init == "scratch":
        return None
    from engine.models.build import starting_file

    published, file = starting_file(config.model)
    here = file.is_file()
    if published is None:
        return Weights(f"weights of {file}", str(file), "", file.stat().st_size if here else None, here)
    size = file.stat().st_size if here else published.bytes
    return Weights(published.description, str(file), published.url, size, here)


def weights_lines(found: Weights | None, as_json: bool) -> list[str]:
    """The answer as one line of JSON, with the `type` `weights`, or as a line for people; none for random weights."""
    if found is None:
        return []
    return [json.dumps({"type": "weights"} | dataclasses.asdict(found))] if as_json else [described(found)]


def described(found: Weights) -> str:
    """The weights in a sentence: `downloads resnet18-f37072fd.pth, 45 MiB, from download.pytorch.org`."""
    name, size = printable(Path(found.file).name), "" if found.bytes is None else f", {space(found.bytes)}"
    if found.here:
        return f"starts from {name}{size}, which is on this machine"
    return f"downloads {name}{size or ', of unknown size'}, from {printable(urlsplit(found.url).netloc)}"
