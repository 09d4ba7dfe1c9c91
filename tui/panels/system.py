"""Use of the machine the engine runs on: each GPU, the processors, the memory."""

from textual.content import Content

from engine.protocol import Gpu
from tui.format import NOT_AVAILABLE, bar, gibibytes, percent
from tui.panels.panel import Panel, lines
from tui.state import UiState

NAME, BAR = 5, 10  # cells
OTHER_LINES = 2  # processors and memory


class System(Panel):
    """A line a GPU, as many as there is room for."""

    def on_mount(self) -> None:
        """Name the panel."""
        self.border_title = "system"

    def text(self, state: UiState, now: float) -> Content:
        """GPUs, processors, memory."""
        sample = state.system
        if sample is None:
            return Content("")
        if len(sample.gpus) == 1:
            title = f"system: {sample.gpus[0].name}"
            if self.border_title != title:  # setting it draws the panel again
                self.border_title = title
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
    memory = f"{gibibytes(gpu.memory_used)}/{gibibytes(gpu.memory_total)}G" if gpu.memory_total else NOT_AVAILABLE
    figures = (
        NOT_AVAILABLE if gpu.utilisation is None else f"{gpu.utilisation:.0%}",
        memory,
        NOT_AVAILABLE if gpu.temperature is None else f"{gpu.temperature:.0f}°C",
        NOT_AVAILABLE if gpu.power is None else f"{gpu.power:.0f}W",
    )
    return _line(f"GPU{gpu.index}", gpu.utilisation, " ".join(figures), width)


def _line(name: str, share: float | None, text: str, width: int) -> Content:
    """Name, bar and figures; the bar gives way to the figures."""
    room = max(min(width - NAME - 1 - len(text), BAR), 0)
    if share is None:
        return Content.assemble((name.ljust(NAME), "$muted"), " " * (room + 1), (text, "bold"))
    filled, empty = bar(share, room)
    style = "$warning" if share > 0.9 else "$primary"
    return Content.assemble((name.ljust(NAME), "$muted"), (filled, style), (empty, "on $panel"), " ", (text, "bold"))
