"""Raise the backbone's learning rate step by step, and watch accuracy fall."""

from engine.figures.arm import ArmView
from engine.protocol import Command, EpochDone, Event, RateChanged, Save, ScaleRate
from tui.experiments.experiment import OfTheBackbone, duration, further_epochs, trained_backbone
from tui.format import percent, rate
from tui.state import UiState

STAGES = 4
FACTOR = 10.0  # of the rate, from one stage to the next
FALL = 0.2  # of accuracy; enough to show the effect


class RaiseRate(OfTheBackbone):
    """Train an epoch as it is, then multiply the rate by ten after each epoch."""

    name = "raise the backbone's rate"
    help = "Multiply the backbone's learning rate by ten after each epoch, and watch accuracy fall."
    head = ("epoch", "backbone's rate", "test accuracy")

    def __init__(self) -> None:
        super().__init__()
        self._rates: dict[str, float] = {}
        "base rate of each of the backbone's groups"
        self._scores: list[float] = []

    @classmethod
    def expect(cls, state: UiState) -> str:
        """Why large steps do harm."""
        return (
            "The backbone's weights are near an optimum, so it needs small steps; large ones lead away from what it has"
            " learnt. The epoch in progress is trained as it is, then the backbone's rate is multiplied by ten after"
            f" each epoch, {STAGES} times or until accuracy has fallen by {FALL * 100:.0f} points. Expect little at"
            f" first, and then a fall that more training does not mend soon. It takes {duration(state, STAGES + 1)}."
        )

    def _first(self, view: ArmView) -> list[Command]:
        self._rates = {name: view.groups[name].base_lr for name in trained_backbone(view)}
        return [Save(), *further_epochs(view, STAGES + 1)]

    def _next(self, event: Event) -> list[Command]:
        if isinstance(event, RateChanged) and event.group in self._rates:
            self._rates[event.group] = event.base_lr
        if not isinstance(event, EpochDone):
            return []
        rates = ", ".join(dict.fromkeys(map(rate, self._rates.values())))  # groups may have the same
        self.rows.append((str(event.epoch), rates, percent(event.test_accuracy)))
        self._scores.append(event.test_accuracy)
        first, last = percent(self._scores[0]), percent(self._scores[-1])
        if self._scores[0] - self._scores[-1] >= FALL:
            self.end(f"accuracy fell from {first} to {last} at the rate {rates}")
        elif len(self._scores) > STAGES:
            self.end(f"accuracy went from {first} to {last}, at {FACTOR**STAGES:,.0f} times the rate")
        else:
            return [ScaleRate(group, FACTOR) for group in self._rates]
        return []
