"""The line under the plots: why the current arm learns nothing, or not what it should, and the key that mends it."""

from textual.content import Content

from engine.figures.verdicts import Verdict
from tui.activity import ENDED
from tui.panels.panel import Panel
from tui.state import UiState

MARK = "! "


class Why(Panel):
    """A verdict with as much of its evidence as there is room for; the body shows it only where there is one."""

    def text(self, state: UiState, now: float) -> Content:
        """One line."""
        verdict = state.why.verdict
        if verdict is None:
            return Content("")
        over = bool(state.locked) or state.phase in ENDED
        lines = [_line(verdict, count, over) for count in range(len(verdict.evidence), -1, -1)]
        line = next((line for line in lines if line.cell_length <= self.size.width), lines[-1])
        return line.truncate(max(self.size.width, 0), ellipsis=True)


def _line(verdict: Verdict, count: int, over: bool) -> Content:
    """With the first `count` pieces of evidence."""
    evidence = f": {'; '.join(verdict.evidence[:count])}" if count else ""
    mend = ("; next time ", verdict.setting) if over else ("; ", (verdict.key, "bold $accent"), f" {verdict.advice}")
    return Content.assemble((f"{MARK}{verdict.text}", "bold $warning"), evidence, *mend)
