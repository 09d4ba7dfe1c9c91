"""How the model in training answers each training picture: sums of margin and loss since the arm began.

The margin of a picture is the logit of its label minus the largest other logit, before the update. Its mean over the
epochs is the area under the margin, which is low for a picture whose label the others contradict: Pleiss et al.,
"Identifying Mislabeled Data using the Area Under the Margin Ranking" (2020), arXiv 2001.10528.
"""

from typing import Any

import torch

from engine.arms.features import FeatureBatch
from engine.data.batches import Batch
from engine.hardware.process_group import ProcessGroup

MAX_PICTURES = 4_000_000  # 16 bytes each; the numbers of pictures must be exact in float32
MARGIN, LOSS, TIMES, OTHER = range(4)
"columns of `label_rows`"


def label_rows(logits: torch.Tensor, labels: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """What logits (N, classes) say of labels, int64 (N): float32 (N, 4), on their device.

    The columns: the margin, the cross entropy, 1, and the class with the largest logit other than the label's.
    `targets` are the labels, or probabilities (N, classes) of mixed pictures. A picture that is less than half of the
    mixed one says nothing of its label: its row has zeros in the first three columns.
    """
    logits = logits.detach()
    own = logits.gather(1, labels[:, None])[:, 0]
    (first, second), (best, next_best) = (both.unbind(1) for both in logits.topk(2))
    right = best == labels
    margin = own - torch.where(right, second, first)
    counts = torch.ones_like(margin)
    if targets.dim() == 2:
        counts = (targets.gather(1, labels[:, None])[:, 0] > 0.5).float()
    figures = torch.stack((margin, logits.logsumexp(1) - own, counts), dim=1)
    other = torch.where(right, next_best, best)
    return torch.cat((figures * counts[:, None], other[:, None].float()), dim=1)


class LabelRecord:
    """The sums of all training pictures of an arm, the same in each process."""

    def __init__(self, pictures: int, device: torch.device) -> None:
        """Nothing is kept of more than `MAX_PICTURES` pictures."""
        self.pictures = pictures if pictures <= MAX_PICTURES else 0
        self._sums = torch.zeros(self.pictures, 3, device=device)
        "of margin, loss and times (N, 3)"
        self._other = torch.zeros(self.pictures, dtype=torch.int32, device=device)
        "the largest other class when each picture was seen last (N)"

    def add(
        self, batch: Batch | FeatureBatch, rows: torch.Tensor, figures: torch.Tensor, processes: ProcessGroup
    ) -> torch.Tensor:
        """Add the `label_rows` of this process's part of a batch. The host does not wait for the device.

        Returns the sum of `figures`, float32 (M), over all processes: one exchange serves both.
        """
        numbers = torch.tensor(batch.numbers, device="cpu").to(rows.device, non_blocking=True)
        if processes.size > 1:
            whole = rows.new_zeros(batch.global_size, 1 + rows.shape[1])
            if batch.weight > 0:
                whole[processes.rank :: processes.size] = torch.cat((numbers[:, None].float(), rows), dim=1)
            packed = processes.all_reduce(torch.cat((figures, whole.flatten())))
            figures, whole = packed[: len(figures)], packed[len(figures) :].view(whole.shape)
            numbers, rows = whole[:, 0].long(), whole[:, 1:]
        self._sums.index_add_(0, numbers, rows[:, :OTHER])
        self._other[numbers] = torch.where(rows[:, TIMES] > 0, rows[:, OTHER].int(), self._other[numbers])
        return figures

    def move(self, device: torch.device) -> None:
        """Move the sums to `device`."""
        self._sums, self._other = self._sums.to(device), self._other.to(device)

    def figures(self) -> tuple[torch.Tensor, torch.Tensor]:
        """On the CPU: the sums of margin and loss and the times, float32 (N, 3), and the other classes, int32 (N)."""
        return self._sums.cpu(), self._other.cpu()

    # --- as plain data ----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The sums, for a checkpoint; empty if none are kept."""
        return {"sums": self._sums, "other": self._other} if self.pictures else {}

    def load(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned. An older version has kept nothing: then the sums begin here."""
        for mine, name in ((self._sums, "sums"), (self._other, "other")):
            if name in state:
                mine.copy_(state[name])
            else:
                mine.zero_()
