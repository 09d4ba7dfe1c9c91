"""Places in a configuration that a run keeps wherever it is resumed from."""

import os
from pathlib import Path
from typing import Any

from engine.config.run_config import RunConfig


def with_absolute_places(config: RunConfig) -> RunConfig:
    """The configuration with absolute paths of pictures, tables and weights; relative ones are of this folder."""
    data: dict[str, Any] = {}
    for key in ("root", "csv", "exclude"):
        if (place := getattr(config.data, key)) is not None:
            data[key] = _absolute(place)
    if config.data.roots:
        data["roots"] = tuple(map(_absolute, config.data.roots))
    sections: dict[str, Any] = {"data": config.data.model_copy(update=data)} if data else {}
    weights = config.model.weights
    if weights not in ("default", "demo"):
        sections["model"] = config.model.model_copy(update={"weights": str(_absolute(Path(weights)))})
    return config.model_copy(update=sections) if sections else config


def _absolute(place: Path) -> Path:
    """Links stay: what they lead to may be moved."""
    try:
        return Path(os.path.abspath(place))  # noqa: PTH100 - Path.absolute keeps `..`
    except OSError:  # the working directory is gone
        return place
