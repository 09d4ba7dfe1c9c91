"""Scores the best weights of an arm on the test pictures: once at its end, and earlier if somebody asks for it."""

from collections.abc import Iterator

from engine.arms.arm import TrainedArm
from engine.arms.checkpointer import Checkpointer
from engine.errors import CheckpointError
from engine.loop.evaluation import Evaluation
from engine.loop.input_pipeline import InputPipeline
from engine.protocol import BestTested, CheckpointDamaged, Event
from engine.protocol.best import BEST


class FinalTest:
    """Scores an arm that has validation pictures. Without them its test pictures are scored after each epoch."""

    def __init__(self, pipeline: InputPipeline, checkpointer: Checkpointer, evaluation: Evaluation) -> None:
        self._pipeline = pipeline
        self._checkpointer = checkpointer
        self._evaluation = evaluation

    def is_due(self, arm: TrainedArm) -> bool:
        """Whether an arm that has done its epochs has best weights that were not tested yet."""
        catalogue = self._pipeline.catalogue
        return bool(catalogue.val and catalogue.test) and arm.tested is None

    def score(self, arm: TrainedArm) -> Iterator[Event]:
        """Score the best weights. If a command interrupts this, it is done again later."""
        path = str(self._checkpointer.folder / arm.arm / BEST)
        try:
            state = self._checkpointer.load(arm.arm, BEST)
        except CheckpointError as error:  # it could not be written, or somebody has removed it
            arm.test_asked = False
            yield CheckpointDamaged(path, error.message)
            return
        score = yield from self._evaluation.score(arm, "test", state["model"])
        if score is None:
            return
        arm.test_asked, arm.tested = False, score.metrics["accuracy"]
        arm.mark_changed()
        # Its temperature would be fitted to the test pictures, which choose nothing.
        further = {k: v for k, v in score.figures["metrics"].items() if k != "calibration_error_scaled"}
        yield BestTested(
            arm=arm.arm,
            step=state["step"],
            weights=path,
            **score.figures | {"metrics": further},
        )
        self._checkpointer.save(arm, {"last": "tested"})
