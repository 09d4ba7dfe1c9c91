"""An experiment on a real run: what it asks for is done, and the way back leads to where it began."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from tests.engine.driving import STEPS_PER_EPOCH, only, play, with_settings
from tui.experiments import RaiseRate
from tui.state import UiState

RATE = 1e-9


def test_raising_the_rate_leaves_a_table_and_goes_back_to_where_it_began(small: RunConfig, weights: Path) -> None:
    state, experiment = UiState(), RaiseRate()
    config = with_settings(small, init="pretrained", model__weights=str(weights))
    config = with_settings(config, optim__groups__backbone__lr=RATE)  # so small that nothing diverges

    def react(event: p.Event) -> Iterable[p.Command]:
        state.fold(event)
        if isinstance(event, p.TrainStep) and event.step == 2 and experiment.arm is None:
            assert RaiseRate.refusal(state) == ""
            return experiment.begin(state)
        if experiment.arm is None:
            return ()
        over, commands = bool(experiment.over), experiment.fold(event)
        if experiment.over and not over:
            return [p.Rewind(experiment.point), p.SetEpochs(1)]
        return commands

    events = play(Run(config), react)
    assert only(events, p.CommandRefused) == []
    rates = [change.base_lr for change in only(events, p.RateChanged)]
    assert rates == pytest.approx([RATE * 10**stage for stage in range(1, len(rates) + 1)])
    assert len(experiment.rows) == len(rates) + 1 >= 2 and experiment.over.startswith("accuracy")
    assert [row[0] for row in experiment.rows] == [str(number) for number in range(1, len(experiment.rows) + 1)]
    (back,) = only(events, p.Rewound)
    assert (back.step, back.left_step) == (2, STEPS_PER_EPOCH * len(experiment.rows))
    again = only(events[events.index(back) :], p.ArmStarted)[0]
    assert (again.epochs, again.groups[0].base_lr) == (2, RATE)
