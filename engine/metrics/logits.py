"""Keeps the logits of test pictures for the fit of the temperature, in a bounded table."""

from collections.abc import Sequence

import torch

from engine.hardware.process_group import ProcessGroup

ROOM = 16 * 2**20  # bytes of the table: 4,194 pictures of 1,000 classes, whose temperature is fitted in 0.3 s


class LogitTable:
    """The logits of all test pictures if there is room, else of pictures at equal distances in their order.

    The order of the test pictures never changes and goes by class, so each evaluation keeps the same pictures, and
    the same fraction of each class.
    """

    def __init__(self, pictures: int, classes: int) -> None:
        rows = min(pictures, max(ROOM // (4 * classes), 1))
        self._kept = torch.arange(rows) * pictures // max(rows, 1)
        "indices (K) of the pictures among all"
        self._row_of = torch.full((pictures,), -1)
        self._row_of[self._kept] = torch.arange(rows)
        # Rows of other processes are 0, so that the sum of all tables is the whole table.
        self._logits = torch.zeros(rows, classes)

    def add(self, numbers: Sequence[int], logits: torch.Tensor) -> None:
        """Add the logits, float32 (N, classes), of the pictures with these indices (N)."""
        rows = self._row_of[numbers]
        wanted = rows >= 0
        self._logits[rows[wanted]] = logits[wanted]

    def gather(self, processes: ProcessGroup, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The logits of all processes. Each process must call it, once.

        Args:
            processes: all processes.
            seen: which pictures are scored, bool (M).

        Returns:
            float32 (K, classes), and the indices (K) of these pictures among the scored ones.
        """
        logits, scored = processes.all_reduce(self._logits), seen[self._kept]
        return logits[scored], (seen.cumsum(0) - 1)[self._kept[scored]]
