"""An app that shows a session: a timer takes its events, folds them into the state, and lets the panels draw."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from queue import Empty, SimpleQueue

from textual.app import ComposeResult
from textual.driver import Driver
from textual.screen import Screen
from textual.timer import Timer

from engine.protocol import Event
from engine.service.session import Session
from tui import panels
from tui.aside import aside
from tui.body import Body
from tui.due import Due
from tui.looking_app import LookingApp
from tui.looks import Looks, next_pace, plots_pace
from tui.notes import Note
from tui.panels.panel import View
from tui.state import UiState

DRAIN_SECONDS = 0.25  # at most, between two looks at what the engine says


class _NobodyFirst(Screen[None]):
    AUTO_FOCUS = ""


class ShowingApp(LookingApp):
    """Shows one session from its start on, at the pace that `looks` sets."""

    CSS_PATH = "app.tcss"
    TITLE = "finetune-tui"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - Textual's type

    def __init__(
        self,
        start: Callable[[], Session],
        stray: SimpleQueue[str],
        state: UiState,
        looks: Looks,
        *,
        abandon: Callable[[], None],
        driver: type[Driver] | None,
    ) -> None:
        """`start` begins the session; it is called after the first paint, so that nothing delays that.

        `stray` has lines that libraries wrote to the standard streams; they go to the log.
        """
        super().__init__(looks, abandon, driver)
        self.state = state
        self.session: Session | None = None
        self._start = start
        self._stray = stray
        self._due = Due()
        self._pulse: Timer | None = None
        self._body = Body(self)
        self._views: list[View] = []

    def get_default_screen(self) -> Screen[None]:
        """One that gives no pane the focus when a dialog is closed."""
        return _NobodyFirst(id="_default")

    def compose(self) -> ComposeResult:
        """All panels; the body places its own."""
        head, foot = [make() for make in panels.HEAD], [make() for make in panels.FOOT]
        self._views = [*head, *foot]
        yield from head
        yield self._body
        yield from foot

    def on_mount(self) -> None:
        """Paint, then start the session, then take its events at a steady pace."""
        self.theme_changed_signal.subscribe(self, lambda theme: self.call_after_refresh(self.draw, plots=True))
        self.call_after_refresh(self._begin)

    def on_descendant_focus(self) -> None:
        """Let the footer show the keys of the pane that has the focus now."""
        self.draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.draw, plots=True)

    def on_view_resized(self) -> None:
        """Draw again: a pane still shows what was drawn for its old size."""
        self.call_after_refresh(self.draw, plots=True)

    def on_view_touched(self) -> None:
        """Draw what the mouse changed."""
        self.draw(plots=True)

    def _begin(self) -> None:
        self.draw(plots=True)
        self.session = self._start()
        self.run_worker(aside(import_module, "plotext"))  # so that the first plot need not wait for it
        self._set_pulse()

    def _set_pulse(self) -> None:
        if self._pulse is not None:
            self._pulse.stop()
        self._pulse = self.set_interval(min(self.looks.refresh, DRAIN_SECONDS), self.tick)

    def tick(self) -> None:
        """Take in what happened since the last tick; draw it where that is due."""
        assert self.session is not None
        for event in self.session.poll():
            self.take_in(event)
        with suppress(Empty):
            while True:
                self.state.tell(Note(self._stray.get_nowait(), "routine", shown=False))
        now = time.monotonic()
        if self._due.plots(self.state, self.looks, now):
            self.draw(plots=True)
        elif self._due.numbers(self.state, self.looks, now):
            self.draw()

    def take_in(self, event: Event) -> None:
        """Fold one event."""
        self.state.fold(event)

    def draw(self, plots: bool = False) -> None:
        """Let the panels draw what changed; the plots, too, if `plots`."""
        now = time.time()
        self._due.drawn(self.state, time.monotonic(), plots)
        for view in self._views:
            if view.is_attached:  # not while the screen is left
                view.show(self.state, now)
        self._body.draw(self.state, now, plots)

    def set_pace(self, slower: bool) -> None:
        """Draw less often, or more often."""
        refresh = next_pace(self.looks.refresh, slower)
        self.looks = replace(self.looks, refresh=refresh, plots=plots_pace(refresh))
        self.state.tell(Note(f"drawn every {refresh:g} s, the plots every {self.looks.plots:g} s", kept=False))
        self._set_pulse()
