"""Each check finds the fault that it is for, and a sound folder raises no alarm."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from engine.doctor.checks import CHECKS
from engine.doctor.finding import Check, Finding
from tests.engine.doctor.drawn import draw, fill, findings_in, only


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return fill(tmp_path / "pictures")


def one(root: Path, check: str) -> Finding:
    (finding,) = only(findings_in(root), check)
    return finding


def names(finding: Finding) -> list[str]:
    return ["/".join(Path(item.picture).parts[-3:]) for item in finding.corrections]


def test_a_sound_folder_raises_no_alarm(root: Path) -> None:
    assert findings_in(root) == []


def test_pictures_in_two_parts_are_bad_and_the_training_copies_go(root: Path) -> None:
    for number in range(5):
        shutil.copy(root / f"train/cat/0{number}.png", root / f"test/cat/copy{number}.png")
    Image.open(root / "train/dog/00.png").resize((60, 57)).save(root / "test/dog/smaller.jpg", quality=70)
    found = findings_in(root)
    finding = one(root, "between-parts")
    assert found == [finding] and finding.severity == "bad" and finding.count == 6
    assert finding.message == "6 test pictures are training pictures, too (5 identical, 1 nearly)"
    assert sorted(names(finding)) == [*(f"train/cat/0{number}.png" for number in range(5)), "train/dog/00.png"]


def test_copies_in_all_three_parts_leave_the_test_picture(root: Path) -> None:
    shutil.copytree(root / "test", root / "val")
    for file in (root / "val").rglob("*.png"):
        draw(str(file.relative_to(root))).save(file)
    for part in ("val", "test"):
        shutil.copy(root / "train/cat/00.png", root / part / "cat" / "copy.png")
    findings = only(findings_in(root), "between-parts")
    assert sorted(name for finding in findings for name in names(finding)) == ["train/cat/00.png", "val/cat/copy.png"]


def test_identical_pictures_of_two_classes_are_bad_and_all_go(root: Path) -> None:
    shutil.copy(root / "train/cat/00.png", root / "train/dog/copy.png")
    finding = one(root, "contradictions")
    assert finding.severity == "bad" and "`cat` and `dog`" in finding.message
    assert names(finding) == ["train/cat/00.png", "train/dog/copy.png"]


def test_nearly_identical_pictures_of_two_classes_are_a_warning(root: Path) -> None:
    Image.open(root / "train/cat/00.png").save(root / "train/dog/copy.jpg", quality=80)
    finding = one(root, "contradictions")
    assert finding.severity == "warning" and finding.corrections == ()


def test_copies_within_a_part_are_left_out_but_one(root: Path) -> None:
    for name in ("a", "b"):
        shutil.copy(root / "train/cat/00.png", root / f"train/cat/{name}.png")
    Image.open(root / "train/dog/00.png").transpose(Image.Transpose.ROTATE_90).save(root / "train/dog/turned.png")
    exact, near = only(findings_in(root), "within-parts")
    assert (exact.severity, exact.count, names(exact)) == ("warning", 2, ["train/cat/a.png", "train/cat/b.png"])
    assert (near.severity, near.count, near.corrections) == ("note", 1, ())


def test_unreadable_files_are_bad_where_they_are_many(root: Path) -> None:
    file = root / "train/cat/00.png"
    file.write_bytes(file.read_bytes()[:200])
    finding = one(root, "unreadable")
    assert finding.severity == "warning" and names(finding) == ["train/cat/00.png"]
    for number in range(1, 5):
        (root / f"train/cat/0{number}.png").write_bytes(b"")
    finding = one(root, "unreadable")
    assert finding.severity == "bad" and "4: the file is empty" in finding.message
    for file in (root / "train/cat").iterdir():
        file.write_bytes(b"")
    assert one(root, "unreadable").message.endswith("; no readable picture is left of `cat (training)`")


def test_files_that_are_left_out_are_counted_by_kind(root: Path) -> None:
    (root / "train/cat/notes.txt").write_text("a note")
    finding = one(root, "left-out")
    assert finding.count == 1 and finding.examples == ((str(root / "train/cat/notes.txt"),),)


def test_small_and_uneven_classes(root: Path) -> None:
    fill(root / "more", train=0, test=0, classes=("ant",))
    for part, count in (("train", 1), ("test", 1)):
        shutil.move(root / "more" / part / "ant", root / part / "ant")
        for number in range(count):
            draw(f"ant{part}{number}").save(root / part / "ant" / f"{number}.png")
    shutil.rmtree(root / "more")
    train, test = only(findings_in(root), "small-classes")
    assert "fewer than 20 training pictures: `ant`" in train.message and "5 test pictures: `ant`" in test.message
    assert "20 times as many" in one(root, "uneven-classes").message


def test_sizes_and_shapes(root: Path) -> None:
    draw("small", (24, 20)).save(root / "train/cat/small.png")
    draw("long", (400, 100)).save(root / "train/dog/long.png")
    assert one(root, "small-pictures").severity == "warning" and one(root, "long-pictures").count == 1
    (finding,) = only(findings_in(root, image_size=224), "small-pictures")
    assert finding.severity == "note" and "data.image_size=76" in finding.remedy


def test_grey_and_constant_pictures(root: Path) -> None:
    draw("grey").convert("L").save(root / "train/cat/grey.png")
    Image.new("RGB", (90, 90), (200, 30, 30)).save(root / "train/dog/red.png")
    assert [Path(path).name for (path,) in one(root, "grey-pictures").examples] == ["grey.png"]
    assert names(one(root, "constant-pictures")) == ["train/dog/red.png"]


@pytest.mark.parametrize(
    "name", ["New Folder", "new folder (2)", "untitled", "Train", "images", "dog copy", "dog (2)", "_tmp"]
)
def test_names_that_are_no_classes(root: Path, name: str) -> None:
    for part in ("train", "test"):
        (root / part / "cat").rename(root / part / name)
    assert f"`{name}`" in one(root, "class-names").message


@pytest.mark.parametrize("names", [("Dog", "dog"), ("hot dog", "hot_dog"), ("Straße", "strasse")])
def test_names_that_are_nearly_the_same(tmp_path: Path, names: tuple[str, str]) -> None:
    assert "nearly the same name" in one(fill(tmp_path / "twins", classes=names), "class-names").message


@pytest.mark.parametrize("name", ["7", "hot dog", "test tube", "data center", "trainer", "copy machine", "old man"])
def test_names_of_classes(tmp_path: Path, name: str) -> None:
    assert only(findings_in(fill(tmp_path / "named", 2, 1, classes=(name, "zebra"))), "class-names") == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda picture, file: picture.resize((120, 90)).save(file), "1.33 as width divided by height"),
        (lambda picture, file: picture.save(file, format="JPEG"), "JPEG files"),
        (lambda picture, file: picture.convert("L").save(file), "the mode L"),
    ],
    ids=["shape", "format", "mode"],
)
def test_what_only_one_class_has(tmp_path: Path, change, word: str) -> None:
    root = fill(tmp_path / "leak", classes=("ant", "cat", "dog"))
    for file in root.glob("*/*/*.png"):
        number, is_dog = int(file.stem), file.parent.name == "dog"
        picture = draw(str(file), (90 + number, 70 + 3 * number))
        change(picture, file) if is_dog else picture.save(file)
    finding = one(root, "class-leaks")
    assert word in finding.message and "100% of the pictures of `dog`" in finding.message and finding.count == 25


def test_a_few_pictures_of_one_form_are_chance(tmp_path: Path) -> None:
    root = fill(tmp_path / "few", train=2, test=1, classes=("ant", "cat", "dog"))
    for file in root.glob("*/dog/*.png"):
        draw(str(file), (120, 60)).save(file)
    assert only(findings_in(root), "class-leaks") == []


def test_a_new_check_is_a_function_and_a_row(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(subject):
        yield Finding("mine", "bad", len(subject.examined.paths), "all are mine", "nothing")

    monkeypatch.setitem(CHECKS, "mine", Check(find, "what is mine"))
    assert [finding.count for finding in findings_in(root)] == [50]
