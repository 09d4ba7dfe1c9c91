"""Whether preparing pictures costs accuracy: `python -m tests.bench.preparation`.

The demo's classes drawn at a photograph's size, so that preparation has something to reduce; for each seed the
pretrained arm is trained with it and without, all else equal. The table has the last test accuracies and their
difference. `--formats` compares prepared pictures as JPEG with those as pixels instead.
"""

import argparse
import random
import statistics
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from engine.demo.dataset import CLASSES, MESS, compose

SIZE = 240
TRAIN, TEST = 300, 200
BOTH = ("data.prepare=true", "data.prepare=false")


def draw(job: tuple[Path, str, str]) -> None:
    """One picture of a class."""
    path, name, seed = job
    rng = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    compose(CLASSES[name], rng, SIZE, MESS).save(path, quality=rng.randint(75, 95))


def draw_all(root: Path, seed: int) -> Path:
    """The pictures of a seed, unless they are there."""
    jobs = [
        (root / part / name / f"{number:04}.jpg", name, f"{seed}/{part}/{name}/{number}")
        for part, count in (("train", TRAIN), ("test", TEST))
        for name in CLASSES
        for number in range(count)
    ]
    with ProcessPoolExecutor() as pool:
        list(pool.map(draw, [job for job in jobs if not job[0].exists()], chunksize=20))
    return root


def accuracy(root: Path, seed: int, setting: str) -> tuple[float, float]:
    """Last test accuracy, and images/s of the last epoch."""
    from engine import Run, load_config
    from engine.protocol import EpochDone

    with tempfile.TemporaryDirectory() as folder:
        settings = ["data.source=folder", f"data.root={root}", f"seed={seed}", f"checkpoint.dir={folder}"]
        config = load_config("configs/demo.yaml", [*settings, setting, "data.cache_gib=2"])
        rows = [event for event in Run(config).events() if isinstance(event, EpochDone)]
    return rows[-1].test_accuracy, rows[-1].images_per_second


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--root", type=Path, default=Path(tempfile.gettempdir()) / "finetune-tui-bench")
    parser.add_argument("--formats", action="store_true")
    options = parser.parse_args()
    both = ("data.cache_format=jpeg", "data.cache_format=raw") if options.formats else BOTH
    print(f"| seed | {both[0]} | {both[1]} | difference in points |\n|---|---|---|---|")
    figures = []
    for seed in range(options.seeds):
        root = draw_all(options.root / f"drawn-{seed}", seed)
        (kept, fast), (plain, slow) = (accuracy(root, seed, setting) for setting in both)
        figures.append((kept, plain, kept - plain))
        print(
            f"| {seed} | {kept:.1%} | {plain:.1%} | {100 * (kept - plain):+.1f} |  {fast:.0f} and {slow:.0f} images/s"
        )
    kept, plain, difference = (statistics.fmean(column) for column in zip(*figures, strict=True))
    print(f"| mean | {kept:.1%} | {plain:.1%} | {100 * difference:+.1f} |")
    if len(figures) > 1:
        error = statistics.stdev(row[2] for row in figures) / len(figures) ** 0.5
        print(f"standard error of the mean difference: {100 * error:.1f} points")


if __name__ == "__main__":
    main()
