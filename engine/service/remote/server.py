"""The run's socket: one thread serves all clients, and training never waits for it."""

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
from engine.service.remote.client import Client, DisconnectError
from engine.service.remote.log import ControlLog
from engine.service.remote.watchers import Watchers

MOST_CLIENTS = 64
MOST_ACCEPTED = 16  # connections at a time
MOST_WAITING = 1000  # commands that the run has not taken yet; no more are read until it takes some
TICK_SECONDS = 0.1  # between two looks for events to send
PAUSE_SECONDS = 0.01  # pause after a refusal, so that thousands of refused clients do not slow training
LAST_WORDS_SECONDS = 1.0


class Server:
    """Lets other processes of this user watch and steer a run."""

    def __init__(self, inbox: SimpleQueue[Command], watchers: Watchers) -> None:
        self._inbox = inbox
        self._watchers = watchers
        self._clients: list[Client] = []
        self._pause = 0.0
        self._received = 0
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def open(self, folder: Path) -> ControlFailed | None:
        """Listen in the folder of a run whose lock this process has; the event to emit if that fails."""
        with contextlib.ExitStack() as undo:
            try:
                self._listener: Listener = undo.enter_context(contextlib.closing(listen(folder)))
                self._wake, self._waker = map(undo.enter_context, socket.socketpair())
                self._log = ControlLog(folder)
                self._entry = registry.add(folder)
                undo.callback(registry.remove, self._entry)
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
        """Whether the run has a socket."""
        return self._thread is not None

    def close(self) -> None:
        """Send the events that still wait, and remove the socket."""
        if self._thread is None:
            return
        if self._listener.in_place:  # otherwise the link is that of the run's next process
            registry.remove(self._entry)
        self._closing.set()
        self._waker.send(b"x")  # both ends stay open until the thread has ended
        self._thread.join()
        self._thread = None
        self._waker.close()
        self._wake.close()

    # --- the thread -------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                self._run_once()
            except Exception as error:  # a mistake of this program, which the run does not notice
                self._log.failed(error)
                self._closing.wait(TICK_SECONDS)
        self._listener.close()
        end = time.monotonic() + LAST_WORDS_SECONDS
        while self._clients and time.monotonic() < end:
            for client in list(self._clients):
                self._serve_client(client, client.send)
                if client in self._clients and not client.has_output:
                    self._disconnect(client)
            time.sleep(PAUSE_SECONDS)
        for client in list(self._clients):
            self._disconnect(client)
        self._log.close()

    def _run_once(self) -> None:
        """Wait until there is something to do, and do it."""
        self._pause = 0.0
        for ready in self._wait():
            if ready is None:
                self._accept()
            else:
                self._serve_client(ready, partial(self._receive, ready))
        for client in list(self._clients):
            self._serve_client(client, client.send)
        time.sleep(self._pause)

    def _wait(self) -> Iterator[Client | None]:
        """Wait until there is something to do. Yields each client that has sent something, and `None` for a new one."""
        full = self._full
        with selectors.PollSelector() as selector:  # this kind needs no descriptor of its own: none may be left
            selector.register(self._wake, selectors.EVENT_READ, self._wake)
            selector.register(self._listener.socket, selectors.EVENT_READ)
            for client in self._clients:
                listens = 0 if full or client.throttled else selectors.EVENT_READ
                if wanted := listens | (selectors.EVENT_WRITE if client.has_output else 0):
                    selector.register(client.connection, wanted, client)
            ready = selector.select(TICK_SECONDS if self._clients else None)
        return (key.data for key, can in ready if can & selectors.EVENT_READ and key.data is not self._wake)

    @property
    def _full(self) -> bool:
        """Whether enough commands wait. A run that is still loading has applied none of those received."""
        return (self._inbox.qsize() if self._watchers.begun else self._received) >= MOST_WAITING

    def _accept(self) -> None:
        for _ in range(MOST_ACCEPTED):
            try:
                connection, _ = self._listener.socket.accept()
            except BlockingIOError:
                return
            except OSError as error:  # no descriptors are left
                self._refuse("somebody", error.strerror or str(error), TICK_SECONDS)
                return
            client = Client(connection, self._watchers)
            self._clients.append(client)
            self._serve_client(client, partial(self._admit, client))

    def _admit(self, client: Client) -> None:
        try:
            user = user_of(client.connection)[1]
        except OSError:
            raise DisconnectError("the system does not say whose process it is") from None
        if user not in (os.getuid(), 0):
            raise DisconnectError("it is another user's process")
        if len(self._clients) > MOST_CLIENTS:
            raise DisconnectError(f"more than {MOST_CLIENTS} connections at once")

    def _receive(self, client: Client) -> None:
        if self._full:  # with the commands of the clients before
            return
        for command in client.receive():
            self._inbox.put(command)
            self._received += 1

    def _serve_client(self, client: Client, do: Callable[[], None]) -> None:
        """Do something with a client, and disconnect it if that fails."""
        if client not in self._clients:
            return
        try:
            client.check()
            do()
        except DisconnectError as leaving:
            if reason := str(leaving):
                self._refuse(str(client), reason)
            self._disconnect(client, reason)
        except Exception as error:  # a mistake of this program that this client has triggered
            self._log.failed(error)
            self._disconnect(client, "its messages lead to an unexpected error")

    def _refuse(self, who: str, reason: str, pause: float = PAUSE_SECONDS) -> None:
        self._pause = pause
        if (event := self._log.refused(who, reason)) is not None:
            self._watchers.emit(event)

    def _disconnect(self, client: Client, reason: str = "") -> None:
        self._clients.remove(client)
        client.disconnect(reason)
