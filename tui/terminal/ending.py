"""A screen that can be ended from outside at any moment, even if nobody reads the terminal."""

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from textual.app import App
from textual.driver import Driver

STALLED_SECONDS = 1.0  # that a terminal may take for the last frame


class EndableApp(App[None]):
    """An app that ends when it gets a signal: `end_by` is the handler."""

    def __init__(self, abandon: Callable[[], None] = lambda: None, driver: type[Driver] | None = None) -> None:
        """`abandon` gives up a terminal that nobody reads."""
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
        """The terminal took the last frame."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()

    def end_by(self, number: int, frame: FrameType | None = None) -> None:
        """Handle a signal: close the screen at once, as the terminal went away or the process is to end.

        This is not a handler of asyncio: a terminal that nobody reads stops the event loop in the middle of a write.
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
