"""Work beside the screen: calls that nobody waits for when the screen is left, and long reading with pauses."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

PAUSE_SECONDS = 0.001


def aside(do: Callable[P, T], *args: P.args, **keywords: P.kwargs) -> "asyncio.Future[T]":
    """Call `do` in a thread of its own; what it returns or raises.

    A disk may not answer, and the end of the event loop would wait for asyncio's own threads.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if future.done():  # given up
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = do(*args, **keywords)
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name=do.__name__, daemon=True).start()
    return future


def paced(items: Iterable[T], piece: int) -> Iterator[T]:
    """The same items, with a pause after each `piece` of them for the threads that draw and train."""
    for number, item in enumerate(items, 1):
        yield item
        if number % piece == 0:
            time.sleep(PAUSE_SECONDS)
