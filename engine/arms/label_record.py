"""How the model in training answers each training picture: sums of margin and loss since the arm began.

The margin of a picture is the logit of its label minus the largest other logit, before the update. Its mean over the
epochs is the area under the margin, which is low for a picture whose label the others contradict: Pleiss et al.,
"Identifying Mislabeled Data using the Area Under the Margin Ranking" (2020), arXiv 2001.10528.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.nn.functional import cross_entropy

from engine.arms.features import FeatureBatch
from engine.data.batches import Batch
from engine.hardware.process_group import ProcessGroup

MAX_PICTURES = 4_000_000  # 16 bytes each; the numbers of pictures must be exact in float32
MAX_STEPS = 16  # that wait
MAX_WAITING = 2**20  # logits that wait: what many small steps say is computed at once, which takes less time
MARGIN, LOSS, TIMES, OTHER = range(4)
"columns of `label_rows`"


def label_rows(logits: torch.Tensor, labels: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """What logits (N, classes) say of labels, int64 (N): float32 (N, 4), on their device.

    The columns: the margin, the cross entropy, 1, and the class with the largest logit other than the label's.
    `targets` are the labels, or probabilities (N, classes) of mixed pictures. A picture that is less than half of the
    mixed one says nothing of its label: its row has zeros in the first three columns.
    """
    own = labels[:, None]
    best, other = logits.scatter(1, own, -torch.inf).max(1)
    margin = logits.gather(1, own)[:, 0] - best
    loss = cross_entropy(logits, labels, reduction="none")
    rows = torch.stack((margin, loss, torch.ones_like(loss), other.float()), dim=1)
    if targets.dim() == 2:
        rows[:, :OTHER] *= targets.gather(1, own) > 0.5
    return rows


class Answer(NamedTuple):
    """The logits (N, classes) of pictures, their labels (N), and their targets as the loss has them."""

    logits: torch.Tensor
    labels: torch.Tensor
    targets: torch.Tensor


class Answers(list[Answer]):
    """The answers of one step."""

    def observe(self, logits: torch.Tensor, labels: torch.Tensor, targets: torch.Tensor) -> None:
        """Add the answer of a micro-batch, without its graph."""
        self.append(Answer(logits.detach(), labels, targets))


class LabelRecord:
    """The sums of all training pictures of an arm, the same in each process."""

    def __init__(self, pictures: int, device: torch.device) -> None:
        """Nothing is kept of more than `MAX_PICTURES` pictures."""
        self.pictures = pictures if pictures <= MAX_PICTURES else 0
        self.omission = ""
        "why nothing is kept, for people"
        if pictures > MAX_PICTURES:
            self.omission = f"labels are not followed: of {pictures:,} training pictures, more than {MAX_PICTURES:,}"
        self._sums = torch.zeros(self.pictures, 3, device=device)
        "of margin, loss and times (N, 3)"
        self._other = torch.zeros(self.pictures, dtype=torch.int32, device=device)
        "the largest other class when each picture was seen last (N)"
        self._waiting: list[tuple[list[int], Sequence[Answer]]] = []
        "the numbers of the pictures of each step, and its answers, that are not in the sums yet"

    def add(
        self, batch: Batch | FeatureBatch, answers: Sequence[Answer], figures: torch.Tensor, processes: ProcessGroup
    ) -> torch.Tensor:
        """Add the answers for this process's part of a batch. The host does not wait for the device.

        Returns the sum of `figures`, float32 (M), over all processes: one exchange serves both.
        """
        if not self.pictures:
            return processes.all_reduce(figures)
        if processes.size == 1:
            self._wait(batch.numbers, answers)
            return figures
        rows = torch.cat([label_rows(*answer) for answer in answers])
        whole = rows.new_zeros(batch.global_size, 1 + rows.shape[1])
        if batch.weight > 0:
            numbers = torch.tensor(batch.numbers, dtype=torch.float32).to(rows.device, non_blocking=True)
            whole[processes.rank :: processes.size] = torch.cat((numbers[:, None], rows), dim=1)
        packed = processes.all_reduce(torch.cat((figures, whole.flatten())))
        whole = packed[len(figures) :].view(whole.shape)
        self._add(whole[:, 0].long(), whole[:, 1:])
        return packed[: len(figures)]

    def _wait(self, numbers: list[int], answers: Sequence[Answer]) -> None:
        """Keep the answers of a batch until there are enough of them."""
        if self._waiting and self._waiting[-1][1][0].targets.dim() != answers[0].targets.dim():
            self._compute()
        self._waiting.append((numbers, answers))
        if sum(answer.logits.numel() for _, waiting in self._waiting for answer in waiting) >= MAX_WAITING or (
            len(self._waiting) >= MAX_STEPS
        ):
            self._compute()

    def _compute(self) -> None:
        """Add what waits. Each step is added by itself, so the sums do not depend on when this is done."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        answers = [answer for _, of_step in waiting for answer in of_step]
        rows = label_rows(*map(torch.cat, zip(*answers, strict=True)))
        numbers = torch.tensor([number for of_step, _ in waiting for number in of_step])
        sizes = [len(of_step) for of_step, _ in waiting]
        numbers = numbers.to(rows.device, non_blocking=True)
        for some, their_rows in zip(torch.split(numbers, sizes), torch.split(rows, sizes), strict=True):
            self._add(some, their_rows)

    def _add(self, numbers: torch.Tensor, rows: torch.Tensor) -> None:
        self._sums.index_add_(0, numbers, rows[:, :OTHER])
        self._other[numbers] = rows[:, OTHER].int()

    def move(self, device: torch.device) -> None:
        """Move the sums to `device`."""
        self._compute()
        self._sums, self._other = self._sums.to(device), self._other.to(device)

    def figures(self) -> tuple[torch.Tensor, torch.Tensor]:
        """On the CPU: the sums of margin and loss and the times, float32 (N, 3), and the other classes, int32 (N)."""
        self._compute()
        return self._sums.cpu(), self._other.cpu()

    # --- as plain data ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The sums, for a checkpoint; empty if none are kept."""
        self._compute()
        return {"sums": self._sums, "other": self._other} if self.pictures else {}

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned. An older version has kept nothing: then the sums begin here."""
        self._waiting = []
        for mine, name in ((self._sums, "sums"), (self._other, "other")):
            if name in state:
                mine.copy_(state[name])
            else:
                mine.zero_()
