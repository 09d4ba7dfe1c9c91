"""How long the device is at something is known without waiting for it.

No GPU is needed: its events are stood in for by ones that the device gets to when it is told to.
"""

import pytest
import torch

from engine.arms.stopwatch import Stopwatch


class TimedEvent:
    made: list["TimedEvent"] = []  # noqa: RUF012 - of all of them

    def __init__(self, enable_timing: bool) -> None:
        assert enable_timing
        self.milliseconds: float | None = None
        self.made.append(self)

    def record(self, stream: object) -> None:
        assert stream == "stream of cuda:1"

    def elapsed_time(self, end: "TimedEvent") -> float:
        assert self.milliseconds is not None and end.milliseconds is not None, "not ready"
        return end.milliseconds - self.milliseconds


def test_a_gpu_is_asked_only_when_somebody_wants_to_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimedEvent, "made", [])
    monkeypatch.setattr(torch.cuda, "Event", TimedEvent)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    stopwatch = Stopwatch(torch.device("cuda:1"))
    stopwatch.stop()
    began, ended = TimedEvent.made
    began.milliseconds, ended.milliseconds = 100.0, 350.0
    assert stopwatch.seconds == pytest.approx(0.25)


def test_on_a_cpu_it_is_the_hosts_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.arms.stopwatch.time.perf_counter", iter([10.0, 10.5]).__next__)
    stopwatch = Stopwatch(torch.device("cpu"))
    stopwatch.stop()
    assert stopwatch.seconds == 0.5


def test_a_device_without_such_a_clock_measures_nothing() -> None:
    stopwatch = Stopwatch(torch.device("mps"))
    stopwatch.stop()
    assert stopwatch.seconds == 0.0
