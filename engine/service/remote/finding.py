"""Finding runs by name: those in the checkpoint folder, and live ones wherever they are."""

import contextlib
from pathlib import Path

from engine.errors import CheckpointError, UserError
from engine.service.remote import registry
from engine.service.remote.address import is_live
from engine.service.remote.reaching import elsewhere
from engine.storage.journal import JOURNAL
from engine.storage.run_folder import CONFIG, find_run


def find(name: str, root: Path) -> Path:
    """The folder of a run: a path, a name in the checkpoint folder, or the name of a live one elsewhere.

    Raises:
        CheckpointError: there is no such run, or there are several.
    """
    try:
        return find_run(name, root)
    except CheckpointError:
        found = [folder for folder in registry.live_runs() if folder.name == name]
        if not found:
            raise
    if len(found) > 1:
        paths = ", ".join(map(str, found))
        raise CheckpointError("Several such runs", f"{name} is the name of {len(found)} live runs; use a path: {paths}")
    return found[0]


def runs(root: Path) -> list[Path]:
    """The folders of all runs in the checkpoint folder and of the live ones elsewhere, in no order."""
    found = []
    with contextlib.suppress(OSError):  # the folder does not exist yet, or may not be entered
        found = [folder for folder in root.iterdir() if _is_run(folder)]
    here = {folder.resolve() for folder in found}
    return found + [folder for folder in registry.live_runs() if folder not in here]


def only_live_run(root: Path) -> Path:
    """The folder of the only live run, in the checkpoint folder or elsewhere.

    Raises:
        UserError: there is none, or more than one; the message lists them.
    """
    live = [folder for folder in runs(root) if is_live(folder)]
    if not live and (away := [f"{folder.name}: {there}" for folder in runs(root) if (there := elsewhere(folder))]):
        raise UserError("No live run", "; ".join(away))
    if not live:
        raise UserError("No live run", f"nothing is being trained in {root} or elsewhere; see `finetune-tui runs`")
    if len(live) > 1:
        names = ", ".join(f"{folder.name} ({folder.parent})" for folder in live)
        raise UserError("Several live runs", f"name one of them: {names}")
    return live[0]


def _is_run(folder: Path) -> bool:
    try:
        return (folder / CONFIG).is_file() or (folder / JOURNAL).is_file()
    except OSError:  # it may not be entered
        return False
