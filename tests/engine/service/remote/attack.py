"""A process that attacks a run's socket: `python attack.py WHAT SOCKET`. Loads nothing of the program."""

import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable

PATIENCE = 60.0
HELLO = b'{"type": "hello", "version": 1, "program": "attack"}\n'


def connected(path: str) -> socket.socket:
    """A connection, as soon as there is room for one."""
    end = time.monotonic() + PATIENCE
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(path)
        except BlockingIOError:
            client.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.001)
        else:
            return client


def send(path: str, data: bytes, times: int = 1) -> None:
    """Send what the run takes of it, and hear why it takes no more."""
    with connected(path) as client:
        try:
            for _ in range(times):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        hear_out(client)


def hear_out(client: socket.socket) -> None:
    """Read until it hangs up."""
    client.settimeout(PATIENCE)
    try:
        while client.recv(1 << 16):
            pass
    except ConnectionError:
        pass


def hundred_megabytes(path: str) -> None:
    """A line that does not end."""
    send(path, b"x" * (1 << 20), 100)


def thousands(path: str) -> None:
    """More connections at once than a run takes."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    clients = [connected(path) for _ in range(min(3000, most - 50))]
    for client in clients:
        client.close()


def dies(path: str) -> None:
    """Killed in the middle of a line."""
    client = connected(path)
    client.sendall(HELLO + b'{"type": "pa')
    os.kill(os.getpid(), signal.SIGKILL)


def stranger(path: str) -> None:
    """Another user's process."""
    os.setgid(65534)
    os.setuid(65534)
    send(path, HELLO + b'{"type": "stop"}\n')


def flood(path: str) -> None:
    """Commands without an end, as far as they are taken."""
    clients = [connected(path) for _ in range(8)]
    for client in clients:
        client.sendall(HELLO)
        client.setblocking(False)
    quiet = 0
    while quiet < 20:
        quiet += 1
        for client in clients:
            try:
                client.send(b'{"type": "resume"}\n' * 500)
                quiet = 0
            except BlockingIOError:
                pass
        time.sleep(0.01)
    print("no more is taken", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    what: Callable[[str], None] = globals()[sys.argv[1]]
    what(sys.argv[2])
