"""`python -m engine.export.check`: load an exported file in a process of its own, and write what it says of pictures.

Nothing of the process that wrote the file is known here but the name of its format.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.export.formats import BATCHES, FORMATS


def main(arguments: Sequence[str]) -> None:
    """FORMAT FILE PIXELS ANSWERS: read pixels, uint8 (N, 3, size, size), and write logits and facts (`.npz`).

    The pictures are normalised as the file itself says.
    """
    form, path, pixels, answers = arguments
    reloaded = FORMATS[form].writing().read(Path(path))
    mean, std = (np.array(reloaded.facts[key], np.float32).reshape(3, 1, 1) for key in ("mean", "std"))
    images = (np.load(pixels).astype(np.float32) / 255 - mean) / std
    logits = [
        np.concatenate([reloaded.logits(images[start : start + size]) for start in range(0, len(images), size)])
        for size in BATCHES
    ]
    np.savez(answers, logits=np.stack(logits), facts=np.array(json.dumps(dict(reloaded.facts))))


if __name__ == "__main__":
    main(sys.argv[1:])
