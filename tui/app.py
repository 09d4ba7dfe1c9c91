"""The dashboard: what its keys, its palette and its dialogs do."""

import os
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.command import Provider
from textual.driver import Driver
from textual.screen import Screen

from engine.protocol import Command, Event
from engine.service.session import Session
from tui.afterwards import Afterwards
from tui.asking_app import AskingApp
from tui.ends import Ends
from tui.false_start import FalseStart
from tui.keys import EVERYWHERE, KEYS, Key, bindings, keys_of
from tui.leaving import ANSWERS, Leaving
from tui.looks import USUAL, Looks
from tui.notes import Note, not_now
from tui.notifying import Notifying
from tui.palette import InOrder, commands, usual
from tui.panels.footer import Footer
from tui.panels.panel import View
from tui.refusals import LOCKED, Access
from tui.screens.quit import Choice, QuitScreen
from tui.state import UiState
from tui.suspending import SOON, Suspending
from tui.terminal.driver import TerminalDriver


class Dashboard(AskingApp):
    """Shows one session and steers it. Leaving it does not end the engine; the caller does that."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(EVERYWHERE)
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {InOrder}

    def __init__(
        self,
        start: Callable[[], Session],
        stray: SimpleQueue[str] | None = None,
        abandon: Callable[[], None] = lambda: None,
        access: Access = "own",
        driver: type[Driver] | None = None,
        *,
        over: str = "",
        looks: Looks = USUAL,
    ) -> None:
        """`start` begins the session; it is called after the first paint, so that nothing delays that.

        `stray` has lines that libraries wrote to the standard streams; they go to the log. `abandon` gives up a
        terminal that nobody reads. `over` says how a finished run ended. `looks` says how the screen is to look.
        """
        stray = stray if stray is not None else SimpleQueue()
        state = UiState(over, LOCKED.get(access, ""))
        super().__init__(start, stray, state, looks, abandon=abandon, driver=driver)
        self.detached = False
        "whether the user left the screen while training goes on"
        self.access = access
        self.false_start = FalseStart()
        self._leaving = Leaving()
        self._suspending = Suspending(self, self.state, self._ask, own=access == "own")
        self._ends = Ends()
        self._afterwards = Afterwards(self.state, self, self.action_press)
        self._notifying = Notifying(self.state, looks, self._signal, os.environ)

    def take_in(self, event: Event) -> None:
        """Fold one event, also into the way out that waits for it."""
        super().take_in(event)
        self.false_start.follow(event)
        if self.false_start.why:
            self.exit()
        elif self._ends.noticed(self.state):
            self._afterwards.ended()
            self._notifying.ended()
        if self._leaving.done(event):
            self.exit()
        if self._suspending.due(event):
            self.call_later(self._suspending.stop)

    def tick(self) -> None:
        """Take in what happened; show the summary of a run that has just ended."""
        super().tick()
        if not self.leaving:
            self._afterwards.offer()
            self._notifying.follow()

    def on_unmount(self) -> None:
        """Give the window its own name back."""
        self._notifying.leave()

    def _signal(self, codes: str) -> None:
        if isinstance(self._driver, TerminalDriver):
            self._driver.signal(codes)

    # --- keys -------------------------------------------------------------------------------------------

    def action_press(self, name: str) -> None:
        """Do what a key of the table is for, or say why not."""
        if self.access == "view" and name == "detach":  # there is no training to leave alone
            name = "leave"
        key = next(key for key in KEYS if key.name == name)
        if self._suspending.waits and name != "suspend":
            self.state.tell(SOON)  # what is typed now, such as `fg`, is meant for the shell
        elif reason := key.why_not(self.state):
            self.state.tell(not_now(key.label, reason))
        elif key.pane:
            focused = self.screen.focused
            if isinstance(focused, View) and focused.kind == key.pane:  # else it has been hidden since
                focused.press(name)
            self.draw(plots=True)
            return
        elif name.startswith("pane_"):
            self.action_pane(name.removeprefix("pane_"))
        elif key.build is None:
            getattr(self, f"action_{name}")()
        else:
            self._command(key, key.build(self.state))
        self.draw()

    def _command(self, key: Key, command: Command) -> None:
        self.state.tell(Note(key.answer(self.state), kept=False))
        self._ask(command)

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

    def action_pane(self, name: str) -> None:
        """Show a pane, or hide it."""
        self._body.toggle(name)
        self.call_after_refresh(self.draw, plots=True)

    def action_reset_panes(self) -> None:
        """Show the panes as at the start."""
        self._body.reset()
        self.call_after_refresh(self.draw, plots=True)

    def action_zoom(self) -> None:
        """Give the focused pane (or the first one) the whole screen; once more takes that back."""
        focused = self._body.focused
        first = next(iter(self._body.places), "")
        self._body.zoom("" if self._body.zoomed else (focused.id or "") if focused is not None else first)
        self.call_after_refresh(self.draw, plots=True)

    def on_footer_pressed(self, event: Footer.Pressed) -> None:
        """Press the key whose label was clicked."""
        self.action_press(event.key)

    def on_view_title_clicked(self) -> None:
        """Zoom into the pane, or out of it: the click has given it the focus."""
        self.action_zoom()

    def action_leave_pane(self) -> None:
        """Go one level back: out of the cursor within a pane, out of the zoom, or out of the pane."""
        focused = self._body.focused
        if focused is not None and focused.back():
            pass
        elif self._body.zoomed:
            self.action_zoom()
        elif focused is not None:
            self.screen.set_focus(None)  # `blur` would give the focus to a neighbour
        self.draw(plots=True)

    def action_suspend(self) -> None:
        """Give the terminal back to the shell until `fg`; training waits meanwhile."""
        self._suspending.begin()

    def action_summary(self) -> None:
        """Show what came of the run, and what can be done next."""
        self._afterwards.open()

    def action_detach(self) -> None:
        """Leave the screen; training goes on."""
        if self._leaving.by == "stop":
            self.state.tell(not_now("detach", "the run is ending"))
            return
        self.detached = True
        self.exit()

    def action_leave(self) -> None:
        """Leave; where that would end training, ask first."""
        if self._leaving.by == "stop" or self.session is None or not self.state.live or self.access == "read-only":
            self._leave_ended()
        elif not isinstance(self.screen, QuitScreen):
            self.push_screen(QuitScreen(self.state, self.access != "own"), self._quit_as)

    async def action_quit(self) -> None:
        """Ctrl+Q, Textual's own key to quit, does the same."""
        self.action_leave()

    def action_help_quit(self) -> None:
        """Ctrl+C does the same."""
        self.action_leave()

    def _leave_ended(self) -> None:
        """Leave where nothing would be lost. An engine whose arm has finished is told to stop; others have no run."""
        if self.state.phase == "finished" and self._leaving.by != "stop" and self.access == "own":
            self._take("leave")
        else:
            self.exit()

    def _quit_as(self, choice: Choice | None) -> None:
        if choice is None or choice == "stay":
            return
        if not self.state.live:  # it ended while the question was on the screen
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
        """The palette: keys of the focused pane, experiments, all other keys, and Textual's own commands."""
        focused = self._body.focused
        yield from commands(keys_of(focused.kind if focused is not None else ""), self.action_press)
        for title, text, do in self._experimenting.commands():
            yield SystemCommand(title, text, do)
        yield from commands(EVERYWHERE, self.action_press)
        yield from usual(super().get_system_commands(screen))
