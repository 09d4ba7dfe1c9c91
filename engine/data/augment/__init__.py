"""Augmentation: random changes of training pictures and of whole batches.

There are two tables. `PICTURE` has functions of one picture, which the decoding threads apply. `BATCH` has functions of
a batch and its targets, which are applied on the device. A new augmentation is a module here and a row in one table; a
recipe chooses it by name. All random numbers come from a generator seeded by (seed, epoch, sample) or (seed, step), so
that a resumed or replayed run gets the same pictures.

- `augmentation`: the protocols of both kinds of functions.
- `crop`: random resized crop.
- `flip`: horizontal flip.
- `trivial`: TrivialAugment, one random operation a picture.
- `erasing`: random erasing.
- `mixing`: mixup and CutMix.

May import what `data` may import.
"""

from engine.data.augment.augmentation import BatchAugmentation, PictureAugmentation
from engine.data.augment.crop import random_resized_crop
from engine.data.augment.erasing import random_erasing
from engine.data.augment.flip import horizontal_flip
from engine.data.augment.mixing import cutmix, mixup
from engine.data.augment.trivial import trivial_augment

PICTURE: dict[str, PictureAugmentation] = {
    "random_resized_crop": random_resized_crop,
    "horizontal_flip": horizontal_flip,
    "trivial_augment": trivial_augment,
    "random_erasing": random_erasing,
}
BATCH: dict[str, BatchAugmentation] = {"mixup": mixup, "cutmix": cutmix}

__all__ = ["BATCH", "PICTURE", "BatchAugmentation", "PictureAugmentation"]
