"""One pass over pictures that computes the inputs of the last layer."""

from collections.abc import Generator, Sequence

import torch

from engine.arms.arm import TrainedArm
from engine.arms.features import FeatureBatches, Features
from engine.data.batches import Waiting
from engine.data.samples import Sample
from engine.loop.input_pipeline import InputPipeline
from engine.protocol import Event, Preparing
from engine.steering.steering import Steering


class FeaturePass:
    """Computes the features of pictures, and takes commands between batches."""

    def __init__(self, pipeline: InputPipeline, steering: Steering, device: torch.device, seed: int) -> None:
        self._pipeline = pipeline
        self._steering = steering
        self._device = device
        self._seed = seed

    def tables(self, arm: TrainedArm) -> Generator[Event, None, FeatureBatches | None]:
        """Batches of the features of all training and scored pictures, for a backbone that does not change.

        Returns `None` if the features cannot be used or stored, or if a command changed the arm.
        """
        catalogue, done, parts = self._pipeline.catalogue, 0, []
        total = len(catalogue.train) + len(catalogue.scored)
        for samples, training in ((catalogue.train, True), (catalogue.scored, False)):
            part = yield from self.compute(arm, samples, training, done, total)
            if part is None:
                return None
            done += len(samples)
            parts.append(part.close())
        return FeatureBatches(self._pipeline.loader, self._seed, *parts)

    def compute(
        self, arm: TrainedArm, samples: Sequence[Sample], training: bool, before: int, total: int
    ) -> Generator[Event, None, Features | None]:
        """The features of samples without augmentation, of this process's part of them.

        `training` says that they are training pictures. The progress counts pictures: `before` are done already, and
        there are `total`. Returns `None` if the features cannot be used or stored, or if a command changed the arm.
        """
        found, done, version = Features(total, self._device), before, arm.batches_version
        batches = self._pipeline.loader.testing(samples, training)
        while (batch := (yield from self._pipeline.next(batches))) is not None:
            yield from self._steering.commands()
            if not self._steering.is_current(arm) or arm.batches_version != version:
                return None
            if isinstance(batch, Waiting):
                continue
            yield from self._pipeline.report_batch(batch)
            if len(batch.labels):
                features = arm.network.features(batch)
                if features is None or not found.add(batch, features):
                    return None
            done += len(batch.labels) + len(batch.unreadable)
            yield Preparing("features", min(done, total), total)
        return found
