"""A run that trains in a thread of the test, and whoever talks to it without being asked."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from engine import protocol as p
from engine.protocol.wire import VERSION
from engine.service.host import Host
from engine.service.launch import Launch
from engine.service.remote.address import connect
from engine.service.remote.backlog import Backlog
from engine.service.remote.link import SocketLink
from engine.service.remote.server import Server
from engine.service.remote.watchers import Watchers
from engine.storage.journal import Journal

DEADLINE = 120.0  # seconds: far more than it takes, so that only a hang fails


def wait_for(what: Callable[[], Any], seconds: float = DEADLINE) -> Any:
    """What comes true sooner or later."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)
    return found


class Living:
    """A run in a thread; training waits before what comes after a step where it is held up."""

    def __init__(self, launch: Launch, hold: bool = False) -> None:
        self.events: list[p.Event] = []
        self.host = Host(launch, hold)
        self.told = Backlog(100_000)
        "all that somebody in this process is told who watches"
        self._seen: list[p.Event] = []
        self._held_at = 0
        self._held, self._let_go = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._train, name="living", daemon=True)

    def start(self, held_at: int = 0) -> Path:
        """Begin, to be held up after a step; the run's folder, as soon as somebody can attach to it."""
        self._held_at = held_at
        self._thread.start()
        wait_for(lambda: self.host.folder is not None and self.host._server.is_open)
        assert self.host.folder is not None
        return self.host.folder

    def watch(self) -> None:
        """Be told in this process, too; then somebody watches."""
        self.host.watchers.add(self.told)

    def seen(self, kind: type[Any]) -> list[Any]:
        """What has been told so far of a kind."""
        self._seen += self.told.take()
        return [event for event in self._seen if isinstance(event, kind)]

    def wait_held(self) -> None:
        """Until training has come to where it is held up."""
        assert self._held.wait(DEADLINE)

    def let_go(self) -> None:
        """Train on."""
        self._let_go.set()

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return not self._thread.is_alive()

    def end(self) -> p.RunFinished:
        """Go on to the end."""
        if self._thread.ident is None:
            self._thread.start()
        self.let_go()
        self._thread.join(DEADLINE)
        last = self.events[-1]
        assert isinstance(last, p.RunFinished), last
        return last

    def stop(self) -> None:
        """End, wherever it is."""
        if self._thread.ident is not None:
            self.let_go()
            self.host.inbox.put(p.Stop(save=False))
            self._thread.join(DEADLINE)
        assert self.over

    def _train(self) -> None:
        self.host.train(self._emit)

    def _emit(self, event: p.Event) -> None:
        self.events.append(event)
        if isinstance(event, p.TrainStep) and event.step == self._held_at:
            self._held.set()
            assert self._let_go.wait(DEADLINE)


class Staged:
    """A run that a test plays: what it tells stands in its journal and reaches those who watch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inbox: SimpleQueue[p.Command] = SimpleQueue()
        self.watchers, self.journal = Watchers(lambda: self.inbox.put(p.Release())), Journal(folder)
        self.server = Server(self.inbox, self.watchers)
        self.told = Backlog(1_000_000)
        self.watchers.add(self.told)
        self._seen: list[p.Event] = []
        self.watchers.set_folder(folder)
        self.server.open(folder)

    def tell(self, *events: p.Event) -> None:
        """As a run does it: first into the journal."""
        for event in events:
            self.journal.event(event)
            self.watchers.emit(event)

    def seen(self, kind: type[Any]) -> list[Any]:
        """What has been told so far of a kind."""
        self._seen += self.told.take()
        return [event for event in self._seen if isinstance(event, kind)]

    @property
    def log(self) -> str:
        """Who was sent away, as a file tells it."""
        file = self.folder / "control.log"
        return file.read_text() if file.exists() else ""

    def close(self) -> None:
        """The run ends."""
        self.server.close()
        self.journal.close()


class Viewer:
    """Attaches and keeps what it is told."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.link = SocketLink(folder, **options)
        self.events: list[p.Event] = []
        self._thread = threading.Thread(target=self._read, name="viewer", daemon=True)
        self._thread.start()

    def seen(self, kind: type[Any]) -> list[Any]:
        """What it was told so far of a kind."""
        return [event for event in list(self.events) if isinstance(event, kind)]

    def end(self) -> list[p.Event]:
        """All that it is told, when the run or the link has ended."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        return self.events

    def _read(self) -> None:
        for event in self.link.events():
            self.events.append(event)


class Caller:
    """A connection that says whatever it is told to say."""

    def __init__(self, folder: Path) -> None:
        self.socket = connect(folder, DEADLINE)
        self.socket.settimeout(DEADLINE)
        self._file = self.socket.makefile("rb")

    def say(self, *messages: p.Message | bytes) -> None:
        """Send messages, or bytes as they are."""
        said = (m if isinstance(m, bytes) else p.encode(m).encode() + b"\n" for m in messages)
        self.socket.sendall(b"".join(said))

    def greet(self, **hello: Any) -> p.Hello:
        """Say hello; the answer."""
        self.say(p.Hello(**({"version": VERSION, "program": "test"} | hello)))
        answer = self.hear()
        assert isinstance(answer, p.Hello), answer
        return answer

    def hear(self) -> p.Message | None:
        """The next message, `None` where the run has hung up."""
        try:
            line = self._file.readline()
        except ConnectionResetError:
            return None
        return p.decode(line.decode()) if line else None

    def hear_goodbye(self) -> str:
        """Why the run hangs up."""
        reason = ""
        while (message := self.hear()) is not None:
            if isinstance(message, p.Goodbye):
                reason = message.reason
        return reason

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self.socket.close()

    def leave_torn(self) -> None:
        """Hang up for sending: what was said last is all."""
        self.socket.shutdown(socket.SHUT_WR)
