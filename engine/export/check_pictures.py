"""Which pictures a file is compared with the checkpoint on: those that are named, the run's own, or random pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from engine.config.sections import DataConfig
from engine.data.listing.left_out import left_out_notes
from engine.data.pictures import Preparation, UnreadablePictureError, decode, test_pixels
from engine.data.sources import local_catalogue
from engine.errors import DataError
from engine.inference.picture_list import find_pictures
from engine.inference.trained import TrainedModel
from engine.protocol.printable import printable

MOST = 32  # of more pictures so many are taken, at equal distances, so that each class has some
RANDOM = 16


@dataclass(frozen=True, slots=True)
class CheckPictures:
    """Prepared pictures."""

    pixels: torch.Tensor
    "uint8 (N, 3, size, size)"
    description: str
    "which they are, for people"
    notes: Sequence[str] = field(default=())
    "what was left out, and what was taken in its place, a sentence each"


def find_check_pictures(trained: TrainedModel, data: Path | None) -> CheckPictures:
    """Pictures of the folder `data`, else the run's own test or validation pictures, else random pixels.

    Raises:
        DataError: `data` has no readable picture.
    """
    if data is not None:
        found = find_pictures([str(data)])
        notes = list(left_out_notes(found.left_out))
        return _prepare(found.files, trained.preparation, f"pictures of {data}", notes)
    try:
        files, part = _own(trained.config.data, trained.config.seed)
        return _prepare(files, trained.preparation, f"{part} pictures of the run", [])
    except DataError as error:
        size = trained.preparation.image_size
        pixels = torch.randint(256, (RANDOM, 3, size, size), generator=torch.Generator().manual_seed(0))
        why = f"random pixels are taken: the run's own pictures cannot be used ({error.message})"
        return CheckPictures(pixels.to(torch.uint8), f"{RANDOM} pictures of random pixels", [why])


def _own(data: DataConfig, seed: int) -> tuple[list[str], str]:
    """The files of the run's test pictures, or of its validation pictures if there are no others, and what they are."""
    catalogue = local_catalogue(data, seed)
    if catalogue is None:
        raise DataError("No pictures", "they are not on this machine any more; name others with --data DIR")
    samples, part = (catalogue.test, "test") if catalogue.test else (catalogue.val, "validation")
    return [sample.path for sample in samples], part


def _prepare(files: Sequence[str], preparation: Preparation, what: str, notes: list[str]) -> CheckPictures:
    """Decode and prepare some of the files. Raises `DataError` if none can be read."""
    count = min(MOST, len(files))
    pixels = []
    for number in range(count):
        path = files[number * len(files) // count]
        try:
            pixels.append(test_pixels(decode(path), preparation))
        except UnreadablePictureError as error:
            notes.append(f"{printable(path)} cannot be read: {error}")
    if not pixels:
        raise DataError("No pictures", f"none of the {what} can be read: {notes[-1]}")
    return CheckPictures(torch.stack(pixels), f"{len(pixels)} of {len(files)} {what}", notes)
