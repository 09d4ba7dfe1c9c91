"""The first line: whose run it is, its state, and the last safe checkpoint."""

from textual.content import Content

from tui.format import age
from tui.panels.panel import Panel
from tui.state import Phase, UiState
from tui.theme import ARM_COLOURS

WORDS: dict[Phase, tuple[str, str]] = {
    "loading": ("LOADING", "$background on $secondary"),
    "training": ("TRAINING", "bold $background on $success"),
    "evaluating": ("EVALUATING", "bold $background on $primary"),
    "paused": ("PAUSED", "bold $background on $warning"),
    "finished": ("FINISHED", "bold $background on $primary"),
    "ended": ("ENDED", "bold $background on $secondary"),
    "failed": ("FAILED", "bold $background on $error"),
}


class Status(Panel):
    """Name, state, arm, its branch after a rewind, model and device on the left, the last checkpoint on the right."""

    def text(self, state: UiState, now: float) -> Content:
        """One line as wide as the screen."""
        word, style = WORDS[state.phase]
        if state.phase == "paused" and state.freed:
            word += ", GPU FREED"
        parts: list[tuple[str, str]] = [(f" {word} ", style)]
        if state.run is not None and state.arm is not None:
            parts += [(f" {state.run.name}", "bold"), (f"  {state.arm}", f"bold {ARM_COLOURS[state.arm]}")]
            if state.view is not None and state.view.branch > 1:
                parts.append((f" branch {state.view.branch}", ""))
        else:
            parts.append((" finetune-tui", "bold"))
        if state.watching > 1:
            parts.append((f"  {state.watching - 1} more watching", "$muted"))
        saved = state.checkpoint
        right = f"safe at step {saved.step}, {age(now - saved.time)} ago " if saved else "nothing saved yet "
        left = Content.assemble(*parts)
        if state.run is not None:
            what = f"  {state.run.model} on {state.run.device}"
            if left.cell_length + len(what) + len(right) < self.size.width:
                left = left.append_text(what, "$muted")
        gap = max(self.size.width - left.cell_length - len(right), 1)
        return Content.assemble(left, " " * gap, (right, "$muted"))
