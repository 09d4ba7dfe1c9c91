"""What a run is trained on is in its first event, and old journals without it are read."""

import json
import platform
from importlib import metadata

import torch

from engine import protocol as p
from engine.hardware.machine import device_name, versions
from engine.loop.run import Run
from tests.engine.driving import only, play


def test_a_run_says_its_versions_and_its_processor(small_run: Run) -> None:
    (started,) = only(play(small_run), p.RunStarted)
    assert started.versions == versions()
    assert (
        started.versions["torch"] == metadata.version("torch")
        and started.versions["python"] == platform.python_version()
    )
    assert started.hardware == device_name(torch.device("cpu"))


def test_an_event_of_an_older_version_has_neither(small_run: Run) -> None:
    (started,) = only(play(small_run), p.RunStarted)
    values = json.loads(p.encode(started))
    assert values.pop("versions")
    values.pop("hardware", None)  # some systems do not say it
    old = p.decode(json.dumps(values))
    assert (old.versions, old.hardware, old.name) == ({}, "", started.name)
