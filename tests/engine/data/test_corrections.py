"""A list leaves pictures out, or gives them another class."""

import os
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.config.sections import DataConfig
from engine.data.corrections import Correction, read_corrections, relative_name, write_corrections
from engine.data.samples import Catalogue
from engine.data.sources import local_catalogue
from engine.errors import DataError
from engine.loop.run import Run
from engine.storage.run_folder import load_run_config
from tests.engine.driving import only, play, with_settings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(10):
            (tmp_path / "pictures" / name / f"{number}.png").touch()
    return tmp_path / "pictures"


def listed(root: Path, exclude: Path | None = None) -> Catalogue:
    found = local_catalogue(DataConfig(root=root, exclude=exclude), 0)
    assert found is not None
    return found


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    corrections = (
        Correction('a/with, comma and "quotes".png', reason="blurred"),
        Correction("b/line\nbreak.png", "a"),
        Correction("b/return\rof the carriage.png", reason="of the \x85 printer"),
        Correction(os.fsdecode(b"a/not-utf-8-\xff.png")),
    )
    write_corrections(tmp_path / "list.csv", corrections)
    assert read_corrections(tmp_path / "list.csv") == corrections


def test_it_leaves_pictures_out_and_gives_others_their_class(root: Path, tmp_path: Path) -> None:
    before = listed(root)
    out, other = before.train[0], before.val[-1]
    file = tmp_path / "list.csv"
    names = [relative_name(sample.path, (root,)) for sample in (out, other)]
    write_corrections(file, [Correction(names[0]), Correction(names[1], "a"), Correction("a/gone.png")])
    after = listed(root, file)
    assert after.train == before.train[1:]
    assert [sample.path for sample in after.val] == [sample.path for sample in before.val]
    assert (other.label, after.val[-1].label) == (1, 0)
    assert after.notes == (
        f"{file}: pictures left out: 1, with another class: 1",
        f"{file}: not among the pictures: 1, such as a/gone.png",
    )


def test_a_text_file_with_a_path_in_each_line_leaves_them_out(root: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"a/0.png\n\n{root}/b/1.png\n")
    paths = {sample.path for sample, _ in listed(root).pictures}
    assert paths - {sample.path for sample, _ in listed(root, tmp_path / "list.txt").pictures} == {
        f"{root}/a/0.png",
        f"{root}/b/1.png",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file or directory; correct data.exclude"),
        ("a\0b", "it is not a text file"),
        ("picture,class\na/0.png,b\n", "its header should be `picture,label,reason`"),
        ("picture,label\na/0.png,c\n", "there is no class `c`"),
        ("picture,label\na/0.png,b\na/0.png,\n", "a/0.png is there twice, with `b` and ``"),
        ("".join(f"a/{number}.png\n" for number in range(10)), "list.csv leaves no picture to train on in `a`"),
    ],
)
def test_a_wrong_list_is_refused(root: Path, tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "list.csv"
    if text is not None:
        file.write_text(text)
    with pytest.raises(DataError) as refused:
        listed(root, file)
    assert words in refused.value.message


def test_a_run_keeps_its_list_and_goes_on_with_it(small: RunConfig, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    write_corrections(file, [Correction("train/cat/0.jpg"), Correction("train/cat/1.jpg", "dog")])
    begun = play(Run(with_settings(small, data__exclude=str(file), train__epochs=1)))
    assert only(begun, p.RunStarted)[0].train_images == 13
    (folder,) = tmp_path.glob("runs/*")
    file.unlink()
    moved = folder.rename(tmp_path / "moved")
    config = load_run_config(moved, ["train.epochs=2"])
    assert config.data.exclude == moved / "corrections.csv"
    resumed = play(Run(config, resume=moved))
    assert only(resumed, p.RunStarted)[0].train_images == 13 and isinstance(resumed[-1], p.RunFinished)


def test_a_longer_list_at_a_resume_counts_from_the_next_epoch_on_and_only_once(
    small: RunConfig, tmp_path: Path
) -> None:
    file, longer = tmp_path / "list.csv", tmp_path / "longer.csv"
    own = [Correction("train/cat/0.jpg")]
    write_corrections(file, own)
    (folder,) = (
        Path(event.path)
        for event in only(play(Run(with_settings(small, data__exclude=str(file), train__epochs=1))), p.RunStarted)
    )
    further = [
        Correction("train/cat/1.jpg"),
        Correction("train/cat/2.jpg", "dog"),
        Correction("train/dog/0.jpg", "dog"),
    ]
    write_corrections(longer, [*own, *further, Correction("test/cat/0.jpg")])
    given = ["train.epochs=2", f"data.exclude={longer}"]
    resumed = play(Run(load_run_config(folder, given), resume=folder))
    assert only(resumed, p.RunStarted)[0].train_images == 13
    said = [(event.picture, event.verdict, event.label) for event in only(resumed, p.LabelCorrected)]
    assert said == [("train/cat/1.jpg", "leave_out", ""), ("train/cat/2.jpg", "wrong", "dog")]
    (setting,) = (item for item in only(resumed, p.SettingsChanged)[0].settings if item.key == "data.exclude")
    assert not setting.applied and "count from the next epoch on" in setting.effect
    notes = [event.message for event in only(resumed, p.PicturesNoted)]
    assert any(note.startswith(f"{longer}: 1 of its pictures are no training pictures") for note in notes)
    assert read_corrections(folder / "corrections.csv") == tuple(own)
    written = read_corrections(folder / "labels.csv")
    assert [(item.picture, item.label) for item in written] == [("train/cat/0.jpg", ""), *((a, c) for a, _, c in said)]
    again = play(Run(load_run_config(folder, ["train.epochs=3", f"data.exclude={longer}"]), resume=folder))
    assert isinstance(again[-1], p.RunFinished) and not only(again, p.LabelCorrected)
