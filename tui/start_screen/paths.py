"""Paths that are typed: what they may become, and those of before. Loads no Textual."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import EngineError
from engine.storage.run_folder import load_run_config
from tui.commands.runs import newest

SUFFIXES = (".yaml", ".yml")
MOST = 200  # that a list has
RECENT, LOOKED_AT = 8, 40  # folders that are offered, runs that are looked at for them


def complete(text: str, files: bool) -> list[str]:
    """What a path may become, sorted: folders, ending with a slash, and with `files` configurations, too.

    Hidden ones are there only where the dot is typed; of a folder that cannot be read, nothing.
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
                elif files and name.endswith(SUFFIXES):
                    found.append(head + slash + name)
    return sorted(found)[:MOST]


def longest(text: str, found: Iterable[str]) -> str:
    """As much of a path as all that it may become have in common."""
    return os.path.commonprefix(list(found)) or text  # noqa: RUF071 - letters are what is typed


def recent_folders(root: Path) -> list[str]:
    """Folders that the newest runs below `root` were trained on and that are still there, `~` for the home folder."""
    folders = dict.fromkeys(_trained_on(newest(root)[:LOOKED_AT]))
    return [near_home(folder) for folder in folders if Path(folder).is_dir()][:RECENT]


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
            if data.source == "folder" and data.root is not None:
                yield str(data.root)
