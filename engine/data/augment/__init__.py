"""Augmentation: training pictures, and whole batches of them, changed at random.

Two tables: `PICTURE` has functions of one picture, applied in the threads that decode; `BATCH` has functions of a
batch and its targets, applied on the device. A new one is a module here and a row in one of them; a recipe chooses by
name. All random numbers come from a generator seeded by (seed, epoch, sample) or (seed, step), so that a resumed or
replayed run sees the same pictures.
"""

from engine.data.augment.augmentation import BatchAugmentation, PictureAugmentation
from engine.data.augment.crop import random_resized_crop
from engine.data.augment.flip import horizontal_flip

PICTURE: dict[str, PictureAugmentation] = {
    "random_resized_crop": random_resized_crop,
    "horizontal_flip": horizontal_flip,
}
BATCH: dict[str, BatchAugmentation] = {}

__all__ = ["BATCH", "PICTURE", "BatchAugmentation", "PictureAugmentation"]
