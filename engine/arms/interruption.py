"""Interrupts a call that never looks whether it is still wanted."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.1  # between two looks whether the call is still wanted


class Interrupted(BaseException):
    """The call is not wanted any more. No `Exception`, so that the call does not take it for an error of its own."""


def unless(unwanted: Callable[[], bool], do: Callable[[], T]) -> T:
    """The result of `do`, which is broken off as by Ctrl-C as soon as `unwanted` is true in another thread.

    Whatever `do` leaves half done must not be used afterwards. Code outside Python is not interrupted before it
    returns.

    Raises:
        Interrupted: it was broken off.
    """
    thread, lock, over = threading.get_ident(), threading.Lock(), threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            if unwanted():
                with lock:
                    if not over.is_set():
                        _raise(thread, Interrupted)
                return  # only once: a second one would break off what cleans up after the first

    watcher = threading.Thread(target=watch, name="interruption", daemon=True)
    watcher.start()
    try:
        try:
            return do()
        finally:
            with lock:
                over.set()
    finally:
        watcher.join()


def _raise(thread: int, error: type[BaseException]) -> None:
    """Raise an error in another thread, before its next step of Python."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
