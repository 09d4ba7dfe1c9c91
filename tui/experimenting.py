"""The current experiment: begun from the palette, fed with events, reported in the message line. Loads no Textual."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Literal

from engine.protocol import Command, Event, Rewind
from tui.experiments import EXPERIMENTS, Experiment
from tui.notes import Level, Note, not_now
from tui.state import UiState

Answer = Literal["start", "end", "back", "close"]
REOPENED = "ctrl+p and `results` show it"


class Experimenting:
    """Runs at most one experiment at a time. The results of the last one can still be looked at."""

    def __init__(
        self,
        state: UiState,
        send: Callable[[Command], None],
        show: Callable[[Experiment], None],
    ) -> None:
        """`show` opens the dialog of an experiment; the user's answer comes to `answer`."""
        self.experiment: Experiment | None = None
        self._state = state
        self._send = send
        self._show = show

    @property
    def under_way(self) -> bool:
        """Whether there is an experiment that is not over."""
        return self.experiment is not None and not self.experiment.over

    def commands(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        """Commands for the palette: title, help, and what to do."""
        if self.experiment is not None:
            what = self.experiment.name
            yield "experiment: results", f"What came of it so far: {what}.", partial(self._show, self.experiment)
        if self.under_way:
            yield "experiment: end", f"Ask for nothing more: {what}.", self._end
        for kind in EXPERIMENTS:
            yield f"experiment: {kind.name}", kind.help, partial(self.plan, kind)

    def plan(self, kind: type[Experiment]) -> None:
        """Show what to expect, and ask whether to start."""
        if not self._refused(kind):
            self._show(kind())

    def answer(self, experiment: Experiment, answer: Answer | None) -> None:
        """Do what the user chose."""
        if answer == "start" and not self._refused(type(experiment)):
            self.experiment = experiment
            self._say(f"{experiment.name}: begun; {REOPENED}", "info")
            self._send_all(experiment.begin(self._state))
        elif answer == "end":
            self._end()
        elif answer == "back":
            self._send(Rewind(experiment.point))
            experiment.point = ""
            self._state.tell(Note("going back after this step…", kept=False))

    def fold(self, event: Event) -> None:
        """Let the experiment go on with an event, and report what it found."""
        experiment = self.experiment
        if experiment is None:
            return
        if experiment.over:
            if experiment.is_moot(event):  # it has just taken the message line
                self._state.tell(replace(_over(experiment), kept=False))
            return
        known = len(experiment.rows)
        self._send_all(experiment.fold(event))
        if experiment.over:
            self._ended(experiment)
        elif len(experiment.rows) > known:
            row = ", ".join(f"{name} {cell}" for name, cell in zip(experiment.head, experiment.rows[-1], strict=True))
            self._say(row, "good")

    def _refused(self, kind: type[Experiment]) -> bool:
        busy = "another experiment is under way" if self.under_way else ""
        reason = self._state.locked or busy or kind.refusal(self._state)
        if reason:
            self._state.tell(not_now(kind.name, reason))
        return bool(reason)

    def _end(self) -> None:
        if self.experiment is not None and self.under_way:
            self.experiment.end("you ended it")
            self._ended(self.experiment)

    def _ended(self, experiment: Experiment) -> None:
        self._state.tell(_over(experiment))
        self._show(experiment)

    def _say(self, text: str, level: Level) -> None:
        self._state.tell(_note(text, level))

    def _send_all(self, commands: list[Command]) -> None:
        for command in commands:
            self._send(command)


def _over(experiment: Experiment) -> Note:
    return _note(f"over: {experiment.over}; {REOPENED}", "warning")


def _note(text: str, level: Level) -> Note:
    return Note(f"experiment: {text}", level)
