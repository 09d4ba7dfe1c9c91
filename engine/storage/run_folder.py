"""A run's folder: making it, its configuration, and finding it."""

import contextlib
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.config import RunConfig, load_config
from engine.config.values import given_keys
from engine.errors import CheckpointError, UserError
from engine.protocol.streams import say
from engine.storage.atomic import atomic_write
from engine.storage.lock import lock_and_wait
from engine.storage.unwritable import not_writable

CONFIG, LAUNCHER = "config.yaml", "launcher"
CORRECTIONS = "corrections.csv"
"the list `data.exclude` of a run, as it was given"
LABELS = "labels.csv"
"that list with what was said of labels during the run"
PICTURES = "pictures.tsv.gz"
"the list of the run's pictures"


def create_run(config: RunConfig, launcher: str = "") -> Path:
    """Make a new run's folder, `<name>-<number>`, with its complete configuration and its launcher in it.

    Raises:
        UserError: the checkpoint folder cannot be written.
    """
    root = config.checkpoint.dir
    try:
        root.mkdir(parents=True, exist_ok=True)
        pattern = re.compile(re.escape(config.name) + r"-(\d+)")
        taken = [int(found[1]) for entry in root.iterdir() if (found := pattern.fullmatch(entry.name))]
        number = max(taken, default=0) + 1
        while True:  # another process may take the same number at the same moment
            folder = root / f"{config.name}-{number}"
            try:
                folder.mkdir(mode=0o700)  # who can enter it can use its control socket
                break
            except FileExistsError:
                number += 1
    except OSError as error:
        raise not_writable(root, error) from None
    try:
        save_config(config, folder)
        if launcher:
            (folder / LAUNCHER).write_text(launcher, encoding="utf-8")
    except (OSError, UserError) as error:
        with contextlib.suppress(OSError):  # without a configuration it is no run
            (folder / CONFIG).unlink(missing_ok=True)
            folder.rmdir()
        raise (error if isinstance(error, UserError) else not_writable(folder / LAUNCHER, error)) from None
    return folder


def begin_run(folder: Path, config: RunConfig) -> None:
    """Make the folder of a run that has no checkpoint yet, with its complete configuration; it may be there already.

    Where a process of another machine may still have it, that is said, and it waits until this is known.

    Raises:
        UserError: it cannot be written, or another process has it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(folder, error) from None
    lock = lock_and_wait(folder, say)
    try:
        save_config(config, folder)
    finally:
        lock.close()


def find_run(name: str, root: Path) -> Path:
    """The folder of a run, given by its path or by its name in the checkpoint folder.

    Raises:
        CheckpointError: there is no such run; the message lists the newest runs.
    """
    for folder in (Path(name), root / name):
        with contextlib.suppress(OSError):  # a folder that may not be entered, or no valid name
            if (folder / CONFIG).is_file():
                return folder
    runs = sorted(root.glob(f"*/{CONFIG}"), key=lambda file: file.stat().st_mtime, reverse=True)
    known = ", ".join(file.parent.name for file in runs[:5]) or "none"
    raise CheckpointError("No such run", f"{name} is no run folder and no run in {root} (there: {known})")


def has_checkpoint(folder: Path) -> bool:
    """Whether a run has a checkpoint, sound or not; without one, nothing of it can be gone on with."""
    return any(folder.glob("*/*.pt"))


def find_launched(launcher: str, root: Path) -> Path | None:
    """The folder of the run that a launcher has started before, if there is a checkpoint to go on from."""
    for file in root.glob(f"*/{LAUNCHER}"):
        if file.read_text(encoding="utf-8") == launcher and has_checkpoint(file.parent):
            return file.parent
    return None


def save_config(config: RunConfig, folder: Path) -> None:
    """Replace the configuration in a run's folder, whole or not at all.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        with atomic_write(folder / CONFIG) as temporary:
            temporary.write_text(config.to_yaml(), encoding="utf-8")
            temporary.replace(folder / CONFIG)
    except OSError as error:
        raise not_writable(folder / CONFIG, error) from None


def keep_corrections(config: RunConfig, folder: Path) -> RunConfig:
    """Copy the list `data.exclude` into a run's folder, unless it is there. Returns the configuration that names it.

    Raises:
        UserError: the folder cannot be written.
    """
    kept = folder.resolve() / CORRECTIONS
    if config.data.exclude is None or config.data.exclude == kept:
        return config
    try:
        with atomic_write(kept) as temporary:
            shutil.copyfile(config.data.exclude, temporary)
            temporary.replace(kept)
    except OSError as error:
        raise not_writable(kept, error) from None
    return config.model_copy(update={"data": config.data.model_copy(update={"exclude": kept})})


def load_run_config(folder: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """The configuration a run was started with, changed by `overrides`. Its list of corrections is the run's own.

    A run of an older version, which has no `data.cache_format`, has trained on raw pixels.
    """
    kept = folder.resolve() / CORRECTIONS  # the folder may have moved since the configuration was written
    own = [f"data.exclude={json.dumps(str(kept))}"] if kept.exists() else []
    config = load_config(folder / CONFIG, [*own, *overrides])
    if "data.cache_format" in given_keys(config) or not has_checkpoint(folder):
        return config
    return load_config(folder / CONFIG, [*own, "data.cache_format=raw", *overrides])
