"""Freeze the backbone: how good its features are as they are, and how fast a step is without training it."""

from engine.figures.arm import ArmView
from engine.protocol import Command, EpochDone, Event, GroupFrozen, Save, SetFrozen
from tui.experiments.experiment import OfTheBackbone, duration, further_epochs, trained_backbone
from tui.format import MISSING, percent, speed
from tui.state import UiState

EPOCHS = 2  # the one in progress, and a whole one after it


class Freeze(OfTheBackbone):
    """Train only the last layer, up to the end of a whole epoch."""

    name = "freeze the backbone"
    help = "Train the last layer alone, and compare speed and accuracy with before."
    head = ("epoch", "backbone", "images/s", "test accuracy")

    def __init__(self) -> None:
        super().__init__()
        self._steps_per_epoch = 1
        self._groups: dict[str, bool] = {}
        "whether each of the backbone's groups is frozen by now"
        self._frozen_at: int | None = None

    @classmethod
    def expect(cls, state: UiState) -> str:
        """Faster steps, less accuracy."""
        return (
            "From the next step on the backbone stays as it is, and the last layer alone is trained on the features it"
            " gives. Expect faster steps, and accuracy a little below that of fine-tuning but far above that of"
            f" training from scratch. It takes up to {duration(state, EPOCHS)}."
        )

    def _first(self, view: ArmView) -> list[Command]:
        self._steps_per_epoch = view.steps_per_epoch
        history = view.curves.history
        pace = history[-1].images_per_second if history else view.images_per_second
        score = percent(history[-1].test_accuracy if history else None)
        self.rows.append((str(len(history)) if history else MISSING, "trained", speed(pace), score))
        self._groups = dict.fromkeys(trained_backbone(view), False)
        return [Save(), *map(SetFrozen, self._groups), *further_epochs(view, EPOCHS)]

    def _next(self, event: Event) -> list[Command]:
        if isinstance(event, GroupFrozen) and event.group in self._groups:
            self._groups[event.group] = event.frozen
            if not event.frozen:
                self.end("the backbone is trained again")
            elif all(self._groups.values()):
                self._frozen_at = event.step
        elif isinstance(event, EpochDone) and self._frozen_at is not None:
            self._measured(event, whole=event.step - self._frozen_at >= self._steps_per_epoch)
        return []

    def _measured(self, epoch: EpochDone, whole: bool) -> None:
        what = "frozen" if whole else "frozen in part"
        row = (str(epoch.epoch), what, speed(epoch.images_per_second), percent(epoch.test_accuracy))
        self.rows.append(row)
        if whole:
            (_, _, old_pace, old_score), (_, _, pace, score) = self.rows[0], row
            self.end(f"frozen: {pace} images/s, {score}; before: {old_pace} images/s, {old_score}")
