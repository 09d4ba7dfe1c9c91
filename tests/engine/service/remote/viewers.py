"""Processes that attach to a run and leave it again.

`python -m tests.engine.service.remote.viewers FOLDER CYCLES [SEED]`

Each is forked from one that has loaded what it takes and started no thread. Some read, some read slowly or not at all,
some are killed, some leave in the middle of a line. With `reads` for CYCLES it is a single one, which reads to the end.
"""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from engine.protocol import Resume
from engine.service.remote.link import SocketLink

AT_ONCE = 4
SECONDS = 120  # after which one that hangs is ended by the system


def reads(link: SocketLink, rng: random.Random) -> None:
    """Its history and some of what comes."""
    for _ in islice(link.events(), rng.randrange(200)):
        pass
    link.close()


def reads_slowly(link: SocketLink, rng: random.Random) -> None:
    """Slower than the run tells."""
    for _ in islice(link.events(), 20):
        time.sleep(0.01)
    link.close()


def does_not_read(link: SocketLink, rng: random.Random) -> None:
    """As if it was stopped, and then killed."""
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)


def is_killed(link: SocketLink, rng: random.Random) -> None:
    """In the middle of what it reads."""
    for _ in islice(link.events(), rng.randrange(50)):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def leaves_torn(link: SocketLink, rng: random.Random) -> None:
    """In the middle of a line."""
    link._socket.send(b'{"type": "sto')
    link.close()


def asks(link: SocketLink, rng: random.Random) -> None:
    """For what is refused, and goes before it is told so."""
    link.send(Resume())
    link.close()


def leaves(link: SocketLink, rng: random.Random) -> None:
    """At once."""
    link.close()


KINDS: list[Callable[[SocketLink, random.Random], None]] = [
    *(reads, reads, reads_slowly, does_not_read, is_killed, leaves_torn, asks, leaves)
]


def fork(folder: Path, kind: Callable[[SocketLink, random.Random], None], seed: int) -> int:
    """A viewer in a process of its own."""
    if child := os.fork():
        return child
    signal.alarm(SECONDS)
    kind(SocketLink(folder), random.Random(seed))
    os._exit(0)


def cycles(folder: Path, count: int, seed: int) -> Counter[str]:
    """So many attach and leave, a few at once; how many did what. Raises where one ends otherwise than it should."""
    rng, running, done = random.Random(seed), dict[int, str](), Counter[str]()
    while done.total() < count:
        while len(running) < AT_ONCE and done.total() + len(running) < count:
            kind = rng.choice(KINDS)
            running[fork(folder, kind, rng.randrange(1 << 30))] = kind.__name__
        child, status = os.wait()
        name = running.pop(child)
        meant = -signal.SIGKILL if name in ("does_not_read", "is_killed") else 0
        if os.waitstatus_to_exitcode(status) != meant:
            raise RuntimeError(f"one that {name} ended with {os.waitstatus_to_exitcode(status)}")
        done[name] += 1
    return done


def main() -> None:
    """Attach, and print how many did what."""
    folder, what, *seed = sys.argv[1:]
    if what == "reads":
        link = SocketLink(Path(folder))
        print("attached", flush=True)
        for _ in link.events():
            pass
    else:
        print(dict(cycles(Path(folder), int(what), int(seed[0]) if seed else 0)))


if __name__ == "__main__":
    main()
