"""Measures time on the device without waiting for it."""

import time

import torch


class Stopwatch:
    """Runs from its creation until `stop`. On CUDA the device records both times when it reaches them."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._began = self._ended = self._now()

    def stop(self) -> None:
        """End the measurement."""
        self._ended = self._now()

    @property
    def seconds(self) -> float:
        """The measured time in seconds; 0.0 if the device has no such clock.

        On CUDA read it only after a result of later work on the device has arrived.
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
            case _:  # the host's clock would measure only the call
                return 0.0
