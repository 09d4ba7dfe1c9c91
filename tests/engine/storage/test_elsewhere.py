"""A run's folder on a file system that several machines share: who has it, and since when nobody has."""

import errno
import fcntl
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UserError
from engine.storage import heartbeat
from engine.storage.heartbeat import STALE_SECONDS, Heartbeat
from engine.storage.holder import LOCK, Holder, job_of, parse, this_process
from engine.storage.lock import HELD_SECONDS, SETTLE_SECONDS, SURE_SECONDS, RunLock, lock_and_wait, lock_when_free
from engine.storage.sighting import holder, last_holder, sight
from tests.engine.storage.hosts import N12, be_on, left_by, stand_still

SLURM, QUEUE = {"SLURM_JOB_ID": "4711"}, {"PBS_JOBID": "12.head", "LSB_JOBID": ""}
POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.mark.parametrize(
    ("environment", "job"),
    [
        ({}, ""),
        (SLURM, "Slurm job 4711"),
        (QUEUE, "PBS job 12.head"),
        ({"LSB_JOBID": "99"}, "LSF job 99"),
        (POD, "Kubernetes pod"),
        (POD | {"POD_NAMESPACE": "ml\n"}, "Kubernetes pod, namespace ml"),
        (POD | SLURM, "Slurm job 4711"),
    ],
)
def test_a_queue_is_known_by_its_environment(environment: dict[str, str], job: str) -> None:
    assert job_of(environment) == job


@pytest.mark.parametrize(
    "who",
    [
        Holder(7, "box"),
        Holder(7, "a host", "PBS job 12[3].head (big)"),
        N12,
        N12.at_its_end,
        this_process(),
    ],
)
def test_a_holder_is_read_as_it_was_written_and_in_the_form_of_older_versions(who: Holder) -> None:
    assert parse(who.line) == who
    assert parse(f"process {who.process} on {who.host}\n") == Holder(who.process, who.host)


@pytest.mark.parametrize("text", ["", "x", "process on box", f"process {'9' * 400} on box", "process 1 on a\nb"])
def test_any_other_text_names_nobody(text: str, tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(text)
    assert sight(tmp_path) is None and holder(tmp_path) == "" and last_holder(tmp_path) == text
    RunLock(tmp_path).close()


# --- looking --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [N12, "process 4321 on n12\n"])
def test_another_machines_process_is_alive_as_long_as_it_shows_signs_of_life(who: Any, tmp_path: Path) -> None:
    left_by(tmp_path, who)
    found = sight(tmp_path)
    assert found is not None and found.alive and found.silent is not None and found.silent < STALE_SECONDS
    assert holder(tmp_path).startswith("process 4321 on n12")
    left_by(tmp_path, who, STALE_SECONDS + 1)
    found = sight(tmp_path)
    assert found is not None and not found.alive and found.silent is not None and found.silent > STALE_SECONDS
    (tmp_path / "journal.jsonl").write_text("{}\n")  # what older versions write is a sign of life, too
    assert holder(tmp_path).startswith("process 4321 on n12")
    left_by(tmp_path, N12.at_its_end)
    assert holder(tmp_path) == ""


def test_no_clock_of_a_machine_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(tmp_path)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(time, "time", lambda: 1e12)
    assert holder(tmp_path)
    left_by(tmp_path, seconds=-3600)  # the clock of the file server was set back
    found = sight(tmp_path)
    assert found is not None and found.silent == 0 and sorted(tmp_path.iterdir()) == before


def test_another_container_of_this_machine_is_seen_by_its_signs_of_life(tmp_path: Path) -> None:
    here = this_process()
    other = Holder(here.process, here.host, "", here.kernel or "12ab", "1")
    left_by(tmp_path, other)
    found = sight(tmp_path)
    assert found is not None and found.alive and found.silent is not None
    with pytest.raises(UserError, match=r"seen \d+ s ago"):  # a lock that both see is not to be counted on
        RunLock(tmp_path)
    RunLock(tmp_path, gone=other).close()


# --- signs of life --------------------------------------------------------------------------------------


def test_a_sign_of_life_is_a_newer_time_of_the_lock_and_no_other_process_gets_it(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    file, beat = tmp_path / LOCK, lock._heartbeat
    assert beat is not None and file.read_text() == this_process().line
    os.utime(file, (1.0, 1.0))
    assert beat.beat() and file.stat().st_mtime > 1
    left_by(tmp_path, N12)  # it was suspended, and another machine has taken the run over
    os.utime(file, (1.0, 1.0))
    assert not beat.beat() and lock.taken_over_by == str(N12)
    lock.close()
    assert file.stat().st_mtime == 1 and parse(file.read_text()) == N12


def test_a_full_disk_fails_nobody_and_the_lock_is_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "full")

    left_by(tmp_path, N12.at_its_end)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fail)
        patch.setattr(os, "utime", fail)
        lock = RunLock(tmp_path)
        beat = lock._heartbeat
        assert beat is not None and beat.beat() and not lock.taken_over_by
        assert last_holder(tmp_path) == str(N12)
    assert beat.beat() and parse((tmp_path / LOCK).read_text()) == this_process()
    monkeypatch.setattr(os, "utime", fail)
    assert beat.beat() and not lock.taken_over_by
    lock.close()


def test_where_no_thread_can_be_started_there_is_a_lock_without_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", fail)
    lock = RunLock(tmp_path)
    assert holder(tmp_path)
    lock.close()
    assert not holder(tmp_path)


def test_the_thread_shows_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beaten: list[Heartbeat] = []
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.0)
    monkeypatch.setattr(Heartbeat, "beat", lambda self: beaten.append(self) or len(beaten) < 3)
    lock = RunLock(tmp_path)
    assert lock._heartbeat is not None and lock._heartbeat._thread is not None
    lock._heartbeat._thread.join()
    assert len(beaten) == 3
    lock.close()


# --- locking --------------------------------------------------------------------------------------------


@pytest.fixture(params=["flock", "no flock", "flock of this machine alone"])
def n12(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path, None, None]:
    """A folder that a process of n12 has, on each kind of file system; this process is then on n13."""
    folder = tmp_path / "birds"
    folder.mkdir()
    be_on(monkeypatch, "n12", tmp_path)
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    lock = RunLock(folder)
    be_on(monkeypatch, "n13", tmp_path)
    monkeypatch.setenv("SLURM_JOB_ID", "4712")
    if request.param != "flock":
        number = errno.ENOTSUP if request.param == "no flock" else 0

        def flock(*_: Any) -> None:
            if number:
                raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", flock)
    yield folder
    lock.close()


class Clock:
    """Of this process; it stands still but for `passes`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def passes(self, waiting: Generator[str, None, RunLock], seconds: float) -> str:
        """Let so many seconds pass; what is said then."""
        self.seconds += seconds
        return next(waiting)


def test_a_second_machine_is_refused_after_a_sign_of_life(n12: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_still(monkeypatch, n12, 8.0)
    said = rf"{n12} is in use by process {os.getpid()} on n12 \(Slurm job 4711\), seen 8 s ago; stop it first, or start"
    with pytest.raises(UserError, match=said):
        RunLock(n12)
    clock = Clock()
    waiting = lock_when_free(n12, clock)
    assert next(waiting) == (
        f"waiting for birds: process {os.getpid()} on n12 (Slurm job 4711), seen 8 s ago, may still train it; without "
        "a sign of life for 60 s the run goes on here"
    )
    clock.passes(waiting, 9.0)
    os.utime(n12 / LOCK)
    with pytest.raises(UserError, match=said):
        clock.passes(waiting, 1.0)
    assert last_holder(n12).endswith("on n12 (Slurm job 4711)")


@pytest.mark.parametrize("n12", ["no flock", "flock of this machine alone"], indirect=True)
def test_a_process_that_shows_no_more_signs_of_life_is_waited_out(n12: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_still(monkeypatch, n12, 2.0)
    clock = Clock()
    waiting = lock_when_free(n12, clock)
    next(waiting)
    os.utime(n12 / LOCK)  # what a file server gets late of a process that was killed
    clock.passes(waiting, SETTLE_SECONDS - 1)
    clock.passes(waiting, STALE_SECONDS - 1)
    with pytest.raises(StopIteration) as locked:
        clock.passes(waiting, 1.0)
    assert last_holder(n12) == f"process {os.getpid()} on n13 (Slurm job 4712)"
    locked.value.value.close()


@pytest.mark.parametrize("n12", ["flock"], indirect=True)
def test_a_lock_that_a_file_server_keeps_is_waited_for_then_its_removal_is_advised(n12: Path) -> None:
    clock = Clock()
    waiting = lock_when_free(n12, clock)
    next(waiting)
    clock.passes(waiting, STALE_SECONDS)
    clock.passes(waiting, HELD_SECONDS - STALE_SECONDS - 1)
    with pytest.raises(UserError, match=rf"shows no sign of life; if that machine is down, remove {n12 / LOCK} and"):
        clock.passes(waiting, 1.0)
    (n12 / LOCK).unlink()
    RunLock(n12).close()


def test_one_that_has_ended_or_is_long_silent_is_not_waited_for(tmp_path: Path) -> None:
    for who, seconds in ((N12.at_its_end, 0.0), (N12, SURE_SECONDS + 1)):
        left_by(tmp_path, who, seconds)
        lock_and_wait(tmp_path, pytest.fail, pytest.fail).close()


def test_it_is_said_once_that_it_waits(tmp_path: Path) -> None:
    left_by(tmp_path, seconds=SURE_SECONDS - 100)
    told: list[str] = []

    def sleep(_: float) -> None:
        if len(waits := [*waited, 1.0]) == 3:
            left_by(tmp_path, N12.at_its_end)
        waited[:] = waits

    waited: list[float] = []
    lock_and_wait(tmp_path, told.append, sleep).close()
    assert len(told) == 1 and len(waited) == 3
