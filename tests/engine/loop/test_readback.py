"""Figures come back from a device that is behind, in order, and training waits only when it is too far ahead.

No GPU is needed: its events, the edge to it, are stood in for by ones that never have happened until waited for.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.loop import readback
from engine.loop.readback import MAX_BEHIND, Readback
from engine.loop.run import Run
from tests.engine.driving import after_step, only, play

waited_for: list[int] = []


class LateEvent:
    made = 0

    def __init__(self) -> None:
        LateEvent.made += 1
        self.number = LateEvent.made

    def record(self, stream: object) -> None:
        """Nothing: it has not happened."""

    def query(self) -> bool:
        return False

    def synchronize(self) -> None:
        waited_for.append(self.number)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every device is one whose figures come late."""
    LateEvent.made = 0
    waited_for.clear()
    real_empty, real_init = torch.empty, Readback.__init__

    def empty(*size: object, pin_memory: bool = False, **rest: object) -> torch.Tensor:
        return real_empty(*size, **rest)

    monkeypatch.setattr(torch.cuda, "Event", LateEvent)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
    monkeypatch.setattr(readback.torch, "empty", empty)
    monkeypatch.setattr(Readback, "__init__", lambda self, device: real_init(self, torch.device("cuda")))
    yield


def arrived(figures: Readback[Any]) -> list[tuple[Any, list[float]]]:
    return [(item, come.tolist()) for item, come in figures.take()]


def test_on_a_cpu_nothing_waits() -> None:
    figures: Readback[str] = Readback(torch.device("cpu"))
    figures.put("one", torch.tensor([1.0, 2.0]))
    assert arrived(figures) == [("one", [1.0, 2.0])]


def test_figures_are_waited_for_only_when_the_host_is_too_far_ahead(late: None) -> None:
    figures: Readback[int] = Readback(torch.device("cpu"))
    for number in range(MAX_BEHIND):
        figures.put(number, torch.tensor([float(number)]))
        assert arrived(figures) == [] == waited_for
    figures.put(MAX_BEHIND, torch.tensor([9.0]))
    assert arrived(figures) == [(0, [0.0])] and waited_for == [1]
    assert [item for item, _ in figures.take(everything=True)] == [1, 2]


def test_a_run_on_a_late_device_tells_the_same_in_the_same_order(small: RunConfig, late: None) -> None:
    events = play(Run(small))
    steps = only(events, p.TrainStep)
    assert [step.step for step in steps] == list(range(1, 9)) and events[-1].completed
    places = [events.index(evaluation) for evaluation in only(events, p.EvalDone)]
    assert [sum(events.index(step) < place for step in steps) for place in places] == [4, 8]


def test_a_command_takes_effect_after_the_steps_that_were_done(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch, late: None
) -> None:
    stopped = play(Run(small), after_step(1, p.Stop()))
    last = only(stopped, p.TrainStep)[-1].step
    assert stopped[-1].step == last <= 1 + MAX_BEHIND + 1
    resumed = play(Run(small, resume=only(stopped, p.RunStarted)[0].path))
    monkeypatch.undo()
    assert resumed[-1].weights_sha256 == play(Run(small))[-1].weights_sha256
