"""What the keys do and what the numbers mean."""

from collections.abc import Iterable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import KEYS

WORDS = (
    ("pretrained", "The arm that starts from weights learnt on other pictures; only the last layer is new."),
    ("scratch", "The same network from random weights: what fine-tuning is compared with."),
    ("backbone", "All layers but the last. Its rate is small, because its weights are good already."),
    ("head", "The new last layer. Its rate is ten times the backbone's, because it knows nothing yet."),
    ("base, now", "A group's own rate, and that times the schedule's multiplier in the last step."),
    ("frozen", "A group that the updates leave as it is."),
    ("loss", "Mean cross entropy: training is a smoothed line, test a point an evaluation."),
    ("accuracy", "Share of pictures classified correctly."),
    (
        "▴",
        "On the plots' lowest row: a command took effect at this step of the arm of that colour; the log says which.",
    ),
    ("×", "There, too: a step whose loss or gradient was no number, and which left the weights alone."),
    ("branch", "A rewind begins a new one. What was left behind stays on the plots, dimmed, and can be gone back to."),
    ("data wait", "Share of a step spent waiting for pictures; if it is high, the processor is too slow for the GPU."),
    ("safe at step", "The last checkpoint on the disk: what a crash or a power cut cannot take away."),
)


class HelpScreen(ModalScreen[None]):
    """All keys and words, scrolling where the terminal is small."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,h,q", "dismiss", show=False)]

    def compose(self) -> ComposeResult:
        """Two lists."""
        keys = [(" ".join(key.keys), key.help) for key in KEYS]
        keys.append(("ctrl+p", "Search all commands."))
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title = "help"
            sheet.border_subtitle = "Esc closes"
            # One widget: a widget a word takes five times as long to open while training is under way.
            yield Static(self._table(("Keys", keys), ("Words", WORDS)))

    def _table(self, *lists: tuple[str, Iterable[tuple[str, str]]]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=12, style=self.app.theme_variables["accent"])
        table.add_column(ratio=1)
        for title, rows in lists:
            table.add_row()
            table.add_row(Text(title, "bold"))
            for name, text in rows:
                table.add_row(Text(name), Text(text))
        return table
