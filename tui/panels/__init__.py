"""The panels, each a read-only view of the state. A new one is a module, a row here, and a row in `tui/panes.py`."""

from collections.abc import Callable
from functools import partial

from tui.panels.comparison import Comparison
from tui.panels.curves import Curves
from tui.panels.failure import Failure
from tui.panels.footer import Footer
from tui.panels.log import LogTail
from tui.panels.message import Message
from tui.panels.mistakes import Mistakes
from tui.panels.panel import View
from tui.panels.progress import Progress
from tui.panels.rates import Rates
from tui.panels.status import Status
from tui.panels.system import System
from tui.plots.curves import CURVES

HEAD: tuple[Callable[[], View], ...] = (Status,)
FOOT: tuple[Callable[[], View], ...] = (Failure, Message, Footer)
BODY: dict[str, Callable[[], View]] = {
    **{curve.name: partial(Curves, curve) for curve in CURVES},
    "progress": Progress,
    "comparison": Comparison,
    "rates": Rates,
    "system": System,
    "mistakes": Mistakes,
    "log": LogTail,
}
