"""A call in a thread of its own, which nobody waits for when the screen is left: a disk may not answer."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def aside(do: Callable[P, T], *args: P.args, **keywords: P.kwargs) -> "asyncio.Future[T]":
    """What `do` answers, or raises, as soon as it has; asyncio's own threads would hold up the end of the loop."""
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
