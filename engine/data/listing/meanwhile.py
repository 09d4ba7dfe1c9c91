"""Progress while a thread does something slow, such as listing a million files, and its end at once if nobody waits."""

import gc
from collections.abc import Callable, Generator
from concurrent.futures import wait
from typing import TypeVar

from engine.data.threads import Threads
from engine.errors import EngineError
from engine.protocol import Loading

T = TypeVar("T")

REPORT_SECONDS = 0.1  # between two progress events


def meanwhile(do: Callable[[], T], what: str, count: Callable[[], int] = lambda: 0) -> Generator[Loading, None, T]:
    """Call `do` in a thread; its result or its error. Until then, a `Loading` every 0.1 s, with how far `count` went.

    Where the generator is closed, the thread is abandoned; it does not keep the process from ending.
    """
    try:
        thread = Threads(1, "listing")
    except EngineError:
        return do()  # without progress, rather than not at all
    # The search for cycles of references among a million pictures takes a second, and stops this thread, too.
    collects, before = gc.isenabled(), count()
    gc.disable()
    try:
        future = thread.submit(do)
        while wait([future], REPORT_SECONDS).not_done:
            yield Loading(what, count() - before)
        return future.result()
    finally:
        thread.close(0.0)
        if collects:
            gc.enable()
