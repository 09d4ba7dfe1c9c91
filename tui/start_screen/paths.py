"""Paths that are typed: how to complete them, and which were used before. Loads no Textual."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import EngineError
from engine.storage.run_folder import load_run_config
from tui.runs import newest

SUFFIXES = (".yaml", ".yml")
TABLES = (".csv", ".tsv")
MOST = 200  # paths in a list
RECENT, LOOKED_AT = 8, 40  # most folders that are offered; runs that are searched for them


def complete(text: str, files: bool) -> list[str]:
    """How a path may go on, sorted: folders, which end with a slash, and tables, or with `files` configurations.

    Hidden ones are included only where the dot is typed. A folder that cannot be read has no entries.
    """
    if text == "~":
        return ["~/"]
    head, slash, tail = text.rpartition("/")
    found = []
    with suppress(OSError, ValueError), os.scandir(os.path.expanduser(head + slash) or ".") as entries:  # noqa: PTH111
        for entry in entries:
            name = entry.name
            if not name.startswith(tail) or (name.startswith(".") and not tail) or not name.isprintable():
                continue
            with suppress(OSError):
                if entry.is_dir():
                    found.append(f"{head}{slash}{name}/")
                elif name.endswith(SUFFIXES if files else TABLES):
                    found.append(head + slash + name)
    return sorted(found)[:MOST]


def longest(text: str, found: Iterable[str]) -> str:
    """The longest beginning that all of `found` share; `text` where nothing is found."""
    return os.path.commonprefix(list(found)) or text  # noqa: RUF071 - letters are typed, not whole parts


def recent_folders(root: Path) -> list[str]:
    """Folders and tables of the newest runs in `root`, if they still exist; `~` stands for the home folder."""
    folders = dict.fromkeys(_trained_on(newest(root)[:LOOKED_AT]))
    return [near_home(folder) for folder in folders if Path(folder).exists()][:RECENT]


def configurations() -> list[str]:
    """Configurations in the working directory, and in its folder `configs`."""
    found: list[Path] = []
    for folder in (Path(), Path("configs")):
        with suppress(OSError):
            found += sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES)
    return [str(file) for file in found][:MOST]


def near_home(path: str) -> str:
    """The path with `~` for the home folder."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() fails where there is none
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") and home != "/" else path


def _trained_on(runs: Iterable[Path]) -> Iterator[str]:
    for run in runs:
        with suppress(EngineError, OSError, ValueError):
            data = load_run_config(run).data
            place = {"folder": data.root, "csv": data.csv}.get(data.source)
            if place is not None:
                yield str(place)
