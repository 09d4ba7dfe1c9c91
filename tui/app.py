"""The dashboard: a timer drains the session, folds its events into the state, and lets the panels draw it."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import ClassVar, Literal

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.driver import Driver
from textual.screen import Screen

from engine.protocol import Command, Rewind
from engine.session import Session
from tui import panels
from tui.ending import EndableApp
from tui.keys import KEYS, Key
from tui.leaving import ANSWERS, Leaving
from tui.notes import Note
from tui.screens.help import HelpScreen
from tui.screens.log import LogScreen
from tui.screens.quit import Choice, QuitScreen
from tui.screens.rewind import RewindScreen
from tui.state import UiState
from tui.theme import THEME

Access = Literal["own", "attached", "read-only"]
"whether the run is this process's, and else whether it may be steered"

NUMBERS_HERTZ = 4
PLOTS_EVERY = 4  # so many ticks: the plots are dear to send and to draw


class Dashboard(EndableApp):
    """Shows one session and steers it. Its exit never ends the engine: whoever made the session does."""

    CSS_PATH = "app.tcss"
    TITLE = "finetune-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(key.keys), f"press('{key.name}')", key.label, show=False) for key in KEYS
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-normal"), (160, "-wide")]  # noqa: RUF012 - Textual's type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        start: Callable[[], Session],
        stray: SimpleQueue[str] | None = None,
        abandon: Callable[[], None] = lambda: None,
        access: Access = "own",
        driver: type[Driver] | None = None,
    ) -> None:
        """`start` begins the session, after the first paint, so that nothing delays that; `stray` are lines
        for the log that libraries wrote to the standard streams; `abandon` gives up a terminal that is not read."""
        super().__init__(abandon, driver)
        self.register_theme(THEME)
        self.theme = THEME.name
        self.state = UiState()
        self.session: Session | None = None
        self.detached = False
        "whether the screen was left on purpose, with training going on"
        self.access = access
        self._start = start
        self._stray = stray if stray is not None else SimpleQueue()
        self._ticks = 0
        self._leaving = Leaving()
        self._views: list[panels.View] = []
        self._plots: list[panels.View] = []

    def compose(self) -> ComposeResult:
        """All panels; their places are in `app.tcss`."""
        head, plots, numbers, foot = (
            [make() for make in row] for row in (panels.HEAD, panels.PLOTS, panels.NUMBERS, panels.FOOT)
        )
        self._plots, self._views = plots, [*head, *numbers, *foot]
        yield from head
        yield Container(*plots, *numbers, id="body")
        yield from foot

    def on_mount(self) -> None:
        """Paint, then start the session, then pull at a steady pace."""
        self.call_after_refresh(self._begin)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.call_after_refresh(self.draw, plots=True)

    def _begin(self) -> None:
        self.draw(plots=True)
        self.session = self._start()
        self.set_interval(1 / NUMBERS_HERTZ, self.tick)

    def tick(self) -> None:
        """Take in what happened since the last tick and draw it."""
        assert self.session is not None
        for event in self.session.poll():
            self.state.fold(event)
            if self._leaving.done(event):
                self.exit()
        with suppress(Empty):
            while True:
                self.state.tell(Note(self._stray.get_nowait(), shown=False))
        self._ticks += 1
        self.draw(plots=self._ticks % PLOTS_EVERY == 0)

    def draw(self, plots: bool = False) -> None:
        """Let the panels draw what changed."""
        now = time.time()
        self._classify()
        for view in (*self._views, *(self._plots if plots else ())):
            view.show(self.state, now)

    def _classify(self) -> None:
        """Tell the style sheet what there is to make room for."""
        system = self.state.system
        for name, present in (
            ("-gpus", system is not None and len(system.gpus) > 1),
            ("-failed", bool(self.state.failure)),
        ):
            if self.screen_stack[0].has_class(name) != present:
                self.screen_stack[0].set_class(present, name)

    # --- keys -------------------------------------------------------------------------------------------

    def action_press(self, name: str) -> None:
        """Do what a key of the table stands for, or say why not."""
        key = next(key for key in KEYS if key.name == name)
        read_only = "this view is read-only" if self.access == "read-only" and key.steers else ""
        if reason := read_only or key.refusal(self.state):
            self.state.tell(Note(f"{key.label}: not now, {reason}", "warning", kept=False))
        elif key.build is None:
            getattr(self, f"action_{name}")()
        else:
            self._command(key, key.build(self.state))
        self.draw()

    def _command(self, key: Key, command: Command) -> None:
        self.state.tell(Note(key.answer(self.state), kept=False))
        if self.state.view is not None:
            self.state.view.ask(command)
        self.send(command)

    def send(self, command: Command) -> None:
        """Hand a command to the session."""
        if self.session is not None:
            self.session.send(command)

    def action_previous_group(self) -> None:
        """Choose the group above."""
        self._select(-1)

    def action_next_group(self) -> None:
        """Choose the group below."""
        self._select(1)

    def _select(self, by: int) -> None:
        names = list(self.state.view.groups) if self.state.view else []
        if names:
            self.state.selected = names[(names.index(self.state.selected) + by) % len(names)]

    def action_log(self) -> None:
        """Show the whole log."""
        self.push_screen(LogScreen(self.state))

    def action_rewind(self) -> None:
        """Show where the arm in hand can go back to."""
        self.push_screen(RewindScreen(self.state), self._rewind_to)

    def _rewind_to(self, point: str | None) -> None:
        if point is not None:
            self.state.tell(Note("going back after this step…", kept=False))
            self.send(Rewind(point))
            self.draw()

    def action_help(self) -> None:
        """Show the help."""
        self.push_screen(HelpScreen())

    def action_detach(self) -> None:
        """Leave, and leave training alone."""
        if self._leaving.by == "stop":
            self.state.tell(Note("detach: not now, the run is ending", "warning", kept=False))
            return
        self.detached = True
        self.exit()

    def action_leave(self) -> None:
        """Leave, asking first where training would be broken off."""
        if self._leaving.by == "stop" or self.session is None or not self.state.live or self.access == "read-only":
            self._leave_ended()
        elif not isinstance(self.screen, QuitScreen):
            self.push_screen(QuitScreen(self.state.checkpoint, self.access != "own"), self._quit_as)

    async def action_quit(self) -> None:
        """Textual's own way out, Ctrl+Q, is the same."""
        self.action_leave()

    def action_help_quit(self) -> None:
        """Ctrl+C, too."""
        self.action_leave()

    def _leave_ended(self) -> None:
        """Nothing would be lost. An idle engine is ended properly; another one has no run yet, or no more."""
        if self.state.phase == "finished" and self._leaving.by != "stop" and self.access == "own":
            self._take("leave")
        else:
            self.exit()

    def _quit_as(self, choice: Choice | None) -> None:
        if choice is None or choice == "stay":
            return
        if not self.state.live:  # it ended while the question stood
            self._leave_ended()
            return
        if choice == "detach":
            self.action_detach()
            return
        self.state.tell(Note(ANSWERS[choice], kept=False))
        self._take(choice)
        self.draw()

    def _take(self, way: Choice) -> None:
        for command in self._leaving.choose(way, self.state.paused):
            self.send(command)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the table of keys, then Textual's own."""
        for key in KEYS:
            yield SystemCommand(f"{key.label} ({key.shown})", key.help, partial(self.action_press, key.name))
        yield from (command for command in super().get_system_commands(screen) if command.title not in ("Quit", "Keys"))
