"""A screen that can be ended or suspended from outside at any moment, even if nobody reads the terminal."""

import asyncio
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver

from tui.terminal.job import has_shell

STALLED_SECONDS = 1.0  # that a terminal may take for the last frame
NO_SHELL = "no shell waits here that could bring it back with `fg`"


class EndableApp(App[None]):
    """An app that ends when it gets a signal: `end_by` is the handler."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+z", "app.suspend_job", priority=True, show=False)]

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

    def action_suspend_job(self) -> None:
        """Ctrl+Z: give the terminal back to the shell, whose `fg` brings the screen back."""
        if why := self.why_not_suspended():
            self.notify(why)
        else:
            self.suspend_job("suspended: `fg` brings the screen back")

    def why_not_suspended(self) -> str:
        """Why `suspend_job` can do nothing; empty if it can."""
        return "" if hasattr(self._driver, "suspend_job") and has_shell() else NO_SHELL

    def suspend_job(self, said: str, continued: Callable[[], None] = lambda: None) -> None:
        """Suspend the shell's job that this process belongs to, until `fg`.

        `said` is a line for the terminal; `continued` is called when the job goes on, in the background, too.
        """
        suspend = getattr(self._driver, "suspend_job", None)
        assert suspend is not None, "asked first"
        suspend(said, continued)
        self.refresh(layout=True)

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
