"""The end of a run, and of watching it: killed, done and held open, left alone."""

import signal
import subprocess

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.errors import UserError
from engine.service.remote.address import is_live
from engine.service.remote.link import SocketLink
from engine.storage.journal import read_journal
from tests.engine.driving import only, with_settings
from tests.engine.service.remote.conftest import living
from tests.engine.service.remote.living import Viewer, wait_for
from tests.engine.service.remote.shown import shown, steps
from tests.programs import Program


def test_of_a_killed_run_its_viewer_learns_that_it_is_lost_and_all_that_it_journaled(small: RunConfig) -> None:
    config = with_settings(small, train__epochs=100_000, train__compile=False)
    file = config.checkpoint.dir.parent / "long.yaml"
    file.write_text(config.to_yaml())
    folder = config.checkpoint.dir / "small-1"
    with Program("engine", "train", str(file), stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: folder.exists() and is_live(folder))
            viewer = Viewer(folder)
            wait_for(lambda: len(viewer.seen(p.TrainStep)) > 10)
        finally:
            process.send_signal(signal.SIGKILL)
    lost = viewer.end()[-1]
    assert isinstance(lost, p.RunFailed) and lost.title == "Run lost" and "--resume" in lost.message
    history = [event for event in read_journal(folder) if isinstance(event, p.Event)]
    assert shown([*history, lost]) == shown(viewer.events)
    with pytest.raises(UserError, match="Not attached"):
        SocketLink(folder)


def test_a_run_that_has_done_its_epochs_waits_until_the_last_viewer_leaves(small: RunConfig) -> None:
    with living(small, hold=True) as run:
        folder = run.start(held_at=8)
        viewers = [Viewer(folder), Viewer(folder)]
        wait_for(lambda: all(viewer.seen(p.TrainStep) for viewer in viewers))
        run.let_go()
        for number, viewer in enumerate(viewers, 1):
            wait_for(lambda viewer=viewer: viewer.seen(p.ArmFinished))
            viewer.link.send(p.Release())  # ends nothing as long as somebody watches
            viewer.link.send(p.Save())
            wait_for(
                lambda number=number: [s.reason for s in only(run.events, p.CheckpointSaved)].count("key") == number
            )
            assert not run.over
            viewer.link.close()
        wait_for(lambda: run.over)
    assert only(run.events, p.RunFinished)[0].completed


def test_a_run_whose_viewers_leave_in_the_middle_goes_on_to_the_end_of_its_epochs(small: RunConfig) -> None:
    with living(small, hold=True) as run:
        folder = run.start(held_at=3)
        viewer = Viewer(folder)
        wait_for(lambda: viewer.seen(p.TrainStep))
        viewer.link.close()
        run.let_go()
        wait_for(lambda: run.over)
    assert only(run.events, p.RunFinished)[0].completed and steps(run.events) == list(range(1, 9))
