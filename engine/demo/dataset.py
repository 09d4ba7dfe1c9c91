"""The demo's pictures as a folder of JPEG files, drawn once and kept in the user's cache folder."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_cache_path

from engine.demo.canvas import Drawing, compose
from engine.demo.food import not_hot_dog
from engine.demo.hot_dog import hot_dog

VERSION = 1  # of the drawings: raise it when they change, so that pictures of an older version are not used
PICTURE_SIZE = 80  # pixels a side; the model sees a crop of 64
SPLITS = {"train": 600, "test": 400}  # pictures, half of them of each class
MESS = 0.35  # of backgrounds, clutter, light and noise, from 0 to 1
CLASSES: dict[str, Drawing] = {"hot_dog": hot_dog, "not_hot_dog": not_hot_dog}


def default_root(seed: int) -> Path:
    """The folder in the user's cache for the pictures of a seed. It need not exist."""
    return user_cache_path("finetune-tui", appauthor=False) / f"demo-v{VERSION}-seed{seed}"


def ensure_demo_dataset(root: Path, seed: int) -> Iterator[tuple[int, int]]:
    """Draw the pictures into `root/train/<class>/` and `root/test/<class>/` unless they are there already.

    Yields (pictures drawn, pictures to draw) after each picture. Until the last one they are in a temporary folder,
    which is then renamed to `root`. So a killed process leaves no incomplete data set, and two processes can draw at
    the same time.

    Raises:
        OSError: the files cannot be written.
    """
    if is_complete(root):
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    total = sum(SPLITS.values())
    with tempfile.TemporaryDirectory(prefix=f".{root.name}-", dir=root.parent, ignore_cleanup_errors=True) as folder:
        drawn = Path(folder) / root.name
        for done, (split, name, number) in enumerate(_plan(), start=1):
            file = drawn / split / name / f"{number:03}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            rng = random.Random(f"{seed}/{split}/{name}/{number}")
            compose(CLASSES[name], rng, PICTURE_SIZE, MESS).save(file, quality=rng.randint(75, 95))
            yield done, total
        try:
            drawn.rename(root)
        except OSError:
            if not is_complete(root):  # otherwise another process was faster and drew the same pictures
                raise


def is_complete(root: Path) -> bool:
    """Whether all pictures have been drawn."""
    return all((root / split).is_dir() for split in SPLITS)


def _plan() -> Iterator[tuple[str, str, int]]:
    for split, pictures in SPLITS.items():
        for name in CLASSES:
            for number in range(pictures // len(CLASSES)):
                yield split, name, number
