"""The program with a screen that stands still in turns: `python -m tests.bench.switched FILE ARGS...`.

All but that is as `finetune-tui ARGS...` does it. Each stretch is a line of JSON in FILE.
"""

import json
import random
import sys
import time
from pathlib import Path
from unittest import mock

import tui.app
from tui.cli import main as program

SIDES = ("drawn", "folded", "neither")
"what is done with events: all of it; nothing is drawn; they wait"
STYLES = Path(tui.app.__file__).with_name("app.tcss")
"a subclass elsewhere does not find them by itself"
SECONDS, WARM = 2.0, 50  # of a stretch; the step the first one begins at, at the earliest


class Switched(tui.app.Dashboard):
    """The dashboard; each round has a stretch of every side, in an order of its own."""

    CSS_PATH = STYLES
    record = Path()
    _side = "drawn"

    def on_mount(self) -> None:
        """Begin at once, with the first stretches left out."""
        self._round, self._orders = list[str](), random.Random(0)
        self._began: tuple[float, float, float] | None = None
        self.set_interval(SECONDS, self._switch)

    def tick(self) -> None:
        """Take in what happened, or leave it for later."""
        if self._side != "neither":
            super().tick()

    def draw(self, plots: bool = False) -> None:
        """Draw, or leave the screen as it is."""
        if self._side == "drawn":
            super().draw(plots)

    def _switch(self) -> None:
        # The wall's clock is the journal's; the others are this process's and, of it, this thread's, which draws.
        now = time.time(), time.process_time(), time.thread_time()
        if self._began is not None:
            row = {"side": self._side, "began": self._began, "ended": now}
            with self.record.open("a") as file:
                file.write(json.dumps(row) + "\n")
        if self.state.view is None or self.state.view.step < WARM:
            return
        if not self._round:
            self._round = self._orders.sample(SIDES, len(SIDES))
        self._side, self._began = self._round.pop(), now


def main() -> None:
    """Run it; the first argument is the file."""
    Switched.record = Path(sys.argv[1])
    with mock.patch.object(tui.app, "Dashboard", Switched):
        sys.exit(program(sys.argv[2:]))


if __name__ == "__main__":
    main()
