"""Runs that were, as folders with a journal."""

import os
from dataclasses import replace
from pathlib import Path

from engine import protocol as p
from tests.tui.story import NOW, RUN_STARTED


def begun(name: str, model: str = "resnet18") -> p.RunStarted:
    return replace(RUN_STARTED, name=name, path=f"checkpoints/{name}", model=model)


def write_run(folder: Path, *events: p.Event, at: float = NOW) -> Path:
    """A run's folder with a journal of these, the last one recorded at `at`."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("name: x")
    journal = folder / "journal.jsonl"
    journal.write_text("".join(p.encode(event, at=at) + "\n" for event in events))
    os.utime(journal, (at, at))
    return folder
