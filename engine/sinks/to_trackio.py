"""Trackio: files in the folder where `trackio show` looks. It says by itself if it cannot write them."""

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine.sinks.tracking import Branch, Note, Scalars, Tracker, TrackerRun, Value, Wanted

FOLDER = "TRACKIO_DIR"
KEY = "finetune_tui.key"


def connect(wanted: Wanted) -> Tracker:
    """The folder of `--store`, else of TRACKIO_DIR, else Trackio's own in the user's cache."""
    if wanted.store:
        os.environ[FOLDER] = str(Path(wanted.store).absolute())  # it is read when the library is loaded
    import trackio

    return _Project(wanted.project, str(trackio.TRACKIO_DIR))


class _Project:
    continues = True

    def __init__(self, project: str, folder: str) -> None:
        self._project = project
        self.place = f"{folder}, project {project}"

    def open(self, branch: Branch, settings: Mapping[str, Value], key: str) -> TrackerRun:
        """The run of this name; if another one has it already, such as one of another folder, with the key added."""
        import trackio

        taken = any(known.get(KEY) != key for known in self._settings_of(branch.name))
        with contextlib.redirect_stdout(sys.stderr):
            run = trackio.init(
                project=self._project,
                name=f"{branch.name} ({key})" if taken else branch.name,
                group=branch.run,
                config={**settings, KEY: key},
                resume="allow",
                embed=False,
                auto_log_gpu=False,  # this process is not the one that trains
                auto_log_cpu=False,
            )
        return _Run(run)

    def _settings_of(self, name: str) -> list[dict[str, Any]]:
        """The settings of all runs of this name."""
        import trackio

        try:
            return [run.config or {} for run in trackio.Api().runs(self._project) if run.name == name]
        except ValueError:  # there is no such project yet
            return []


class _Run:
    def __init__(self, run: Any) -> None:  # noqa: ANN401 - the library may not be installed
        self._run = run

    def send(self, items: Iterable[Scalars | Note]) -> None:
        """Put them into the library's queue, which a thread of it writes."""
        for item in items:
            values = {"by_hand": item.text} if isinstance(item, Note) else dict(item.values)
            self._run.log(values, step=item.step)

    def close(self, failed: bool) -> None:
        """Wait until all is written."""
        with contextlib.redirect_stdout(sys.stderr):
            self._run.finish()
