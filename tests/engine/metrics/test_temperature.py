"""The temperature is the one with the least cross entropy, within its bounds, and is kept with the arm."""

from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.optimize import minimize_scalar
from torch.nn.functional import cross_entropy

from engine import protocol as p
from engine.config import RunConfig
from engine.hardware.process_group import ProcessGroup
from engine.loop.run import Run
from engine.metrics import logits as kept_logits
from engine.metrics.logits import LogitTable
from engine.metrics.temperature import HIGHEST, LOWEST, fit_temperature
from engine.storage import checkpoint
from tests.engine.driving import after_step, folder_of, only, play
from tests.engine.metrics.scored import overconfident, scored


def least(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The best temperature by a search that uses no derivatives."""
    logits = logits.double()
    found = minimize_scalar(
        lambda log: float(cross_entropy(logits / 10**log, labels)), bounds=(-1.3, 1.3), options={"xatol": 1e-9}
    )
    return float(10**found.x)


@pytest.mark.parametrize("factor", [0.1, 0.5, 1.0, 3.0, 15.0])
def test_it_is_the_minimum_of_the_cross_entropy(factor: float) -> None:
    logits, labels = overconfident(factor)
    assert fit_temperature(logits, labels) == pytest.approx(least(logits, labels), rel=1e-5)


def test_it_does_not_depend_on_a_constant_that_is_added_to_all_logits_of_a_picture() -> None:
    logits, labels = overconfident(2.0)
    shifted = logits.double() + 1000.0 * torch.rand(len(labels), 1, dtype=torch.float64)
    assert fit_temperature(shifted, labels) == pytest.approx(fit_temperature(logits, labels), rel=1e-6)


def test_a_model_that_is_always_right_or_always_wrong_gets_a_bound() -> None:
    logits = torch.eye(4) * 3
    assert fit_temperature(logits, torch.arange(4)) == pytest.approx(LOWEST)
    assert fit_temperature(logits, torch.arange(4).roll(1)) == pytest.approx(HIGHEST)
    assert fit_temperature(*overconfident(100.0)) == pytest.approx(HIGHEST)


def test_where_it_makes_no_difference_it_is_1() -> None:
    assert fit_temperature(torch.zeros(5, 3), torch.zeros(5, dtype=torch.int64)) == 1.0
    assert fit_temperature(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)) == 1.0
    assert fit_temperature(torch.full((5, 3), torch.inf), torch.zeros(5, dtype=torch.int64)) == 1.0


def test_pictures_whose_logits_are_not_finite_do_not_count() -> None:
    logits, labels = overconfident(2.0)
    broken = torch.cat((logits, torch.full((3, 10), torch.nan)))
    assert fit_temperature(broken, torch.cat((labels, labels[:3]))) == fit_temperature(logits, labels)


# --- which logits are kept ------------------------------------------------------------------------------


def test_of_too_many_pictures_the_same_evenly_spaced_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_logits, "ROOM", 1000 * 10 * 4)
    logits, labels = overconfident(2.0)
    predictions = scored(logits, labels, batch=96)
    assert predictions.kept.tolist() == list(range(0, 5000, 5))
    assert torch.equal(predictions.logits, logits[::5])
    assert predictions.temperature == fit_temperature(logits[::5], labels[::5])
    assert predictions.temperature == pytest.approx(2.0, rel=0.1)


class Sum(ProcessGroup):
    """Two processes; the other one has these logits."""

    def __init__(self, other: LogitTable) -> None:
        self.other = other

    def all_reduce(self, figures: torch.Tensor) -> torch.Tensor:
        return figures + self.other._logits


def test_the_logits_of_all_processes_are_joined_without_those_of_pictures_that_cannot_be_read() -> None:
    logits = torch.arange(18.0).reshape(6, 3)
    mine, other = LogitTable(6, 3), LogitTable(6, 3)
    mine.add([4, 0], logits[[4, 0]])
    other.add([1, 5], logits[[1, 5]])
    seen = torch.tensor([True, True, False, False, True, True])
    joined, kept = mine.gather(Sum(other), seen)
    assert torch.equal(joined, logits[[0, 1, 4, 5]]) and kept.tolist() == [0, 1, 2, 3]


# --- in a run -------------------------------------------------------------------------------------------


def test_a_checkpoint_has_the_temperature_of_its_evaluation_and_a_resume_goes_on_with_it(small: RunConfig) -> None:
    events = play(Run(small), after_step(5, p.Stop()))
    (done,) = only(events, p.EvalDone)
    saved = checkpoint.load(Path(folder_of(events)) / "scratch" / "last.pt")
    assert saved["temperature"] == done.temperature != 1.0 and LOWEST <= done.temperature <= HIGHEST
    assert p.decode(p.encode(done)) == done and '"temperature"' in p.encode(done)
    run = Run(small, resume=folder_of(events))
    resumed: list[Any] = [
        run.work.arms.current.temperature for event in run.events() if isinstance(event, p.ArmStarted)
    ]
    assert resumed == [done.temperature]


def test_a_rewind_goes_back_to_the_temperature_of_the_restore_point(small: RunConfig) -> None:
    run, seen = Run(small), list[float]()

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.EvalDone) and not seen:
            seen.append(event.temperature)
            return [p.Rewind("start")]
        if isinstance(event, p.Rewound):
            seen.append(run.work.arms.current.temperature)
            return [p.Stop()]
        return []

    play(run, react)
    assert seen[0] != 1.0 and seen[1:] == [1.0]


def test_an_event_with_temperature_1_looks_as_it_did_before_there_was_one() -> None:
    event = p.EvalDone("scratch", 4, 1, 0.5, 0.5, 6, True)
    assert "temperature" not in p.encode(event) and p.decode(p.encode(event)) == event
