"""The panels: each a read-only view of the state. A new one is a module, a row here and its place in `app.tcss`."""

from collections.abc import Callable

from tui.panels.comparison import Comparison
from tui.panels.curves import Curves, accuracy, loss
from tui.panels.failure import Failure
from tui.panels.footer import Footer
from tui.panels.log import LogTail
from tui.panels.message import Message
from tui.panels.panel import Panel
from tui.panels.progress import Progress
from tui.panels.rates import Rates
from tui.panels.status import Status
from tui.panels.system import System

View = Panel | Curves
"what the app asks to `show` the state"

HEAD: tuple[Callable[[], View], ...] = (Status,)
PLOTS: tuple[Callable[[], View], ...] = (loss, accuracy)
NUMBERS: tuple[Callable[[], View], ...] = (Progress, Comparison, Rates, System, LogTail)
FOOT: tuple[Callable[[], View], ...] = (Failure, Message, Footer)
