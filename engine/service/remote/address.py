"""The control socket of a run: its path, a listener, a connection, and the user at the other end."""

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
FALLBACK_FOLDER = Path("/tmp")
PENDING = 64  # connections that the system holds until they are accepted
RETRY_SECONDS = 0.01


def short_name(folder: Path) -> str:
    """A short name for a run's folder that no other folder has."""
    return hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]


def socket_paths(folder: Path) -> list[Path]:
    """Where a run's socket can be: in the run's folder, and in a folder that only this user can enter.

    The second one is for paths that are too long and for file systems that have no sockets.
    """
    paths = [folder.resolve() / SOCKET, _fallback() / f"{short_name(folder)}.sock"]
    return [path for path in paths if len(os.fsencode(path)) <= LONGEST]


class Listener:
    """A socket that clients connect to, and its path in the file system."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError` where no socket can be made; one that a crash left there is replaced."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path = path
        try:
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # where the system can, the socket is nobody else's from the beginning
                os.fchmod(self.socket.fileno(), 0o600)
            self.socket.bind(os.fspath(path))
            try:
                self._inode = self._restrict(path)
                self.socket.listen(PENDING)
                self.socket.setblocking(False)
            except OSError:
                path.unlink(missing_ok=True)
                raise
        except OSError:
            self.socket.close()
            raise

    @staticmethod
    def _restrict(path: Path) -> int:
        """Make a socket its user's alone; its inode. exFAT, for example, makes a file in its place that is for all."""
        path.chmod(0o600)
        made = path.lstat()
        if not stat.S_ISSOCK(made.st_mode):
            raise OSError("the file system has no sockets")
        return made.st_ino

    @property
    def in_place(self) -> bool:
        """Whether its path still leads here: the run's next process may have put its own socket there already."""
        try:
            return self.path.lstat().st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Accept no more connections."""
        if self.in_place:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self.socket.close()  # last: until then the system gives its inode to no other file


def listen(folder: Path) -> Listener:
    """Make the socket of a run whose lock this process has.

    Raises:
        OSError: it can be made at none of its paths.
    """
    failure: OSError | None = None
    for path in socket_paths(folder):
        try:
            if path.parent != folder.resolve():
                own_folder()
            return Listener(path)
        except OSError as error:
            failure = failure or error
    raise failure or OSError("no path is short enough")


def connect(folder: Path, timeout: float) -> socket.socket:
    """Connect to the run in `folder`.

    Raises:
        BlockingIOError: a process trains it, but accepts no connection within `timeout` seconds.
        OSError: no process of this machine trains it.
    """
    failure: OSError | None = None
    for path in socket_paths(folder):
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
    """Whether a process of this machine trains the run."""
    try:
        connect(folder, timeout=1.0).close()
    except BlockingIOError:  # too many connections are pending, or the process is suspended
        return True
    except OSError:
        return False
    return True


def user_of(connection: socket.socket) -> tuple[int, int]:
    """The numbers of the process and the user at the other end; process 0 on systems that only know the user.

    Raises:
        OSError: the system does not know them.
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
        except BlockingIOError:  # too many connections are pending
            if time.monotonic() > end:
                raise
            time.sleep(RETRY_SECONDS)


def own_folder() -> Path:
    """A folder in /tmp that only this user can enter; it is made if need be.

    Raises:
        PermissionError: there is a link, a file, or another user's folder.
    """
    folder = _fallback()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not a folder of this user, so no socket is put into it; remove it")
    folder.chmod(0o700)
    return folder


def _fallback() -> Path:
    return FALLBACK_FOLDER / f"finetune-tui-{os.getuid()}"
