"""Use of the machine the engine runs on: each GPU, the processors, the memory."""

from textual.content import Content

from engine.protocol import Gpu, SystemSample
from tui.activity import ENDED
from tui.figures.steady import steady_sample
from tui.format import NOT_AVAILABLE, gibibytes, percent
from tui.keys.key import bindings
from tui.keys.system import SYSTEM
from tui.panels.panel import Panel, lines, plain_bar
from tui.state import UiState

NAME, BAR = 5, 10  # cells
SMALLEST_BAR = 5  # cells; with less room, a line has only one bar
OTHER_LINES = 2  # processors and memory
MOST_GPUS = 8  # lines; a machine has more only where it is shared


class System(Panel):
    """A line for each GPU that there is room for. The title says how often the screen is drawn."""

    BINDINGS = bindings(SYSTEM)
    kind = "system"

    def press(self, name: str) -> None:
        """Draw more often, or less."""
        self.host.set_pace(slower=name == "draw_slower")

    def __init__(self) -> None:
        super().__init__()
        self._sample: SystemSample | None = None

    def wanted_rows(self, state: UiState) -> int:
        """A line each, but no more than a dozen."""
        gpus = len(state.system.gpus) if state.system is not None else 0
        return min(max(gpus, 1), MOST_GPUS) + OTHER_LINES

    def text(self, state: UiState, now: float) -> Content:
        """GPUs, processors, memory."""
        sample = steady_sample(self._sample, state.system) if state.system is not None else None
        self._sample = sample
        name = f": {sample.gpus[0].name}" if sample is not None and len(sample.gpus) == 1 else ""
        over = state.phase in ENDED
        pace = "" if over else f", every {self.host.looks.refresh:g} s"
        self.title(Content(f"system{name}{pace}"))
        if sample is None:
            return Content.assemble(("not recorded for a run that is over" if over else "", "$muted"))
        width = self.size.width
        rows = [_gpu(gpu, width) for gpu in sample.gpus] or [_line("GPU", None, NOT_AVAILABLE, width)]
        room = max(self.size.height - OTHER_LINES, 1)
        if len(rows) > room:
            hidden = len(rows) - room + 1
            rows = [*rows[: room - 1], Content.assemble((f"{hidden} more GPUs in a taller terminal", "$muted"))]
        memory = f"{gibibytes(sample.memory_used)}/{gibibytes(sample.memory_total)} GiB"
        return lines(
            *rows,
            _line("CPU", sample.cpu, percent(sample.cpu, 0), width),
            _line(
                "RAM",
                sample.memory_used / sample.memory_total,
                f"{memory}, here {gibibytes(sample.process_memory)}",
                width,
            ),
        )


def _gpu(gpu: Gpu, width: int) -> Content:
    """Use, memory, temperature and power; use and memory have bars if there is room for both."""
    memory = f"{gibibytes(gpu.memory_used)}/{gibibytes(gpu.memory_total)}G" if gpu.memory_total else NOT_AVAILABLE
    busy = NOT_AVAILABLE if gpu.utilisation is None else f"{gpu.utilisation:.0%}".rjust(4)
    others = (
        memory,
        NOT_AVAILABLE if gpu.temperature is None else f"{gpu.temperature:.0f}°C",
        NOT_AVAILABLE if gpu.power is None else f"{gpu.power:.0f}W",
    )
    name, figures = f"GPU{gpu.index}", " ".join(others)
    room = min((width - NAME - len(busy) - len(figures) - 3) // 2, BAR)
    if gpu.utilisation is None or gpu.memory_used is None or not gpu.memory_total or room < SMALLEST_BAR:
        return _line(name, gpu.utilisation, f"{busy} {figures}", width)
    return Content.assemble(
        (name.ljust(NAME), "$muted"),
        _bar(gpu.utilisation, room),
        (f" {busy} ", "bold"),
        _bar(gpu.memory_used / gpu.memory_total, room),
        (f" {figures}", "bold"),
    )


def _line(name: str, share: float | None, text: str, width: int) -> Content:
    """Name, bar and figures; where it is narrow, the bar is shorter."""
    room = max(min(width - NAME - 1 - len(text), BAR), 0)
    if share is None:
        return Content.assemble((name.ljust(NAME), "$muted"), " " * (room + 1), (text, "bold"))
    return Content.assemble((name.ljust(NAME), "$muted"), _bar(share, room), " ", (text, "bold"))


def _bar(share: float, width: int) -> Content:
    return plain_bar(share, width, "$warning" if share > 0.9 else "$primary")
