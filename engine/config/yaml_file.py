"""YAML without surprises: the settings decide what is a number, and no key is given twice."""

from pathlib import Path
from typing import Any

import yaml

from engine.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """Reads `null` as `None` and every other word without quotes as text.

    YAML 1.1 reads 5e-4 as text but 1_0 as a number, `no` as false and 2024-01-01 as a date. The settings know
    their types, so they turn text into numbers.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        first: dict[str, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in first and name != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"`{name}` is given twice, first in line {first[name]}; keep one", key.start_mark
                )
            first[name] = line
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str, where: str) -> Any:  # noqa: ANN401 - any value of YAML
    """The value of the YAML `text`, its numbers still as text.

    Raises:
        ConfigError: it is not valid YAML or gives a key twice; the message begins with `where` and the line.
    """
    try:
        return yaml.load(text, _Loader)
    except Exception as error:  # PyYAML can raise anything for a tag on a wrong value (`!!timestamp x`)
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        reason = reason if "given twice" in reason else f"not valid YAML ({reason})"
        raise ConfigError("Configuration not read", f"{where}{line}: {reason}") from None


def read(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file, empty for an empty file.

    Raises:
        ConfigError: the file cannot be read, is not valid YAML, gives a key twice, or holds no mapping.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("Configuration not read", f"{file} is not a text file in UTF-8; save it as one") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError("Configuration not read", f"{file}: {reason}; name a YAML file") from None
    settings = parse(text, str(file))
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ConfigError("Configuration not read", f"{file}: expected `key: value` lines at the top level")
    return settings
