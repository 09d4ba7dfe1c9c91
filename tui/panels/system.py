"""Use of the machine the engine runs on: each GPU, the processors, the memory."""

from textual.content import Content

from engine.protocol import Gpu
from tui.format import NOT_AVAILABLE, bar, gibibytes, percent
from tui.panels.panel import Panel, lines
from tui.state import UiState

BAR = 10
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
            self.border_title = f"system: {sample.gpus[0].name}"
        rows = [_gpu(gpu) for gpu in sample.gpus] or [_line("GPU", None, NOT_AVAILABLE)]
        room = max(self.size.height - OTHER_LINES, 1)
        if len(rows) > room:
            hidden = len(rows) - room + 1
            rows = [*rows[: room - 1], Content.assemble((f"{hidden} more GPUs in a taller terminal", "$muted"))]
        memory = f"{gibibytes(sample.memory_used)}/{gibibytes(sample.memory_total)} GiB"
        return lines(
            *rows,
            _line("CPU", sample.cpu, percent(sample.cpu, 0)),
            _line(
                "RAM",
                sample.memory_used / sample.memory_total,
                f"{memory}, here {gibibytes(sample.process_memory)}",
            ),
        )


def _gpu(gpu: Gpu) -> Content:
    memory = f"{gibibytes(gpu.memory_used)}/{gibibytes(gpu.memory_total)}G" if gpu.memory_total else NOT_AVAILABLE
    figures = (
        NOT_AVAILABLE if gpu.utilisation is None else f"{gpu.utilisation:.0%}",
        memory,
        NOT_AVAILABLE if gpu.temperature is None else f"{gpu.temperature:.0f}°C",
        NOT_AVAILABLE if gpu.power is None else f"{gpu.power:.0f}W",
    )
    return _line(f"GPU{gpu.index}", gpu.utilisation, " ".join(figures))


def _line(name: str, share: float | None, text: str) -> Content:
    if share is None:
        return Content.assemble((name.ljust(5), "$muted"), " " * (BAR + 1), (text, "bold"))
    filled, empty = bar(share, BAR)
    style = "$warning" if share > 0.9 else "$primary"
    return Content.assemble((name.ljust(5), "$muted"), (filled, style), (empty, "on $panel"), " ", (text, "bold"))
