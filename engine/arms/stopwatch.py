"""How long something takes on the device, without a stop of it."""

import time

import torch


class Stopwatch:
    """Runs from its making until `stop`. On CUDA it is the device that looks at the clock, when it gets there."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._began = self._ended = self._now()

    def stop(self) -> None:
        """Whatever follows does not count."""
        self._ended = self._now()

    @property
    def seconds(self) -> float:
        """That it ran; 0.0 where the device has no such clock.

        On CUDA not to be asked for before something has arrived that the device did later.
        """
        began, ended = self._began, self._ended
        if isinstance(began, float) or isinstance(ended, float):
            assert isinstance(began, float) and isinstance(ended, float)
            return ended - began
        milliseconds: float = began.elapsed_time(ended)
        return milliseconds / 1000

    def _now(self) -> float | torch.cuda.Event:
        match self._device.type:
            case "cpu":
                return time.perf_counter()
            case "cuda":
                event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
                event.record(torch.cuda.current_stream(self._device))
                return event
            case _:  # the host's clock would show how long it takes to ask
                return 0.0
