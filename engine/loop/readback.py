"""Copies the figures of steps from the device to the host without stopping either."""

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

import torch

T = TypeVar("T")

MAX_BEHIND = 2  # steps that the host may be ahead: the device stays busy, and a key is answered at once


class Readback(Generic[T]):
    """A queue of small tensors, each with an item that it belongs to. On a CPU every tensor is ready at once."""

    def __init__(self, device: torch.device, max_behind: int = MAX_BEHIND) -> None:
        self._device = device
        self._asynchronous = device.type == "cuda"
        self._max_behind = max_behind if self._asynchronous else 0
        self._waiting: deque[tuple[T, torch.Tensor, torch.cuda.Event | None]] = deque()

    def put(self, item: T, figures: torch.Tensor) -> None:
        """Start to copy figures. The device copies them when it has computed them."""
        if not self._asynchronous:
            self._waiting.append((item, figures.cpu(), None))
            return
        host = torch.empty(figures.shape, dtype=figures.dtype, pin_memory=True)
        host.copy_(figures, non_blocking=True)
        copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
        copied.record(torch.cuda.current_stream(self._device))  # torch's current device may be another one
        self._waiting.append((item, host, copied))

    def take(self, everything: bool = False) -> Iterator[tuple[T, torch.Tensor]]:
        """The figures that have arrived, oldest first. Waits only if more than `max_behind` are in the queue.

        `everything` waits for all of them.
        """
        while self._waiting:
            item, figures, copied = self._waiting[0]
            if copied is not None:
                if not everything and len(self._waiting) <= self._max_behind and not copied.query():  # type: ignore[no-untyped-call]
                    return
                copied.synchronize()
            self._waiting.popleft()
            yield item, figures
