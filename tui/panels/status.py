"""The first line: the run, what it is doing, and the last safe checkpoint."""

from collections.abc import Sequence

from textual.content import Content

from engine.protocol import Pause, SwitchArm
from tui.activity import ENDED, Phase
from tui.format import ago
from tui.panels.panel import Panel
from tui.state import UiState
from tui.theme import ARM_STYLES

WORDS: dict[Phase, tuple[str, str]] = {
    "loading": ("LOADING", "$badge on $secondary"),
    "training": ("TRAINING", "bold $badge on $success"),
    "compiling": ("COMPILING", "bold $badge on $primary"),
    "evaluating": ("EVALUATING", "bold $badge on $primary"),
    "paused": ("PAUSED", "bold $badge on $warning"),
    "finished": ("FINISHED", "bold $badge on $primary"),
    "ended": ("ENDED", "bold $badge on $secondary"),
    "failed": ("FAILED", "bold $badge on $error"),
}


class Status(Panel):
    """Name, state, arm, its branch after a rewind, model and device on the left, the last checkpoint on the right."""

    def text(self, state: UiState, now: float) -> Content:
        """One line as wide as the screen."""
        word, style = _word(state)
        parts: list[tuple[str, str]] = [(f" {word} ", style)]
        if state.run is not None and state.arm is not None:
            parts += [(f" {state.run.name}", "bold"), (f"  {state.arm}", f"bold {ARM_STYLES[state.arm]}")]
            if state.view is not None and state.view.branch > 1:
                parts.append((f" branch {state.view.branch}", ""))
        else:
            parts.append((" finetune-tui", "bold"))
        if state.watching > 1 and state.phase not in ENDED:
            parts.append((f"  {state.watching - 1} more watching", "$muted"))
        left = Content.assemble(*parts)
        texts = _saved(state, now)
        right = next((text for text in texts if left.cell_length + len(text) < self.size.width), texts[-1])
        if state.run is not None:
            what = f"  {state.run.model} on {state.run.device}"
            if left.cell_length + len(what) + len(right) + 1 < self.size.width:
                left = left.append_text(what, "$muted")
        gap = max(self.size.width - left.cell_length - len(right), 1)
        return Content.assemble(left, " " * gap, (right, "$muted"))


def _saved(state: UiState, now: float) -> Sequence[str]:
    """What is said of the last checkpoint, and of the last one that `hooks.saved` has sent, the longest text first."""
    saved, sent = state.checkpoint, state.sent
    if not saved:
        return ("nothing saved yet ",)
    of = f"{saved.arm} " if saved.arm != state.arm and state.arm is not None else ""
    alone = f"{of}checkpoint: step {saved.step}, {ago(now - saved.time)} "
    if sent is None:
        return f"last {alone}", alone
    both = f"{alone}· bucket: step {sent.step}, {ago(now - sent.time)} "
    return f"last {both}", both, f"saved: step {saved.step} · bucket: step {sent.step}, {ago(now - sent.time)} ", alone


def _word(state: UiState) -> tuple[str, str]:
    """A word for what is going on, and its style. A pause or a switch that was asked for shows at once."""
    word, style = WORDS[state.phase]
    if state.phase == "paused" and state.freed:
        return f"{word}, GPU FREED", style
    if state.phase in ("training", "compiling", "evaluating") and not state.paused:
        if any(isinstance(command, Pause) for command in state.waiting):
            return "PAUSING", WORDS["paused"][1]
        if any(isinstance(command, SwitchArm) for command in state.waiting):
            return "SWITCHING", WORDS["loading"][1]
    return WORDS["loading"] if state.live and state.busy is not None else (word, style)
