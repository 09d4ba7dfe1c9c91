"""Finds a learning rate for a configuration: a run that is paused before its first step, swept, and thrown away."""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue

from engine.cli.headless import DONE, FAILED, run_headless
from engine.config import RunConfig
from engine.config.sections import HooksConfig
from engine.config.values import with_values
from engine.protocol import (
    ArmStarted,
    CheckpointSaved,
    Command,
    CommandRefused,
    Event,
    FindRate,
    HeadFitted,
    Pause,
    Paused,
    RatesSwept,
    RestorePoints,
    RunFinished,
    RunStarted,
    Stop,
)
from engine.protocol.streams import print_lines
from engine.recipes.choices import complete
from engine.recipes.table import recipe_of
from engine.service.host import drive

UNTOLD = (RunStarted, ArmStarted, Paused, CheckpointSaved, RestorePoints, RunFinished)
"events of a run that is thrown away"
ROWS = 25  # of the table for people
BAR = 40  # cells
HEADROOM = 1.3  # of a full bar over the highest loss before the lowest one


def find_rate(config: RunConfig, as_json: bool) -> int:
    """Make a sweep with the starting arm, after its head is fitted if it is to be; the exit status.

    Nothing is kept, except prepared pictures and downloaded weights.
    """
    finding = _Finding(complete(config), as_json)
    with tempfile.TemporaryDirectory(prefix="lr-find-") as folder:
        status = run_headless(lambda inbox, emit: finding.run(folder, inbox, emit), as_json)
    return status if finding.found or status != DONE else FAILED


class _Finding:
    """Steers the run: pauses it when its arm is ready, asks for the sweep, prints the answer, and ends it."""

    def __init__(self, config: RunConfig, as_json: bool) -> None:
        self.found = False
        "whether there is a suggestion"
        self._config = config
        self._json = as_json
        self._fits_head = config.init == "pretrained" and config.model.head == "fitted"
        self._groups: dict[str, float] = {}

    def run(self, folder: str, inbox: "SimpleQueue[Command]", emit: Callable[[Event], None]) -> None:
        """Run until the answer is printed."""

        def take(event: Event) -> None:
            for command in self._react(event):
                inbox.put(command)
            if not isinstance(event, UNTOLD):
                emit(event)
            if isinstance(event, RatesSwept) and not self._json:
                print_lines(self._lines(event))

        settings = {"checkpoint.dir": folder, "train.epochs": max(self._config.train.epochs, 1)}
        drive(with_values(self._config, settings).model_copy(update={"hooks": HooksConfig(), "sinks": ()}), inbox, take)

    def _react(self, event: Event) -> Iterator[Command]:
        match event:
            case ArmStarted():
                self._groups = {group.name: group.base_lr for group in event.groups}
                if not self._fits_head:
                    yield from (Pause(), FindRate())
            case HeadFitted():
                yield from (Pause(), FindRate())
            case RatesSwept():
                self.found = event.suggestion is not None
                yield Stop(save=False)
            case CommandRefused():
                yield Stop(save=False)
            case _:
                pass

    def _lines(self, event: RatesSwept) -> list[str]:
        """The curve as a table with bars, and the arguments that set the suggested rate."""
        lines = [f"{'rate of ' + event.group:<14} {'loss':>8}", *_table(event)] if event.rates else []
        if event.suggestion is not None:
            factor = event.suggestion / self._groups[event.group]
            lines += _advice(recipe_of(self._config).rate_settings(self._config.init), factor)
        return lines


def _table(event: RatesSwept) -> Iterator[str]:
    """Rate, loss and a bar, with a mark at the suggestion. Bars of losses after divergence are cut."""
    rows = list(zip(event.rates, event.losses, strict=True))
    full = HEADROOM * max(event.losses[: event.losses.index(min(event.losses)) + 1])
    wanted = event.suggestion if event.suggestion is not None else math.inf
    for number, (rate, loss) in enumerate(rows):
        near = rate <= wanted * 1.001 < (rows[number + 1][0] if number + 1 < len(rows) else math.inf)
        if number % -(-len(rows) // ROWS) == 0 or near:
            bar = "#" * min(round(BAR * loss / full if full else 0), BAR)
            yield f"{rate:<14.1e} {loss:>8.4f}  {bar}{' <- suggested' if near else ''}".rstrip()


def _advice(settings: Mapping[str, float], factor: float) -> list[str]:
    """How to train with all rates multiplied by `factor`."""
    if not settings:
        return [f"multiply the rates of all groups by {factor:.2g}"]
    given = " ".join(f"--set {key}={value * factor:.2g}" for key, value in settings.items())
    return [f"train with {given}"]
