"""The run's end of its socket: one thread, which training never waits for."""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from engine.protocol import Command, ControlFailed
from engine.service.remote import registry
from engine.service.remote.address import Listener, listen, user_of
from engine.service.remote.audience import Audience
from engine.service.remote.log import ControlLog
from engine.service.remote.peer import LeavingError, Peer

MOST_PEERS = 64
MOST_ACCEPTED = 16  # connections in a turn
MOST_WAITING = 1000  # commands that the run has not taken yet; until it has, no more are read
TICK_SECONDS = 0.1  # between two looks at what there is to send
REST_SECONDS = 0.01  # after somebody was sent away: thousands of them cost no more
LAST_WORDS_SECONDS = 1.0


class Server:
    """Lets other processes of this user watch and steer a run."""

    def __init__(self, inbox: SimpleQueue[Command], audience: Audience) -> None:
        self._inbox = inbox
        self._audience = audience
        self._peers: list[Peer] = []
        self._rest = 0.0
        self._obeyed = 0
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def open(self, folder: Path) -> ControlFailed | None:
        """Listen in the folder of a run whose lock this process has; what is to be told where that fails."""
        with contextlib.ExitStack() as undo:
            try:
                self._listener: Listener = undo.enter_context(contextlib.closing(listen(folder)))
                self._wake, self._waker = map(undo.enter_context, socket.socketpair())
                self._log = ControlLog(folder)
                self._entry = registry.enter(folder)
                undo.callback(registry.leave, self._entry)
                thread = threading.Thread(target=self._serve, name="control", daemon=True)
                thread.start()
            except (OSError, RuntimeError) as error:  # no place, no descriptors, no threads
                reason = getattr(error, "strerror", None) or error
                remedy = "a checkpoint.dir on a disk of this machine allows it"
                return ControlFailed(f"{folder}: {reason}; {remedy}")
            undo.pop_all()
            self._thread = thread
        return None

    @property
    def is_open(self) -> bool:
        """Whether there is a socket."""
        return self._thread is not None

    def close(self) -> None:
        """Say what is still to be said, and remove the socket."""
        if self._thread is None:
            return
        if self._listener.in_place:  # else the entry is the next process's, too
            registry.leave(self._entry)
        self._closing.set()
        self._waker.send(b"x")  # the thread may have seen the event already: both ends stay open until it is over
        self._thread.join()
        self._thread = None
        self._waker.close()
        self._wake.close()

    # --- the thread -------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                self._turn()
            except Exception as error:  # a mistake: those who watch lose a moment by it, not the run
                self._log.failed(error)
                self._closing.wait(TICK_SECONDS)
        self._listener.close()
        end = time.monotonic() + LAST_WORDS_SECONDS
        while self._peers and time.monotonic() < end:
            for peer in list(self._peers):
                self._guarded(peer, peer.send)
                if peer in self._peers and not peer.sending:
                    self._part(peer)
            time.sleep(REST_SECONDS)
        for peer in list(self._peers):
            self._part(peer)
        self._log.close()

    def _turn(self) -> None:
        """Wait until there is something to do, and do it."""
        self._rest = 0.0
        for ready in self._ready():
            if ready is None:
                self._accept()
            else:
                self._guarded(ready, partial(self._obey, ready))
        for peer in list(self._peers):
            self._guarded(peer, peer.send)
        time.sleep(self._rest)

    def _ready(self) -> Iterator[Peer | None]:
        """Who has sent something, when somebody has, or can take something; `None` is who comes anew."""
        full = self._full
        with selectors.PollSelector() as selector:  # which needs no descriptor: there may be none
            selector.register(self._wake, selectors.EVENT_READ, self._wake)
            selector.register(self._listener.socket, selectors.EVENT_READ)
            for peer in self._peers:
                listens = 0 if full or peer.rests else selectors.EVENT_READ
                if wanted := listens | (selectors.EVENT_WRITE if peer.sending else 0):
                    selector.register(peer.connection, wanted, peer)
            ready = selector.select(TICK_SECONDS if self._peers else None)
        return (key.data for key, can in ready if can & selectors.EVENT_READ and key.data is not self._wake)

    @property
    def _full(self) -> bool:
        """Whether enough commands wait; a run that still loads has done none of them."""
        return (self._inbox.qsize() if self._audience.begun else self._obeyed) >= MOST_WAITING

    def _accept(self) -> None:
        for _ in range(MOST_ACCEPTED):
            try:
                connection, _ = self._listener.socket.accept()
            except BlockingIOError:
                return
            except OSError as error:  # no descriptors are left
                self._refuse("somebody", error.strerror or str(error), TICK_SECONDS)
                return
            peer = Peer(connection, self._audience)
            self._peers.append(peer)
            self._guarded(peer, partial(self._admit, peer))

    def _admit(self, peer: Peer) -> None:
        try:
            user = user_of(peer.connection)[1]
        except OSError:
            raise LeavingError("the system does not say whose process it is") from None
        if user not in (os.getuid(), 0):
            raise LeavingError("it is another user's process")
        if len(self._peers) > MOST_PEERS:
            raise LeavingError(f"more than {MOST_PEERS} connections at once")

    def _obey(self, peer: Peer) -> None:
        if self._full:  # since others were heard
            return
        for command in peer.receive():
            self._inbox.put(command)
            self._obeyed += 1

    def _guarded(self, peer: Peer, do: Callable[[], None]) -> None:
        """Do something with a peer, and send it away where that fails."""
        if peer not in self._peers:
            return
        try:
            peer.check()
            do()
        except LeavingError as leaving:
            if reason := str(leaving):
                self._refuse(str(peer), reason)
            self._part(peer, reason)
        except Exception as error:  # a mistake of ours that this peer has found
            self._log.failed(error)
            self._part(peer, "its messages lead to an unexpected error")

    def _refuse(self, who: str, reason: str, rest: float = REST_SECONDS) -> None:
        self._rest = rest
        if (told := self._log.refused(who, reason)) is not None:
            self._audience.emit(told)

    def _part(self, peer: Peer, reason: str = "") -> None:
        self._peers.remove(peer)
        peer.part(reason)
