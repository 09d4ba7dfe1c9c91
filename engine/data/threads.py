"""A pool of daemon threads for decoding pictures.

It replaces `ThreadPoolExecutor`, because the interpreter waits for the threads of an executor at its end. A thread that
reads from a lost network drive never ends. A process can end while daemon threads are running.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from engine.errors import EngineError

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """`count` threads that work on tasks in the order of submission, or as many as the system allows."""

    def __init__(self, count: int, name: str) -> None:
        """Raises `EngineError` if it allows none."""
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._open = True
        self._threads: list[threading.Thread] = []
        for number in range(count):
            thread = threading.Thread(target=self._work, name=f"{name}_{number}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system allows no more of them; those that there are do the work
                break
            self._threads.append(thread)
        if not self._threads:
            remedy = "raise `ulimit -u`, or the limit of the job or container"
            raise EngineError("No threads left", f"the system allows this process no more threads; {remedy}")
        self.missing = count - len(self._threads)
        "how many of the threads the system did not allow"

    def submit(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Call `do` in a thread. The future gets its result or exception."""
        assert self._open
        future: Future[R] = Future()
        self._tasks.put((future, lambda: do(*args, **kwargs)))
        return future

    def close(self, seconds: float) -> bool:
        """Drop waiting tasks and end the threads. Returns whether all threads ended within `seconds`."""
        self._open = False
        with suppress(Empty):
            while True:
                if (task := self._tasks.get_nowait()) is not None:
                    task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            _do(*task)
            del task  # otherwise an idle thread would keep the pictures of its last task in memory


def _do(future: "Future[Any]", do: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = do()
    except BaseException as error:  # the caller gets it from the future
        future.set_exception(error)
    else:
        future.set_result(result)
