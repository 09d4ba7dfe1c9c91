"""A trained classifier for Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from engine.data.pictures import Preparation, test_pixels
from engine.data.reading.decoder import as_rgb
from engine.inference.choosing import choose_checkpoint
from engine.inference.predictor import BATCH, predict
from engine.inference.trained import TrainedModel, load_trained
from engine.protocol import Arm

Picture = str | Path | Image.Image


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier says of N pictures, in their order."""

    labels: Sequence[str | None]
    "the most probable class of each picture (N); `None` where a file cannot be read"
    probabilities: npt.NDArray[np.float32]
    "(N, classes), calibrated, in the order of `Classifier.classes`; a row of NaN where a file cannot be read"
    unreadable: Mapping[int, str]
    "why a file cannot be read, by its index in 0..N-1"


class Classifier:
    """Labels pictures with the weights of a checkpoint."""

    def __init__(self, trained: TrainedModel) -> None:
        self.trained = trained

    @classmethod
    def load(cls, path: str | Path, *, arm: Arm | None = None, device: str = "auto") -> Self:
        """Load a checkpoint, or the best weights in a run's folder: of `arm`, or of the more accurate one.

        Raises:
            CheckpointError: there is no checkpoint, or it is damaged.
            ConfigError: this machine does not have the `device` (`auto`, `cpu`, `cuda`, `cuda:N` or `mps`).
        """
        path = Path(path)
        return cls(load_trained(choose_checkpoint(path, arm) if path.is_dir() else path, device))

    @property
    def classes(self) -> Sequence[str]:
        """The names of the classes, in the order of the columns of `Answers.probabilities`."""
        return self.trained.classes

    @property
    def preparation(self) -> Preparation:
        """How pictures are resized, cropped and normalised."""
        return self.trained.preparation

    def __call__(self, pictures: Picture | Sequence[Picture], *, tta: bool = False, batch_size: int = BATCH) -> Answers:
        """Label pictures: files, or pictures of Pillow. Files are decoded in threads.

        With `tta`, probabilities are the mean of those of a picture and its mirror image.
        """
        given = [pictures] if isinstance(pictures, Picture) else list(pictures)
        rows = np.full((len(given), len(self.classes)), np.nan, dtype=np.float32)
        unreadable: dict[int, str] = {}
        files = [number for number, picture in enumerate(given) if not isinstance(picture, Image.Image)]
        found = predict(self.trained, [str(given[n]) for n in files], mirrored=tta, batch_size=batch_size)
        for number, prediction in zip(files, found, strict=True):
            if prediction.probabilities is None:
                unreadable[number] = prediction.error
            else:
                rows[number] = prediction.probabilities.numpy()
        for number, picture in enumerate(given):
            if isinstance(picture, Image.Image):
                pixels = test_pixels(as_rgb(picture), self.preparation)[None]
                rows[number] = self.trained.probabilities(pixels, tta)[0].numpy()
        labels = [None if n in unreadable else self.classes[int(rows[n].argmax())] for n in range(len(given))]
        return Answers(labels, rows, unreadable)
