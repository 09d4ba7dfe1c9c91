"""Folders of small drawn pictures, each different from all others."""

import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from engine.config.sections import DataConfig
from engine.data.samples import Catalogue
from engine.data.sources import local_catalogue
from engine.doctor.diagnose import diagnose
from engine.doctor.examine import Examined, examine
from engine.doctor.finding import Finding
from engine.doctor.record_file import RecordFile

SIZE = (96, 72)


def draw(seed: str, size: tuple[int, int] = SIZE) -> Image.Image:
    """A coloured picture with a few shapes at random places."""
    rng = random.Random(seed)
    picture = Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(picture)
    for shape in (pen.ellipse, pen.rectangle, pen.ellipse, pen.rectangle):
        left, top = rng.randrange(size[0] - 12), rng.randrange(size[1] - 12)
        corner = left + 10 + rng.randrange(size[0] // 2), top + 10 + rng.randrange(size[1] // 2)
        shape((left, top, *corner), fill=tuple(rng.randrange(256) for _ in range(3)))
    return picture


def fill(root: Path, train: int = 20, test: int = 5, classes: Sequence[str] = ("cat", "dog")) -> Path:
    """`train` and `test` with so many pictures of each class; sizes and forms are mixed."""
    for part, count in (("train", train), ("test", test)):
        for name in classes:
            (root / part / name).mkdir(parents=True)
            for number in range(count):
                size = (96, 72) if number % 2 else (80, 76)
                draw(f"{part}{name}{number}", size).save(root / part / name / f"{number:02}.png")
    return root


def catalogue_of(root: Path, exclude: Path | None = None) -> Catalogue:
    found = local_catalogue(DataConfig(root=root, exclude=exclude), 0)
    assert found is not None
    return found


def examined(catalogue: Catalogue, cache: Path | None = None) -> Examined:
    """What is measured of the pictures, kept in a folder or nowhere."""
    file = RecordFile(catalogue.where, cache or Path("/dev/null/none"))
    steps = examine(catalogue, threads=2, file=file)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def findings_in(root: Path, image_size: int = 64) -> list[Finding]:
    catalogue = catalogue_of(root)
    return diagnose(catalogue, examined(catalogue), image_size)


def only(findings: Sequence[Finding], check: str) -> list[Finding]:
    return [finding for finding in findings if finding.check == check]
