"""What `doctor` finds in folders of pictures and in damaged copies of them: `python -m tests.bench.doctor DIR...`.

Into a copy of each folder, which has `train` and `test`, known faults are planted by a seed. The table has, for each
kind of fault, how many were planted, found and missed, and how many false alarms there were: findings of that check
that are neither planted nor in the folder as it was. The time of the first look, of a second one, and of decoding all
pictures once as a run does, is printed below.
"""

import argparse
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageEnhance

from engine.config.sections import DataConfig
from engine.data.loader import Loader
from engine.data.pictures import Preparation
from engine.data.samples import Catalogue
from engine.data.sources import local_catalogue
from engine.doctor.checks import CHECKS
from engine.doctor.copies import find_copies
from engine.doctor.examine import Examined, examine
from engine.doctor.finding import Subject
from engine.doctor.record_file import RecordFile

EACH = 12  # faults of a kind
Reported = set[tuple[str, frozenset[str]]]
"what the checks name: the check, and the pictures or the class"
Save = Callable[[Image.Image, Path], None]


def save_small(picture: Image.Image, file: Path) -> None:
    """Three quarters of the size, as JPEG."""
    size = max(picture.width * 3 // 4, 8), max(picture.height * 3 // 4, 8)
    picture.resize(size).save(file.with_suffix(".jpg"), quality=75)


def save_lossy(picture: Image.Image, file: Path) -> None:
    """The same size, as JPEG."""
    picture.save(file.with_suffix(".jpg"), quality=70)


def save_turned(picture: Image.Image, file: Path) -> None:
    """Turned by a quarter."""
    picture.transpose(Image.Transpose.ROTATE_90).save(file.with_suffix(".jpg"), quality=85)


def save_mirrored(picture: Image.Image, file: Path) -> None:
    """Mirrored, without loss."""
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(file.with_suffix(".png"))


def save_large(picture: Image.Image, file: Path) -> None:
    """Twice as large."""
    picture.resize((2 * picture.width, 2 * picture.height)).save(file.with_suffix(".jpg"), quality=85)


def save_brighter(picture: Image.Image, file: Path) -> None:
    """A little brighter."""
    ImageEnhance.Brightness(picture).enhance(1.05).save(file.with_suffix(".jpg"), quality=85)


COPIES: dict[str, Save] = {
    "saved as JPEG": save_lossy,
    "smaller": save_small,
    "larger": save_large,
    "turned": save_turned,
    "mirrored": save_mirrored,
    "brighter": save_brighter,
}


class Planted:
    """A damaged copy of a folder, and what was planted into it."""

    def __init__(self, source: Path, folder: Path, seed: int) -> None:
        self.root = folder / source.name
        shutil.copytree(source, self.root)
        self._rng = random.Random(seed)
        self._square, self._renamed = (sorted((self.root / "train").iterdir())[place] for place in (0, -1))
        self._train = sorted(
            file for file in (self.root / "train").rglob("*.*") if file.is_file() and file.parent != self._square
        )
        self._rng.shuffle(self._train)
        self.faults: dict[str, tuple[str, list[frozenset[str]]]] = {}
        "by kind: the check that is to find them, and the pictures of each"
        self._plant()

    def _take(self) -> Iterator[Path]:
        """Training pictures that nothing was done to yet."""
        for _ in range(EACH):
            yield self._train.pop()

    def _note(self, kind: str, check: str, *files: Path) -> None:
        self.faults.setdefault(kind, (check, []))[1].append(frozenset(map(str, files)))

    def _other_class(self, file: Path, part: str) -> Path:
        names = sorted(folder.name for folder in (self.root / part).iterdir() if folder.name != file.parent.name)
        return self.root / part / self._rng.choice(names)

    def _plant(self) -> None:
        for file in self._take():
            copy = self.root / "test" / file.parent.name / f"planted-{file.name}"
            shutil.copy(file, copy)
            self._note("identical in train and test", "between-parts", file, copy)
        for kind, save in COPIES.items():
            for file in self._take():
                name = f"planted-{kind.replace(' ', '-')}-{file.stem}"
                place = self.root / "test" / file.parent.name
                save(Image.open(file).convert("RGB"), place / name)
                (copy,) = place.glob(f"{name}.*")
                self._note(f"{kind}, in train and test", "between-parts", file, copy)
        for file in self._take():
            copy = self._other_class(file, "train") / f"planted-{file.name}"
            shutil.copy(file, copy)
            self._note("identical, another class", "contradictions", file, copy)
        for file in self._take():
            copy = file.with_name(f"planted-{file.name}")
            shutil.copy(file, copy)
            self._note("identical within train", "within-parts", file, copy)
        for file in self._take():
            file.write_bytes(file.read_bytes()[: file.stat().st_size * 7 // 10])
            self._note("cut short", "unreadable", file)
        for file in self._take():
            colour = tuple(self._rng.randrange(256) for _ in range(3))
            Image.new("RGB", Image.open(file).size, colour).save(file)
            self._note("one colour", "constant-pictures", file)
        for number, file in enumerate(self._take()):
            if number < 3:
                picture = Image.open(file).convert("RGB")
                tint = picture.convert("L").convert("RGB") if _is_coloured(self.root) else _tinted(picture)
                tint.save(file)
                self._note("grey among coloured, or the other way", "grey-pictures", file)
        for file in self._take():
            picture = Image.open(file).convert("RGB")
            picture.resize((4 * picture.width, picture.height)).save(file)
            self._note("four times as wide as high", "long-pictures", file)
        self._plant_classes()

    def _plant_classes(self) -> None:
        """A class whose pictures are all 4:3, and one with a name that is none."""
        square, renamed = self._square.name, self._renamed.name
        for file in sorted(self.root.glob(f"*/{square}/*.*")):
            picture = Image.open(file)
            if "planted" not in file.name:
                picture.resize((picture.height * 4 // 3, picture.height)).save(file)
        self._note("one class 4:3", "class-leaks", Path(square))
        for part in ("train", "test"):
            (self.root / part / renamed).rename(self.root / part / "new folder")
        self._note("a class `new folder`", "class-names", Path("new folder"))
        for kind, (check, faults) in self.faults.items():
            moved = [frozenset(path.replace(f"/{renamed}/", "/new folder/") for path in paths) for paths in faults]
            self.faults[kind] = check, moved


def _is_coloured(root: Path) -> bool:
    file = next(file for file in root.rglob("*.*") if file.is_file() and "planted" not in file.name)
    return Image.open(file).mode != "L"


def _tinted(picture: Image.Image) -> Image.Image:
    red, green, blue = picture.split()
    return Image.merge("RGB", (red, green.point(lambda value: value // 2), blue.point(lambda value: value // 4)))


def listed(root: Path) -> Catalogue:
    """The pictures of a folder."""
    found = local_catalogue(DataConfig(root=root), 0)
    assert found is not None
    return found


def looked_at(catalogue: Catalogue, cache: Path) -> Examined:
    """What is measured of them."""
    steps = examine(catalogue, file=RecordFile(catalogue.where, cache))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Examined = end.value
            return found


def reported(root: Path, examined: Examined, catalogue: Catalogue) -> Reported:
    """Each single thing that the checks name, by its pictures below the root, or by its class."""
    copies = find_copies(examined)
    found: Reported = set()
    subject = Subject(catalogue, examined, copies, 32)
    parts, labels, paths = examined.parts, examined.labels, examined.paths
    pairs = [(a, b) for group in copies.identical for n, a in enumerate(group) for b in group[n + 1 :]]
    same = set(pairs)
    for a, b in (*pairs, *copies.near):
        pair = frozenset((paths[a], paths[b]))
        if parts[a] != parts[b]:
            found.add(("between-parts", pair))
        if labels[a] != labels[b]:
            found.add(("contradictions", pair))
        elif parts[a] == parts[b] and (a, b) in same:
            found.add(("within-parts", pair))
    for name in ("unreadable", "constant-pictures", "grey-pictures", "long-pictures", "class-leaks", "class-names"):
        for finding in _unlimited(name, subject):
            found.add((name, finding))
    return found


def _unlimited(name: str, subject: Subject) -> Iterator[frozenset[str]]:
    """What a check names: classes, or each single picture, not only the first examples."""
    from engine.doctor import finding as module

    before, module.EXAMPLES = module.EXAMPLES, 10**9
    try:
        for finding in CHECKS[name].function(subject):
            if name in ("class-leaks", "class-names"):
                yield from {frozenset([Path(path).parent.name]) for (path,) in finding.examples}
            else:
                yield from (frozenset(paths) for paths in finding.examples)
    finally:
        module.EXAMPLES = before


def decode_all(catalogue: Catalogue) -> float:
    """Seconds for decoding all pictures once as the first epoch of a run does."""
    loader = Loader(Preparation(), DataConfig(root=Path()), (), 0)
    began = time.perf_counter()
    try:
        for _ in loader.testing([sample for sample, _ in catalogue.pictures]):
            pass
    finally:
        loader.close()
    return time.perf_counter() - began


def measure(source: Path, folder: Path, seed: int) -> list[str]:
    """The rows of a folder, and its times."""
    clean = listed(source)
    began = time.perf_counter()
    examined = looked_at(clean, folder / "cache")
    first = time.perf_counter() - began
    began = time.perf_counter()
    find_copies(examined)
    pairs = time.perf_counter() - began
    began = time.perf_counter()
    looked_at(clean, folder / "cache")
    again = time.perf_counter() - began
    before = {(check, _below(source, paths)) for check, paths in reported(source, examined, clean)}
    planted = Planted(source, folder, seed)
    catalogue = listed(planted.root)
    after = reported(planted.root, looked_at(catalogue, folder / "cache"), catalogue)
    return [
        *_rows(source.name, planted, before, after),
        f"{source.name}: {len(clean.pictures):,} pictures, first look {first:.1f} s, copies {pairs:.1f} s, second look "
        f"{again:.1f} s, decoding once {decode_all(clean):.1f} s, on {os.cpu_count()} CPU cores; as it is: "
        f"{dict(Counter(check for check, _ in before)) or 'nothing'}",
    ]


def _below(root: Path, paths: frozenset[str]) -> frozenset[str]:
    return frozenset(path.removeprefix(f"{root}/") for path in paths)


def _rows(name: str, planted: Planted, before: Reported, after: Reported) -> Iterator[str]:
    wanted = {(check, paths) for check, faults in planted.faults.values() for paths in faults}
    known = {path for _, paths in wanted for path in paths}
    for kind, (check, faults) in planted.faults.items():
        found = sum((check, paths) in after for paths in faults)
        yield f"| {name} | {kind} | {len(faults)} | {found} | {len(faults) - found} |  |"
    for check in sorted({check for check, _ in planted.faults.values()}):
        extra = [
            (check, paths)
            for named, paths in after
            if named == check and not paths <= known and (check, _below(planted.root, paths)) not in before
        ]
        yield f"| {name} | all of `{check}` |  |  |  | {len(extra)} |"
        for _, paths in sorted(extra, key=lambda item: sorted(item[1]))[:5]:
            yield f"    false: {' = '.join(sorted(_below(planted.root, paths)))}"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="with `train` and `test`")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| set | fault | planted | found | missed | false alarms |\n|---|---|---:|---:|---:|---:|")
    for source in options.folders:
        with tempfile.TemporaryDirectory() as folder:
            print("\n".join(measure(source.expanduser().resolve(), Path(folder), options.seed)), flush=True)


if __name__ == "__main__":
    main()
