"""Several runs beside each other: what differs in settings and results above, their curves below."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ScrollableContainer, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.errors import EngineError
from engine.protocol.printable import printable
from tui.aside import aside, paced
from tui.cells import Cells
from tui.panels.readout import LINES
from tui.plots.axis import along
from tui.plots.composition import DrawnBranch, last_step, of_run, run_colour
from tui.plots.curves import CURVES, Curve, traces
from tui.plots.picture_of import picture_of
from tui.plots.plotview import PlotView

if TYPE_CHECKING:
    from engine.report.runs_compared import RunsCompared
    from engine.report.runs_tables import Table

LINES_AT_ONCE = 200  # of a journal that are read without a pause
NOTE, FRAME = 100, 5  # columns of a sentence, at most; columns of the frame and the scroll bar
KEYS = "arrows scroll  z layout  p plot  r read again  Esc closes"
PLOTS = [next(curve for curve in CURVES if curve.name == name) for name in ("accuracy", "loss", "lr", "gradient")]
"in the order in which they are shown"
LAYOUTS = ("both", "tables", "curves")


class CompareScreen(ModalScreen[None]):
    """Reads the runs when it is opened, and again on a key: they may be live."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("r", "read", show=False),
        Binding("p", "plot", show=False),
        Binding("z", "layout", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual's type

    def __init__(self, folders: Sequence[Path], *, ascii: bool = False) -> None:
        """`ascii`: only ASCII characters are drawn."""
        super().__init__()
        self._folders = folders
        self._ascii = ascii
        self._first = 0
        self._layout = LAYOUTS[0]

    def compose(self) -> ComposeResult:
        """Tables, and two plots, of which a narrow screen shows the first one."""
        with Vertical(classes="sheet") as sheet:
            sheet.border_title, sheet.border_subtitle = "runs compared", KEYS
            with ScrollableContainer(id="tables"):
                yield Static("reading the journals…", id="text")
            with Horizontal(id="curves"):
                yield _Plot(self._ascii)
                yield _Plot(self._ascii, id="beside")

    def on_mount(self) -> None:
        """Read the runs."""
        self.query_one("#tables").focus()
        self.action_read()

    def action_read(self) -> None:
        """Read the runs again."""
        self.run_worker(self._read(), exclusive=True)

    def action_plot(self) -> None:
        """Draw the next plot."""
        self._first = (self._first + 1) % len(PLOTS)
        self._choose_plots()

    def action_layout(self) -> None:
        """Show the tables alone, then the plots alone, then both."""
        self._layout = LAYOUTS[(LAYOUTS.index(self._layout) + 1) % len(LAYOUTS)]
        shown = self.query_one("#tables")
        shown.display = self._layout != "curves"
        self.query_one("#curves").display = self._layout != "tables"
        self.query_one("#curves").set_class(self._layout == "curves", "-alone")
        shown.focus()  # it loses that while it is hidden

    async def _read(self) -> None:
        text = self.query_one("#text", Static)
        width = min(max(self.app.size.width - FRAME, 20), NOTE)
        try:
            compared = await aside(_compared, self._folders)
        except EngineError as error:
            text.update(Content("\n".join(wrap(printable(f"{error.title}: {error.message}"), width))))
            return
        text.update(_text(compared, self.app.theme_variables, width))
        for plot in self.query(_Plot):
            plot.runs = compared
        self._choose_plots()

    def _choose_plots(self) -> None:
        for number, plot in enumerate(self.query(_Plot)):
            plot.draw(PLOTS[(self._first + number) % len(PLOTS)])


class _Plot(Cells):
    """A curve of each arm of each run: in the run's colour, with its letter at the end, in the stroke of the arm."""

    def __init__(self, ascii: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ascii = ascii
        self._curve = PLOTS[0]
        self.runs: RunsCompared | None = None

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.draw(self._curve)

    def draw(self, curve: Curve) -> None:
        """Draw a curve, if the runs have been read."""
        self._curve = curve
        if self.runs is None:
            return
        arms = [f"{line} {arm}" for arm, line in LINES.items()] if self.size.width > 40 else []
        self.border_title = "  ".join([curve.title, *arms])
        plots, colours = PlotView(), self.app.theme_variables
        found = [(drawn, traces(curve, drawn.view, drawn.branch, plots)) for drawn in _drawn(self.runs, colours)]
        if not found:
            self.put([])
            return
        current = found[0][0].view
        trained = max(plots.x(drawn.view, drawn.branch.last_step) for drawn, _ in found)
        planned = max(plots.x(drawn.view, last_step(drawn)) for drawn, _ in found)
        x = along(*plots.x_limits(current, trained, planned), max(self.size.width // 6, 1))
        self.put(picture_of(curve, found, plots, x, self.size, grid=colours["border"], ascii=self._ascii).rows)


def _compared(folders: Sequence[Path]) -> "RunsCompared":
    from engine.report.reading import read_run  # late: most sessions compare nothing
    from engine.report.runs_compared import compare_runs

    pace = partial(paced, piece=LINES_AT_ONCE)  # in this process a run may be training
    return compare_runs([read_run(folder, pace) for folder in folders])


def _drawn(compared: "RunsCompared", colours: Mapping[str, str]) -> list[DrawnBranch]:
    return [
        of_run(arm.view, run.facts.name, number, colours)
        for number, run in enumerate(compared.runs)
        for arm in run.arms
    ]


def _text(compared: "RunsCompared", colours: Mapping[str, str], width: int) -> Content:
    """All tables, each run's letter in its colour, and the notes in lines of at most `width`."""
    from engine.report.runs_tables import settings_table, tables

    styles = {run.letter: run_colour(number, colours) for number, run in enumerate(compared.runs)}
    rows = [row for table in tables(compared) for row in (*_rows(table, styles), Content(""))]
    notes = [Content.styled(line, "$warning") for note in compared.notes for line in wrap(printable(note), width)]
    rows += [*notes, Content("")] if notes else []
    return Content("\n").join([*rows, *_rows(settings_table(compared), styles)])


def _rows(table: "Table", styles: Mapping[str, str]) -> Iterator[Content]:
    yield Content.styled(table.title, "bold")
    if not table.rows:
        return
    head, *rows = table.lines()
    yield Content.styled(head, "$muted")
    for row, cells in zip(rows, table.rows, strict=True):
        letter = cells[0] if cells[0] in styles else ""
        yield Content.assemble((letter, f"bold {styles.get(letter, '')}".strip()), row[len(letter) :])
