"""Problems of settings as sentences: where the setting is given, its key, what is wrong, and what would be right."""

import difflib
import re
import reprlib
from dataclasses import dataclass, field
from typing import Any

INCOMPLETE = "incomplete_section"  # type of the error for a missing key that another setting needs
CONTRADICTION = "contradicting_settings"  # type of the error for a key that another setting excludes


@dataclass(frozen=True)
class Origin:
    """Where settings are given: in `file`, except for the keys of `overrides`."""

    file: str
    overrides: dict[str, str] = field(default_factory=dict)

    def of(self, path: list[str]) -> str:
        """Where the key, or a section around it, is given last."""
        keys = (".".join(path[:length]) for length in range(len(path), 0, -1))
        return next((self.overrides[key] for key in keys if key in self.overrides), self.file)

    def of_unknown(self, path: list[str]) -> str:
        """The same for an unknown key, which may come from an override of a key below it."""
        below = ".".join([*path, ""])
        return next((text for key, text in self.overrides.items() if key.startswith(below)), self.of(path))


def describe(item: Any, origin: Origin, known: list[str]) -> str:  # noqa: ANN401 - pydantic's error record
    """An error of pydantic as a sentence; `known` are all dotted keys."""
    path = [str(part) for part in item["loc"]]
    context = item.get("ctx", {})
    if item["type"] in (INCOMPLETE, CONTRADICTION):
        path.append(context["key"])
    key, where = ".".join(path), origin.of(path)
    match item["type"]:
        case "extra_forbidden":
            return f"{origin.of_unknown(path)}: unknown key `{key}`; {_nearest(key, known)}"
        case "missing":
            return f"{where}: `{key}` is missing; give it or leave its section out"
        case "incomplete_section":
            return f"{where}: `{key}` is missing; {context['hint']}"
        case "contradicting_settings":
            return f"{where}: `{key}` {context['hint']}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{where}: `{key}` is {_shown(item['input'])}; it should be a section with keys of its own"
        case "value_error":
            return f"{where}: `{key}` is {_shown(item['input'])}; {context['error']}"
        case _:
            reason = item["msg"].replace("Input should", "it should").partition(", unable")[0]
            return f"{where}: `{key}` is {_shown(item['input'])}; {reason}"


def _nearest(key: str, known: list[str]) -> str:
    """The known key that an unknown one is probably meant to be."""
    leaf = key.rpartition(".")[2]
    near = [name for name in known if name.rpartition(".")[2] == leaf]
    near = near or difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    if not near:
        leaves = {name.rpartition(".")[2]: name for name in known}
        near = [leaves[name] for name in difflib.get_close_matches(leaf, leaves, n=1, cutoff=0.7)]
    if not near:
        return "the README's configuration reference lists them all"
    return f"did you mean {' or '.join(f'`{name}`' for name in near)}?"


def _shown(value: Any) -> str:  # noqa: ANN401 - any value of the file
    """The value, cut to a bounded length; a single word as it is."""
    if value is None or value == "":
        return "empty"
    return value if isinstance(value, str) and re.fullmatch(r"[\w.+-]{1,40}", value) else reprlib.repr(value)
