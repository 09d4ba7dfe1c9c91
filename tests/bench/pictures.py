"""Pictures to measure with: JPEG files of a photograph's size and detail, two classes, made once."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT, QUALITY = 500, 375, 85


def write_pictures(root: Path, train: int, test: int) -> Path:
    """`train` and `test` pictures below `root`, unless they are there."""
    jobs = [
        (root / part / name / f"{number:05}.jpg", number * 2 + label)
        for part, count in (("train", train), ("test", test))
        for label, name in enumerate(("left", "right"))
        for number in range(count // 2)
    ]
    missing = [job for job in jobs if not job[0].exists()]
    with ThreadPoolExecutor() as pool:
        list(pool.map(_write, missing))
    return root


def _write(job: tuple[Path, int]) -> None:
    """Broad shapes, edges and grain: about as many bytes as a photograph of that size."""
    path, seed = job
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    shapes, edges = (
        np.asarray(Image.fromarray(rng.integers(0, 256, (*grid, 3), dtype=np.uint8)).resize((WIDTH, HEIGHT), mode))
        for grid, mode in (((4, 5), Image.Resampling.BICUBIC), ((12, 16), Image.Resampling.NEAREST))
    )
    pixels = 0.6 * shapes + 0.3 * edges + rng.normal(12, 9, (HEIGHT, WIDTH, 1))
    pixels[:, : WIDTH // 2] += 20 if "left" in path.parts else 0
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=QUALITY)


if __name__ == "__main__":
    write_pictures(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
