"""MLflow: a file of SQLite beside the runs, or a server. Metrics have the journal's times, so none is there twice."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from engine.sinks.tracking import Branch, Note, Scalars, Tracker, TrackerRun, Value, Wanted

KEY = "finetune_tui.key"
LONGEST = 6000  # characters of a parameter
MOST_METRICS = 1000  # that a call takes
MOST_PARAMETERS = 100


def connect(wanted: Wanted) -> Tracker:
    """The address of `--store`, else of MLFLOW_TRACKING_URI, else the file `mlflow.db` beside the runs."""
    store = wanted.store or os.environ.get("MLFLOW_TRACKING_URI", "")
    if not store:
        file = Path(wanted.root).absolute() / "mlflow.db"
        file.parent.mkdir(parents=True, exist_ok=True)
        store = f"sqlite:///{file}"
    return _Store(store, wanted.project)


class _Store:
    continues = True

    def __init__(self, address: str, project: str) -> None:
        self.place = f"{address}, experiment {project}"
        self._project = project
        self._client = MlflowClient(address)

    def open(self, branch: Branch, settings: Mapping[str, Value], key: str) -> TrackerRun:
        """The run whose tag has this key, or a new one."""
        known = self._client.get_experiment_by_name(self._project)
        experiment = known.experiment_id if known is not None else self._client.create_experiment(self._project)
        for found in self._client.search_runs([experiment], f"tags.`{KEY}` = '{key}'"):
            self._client.update_run(found.info.run_id, status="RUNNING")
            return _Run(self._client, found.info.run_id)
        run = self._client.create_run(experiment, run_name=branch.name, tags={KEY: key, "finetune_tui.run": branch.run})
        parameters = [Param(name, str(value)[:LONGEST]) for name, value in settings.items()]
        for first in range(0, len(parameters), MOST_PARAMETERS):
            self._client.log_batch(run.info.run_id, params=parameters[first : first + MOST_PARAMETERS])
        return _Run(self._client, run.info.run_id)


class _Run:
    def __init__(self, client: MlflowClient, run: str) -> None:
        self._client, self._run = client, run

    def send(self, items: Iterable[Scalars | Note]) -> None:
        """Send metrics in batches, and each note as a tag, which is named after its step and time."""
        metrics: list[Any] = []
        tags: list[Any] = []
        for item in items:
            moment = int(item.time * 1000)
            if isinstance(item, Note):
                tags.append(RunTag(f"by hand/step {item.step}/{moment}", item.text))
            else:
                metrics += [Metric(name, value, moment, item.step) for name, value in item.values.items()]
        for first in range(0, len(metrics), MOST_METRICS):
            self._client.log_batch(self._run, metrics=metrics[first : first + MOST_METRICS])
        for tag in tags:
            self._client.set_tag(self._run, tag.key, tag.value)

    def close(self, failed: bool) -> None:
        """Say that the run has ended."""
        self._client.set_terminated(self._run, "FAILED" if failed else "FINISHED")
