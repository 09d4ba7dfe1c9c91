"""The real ssh: a server for this test alone, on a port of this machine."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.tui.console import KNOWN, ROOT, Terminal, script, steps, until

SSHD = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
needs_ssh = pytest.mark.skipif(not (SSHD and shutil.which("ssh")), reason="no ssh server here")

SERVER = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
"""
CLIENT = """exec {ssh} -F {folder}/client "$@"
"""
CLIENT_CONFIG = """
HostName 127.0.0.1
Port {port}
User {user}
IdentityFile {folder}/user
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
"""
PROGRAM = """export XDG_STATE_HOME={state} XDG_CACHE_HOME={cache} PYTHONPATH={root} OMP_NUM_THREADS=1
cd {folder} && exec {python} -m tui "$@"
"""


@pytest.fixture
def box(folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`ssh box` reaches this machine; a folder with the program's name for it in `program`."""
    keys = tmp_path_factory.mktemp("ssh")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (keys / "config").write_text(SERVER.format(folder=keys, port=port))
    (keys / "client").write_text(CLIENT_CONFIG.format(folder=keys, port=port, user=getpass.getuser()))
    scripts = {
        "ssh": CLIENT.format(ssh=shutil.which("ssh"), folder=keys),
        "program": PROGRAM.format(
            folder=folder,
            state=os.environ["XDG_STATE_HOME"],
            cache=os.environ["XDG_CACHE_HOME"],
            root=ROOT,
            python=sys.executable,
        ),
    }
    for name, text in scripts.items():
        script(keys / name, text)
    if os.getuid() == 0:  # which the server wants for itself
        Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-f", keys / "config"], stderr=subprocess.DEVNULL)
    monkeypatch.setenv("PATH", f"{keys}:{os.environ['PATH']}")
    until(
        lambda: subprocess.run(["ssh", "box", "true"], check=False, capture_output=True).returncode == 0, "the server"
    )
    yield keys
    server.terminate()
    server.wait()


@needs_ssh
def test_a_connection_that_breaks_off_costs_nothing_and_the_next_one_shows_everything(
    box: Path, folder: Path, run: Callable[..., Terminal]
):
    first = Terminal("-tt", "box", f"{box / 'program'} small.yaml {' '.join(KNOWN)}", cwd=folder, program=["ssh"])
    first.wait_for("TRAINING")
    first.press("\r~.")  # what a person types whose connection hangs
    assert first.end()[0] == 255
    seen = steps(folder)
    until(lambda: steps(folder) > seen + 10, "a later step")
    second = Terminal("-tt", "box", f"{box / 'program'} attach", cwd=folder, program=["ssh"])
    second.wait_for("TRAINING")
    second.press("p")
    second.wait_for("PAUSED")
    third = run("attach", "box:small-1", "--program", str(box / "program"))
    third.wait_for("PAUSED")
    second.process.send_signal(signal.SIGKILL)  # the laptop is gone
    third.press("p")
    third.wait_for("TRAINING")
    (ssh,) = (child for child in psutil.Process(third.process.pid).children(recursive=True) if child.name() == "ssh")
    ssh.kill()
    third.wait_for("Connection lost")
    third.press("q")
    status, errors = third.end()
    assert status == 1 and "the run goes on, attach to it again" in errors
    seen = steps(folder)
    until(lambda: steps(folder) > seen + 10, "a later step")
    for terminal in (first, second):
        terminal.close()
