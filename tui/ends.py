"""Notices that a run has ended. Loads no Textual."""

from tui.activity import OVER
from tui.state import UiState


class Ends:
    """Each end counts once; only what this screen has seen trained, or fail, ends here."""

    def __init__(self) -> None:
        self._trained = False
        self._known: set[object] = set()

    def noticed(self, state: UiState) -> bool:
        """Whether the run has just ended. Call it after each event."""
        self._trained = self._trained or state.live
        failed = state.failure is not None
        if state.over or state.phase not in OVER or not (self._trained or failed):
            return False
        self._trained, view = False, state.view
        end = (failed, *((state.arm, view.branch, view.step) if view is not None else ()))
        known = end in self._known
        self._known.add(end)
        return not known
