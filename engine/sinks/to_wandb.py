"""Weights & Biases: its server where somebody has logged in, else files that `wandb sync` sends later."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import wandb

from engine.sinks.tracking import Branch, Note, Scalars, Tracker, TrackerRun, Value, Wanted

OFFLINE = "offline"


def connect(wanted: Wanted) -> Tracker:
    """The mode is that of WANDB_MODE, else `online` with a login and `offline` without."""
    mode = os.environ.get("WANDB_MODE") or ("online" if wandb.login(prompt=False) else OFFLINE)
    folder = Path(wanted.store or wanted.root).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return _Project(mode, folder, wanted.project)


class _Project:
    def __init__(self, mode: str, folder: Path, project: str) -> None:
        self._mode, self._folder, self._project = mode, folder, project
        where = f"{folder}/wandb, which `wandb sync` sends" if mode == OFFLINE else "W&B"
        self.place = f"{where} ({mode}), project {project}"
        self.continues = mode != OFFLINE

    def open(self, branch: Branch, settings: Mapping[str, Value], key: str) -> TrackerRun:
        """The run with this key as its id. Files of an earlier process without a login are replaced."""
        if self._mode == OFFLINE:
            for old in self._folder.glob(f"wandb/{OFFLINE}-run-*-{key}"):
                shutil.rmtree(old)
        run = wandb.init(
            project=self._project,
            dir=str(self._folder),
            id=key,
            name=branch.name,
            group=branch.run,
            job_type=branch.arm,
            config=dict(settings),
            mode=self._mode,  # type: ignore[arg-type, unused-ignore]
            resume="allow",
            reinit="create_new",  # both arms are open at a time
            settings=wandb.Settings(
                console="off",
                silent=True,
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,  # this process is not the one that trains
                x_disable_meta=True,
            ),
        )
        run.define_metric("step")
        run.define_metric("*", step_metric="step")
        return _Run(run)


class _Run:
    def __init__(self, run: Any) -> None:  # noqa: ANN401 - the library may not be installed
        self._run = run

    def send(self, items: Iterable[Scalars | Note]) -> None:
        """Pass them to the library's own process, which sends them."""
        for item in items:
            values = {"by_hand": item.text} if isinstance(item, Note) else dict(item.values)
            self._run.log({"step": item.step, "time": item.time, **values})

    def close(self, failed: bool) -> None:
        """Wait until all is sent."""
        self._run.finish(exit_code=int(failed))
