"""The live runs of this user, wherever their folders are. The user's state folder has a link to each."""

import contextlib
from pathlib import Path

from platformdirs import user_state_path

from engine.service.remote.address import is_live, short_name


def add(folder: Path) -> Path | None:
    """Add a run; its link, or `None` where none can be made, and the run is found by its path alone."""
    entry = _links() / short_name(folder)
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.unlink(missing_ok=True)
        entry.symlink_to(folder.resolve())
    except OSError:
        return None
    return entry


def remove(entry: Path | None) -> None:
    """Remove a link."""
    with contextlib.suppress(OSError):
        if entry is not None:
            entry.unlink(missing_ok=True)


def live_runs() -> list[Path]:
    """The folders of all runs that processes of this machine train, the newest first. Removes links to deleted runs."""
    found = []
    with contextlib.suppress(OSError):
        for entry in _links().iterdir():
            folder = entry.resolve()
            if is_live(folder):
                found.append((entry.lstat().st_mtime, folder))
            elif not folder.exists():  # one that exists may be live on another machine with the same home folder
                remove(entry)
    return [folder for _, folder in sorted(found, reverse=True)]


def _links() -> Path:
    return user_state_path("finetune-tui") / "live"
