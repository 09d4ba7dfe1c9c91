"""Where a run's control socket is, and who is at its other end."""

import contextlib
import hashlib
import os
import socket
import stat
import struct
import sys
import time
from pathlib import Path

SOCKET = "control.sock"
LONGEST = 100  # bytes of a socket's path; systems allow 104 to 108
ELSEWHERE = Path("/tmp")
WAITING = 64  # connections that the system keeps until they are accepted
RETRY_SECONDS = 0.01


def short_name(folder: Path) -> str:
    """A name for a run's folder that no other has, and that fits everywhere."""
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]


def candidates(folder: Path) -> list[Path]:
    """The socket's path in a run's folder, where it is short enough, and the one for all others.

    The second one is for file systems without sockets, too; its folder is this user's alone.
    """
    paths = [folder.resolve() / SOCKET, ELSEWHERE / f"finetune-tui-{os.getuid()}" / f"{short_name(folder)}.sock"]
    return [path for path in paths if len(os.fsencode(path)) <= LONGEST]


class Listener:
    """A socket that others connect to, and its place in the file system."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError` where there can be none; one that a crash left there is replaced."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path = path
        try:
            path.unlink(missing_ok=True)
            self.socket.bind(os.fspath(path))
            path.chmod(0o600)
            self._inode = path.lstat().st_ino
            self.socket.listen(WAITING)
            self.socket.setblocking(False)
        except OSError:
            self.socket.close()
            raise

    @property
    def in_place(self) -> bool:
        """Whether its path still leads here: the next process of the run may have put its own there already."""
        try:
            return self.path.lstat().st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Nobody connects any more."""
        if self.in_place:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self.socket.close()  # only now: until then the system gives its inode to nobody else


def listen(folder: Path) -> Listener:
    """The socket of a run whose lock this process has.

    Raises:
        OSError: there is no place for it.
    """
    failure: OSError | None = None
    for path in candidates(folder):
        try:
            if path.parent != folder.resolve():
                _own_folder(path.parent)
            return Listener(path)
        except OSError as error:
            failure = failure or error
    raise failure or OSError("no path is short enough")


def connect(folder: Path, timeout: float) -> socket.socket:
    """A connection to the run in `folder`.

    Raises:
        BlockingIOError: a process has it, but takes no connection within `timeout` seconds.
        OSError: no process of this machine has it.
    """
    failure: OSError | None = None
    for path in candidates(folder):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(timeout)
        try:
            _connect(client, path, time.monotonic() + timeout)
            if user_of(client)[1] not in (os.getuid(), 0):
                raise PermissionError("another user has put a socket there")
        except OSError as error:
            client.close()
            failure = failure or error
        else:
            return client
    raise failure or OSError("no path is short enough")


def is_live(folder: Path) -> bool:
    """Whether a process of this machine has the run."""
    try:
        connect(folder, timeout=1.0).close()
    except BlockingIOError:  # so many want to connect, or the process is stopped
        return True
    except OSError:
        return False
    return True


def user_of(connection: socket.socket) -> tuple[int, int]:
    """Process and user at the other end, as the system knows them; process 0 where it tells none.

    Raises:
        OSError: the system does not tell.
    """
    if sys.platform.startswith("linux"):
        size = struct.calcsize("3i")
        process, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return process, user
    local_peer_credentials = 1  # of BSD and macOS: struct xucred begins with a version and the user
    _, user = struct.unpack("Ii", connection.getsockopt(0, local_peer_credentials, 76)[:8])
    return 0, user


def _connect(client: socket.socket, path: Path, end: float) -> None:
    while True:
        try:
            client.connect(os.fspath(path))
            return
        except BlockingIOError:  # so many wait already
            if time.monotonic() > end:
                raise
            time.sleep(RETRY_SECONDS)


def _own_folder(folder: Path) -> None:
    """Make a folder that only this user can enter.

    Raises:
        PermissionError: another user's folder stands there, or a link.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    folder.chmod(0o700)
