"""A sweep over learning rates, as far as the screen has seen it."""

from bisect import bisect_left
from dataclasses import dataclass, field

from engine.protocol import Arm, Event, RatesSwept, SweepingRates


@dataclass
class Sweep:
    """Smoothed losses by the rate of one group, and the rate that they suggest once the sweep is over."""

    arm: Arm
    group: str
    total: int
    "steps of the sweep if training does not diverge before"
    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    suggestion: float | None = None
    reason: str = ""
    "why there is no suggestion"
    over: bool = False

    @property
    def highest(self) -> float:
        """The last rate; while the sweep is under way, the one that it may reach."""
        if self.over or len(self.rates) < 2:
            return self.rates[-1]
        return float(self.rates[0] * (self.rates[1] / self.rates[0]) ** (self.total - 1))

    def loss_at(self, rate: float) -> float:
        """The loss at the rate of the sweep that is next to `rate`."""
        return self.losses[min(bisect_left(self.rates, rate * 0.999), len(self.losses) - 1)]


def folded(sweep: Sweep | None, event: Event) -> Sweep | None:
    """What is known of the last sweep after an event."""
    match event:
        case SweepingRates():
            if sweep is None or sweep.over:
                sweep = Sweep(event.arm, event.group, event.total)
            sweep.rates.append(event.rate)
            sweep.losses.append(event.loss)
        case RatesSwept():
            rates, losses = list(event.rates), list(event.losses)
            return Sweep(event.arm, event.group, len(rates), rates, losses, event.suggestion, event.reason, over=True)
        case _:
            pass
    return sweep
