"""Heartbeats of the processes of a run: each says, at the store where they met, that it is alive and what it is doing.

A process that is stopped, or whose machine is gone, says nothing any more. One that waits for another process still
does, so it is not blamed.
"""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass

from torch.distributed.distributed_c10d import Store

from engine.protocol import RankSilent
from engine.protocol.ages import age

RANKS_A_SECOND = 64
"of so many ranks, each says and reads once a second; more of them do it less often"
GONE_BEATS = 4
TOLD_SECONDS = 30.0
"silence that others are told of"


@dataclass(slots=True)
class Beat:
    """What a process says of itself."""

    host: str
    pid: int = 0
    doing: str = "starting"
    "in words"
    waits: bool = False
    "whether it waits for other processes"
    ended: str = ""
    "why it has ended, or that it has; empty while it has not"
    folder: str = ""
    "of the run, once the process knows it"
    saved: str = ""
    "its last checkpoint, in words"


class Heartbeats(threading.Thread):
    """Says what this process is doing, and knows of the others how long they have been silent."""

    def __init__(
        self, store: Store, rank: int, size: int, limit: float, tell: Callable[[tuple[RankSilent, ...]], None]
    ) -> None:
        """`store`: a connection of its own, because one that waits for a key does nothing else.

        `tell` is called from this thread, in the lowest rank that is not silent: with those that are, every beat; and
        once with none, when all answer again. A process that was itself silent for `limit` seconds ends at once.
        """
        super().__init__(name="heartbeats", daemon=True)
        self.own = Beat(socket.gethostname(), os.getpid())
        "what is said next; the thread that trains changes it"
        self.every = max(1.0, size / RANKS_A_SECOND)
        "seconds between two beats"
        self.gone = GONE_BEATS * self.every
        "seconds of silence after which a process is known to be gone, if there is another sign of it"
        self._store, self._rank, self._limit, self._tell = store, rank, limit, tell
        self._others = {other: _Heard(time.monotonic()) for other in range(size) if other != rank}
        self._told = False
        self._count = 0
        self._last = time.monotonic()
        self._talking = False
        self._end, self._soon = threading.Event(), threading.Event()

    def run(self) -> None:
        """Say, listen and tell until the end. If the store is gone, all others stay silent."""
        while not self._end.is_set():
            self._soon.clear()
            self._beat()
            self._soon.wait(self.every)

    def _beat(self) -> None:
        self.end_if_given_up()
        if time.monotonic() - self._last > self.gone:  # it was silent itself: what it missed is no silence
            for heard in self._others.values():
                heard.at = time.monotonic()
        self._talking = True
        try:
            self.say()
            self.listen()
        except RuntimeError:  # the store's machine is gone, or it does not answer; torch's errors are of this type
            return
        finally:
            self._last = time.monotonic()
            self._talking = False
        self._tell_silent()

    def close(self, why: str = "") -> None:
        """End, and say so, and why if this process has failed."""
        if not self._end.is_set():
            self._end.set()
            self._soon.set()
            self.own.ended = why or "it was done"
            self.join(self.every)
            if not self._talking:  # else the store does not answer
                with suppress(RuntimeError):
                    self.say()

    def hurry(self) -> None:
        """Beat at once: something has come to be known that the others need."""
        self._soon.set()

    def end_if_given_up(self) -> None:
        """End this process if it was stopped so long that the others have gone on without it, or have ended.

        Whoever is about to write to the run's folder calls it, because another process may have the run now.
        """
        silent = time.monotonic() - self._last
        if silent >= self._limit and not self._talking:
            here = f"rank {self._rank} on {self.own.host} was stopped for {age(silent)} ({self.own.doing})"
            text = f"{here}, and the others do not wait longer; it ends, and writes nothing more"
            print(f"A process is gone: {text}", file=sys.stderr, flush=True)
            os._exit(1)

    def speaks(self, seconds: float) -> bool:
        """Whether this is the first of the processes that were heard in the last `seconds`."""
        silences = self.silences()
        return all(rank > self._rank or silences.get(rank, seconds) >= seconds for rank in self._others)

    def silences(self) -> dict[int, float]:
        """Seconds since each other process was heard, of those that have not ended."""
        now = time.monotonic()
        return {rank: now - heard.at for rank, heard in self._others.items() if not heard.beat.ended}

    @property
    def others(self) -> tuple[int, ...]:
        """The ranks of the other processes."""
        return tuple(self._others)

    def has_died(self, rank: int, silent: float) -> bool:
        """Whether a process of this machine that was silent for so many seconds is not there any more."""
        beat = self._others[rank].beat
        if beat.ended or not beat.pid or beat.host != self.own.host or self.silences()[rank] < silent:
            return False
        try:
            os.kill(beat.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:  # it is another user's
            pass
        return False

    def beat_of(self, rank: int) -> Beat:
        """What a process said last."""
        return self.own if rank == self._rank else self._others[rank].beat

    def called(self, rank: int) -> str:
        """A process in words."""
        host = self.beat_of(rank).host
        return f"rank {rank} on {host}" if host else f"rank {rank}, which has not been heard at all"

    def say(self) -> None:
        """Beat once."""
        self._count += 1
        self._store.set(f"alive {self._rank}", json.dumps({"beat": self._count, **asdict(self.own)}))

    def listen(self) -> None:
        """Hear the newest beat of each other process that has joined."""
        for rank, heard in self._others.items():
            key = f"alive {rank}"
            if heard.beat.host or self._store.check([key]):  # what is not there yet would be waited for
                heard.take(self._store.get(key), time.monotonic())

    def _tell_silent(self) -> None:
        late, joined = self._told_after, [rank for rank in self._others if self.beat_of(rank).host]
        silent = {rank: seconds for rank, seconds in self.silences().items() if seconds >= late and rank in joined}
        if silent and self.speaks(self._told_after):
            self._told = True
            self._tell(
                tuple(
                    RankSilent(rank, self.beat_of(rank).host, self.beat_of(rank).doing, seconds)
                    for rank, seconds in silent.items()
                )
            )
        elif self._told:
            self._told = False
            self._tell(())

    @property
    def _told_after(self) -> float:
        return min(TOLD_SECONDS, self._limit / 2)


class _Heard:
    """What was heard of another process, and when it changed last."""

    def __init__(self, now: float) -> None:
        self.beat = Beat("")
        self.at = now
        self._text = b""

    def take(self, text: bytes, now: float) -> None:
        """Take in what it says."""
        if text != self._text:
            fields = json.loads(text)
            del fields["beat"]
            self._text, self.at, self.beat = text, now, Beat(**fields)
