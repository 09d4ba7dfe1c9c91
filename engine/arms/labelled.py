"""The labels of an arm's training pictures: what a person has said of them, and how the model answers them."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.arms.judgements import Judgement, Judgements
from engine.arms.label_record import LabelRecord
from engine.arms.progress import Progress
from engine.arms.setup import Setup
from engine.arms.suspects import find_suspects
from engine.data.samples import Sample
from engine.protocol import Suspect
from engine.protocol.values import Verdict


class LabelledProgress(Progress):
    """Progress through training pictures whose labels a person may correct."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup.config.train, setup.steps_per_epoch)
        self.judgements = Judgements(setup.train, setup.roots, setup.classes)
        self.label_record = LabelRecord(len(setup.train), setup.device)
        self.batches_version = 0
        "increases when batches in progress become useless: after a rewind, a freeze or another number of epochs"

    @property
    def next_epoch(self) -> int:
        """The first epoch that has not begun, counted from 0."""
        return -(-self.step // self.steps_per_epoch)

    @property
    def pictures(self) -> Sequence[Sample]:
        """The training pictures of the epoch of the next step, with the labels that count for it."""
        return self.judgements.pictures(self.epoch - 1)

    def judge(self, picture: str, verdict: Verdict, label: str) -> None:
        """Take what a person says of the label of a training picture; it counts from the next epoch on."""
        self.judgements.add(Judgement(picture, verdict, label, self.next_epoch))
        self._judged()

    def take_over_judgements(self, other: Mapping[int, Judgement]) -> None:
        """Take the last words of another arm, or of another branch, in place of the arm's own."""
        if self.judgements.take_over(other, self.next_epoch):
            self._judged()

    def _judged(self) -> None:
        if self.position == 0:  # the epoch has not begun, but its first batches may be decoded
            self.batches_version += 1
        self.mark_changed()

    def suspects(self) -> tuple[list[Suspect], int] | None:
        """The pictures whose labels the model contradicts, and how many there are in all: see `find_suspects`.

        `None` if there is nothing to say: no label was followed, or none was contradicted or judged.
        """
        if not self.label_record.pictures:
            return None
        judged = self.judgements.latest()
        found, contradicted = find_suspects(self.label_record.figures(), self.pictures, judged)
        return (found, contradicted) if found or judged else None

    # --- as plain data ----------------------------------------------------------------------------------

    def label_state(self) -> dict[str, Any]:
        """What is known of labels, as plain values and tensors; nothing that is empty."""
        parts = {"label_record": self.label_record.state(), "judgements": self.judgements.state()}
        return {name: part for name, part in parts.items() if part}

    def load_labels(self, state: dict[str, Any]) -> None:
        """Restore what `label_state` returned.

        Raises:
            CheckpointError: a picture that was judged is no training picture any more.
        """
        self.label_record.load(state.get("label_record", {}))
        self.judgements.load(state.get("judgements", ()))
