"""Use of the machine the engine runs on: each GPU, the processors, the memory."""

from collections.abc import Sequence

from textual.content import Content

from engine.protocol import Gpu, GpuProcess, SystemSample
from engine.protocol.printable import printable
from tui.activity import ENDED
from tui.figures.steady import steady_sample
from tui.figures.trace import Trace
from tui.format import NOT_AVAILABLE, gibibytes, percent
from tui.keys.key import bindings
from tui.keys.system import SYSTEM
from tui.panels.panel import Panel, lines
from tui.state import UiState

NAME, BARS = 5, 20  # cells
FEWEST_BARS = 4
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
        self._taken: SystemSample | None = None
        self._trace = Trace()

    def wanted_rows(self, state: UiState) -> int:
        """A line each, but no more than a dozen."""
        gpus = sum(1 + bool(gpu.others) for gpu in state.system.gpus) if state.system is not None else 0
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
        if state.system is not self._taken:
            self._trace.take(sample)
            self._taken = state.system
        rows = [row for gpu in sample.gpus for row in self._gpu(gpu)] or [self._line("GPU", [NOT_AVAILABLE])]
        room = max(self.size.height - OTHER_LINES, 1)
        if len(rows) > room:  # others' processes give way first
            rows = [self._gpu(gpu)[0] for gpu in sample.gpus]
        if len(rows) > room:
            rows = [*rows[: room - 1], Content.assemble((_hidden(sample.gpus[room - 1 :]), "$muted"))]
        memory = f"{gibibytes(sample.memory_used)}/{gibibytes(sample.memory_total)} GiB"
        own = f"{memory}, this run {gibibytes(sample.process_memory)}"
        return lines(*rows, self._line("CPU", [percent(sample.cpu, 0)]), self._line("RAM", [f"{own} GiB", own, memory]))

    def _gpu(self, gpu: Gpu) -> list[Content]:
        """Use, memory, temperature and power; below them, who else computes on it."""
        memory = (
            f"{gibibytes(gpu.memory_used)}/{gibibytes(gpu.memory_total)} GiB" if gpu.memory_total else NOT_AVAILABLE
        )
        busy = NOT_AVAILABLE if gpu.utilisation is None else f"{gpu.utilisation:.0%}".rjust(4)
        heat = NOT_AVAILABLE if gpu.temperature is None else f"{gpu.temperature:.0f}°C"
        power = NOT_AVAILABLE if gpu.power is None else f"{gpu.power:.0f} W"
        ways = [f"{busy}  {memory}  {heat}  {power}", f"{busy} {memory} {heat} {power}", f"{busy} {memory} {heat}"]
        rows = [self._line(f"GPU{gpu.index}", ways)]
        if gpu.others:
            told = Content.assemble(("others: ", "$warning"), ", ".join(map(_other, gpu.others)))
            rows.append(Content(" " * NAME) + told.truncate(max(self.size.width - NAME, 1), ellipsis=True))
        return rows

    def _line(self, name: str, ways: list[str]) -> Content:
        """Name, the last minutes as bars, and the longest text that leaves room for them."""
        room = self.size.width - NAME
        text = next((text for text in ways if len(text) + 1 + FEWEST_BARS <= room), ways[-1])
        bars = self._trace.bars(name, max(min(room - len(text) - 1, BARS), 0))
        style = "$warning" if bars.endswith("█") else "$primary"
        return Content.assemble((name.ljust(NAME), "$muted"), (bars, style), " " if bars else "", (text, "bold"))


def _other(process: GpuProcess) -> str:
    """Who it is; its names are another user's choice."""
    used = f"{gibibytes(process.memory)} GiB" if process.memory else ""
    return " ".join(filter(None, (printable(process.user) or f"pid {process.pid}", printable(process.name), used)))


def _hidden(gpus: Sequence[Gpu]) -> str:
    """GPUs that have no line: how many, and the one that is least busy."""
    known = [(gpu.utilisation, gpu.index) for gpu in gpus if gpu.utilisation is not None]
    least = f", GPU{min(known)[1]} the least busy: {min(known)[0]:.0%}" if known else ""
    return f"{len(gpus)} more GPUs{least}"
