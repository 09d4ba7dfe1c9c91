"""Why the run failed and what to do; the rest of the screen stays readable."""

from textual.content import Content

from tui.panels.panel import Growing, lines
from tui.state import UiState


class Failure(Growing):
    """Title and message of the failure; takes no room until there is one."""

    def on_mount(self) -> None:
        """Name the panel and hide it."""
        self.title("the run failed")
        self.display = False

    def text(self, state: UiState, now: float) -> Content:
        """Title, message, and the keys that help."""
        failure = state.failure
        if failure is None:
            return Content("")
        self.display = True
        return lines(
            Content.assemble((failure.title, "bold $error")),
            Content(failure.message),
            Content.assemble(("l reads the log, q leaves", "$muted")),
        )
