"""A configuration as values by their dotted keys, and a configuration with some values replaced."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from engine.config.run_config import RunConfig


def flat(config: RunConfig) -> dict[str, Any]:
    """All values by dotted key, as plain data."""
    return dict(_items(config.model_dump(mode="json"), ""))


def given_keys(config: BaseModel, prefix: str = "") -> Iterator[str]:
    """The dotted keys that somebody has given a value; all others have their defaults."""
    for name in config.model_fields_set:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            yield from given_keys(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def with_values(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """`config` with other values for some dotted keys. In the result every key counts as given."""
    settings = config.model_dump(mode="json")
    put_values(settings, values)
    return RunConfig.model_validate(settings)


def put_values(settings: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Put values for dotted keys into plain data, in place. Sections that are not there are made."""
    for key, value in values.items():
        *sections, name = key.split(".")
        section = settings
        for part in sections:
            section = section.setdefault(part, {})
        section[name] = value


def _items(section: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _items(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
