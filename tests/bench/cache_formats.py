"""Space and time of prepared pictures as pixels and as JPEG: `python -m tests.bench.cache_formats`.

The two photographs that scikit-learn has, at three sizes. Times are those of the processor, the shortest of some
rounds, in one thread, with the file in memory: `get` is the whole way from the store to pixels. The second table has
files of different sizes that are decoded for a short side of 448.
"""

import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sklearn.datasets
import torch
from PIL import Image, ImageOps
from torchvision.io import decode_jpeg

from engine.data.encoded import Encoded, Format, decode, encode
from engine.data.pictures import Pixels, decode_bounded
from engine.data.store import Store

SIZES = ((500, 375), (597, 448), (298, 224))
FILES = ((500, 375), (640, 480), (1200, 900), (4000, 3000))
SIDE = 448
ROUNDS = 12


def fastest(do: Callable[[int], object], count: int, rounds: int = ROUNDS) -> float:
    """Milliseconds a picture, of the fastest round."""
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        for number in range(count):
            do(number)
        times.append((time.thread_time() - began) / count * 1e3)
    return min(times)


def with_torchvision(picture: Encoded) -> Pixels:
    """The pixels of a JPEG. The function is deprecated since torchvision 0.29."""
    found: Pixels = decode_jpeg(torch.from_numpy(picture.data.copy())).permute(1, 2, 0).numpy()
    return found


def from_files(pictures: list[Pixels], ending: str) -> float:
    """Milliseconds to decode a picture from its file."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{number}.{ending}" for number in range(len(pictures))]
        for file, pixels in zip(files, pictures, strict=True):
            Image.fromarray(pixels).save(file, quality=90)
        return fastest(lambda n: np.array(decode_bounded(files[n], SIDE)), len(files), rounds=4)


def row(pictures: list[Pixels], form: Format, folder: Path) -> str:
    """A row of the table for one format."""
    kept = [encode(pixels, form) for pixels in pictures]
    store = Store(folder, len(kept), 1 << 30)
    for number, picture in enumerate(kept):
        store.put(number, picture)
    count = len(kept)
    cells = [
        f"{sum(picture.data.nbytes for picture in kept) / count / 1e3:.0f}",
        f"{fastest(lambda n: encode(pictures[n], form), count):.2f}",
        f"{fastest(store.get, count):.2f}",
    ]
    if form == "jpeg":
        assert all(np.array_equal(with_torchvision(picture), decode(picture)) for picture in kept)
        cells += [
            f"{fastest(lambda n: decode(kept[n]), count):.2f}",
            f"{fastest(lambda n: with_torchvision(kept[n]), count):.2f}",
        ]
    store.close()
    return " | ".join([form, *cells])


def main() -> None:
    """Measure, and print the table."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    folder = Path(sklearn.datasets.__file__).parent / "images"
    photographs = [Image.open(folder / name).convert("RGB") for name in ("china.jpg", "flower.jpg")]
    print(
        "| size | format | kB | encode, ms | `get`, ms | Pillow, ms | torchvision, ms |\n|---|---|---|---|---|---|---|"
    )
    for size in SIZES:
        pictures = [np.array(ImageOps.fit(photograph, size, Image.Resampling.BICUBIC)) for photograph in photographs]
        with tempfile.TemporaryDirectory() as cache:
            for form in ("raw", "jpeg"):
                print(f"| {size[0]}x{size[1]} | {row(pictures, form, Path(cache) / form)} |")
    print("\n| file | JPEG, ms | PNG, ms |\n|---|---|---|")
    for size in FILES:
        pictures = [np.array(ImageOps.fit(photograph, size, Image.Resampling.BICUBIC)) for photograph in photographs]
        times = (f"{from_files(pictures, ending):.1f}" for ending in ("jpg", "png"))
        print(f"| {size[0]}x{size[1]} | {' | '.join(times)} |")


if __name__ == "__main__":
    main()
