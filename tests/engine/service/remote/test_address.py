"""Where a run's socket is, and who may come to it."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config import RunConfig
from engine.service.remote import address, registry
from engine.service.remote.address import connect, is_live, listen, socket_paths
from engine.storage.run_folder import create_run
from tests.engine.service.remote.conftest import descriptors, living
from tests.engine.service.remote.living import wait_for
from tests.paths import ROOT

LISTENS = """
import os, sys, time
from pathlib import Path
from engine.service.remote.address import listen
if len(sys.argv) > 2:
    os.setuid(int(sys.argv[2]))
there = listen(Path(sys.argv[1]))
print(there.path, flush=True)
time.sleep(600)
"""
SOCKETS = """
from pathlib import Path
names = [entry.readlink() for entry in Path('/proc/self/fd').iterdir() if entry.is_symlink()]
print(sum(str(name).startswith('socket:') for name in names))
"""


def listener(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LISTENS, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def deep(folder: Path) -> Path:
    folder = folder / ("very-long-name-" * 5) / ("and-more-" * 5)
    folder.mkdir(parents=True)
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_folder_and_socket_of_a_run_are_its_users_alone(small: RunConfig) -> None:
    before = os.umask(0)
    try:
        folder = create_run(small)
        there = listen(folder)
    finally:
        os.umask(before)
    assert mode(folder) == 0o700 and mode(there.path) == 0o600
    there.close()
    assert not there.path.exists()


def test_a_path_longer_than_the_system_allows_is_replaced_by_one_in_a_folder_of_this_user(short: Path) -> None:
    folder = deep(short)
    there = listen(folder)
    assert len(os.fsencode(there.path)) <= address.LONGEST < len(os.fsencode(folder))
    assert there.path.parent == Path(f"/tmp/finetune-tui-{os.getuid()}") and mode(there.path.parent) == 0o700
    assert is_live(folder)
    there.close()
    assert not there.path.exists()


def test_two_runs_have_two_sockets(short: Path) -> None:
    folders = [deep(short / name) for name in ("a", "b")]
    there = [listen(folder) for folder in folders]
    there[0].close()
    assert [is_live(folder) for folder in folders] == [False, True]
    there[1].close()


@pytest.mark.parametrize("far", [False, True])
def test_a_socket_that_a_killed_process_left_is_replaced(short: Path, far: bool) -> None:
    folder = deep(short) if far else short
    with listener(folder) as other:
        assert other.stdout is not None
        path = Path(other.stdout.readline().strip())
        assert is_live(folder)
        other.kill()
    assert path.is_socket() and not is_live(folder)
    there = listen(folder)
    assert there.path == path and is_live(folder)
    there.close()


def test_the_socket_of_the_next_process_outlives_the_end_of_the_one_before(short: Path) -> None:
    before = listen(short)
    after = listen(short)
    assert after.in_place and not before.in_place
    before.close()
    assert is_live(short)
    after.close()
    assert not is_live(short)


def test_what_else_stands_in_its_place_is_left_alone(short: Path) -> None:
    (short / address.SOCKET).mkdir()
    there = listen(short)
    assert there.path == socket_paths(short)[1] and is_live(short)
    there.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_in_tmp_that_is_another_users_or_a_link_is_refused(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "FALLBACK_FOLDER", short)
    folder, theirs = deep(short / "run"), short / f"finetune-tui-{os.getuid()}"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    with pytest.raises(PermissionError):
        listen(folder)
    theirs.rmdir()
    (short / "elsewhere").mkdir()
    theirs.symlink_to(short / "elsewhere")
    with pytest.raises(PermissionError):
        listen(folder)
    theirs.unlink()
    theirs.write_text("")
    with pytest.raises(PermissionError, match="no socket is put into it; remove it"):
        listen(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_socket_that_another_user_has_put_there_is_not_talked_to(short: Path) -> None:
    short.chmod(0o777)
    with listener(short, 65534) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        with pytest.raises(PermissionError, match="another user"):
            connect(short, 10.0)
        other.kill()


def test_a_run_to_which_too_many_want_to_come_is_live_and_one_who_waits_comes_in(short: Path) -> None:
    there, waiting = listen(short), []
    with pytest.raises(BlockingIOError):
        while True:
            waiting.append(connect(short, 0.0))
    assert len(waiting) >= address.PENDING and is_live(short)
    for client in waiting:
        client.close()
        there.socket.accept()[0].close()
    connect(short, 10.0).close()
    there.close()


def test_neither_end_is_inherited_by_a_program_that_is_started(short: Path) -> None:
    there = listen(short)
    client = connect(short, 10.0)
    there_too, _ = there.socket.accept()
    command = [sys.executable, "-c", SOCKETS]
    found = subprocess.run(command, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    assert found.stdout == b"0\n"
    for file in (client, there_too):
        file.close()
    there.close()


# --- where runs are found -------------------------------------------------------------------------------


def test_live_runs_are_found_and_what_a_crash_left_is_not(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(short / "state"))
    for name in ("live", "dead", "gone"):
        (short / name).mkdir()
    there = listen(short / "live")
    entries = [registry.add(short / name) for name in ("live", "dead", "gone")]
    (short / "gone").rmdir()
    assert registry.live_runs() == [short / "live"]
    assert [entry is not None and entry.is_symlink() for entry in entries] == [True, True, False]
    there.close()
    assert registry.live_runs() == []


def test_at_a_runs_end_its_socket_and_its_entry_are_gone(
    small: RunConfig, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(short))
    before = descriptors()
    with living(small) as run:
        folder = run.start(held_at=1)
        assert registry.live_runs() == [folder.resolve()] and is_live(folder)
        run.end()
        assert not is_live(folder) and list((short / "finetune-tui" / "live").iterdir()) == []
        assert not [path for path in socket_paths(folder) if path.exists()]
    wait_for(lambda: descriptors() <= before)


def test_where_there_can_be_no_socket_the_run_goes_on_and_says_so(
    small: RunConfig, alone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine import protocol as p

    def fails(path: Path) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(address, "Listener", fails)
    with living(small) as run:
        run.watch()
        assert run.end().weights_sha256 == alone
        assert "Too many open files" in run.seen(p.ControlFailed)[0].message
