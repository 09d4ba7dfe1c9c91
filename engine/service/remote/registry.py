"""The live runs of this user, wherever their folders are: a link each in the user's state folder."""

import contextlib
from pathlib import Path

from platformdirs import user_state_path

from engine.service.remote.address import is_live, short_name


def enter(folder: Path) -> Path | None:
    """Note a run; its entry, `None` where there is no place for one, and it can be found by its path alone."""
    entry = _place() / short_name(folder)
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.unlink(missing_ok=True)
        entry.symlink_to(folder.resolve())
    except OSError:
        return None
    return entry


def leave(entry: Path | None) -> None:
    """Remove an entry."""
    with contextlib.suppress(OSError):
        if entry is not None:
            entry.unlink(missing_ok=True)


def live() -> list[Path]:
    """The folders of all runs that processes of this machine have, the newest first; what a crash left goes."""
    found = []
    with contextlib.suppress(OSError):
        for entry in _place().iterdir():
            folder = entry.resolve()
            if is_live(folder):
                found.append((entry.lstat().st_mtime, folder))
            elif not folder.exists():  # one that exists may be live on another machine with the same home
                leave(entry)
    return [folder for _, folder in sorted(found, reverse=True)]


def _place() -> Path:
    return user_state_path("finetune-tui") / "live"
