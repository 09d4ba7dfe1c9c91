"""Fits the last layer to the features of the training pictures, and scores it, before the first step."""

import time
from collections.abc import Generator, Iterator

import torch

from engine.arms.arm import TrainedArm
from engine.arms.features import Features
from engine.data.samples import LEFT_OUT
from engine.loop.evaluation import Evaluation
from engine.loop.feature_pass import FeaturePass
from engine.loop.input_pipeline import InputPipeline
from engine.loop.scores import report_score
from engine.models.fitted_head import FittedHead, fit_head
from engine.protocol import Event, HeadFitted, Loading
from engine.steering.steering import Steering

NO_FEATURES = "the last layer of this model is not linear in a table of features, or the table is larger than 2 GiB"


class HeadFitting:
    """Fits the head of an arm. If a command makes another arm or branch current meanwhile, it begins again later."""

    def __init__(
        self,
        pipeline: InputPipeline,
        steering: Steering,
        evaluation: Evaluation,
        passes: FeaturePass,
        seed: int,
    ) -> None:
        self._pipeline = pipeline
        self._steering = steering
        self._evaluation = evaluation
        self._passes = passes
        self._checkpointer = steering.arms.checkpointer
        self._processes = steering.arms.processes
        self._seed = seed

    def fit(self, arm: TrainedArm) -> Iterator[Event]:
        """Compute features, fit the head, score it, and save it as a restore point."""
        began, version = time.perf_counter(), arm.batches_version
        samples = self._pipeline.catalogue.train
        features = yield from self._passes.compute(arm, samples, True, 0, len(samples))
        if not self._is_unchanged(arm, version):
            return
        head = None
        if features is not None:
            yield from self._steering.secure()  # the fit of several processes, or to a large table, takes no commands
            try:
                head = yield from self._fit(arm, version, *self._gather(arm, features))
            finally:
                self._steering.release()
            if head is None:
                return
            arm.set_head(head)
        score = yield from self._evaluation.score(arm)
        if score is None:
            return
        arm.head_due, arm.fitted = False, head is not None
        best = arm.record_evaluation(score.metrics, score.temperature)
        arm.seconds += time.perf_counter() - began
        yield from report_score(arm, 0, score, best)
        yield HeadFitted(
            arm=arm.arm,
            step=arm.step,
            accuracy=score.metrics["accuracy"],
            part=score.part,
            strength=0.0 if head is None else head.strength,
            seconds=time.perf_counter() - began,
            failure=NO_FEATURES if head is None else "",
            change=arm.change,
        )
        names = {"head": "head", "last": "head"} if arm.fitted else {"last": "head"}
        self._checkpointer.save(arm, {"best": "best", **names} if best else names)

    def _is_unchanged(self, arm: TrainedArm, version: int) -> bool:
        return self._steering.is_current(arm) and arm.batches_version == version

    def _fit(
        self, arm: TrainedArm, version: int, table: torch.Tensor, labels: torch.Tensor
    ) -> Generator[Event, None, FittedHead | None]:
        """The fitted head; `None` if a command changed the arm meanwhile."""
        yield Loading("fitting the head")
        with_bias = arm.network.head.bias is not None
        fitting = fit_head(table, labels, arm.network.classes, self._seed, with_bias)
        while True:
            try:
                next(fitting)
            except StopIteration as end:
                # All processes have the same features, but not always the same processors.
                head: FittedHead = self._processes.broadcast(end.value, patient=True)
                return head
            if self._processes.size == 1:
                yield from self._steering.commands()
                if not self._is_unchanged(arm, version):
                    return None

    def _gather(self, arm: TrainedArm, features: Features) -> tuple[torch.Tensor, torch.Tensor]:
        """The features (N, D) and labels (N) of the readable pictures of all processes, in their order."""
        samples = arm.pictures
        table, numbers = features.rows_by_number(arm.network.head.in_features)
        whole = torch.zeros(len(samples), table.shape[1], device=table.device)
        seen = torch.zeros(len(samples), device=table.device)
        whole[numbers], seen[numbers] = table, 1.0
        whole, seen = self._processes.all_reduce(whole), self._processes.all_reduce(seen)
        labels = torch.tensor([sample.label for sample in samples], device=table.device)
        used = (seen > 0) & (labels != LEFT_OUT)
        return whole[used], labels[used]
