"""An app that shows a session, sends it commands, and opens the dialogs and screens beside the panes."""

from functools import cached_property
from pathlib import Path

from engine.protocol import Command, Event, Rewind
from tui.experimenting import Answer, Experimenting
from tui.experiments import Experiment
from tui.finding import RateFinding
from tui.notes import Note
from tui.older_runs import OlderRuns
from tui.screens.clinic import ClinicScreen
from tui.screens.experiment import ExperimentScreen
from tui.screens.help import HelpScreen
from tui.screens.label import LabelScreen
from tui.screens.log import LogScreen
from tui.screens.rewind import RewindScreen
from tui.showing_app import ShowingApp


class AskingApp(ShowingApp):
    """Asks the user in dialogs, and the session by commands."""

    @cached_property
    def _finding(self) -> RateFinding:
        return RateFinding(self.state, self._ask, self.push_screen)

    @cached_property
    def _older_runs(self) -> OlderRuns:
        return OlderRuns(self.state, self.push_screen, lambda: self.draw(plots=True), ascii=self.looks.ascii)

    @cached_property
    def _experimenting(self) -> Experimenting:
        return Experimenting(self.state, self._ask, self._show_experiment)

    def take_in(self, event: Event) -> None:
        """Fold one event, also into the experiment that waits for it."""
        super().take_in(event)
        self._experimenting.fold(event)

    def _ask(self, command: Command) -> None:
        """Send a command, and remember it: the next key builds on what it asks for."""
        self.state.ask(command)
        self.send(command)

    def send(self, command: Command) -> None:
        """Hand a command to the session."""
        if self.session is not None:
            self.session.send(command)

    def action_older_runs(self) -> None:
        """Choose older runs to draw on the plots."""
        self._older_runs.open()

    def action_log(self) -> None:
        """Show the whole log."""
        self.push_screen(LogScreen(self.state))

    def action_label(self) -> None:
        """Ask for a picture, and show what the best weights say of it."""
        assert self.state.run is not None, "refused without a run"
        self.push_screen(LabelScreen(Path(self.state.run.path)))

    def action_clinic(self) -> None:
        """Show the training pictures whose labels are in doubt."""
        self.push_screen(ClinicScreen(self.state, self._ask))

    def action_rewind(self) -> None:
        """Show the states that the current arm can go back to."""
        self.push_screen(RewindScreen(self.state), self._rewind_to)

    def _rewind_to(self, point: str | None) -> None:
        if point is not None:
            self.state.tell(Note("going back after this step…", kept=False))
            self._ask(Rewind(point))
            self.draw()

    def action_find_rate(self) -> None:
        """Find a learning rate, or show the last curve again."""
        self._finding.open(self.looks)

    def action_help(self) -> None:
        """Show the help."""
        focused = self._body.focused
        self.push_screen(HelpScreen(*((focused.id or "", focused.kind) if focused is not None else ())))

    def _show_experiment(self, experiment: Experiment) -> None:
        """Show an experiment, unless another dialog is open."""

        def answered(answer: Answer | None) -> None:
            self._experimenting.answer(experiment, answer)
            self.draw()

        if len(self.screen_stack) == 1:
            self.push_screen(ExperimentScreen(experiment, self.state), answered)
