"""The curves of older runs that are drawn beside those of the run on the screen. Loads no Textual."""

import threading
from pathlib import Path

from engine.figures.arm import ArmView, fold_into
from engine.protocol import Arm
from engine.service.remote.history import read_history
from tui.aside import paced

MOST_STEPS = 4000  # of a run: a plot has fewer points
EVENTS = 200  # that are read without a pause


class Overlay:
    """Has the curves of the chosen runs. They are read in a thread: no call waits."""

    def __init__(self, root: Path) -> None:
        """`root` is the folder of the runs."""
        self.drawn = 0
        "grows whenever `loaded` has another answer"
        self._root = root
        self._chosen: frozenset[str] = frozenset()
        self._views: dict[str, list[ArmView]] = {}
        self._changed = threading.Condition()
        self._reader: threading.Thread | None = None

    @property
    def root(self) -> Path:
        """The folder of the runs."""
        return self._root

    @property
    def chosen(self) -> set[str]:
        """Names of the chosen runs."""
        return set(self._chosen)

    def choose(self, names: set[str]) -> None:
        """Choose these and no others; a run that was not chosen before is read again."""
        with self._changed:
            self._chosen = frozenset(names)
            self._views = {name: views for name, views in self._views.items() if name in names}
            self.drawn += 1
            self._changed.notify()
        if names and self._reader is None:
            self._reader = threading.Thread(target=self._read, name="past", daemon=True)
            self._reader.start()

    def loaded(self) -> list[tuple[str, ArmView]]:
        """Name and arm of each run that has been read so far, sorted by name; a run that cannot be read has no arms."""
        views = dict(self._views)
        return [(name, view) for name in sorted(views) for view in views[name]]

    def _read(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._chosen - self._views.keys())
                name = min(self._chosen - self._views.keys())
            views = self._curves(name)
            with self._changed:
                if views is not None and name in self._chosen:
                    self._views = self._views | {name: views}
                    self.drawn += 1

    def _curves(self, name: str) -> list[ArmView] | None:
        """Each arm as its journal has it; `None` where the run is not wanted any more."""
        arms: dict[Arm, ArmView] = {}
        try:
            for event in paced(read_history(self._root / name, most_steps=MOST_STEPS), EVENTS):
                if name not in self._chosen:
                    return None
                fold_into(arms, event)
        except (ArithmeticError, LookupError):  # no crash damages a journal like this, but somebody may have edited it
            return []
        return list(arms.values())
