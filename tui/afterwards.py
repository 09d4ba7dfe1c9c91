"""What follows a run: shows its summary once when it ends, and does the steps that are chosen there."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from textual.app import App

from engine.errors import EngineError
from engine.export.formats import FORMATS
from engine.figures.arm import ArmView
from engine.figures.best import Best, Score
from engine.protocol import Confusion, decode
from engine.protocol.printable import printable
from engine.service.tidying import tidy
from tui.activity import OVER
from tui.aside import aside
from tui.calling import Call, Done
from tui.next_steps import NextStep
from tui.notes import Note
from tui.outcome import best_file, takes, winner
from tui.screens.best_mistakes import BestMistakesScreen, state_of_best
from tui.screens.choice import ChoiceScreen
from tui.screens.summary import SummaryScreen
from tui.screens.work import WorkScreen
from tui.state import UiState

KEPT = "The best weights, the last ones and what was saved by hand stay. A rewind can no longer go back."


class Afterwards:
    """Opens the summary, and whatever a step needs."""

    def __init__(self, state: UiState, app: App[None], press: Callable[[str], None]) -> None:
        """`press` does what a key of the dashboard does, by its name."""
        self._state, self._app, self._press = state, app, press
        self._due = False

    def ended(self) -> None:
        """The run has just ended: show its summary as soon as nothing else is on the screen."""
        self._due = True

    def offer(self) -> None:
        """Show the summary if that is due."""
        state = self._state
        self._due = self._due and state.phase in OVER and state.view is not None
        if self._due and len(self._app.screen_stack) == 1:
            self._due = False
            self.open()

    def open(self) -> None:
        """Show the summary."""
        self._app.push_screen(SummaryScreen(self._state, self._take, self._press))

    # --- steps ------------------------------------------------------------------------------------------

    def _take(self, step: NextStep) -> None:
        if step.name in ("test", "more_epochs", "switch"):  # the dashboard shows what comes of it
            self._app.screen.dismiss()
            self._press(step.name)
        elif step.name == "label":
            self._press(step.name)
        else:
            getattr(self, f"_{step.name}")()

    @property
    def _folder(self) -> Path:
        assert self._state.run is not None, "refused without a run"
        return Path(self._state.run.path)

    def _mistakes(self) -> None:
        """Those that the evaluation of the best weights named; where it named none, the weights are scored again."""
        view = winner(self._state)
        best = view.best_weights.best() if view is not None else None
        if view is None or best is None:
            return
        if best.confusion is not None:
            self._show_mistakes(view, best)
            return
        file = best_file(self._state, view)

        def scored(done: Done | None) -> None:
            if done is not None and not done.status:
                self._show_mistakes(view, rescored(best, done.said[-1]))

        call = Call("evaluate", str(file), "--json", "--mistakes")
        doing = f"scoring {printable(str(file))}…"
        self._app.push_screen(WorkScreen("mistakes of the best checkpoint", doing, call, shows=False), scored)

    def _show_mistakes(self, view: ArmView, best: Best) -> None:
        self._app.push_screen(BestMistakesScreen(state_of_best(self._state, view, best)))

    def _export(self) -> None:
        """Ask for a format; the file lies beside the run's other files."""

        def chosen(name: str | None) -> None:
            if name is not None:
                form = FORMATS[name]
                file = self._folder / f"{self._folder.resolve().name}{form.ending or f'-{name}'}"
                call = Call("export", str(self._folder), "--format", name, "--output", str(file), "--force")
                doing = f"writing {printable(str(file))}, and comparing it with the checkpoint…"
                self._app.push_screen(WorkScreen(f"export: {name}", doing, call))

        answers = {name: f"{name}: {form.what}" for name, form in FORMATS.items()}
        self._app.push_screen(ChoiceScreen("export the best weights", "In which format?", answers), chosen)

    def _report(self) -> None:
        self._app.push_screen(WorkScreen("report", "writing the report…", Call("report", str(self._folder))))

    def _clean_up(self) -> None:
        """Ask, then delete the restore points."""
        screen = cast(SummaryScreen, self._app.screen)
        assert screen.disk is not None and not isinstance(screen.disk.leftover, str), "refused before it is known"
        found = takes(screen.disk.leftover)

        def chosen(answer: str | None) -> None:
            if answer == "delete":
                self._app.run_worker(self._tidy(screen))

        answers = {"keep": "Keep them", "delete": f"Delete {found}"}
        self._app.push_screen(ChoiceScreen("clean up", f"{found}. {KEPT}", answers), chosen)

    async def _tidy(self, screen: SummaryScreen) -> None:
        try:
            note = Note(f"deleted {takes(await aside(tidy, self._folder))}", "good")
        except EngineError as error:
            note = Note(f"{error.title}: {error.message}", "warning")
        self._state.tell(note)
        if screen.is_attached:
            screen.say(self._state.note.text)
            screen.read()


def rescored(best: Best, line: str) -> Best:
    """Best weights with the score and the mistakes in the object that `evaluate --json --mistakes` wrote."""
    told = json.loads(line)
    metrics = {name: figure["value"] for name, figure in told["metrics"].items()}
    confusion = decode(json.dumps({"type": "confusion", **told["mistakes"]}))
    assert isinstance(confusion, Confusion)
    part = told["mistakes"]["part"] or best.chosen.part
    score = Score(part, metrics.pop("accuracy"), metrics.pop("loss"), told["images"], metrics)
    return replace(best, chosen=score, confusion=confusion)
