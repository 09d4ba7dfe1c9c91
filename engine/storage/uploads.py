"""Sends checkpoints elsewhere by a command of the user: one after another, of each name the newest.

A slow command never piles up: while it is under way, a newer checkpoint waits, and takes the place of an older one of
the same name that waits. The command gets a name of the file that stays until it has ended, because the next
checkpoint replaces `last.pt`. Restore points in `points/` are not sent: what they hold is sent as `last.pt`.
"""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from engine.protocol import CheckpointSaved, CheckpointSent, HookFailed

HOOK = "saved"
AT_THE_END = 600.0  # seconds that the end of a run waits for what is still to be sent
LOOK_SECONDS = 0.1

Send = Callable[[CheckpointSaved, Path], str]
"runs the command for a checkpoint, of which the path is a name; what went wrong, empty if nothing did"


class _Ended(NamedTuple):
    saved: CheckpointSaved
    problem: str
    seconds: float


class Uploads:
    """The checkpoints that are sent, and those that wait. Training never waits for them."""

    def __init__(self, send: Send) -> None:
        """`send` is called in a thread of its own."""
        self._send = send
        self._lock = threading.Lock()
        self._waiting: dict[str, CheckpointSaved] = {}
        self._under_way: CheckpointSaved | None = None
        self._ended: SimpleQueue[_Ended] = SimpleQueue()
        self._abandoned = False

    def add(self, saved: CheckpointSaved) -> None:
        """Send a checkpoint when those before it are sent."""
        with self._lock:
            self._waiting.pop(saved.path, None)
            self._waiting[saved.path] = saved
            if self._under_way is not None:
                return
            self._under_way = saved
        try:
            threading.Thread(target=self._work, name="uploads", daemon=True).start()
        except RuntimeError as error:  # the system allows no more threads
            with self._lock:
                self._under_way = None
                self._waiting.clear()
            self._ended.put(_Ended(saved, f"the command could not be run ({error})", 0.0))

    @property
    def busy(self) -> bool:
        """Whether something is still to be sent."""
        with self._lock:
            return self._under_way is not None

    def results(self) -> Iterator[CheckpointSent | HookFailed]:
        """What has been sent, or failed, since the last call."""
        while not self._ended.empty():
            saved, problem, seconds = self._ended.get()
            if problem:
                yield HookFailed(HOOK, f"{saved.path} of step {saved.step} was not sent: {problem}")
            else:
                yield CheckpointSent(saved.arm, saved.step, saved.path, time.time(), seconds)

    def finish(self, seconds: float) -> Iterator[CheckpointSent | HookFailed]:
        """The same once all is sent, or after so many seconds; what is not sent then is said, and given up."""
        end = time.monotonic() + seconds
        while self.busy and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
            yield from self.results()
        with self._lock:
            left = {saved.path: saved for saved in (self._under_way, *self._waiting.values()) if saved is not None}
            self._abandoned = True
        yield from self.results()
        for saved in left.values():
            yield HookFailed(HOOK, f"{saved.path} of step {saved.step} was waited for no longer")

    def _work(self) -> None:
        while (saved := self._next()) is not None:
            began, problem = time.monotonic(), "the command was not run"
            try:
                with _lasting_name(Path(saved.path)) as path:
                    problem = self._send(saved, path)
            except OSError as error:
                problem = error.strerror or str(error)
            finally:
                self._ended.put(_Ended(saved, problem, time.monotonic() - began))

    def _next(self) -> CheckpointSaved | None:
        """The oldest one that waits; `None` ends the thread."""
        with self._lock:
            path = next(iter(self._waiting), None)
            self._under_way = None if path is None or self._abandoned else self._waiting.pop(path)
            return self._under_way


@contextlib.contextmanager
def _lasting_name(path: Path) -> Iterator[Path]:
    """Another name of the file, for as long as the command takes; the file's own where there are no hard links."""
    folder, other = path.with_name(f".{path.name}-sent.tmp"), path
    try:
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            (folder / path.name).unlink(missing_ok=True)
            os.link(path, folder / path.name)
            other = folder / path.name
        yield other
    finally:  # a process that ends at once leaves it to the command, and to the next process of the run
        shutil.rmtree(folder, ignore_errors=True)
