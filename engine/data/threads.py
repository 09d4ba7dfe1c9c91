"""Threads that decode pictures, and that nobody has to wait for.

`ThreadPoolExecutor` would do but for one thing: the interpreter ends only when its threads have, and one that
reads from a network drive that is gone never does. These are daemons: a process ends in spite of them.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """So many threads that do what is asked for, in that order."""

    def __init__(self, count: int, name: str) -> None:
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._open = True
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}_{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Have something done; its result or exception will be in the future."""
        assert self._open
        future: Future[R] = Future()
        self._tasks.put((future, lambda: do(*args, **kwargs)))
        return future

    def close(self, seconds: float) -> bool:
        """Drop what has not been begun and end the threads; whether they ended within `seconds`."""
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
            del task  # or a thread that waits would keep the pictures of its last task in memory


def _do(future: "Future[Any]", do: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = do()
    except BaseException as error:  # whoever asks for the result gets it
        future.set_exception(error)
    else:
        future.set_result(result)
