"""One process a run folder: a second one is told so, and a dead one is in nobody's way."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig
from engine.errors import UserError
from engine.loop.run import Run
from engine.storage import checkpoint
from engine.storage.holder import LOCK
from engine.storage.lock import RunLock
from engine.storage.sighting import holder, last_holder
from tests.engine.cli.test_headless import end, read_until, training
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.paths import ROOT

HOLD = """
import sys, time
from pathlib import Path
from engine.storage.lock import RunLock
lock = RunLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_a_folder_is_held_until_it_is_given_back(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    with pytest.raises(UserError) as caught:
        RunLock(tmp_path)
    assert caught.value.title == "Run in use"
    said = (
        f"{tmp_path} is in use by process {os.getpid()} on {os.uname().nodename}; stop it first, or start a run of its"
    )
    assert caught.value.message.startswith(said)
    lock.close()
    lock.close()
    RunLock(tmp_path).close()
    assert last_holder(tmp_path) == f"process {os.getpid()} on {os.uname().nodename}" and not holder(tmp_path)


def test_a_process_that_has_ended_holds_nothing_though_nobody_has_asked_how_it_ended(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / LOCK).write_text(f"process {process.pid} on {os.uname().nodename}\n")
    assert holder(tmp_path).startswith(f"process {process.pid} ")
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert holder(tmp_path) == ""
    process.communicate()


def test_a_process_that_is_killed_gives_it_back_though_a_program_it_started_lives_on(tmp_path: Path) -> None:
    program = HOLD.replace('print("held"', "import subprocess; print(subprocess.Popen(['sleep', '600']).pid")
    command = [sys.executable, "-c", program, str(tmp_path)]
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    child = int(owner.stdout.readline())
    try:
        with pytest.raises(UserError, match=f"process {owner.pid} on "):
            RunLock(tmp_path)
        owner.kill()
        owner.wait()
        RunLock(tmp_path).close()
        os.kill(child, 0)  # it does live on
    finally:
        owner.kill()
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_where_the_file_system_has_no_locks_a_process_that_is_there_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    first = RunLock(tmp_path)
    with pytest.raises(UserError, match=f"in use by process {os.getpid()} on "):
        RunLock(tmp_path)
    first.close()
    RunLock(tmp_path).close()


def test_where_the_file_cannot_be_made_it_goes_on_without(tmp_path: Path) -> None:
    RunLock(tmp_path / "gone").close()
    (tmp_path / "lock").mkdir()
    RunLock(tmp_path).close()


def test_a_second_process_on_a_run_ends_with_a_sentence_and_the_first_trains_on(
    tmp_path: Path, small: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second one is this one."""
    folder = tmp_path / "runs" / "small-1"
    with training(tmp_path / "small.yaml", "--json", "--epochs", "100000") as first:
        read_until(first, "checkpoint_saved")
        before = (folder / "journal.jsonl").read_bytes()
        assert main(["train", "--resume", str(folder), "--json"]) == 2
        told, messages = capsys.readouterr()
        said = (
            f"Run in use: {folder} is in use by process {first.pid} on {os.uname().nodename}; stop it first, or start"
        )
        assert messages.startswith(said) and messages.count("\n") == 1
        assert '"run_failed"' in told and '"run_started"' not in told
        read_until(first, "epoch_done")
        first.send_signal(signal.SIGTERM)
        out, _, status = end(first)
    assert status == 143 and '"run_finished"' in out
    journal = (folder / "journal.jsonl").read_bytes()
    assert journal.startswith(before) and b"run_failed" not in journal
    assert journal.count(b'"run_started"') == 1


def test_after_a_kill_it_is_resumed_and_what_the_kill_left_is_removed(tmp_path: Path, small: RunConfig) -> None:
    with training(tmp_path / "small.yaml", "--json", "--epochs", "100000") as first:
        read_until(first, "checkpoint_saved")
        first.kill()
        first.wait()
    folder = tmp_path / "runs" / "small-1"
    for name in (".metrics.csv.tmp", "scratch/.last.pt.tmp"):
        (folder / name).write_bytes(b"half")
    found = checkpoint.newest(folder)
    assert found is not None
    step = found.state["step"] + 1
    events = play(Run(with_settings(small, train__epochs=100000), resume=folder), after_step(step, p.Stop()))
    assert only(events, p.TrainStep)[0].step == step == events[-1].step
    assert folder_of(events) == str(folder) and not list(folder.rglob(".*.tmp"))


def test_a_run_that_is_over_is_given_back_however_it_ended(small: RunConfig) -> None:
    folder = Path(folder_of(play(Run(small), after_step(2, p.Stop()))))
    RunLock(folder).close()
    events = Run(small, resume=folder).events()
    while not isinstance(next(events), p.TrainStep):
        pass
    with pytest.raises(UserError):
        RunLock(folder)
    events.close()
    RunLock(folder).close()
    (folder / "scratch" / "last.pt").write_bytes(b"damaged")
    assert isinstance(play(Run(small, resume=folder))[-1], p.RunFailed)
    RunLock(folder).close()
