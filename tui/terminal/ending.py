"""A screen that can be ended from outside, at any moment and behind a terminal that nobody reads."""

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from textual.app import App
from textual.driver import Driver

STALLED_SECONDS = 1.0  # that a terminal may take for the last picture


class EndableApp(App[None]):
    """An app whose `end_by` is a handler of signals."""

    def __init__(self, abandon: Callable[[], None] = lambda: None, driver: type[Driver] | None = None) -> None:
        """`abandon` gives up a terminal that is not read."""
        super().__init__(driver_class=driver)
        self.ended_by = 0
        "the signal that ended the screen, if one did"
        self._end_loop: asyncio.AbstractEventLoop | None = None
        self._abandon = abandon
        self._stall_timer: threading.Timer | None = None

    def on_load(self) -> None:
        """Before the terminal becomes a screen: `end_by` works from here on."""
        self._end_loop = asyncio.get_running_loop()
        if self.ended_by:
            self.exit()

    def on_unmount(self) -> None:
        """The terminal took the last picture."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()

    def end_by(self, number: int, frame: FrameType | None = None) -> None:
        """A handler of signals: the terminal went away, or somebody wants this process to end; the screen does at once.

        Not one of asyncio's: a terminal that nobody reads stops the loop, in the middle of a write.
        """
        self.ended_by = number
        if self._end_loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._end_loop.call_soon_threadsafe(self.exit)
        if self._stall_timer is None:
            self._stall_timer = threading.Timer(STALLED_SECONDS, self._abandon)
            self._stall_timer.daemon = True
            self._stall_timer.start()

    @property
    def leaving(self) -> bool:
        """Whether the screen is being left."""
        return self._exit

    def hang_up(self) -> None:
        """The terminal cannot be read or written any more; from any thread."""
        if not self.ended_by:
            self.end_by(signal.SIGHUP)
