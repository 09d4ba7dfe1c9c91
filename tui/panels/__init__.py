"""The panels: each a read-only view of the state. A new one is a module, a row here and its place in `app.tcss`."""

from collections.abc import Callable
from typing import Protocol

from textual.widget import Widget

from tui.panels.comparison import Comparison
from tui.panels.curves import accuracy, loss
from tui.panels.failure import Failure
from tui.panels.footer import Footer
from tui.panels.log import LogTail
from tui.panels.message import Message
from tui.panels.progress import Progress
from tui.panels.rates import Rates
from tui.panels.status import Status
from tui.panels.system import System
from tui.state import UiState


class View(Protocol):
    """What the app asks of a panel."""

    def show(self, state: UiState, now: float) -> None:
        """Draw the state at time `now`, unless it looks as it did."""


HEAD: tuple[Callable[[], Widget], ...] = (Status,)
PLOTS: tuple[Callable[[], Widget], ...] = (loss, accuracy)
NUMBERS: tuple[Callable[[], Widget], ...] = (Progress, Comparison, Rates, System, LogTail)
FOOT: tuple[Callable[[], Widget], ...] = (Failure, Message, Footer)
