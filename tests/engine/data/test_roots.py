"""Several folders of pictures are one data set."""

from pathlib import Path

import pytest

from engine.cli.program import main
from engine.config import load_config
from engine.config.sections import DataConfig
from engine.data.samples import Catalogue
from engine.data.sources import local_catalogue
from engine.errors import ConfigError, DataError


def fill(root: Path, counts: dict[str, int]) -> Path:
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (root / folder / f"p{number}.png").touch()
    return root


def listed(*roots: Path, **settings: object) -> Catalogue:
    found = local_catalogue(DataConfig(roots=roots, **settings), 0)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_pictures_of_all_folders_are_taken_together_by_class_and_part(tmp_path: Path) -> None:
    one = fill(tmp_path / "one", {"train/a": 3, "train/b": 2, "val/a": 1, "val/b": 1, "val/c": 1, "train/c": 1})
    two = fill(tmp_path / "two", {"b": 4, "c": 2})
    found = listed(one, two)
    assert found.classes == ("a", "b", "c") and found.where == f"{one}, {two}"
    assert [sum(s.label == label for s in found.train) for label in range(3)] == [3, 6, 3]
    assert len(found.val) == 3 and not found.test
    assert found.notes == (
        f"{two} has no `a`",
        f"{two} has no `val`: the val pictures are those of the other folders",
    )
    assert all(Path(sample.path).parent.name == found.classes[sample.label] for sample in found.train)
    assert listed(one, two) == listed(two, one) == found


def test_validation_pictures_are_taken_from_all_together_and_groups_are_below_each(tmp_path: Path) -> None:
    roots = [fill(tmp_path / name, {"a": 10, "b": 10}) for name in ("one", "two")]
    assert len(listed(*roots, val_fraction=0.25).val) == 10
    by_patient = listed(*roots, val_fraction=0.25, group=r"[ab]/(p\d)")
    patients = [{Path(sample.path).stem for sample in part} for part in (by_patient.train, by_patient.val)]
    assert patients[1] and not patients[0] & patients[1]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("one", "gone"), "gone does not exist"),
        (("one", "one"), "name each folder of pictures once"),
        (("one", "one/a"), "one/a is or lies in"),
        (("one", "bare"), "at least one class folder is needed, none found"),
        (("only", "also"), "all pictures are of `a`"),
    ],
)
def test_folders_that_do_not_go_together_are_refused(tmp_path: Path, names: tuple[str, str], words: str) -> None:
    fill(tmp_path, {"one/a": 3, "one/b": 3, "bare": 2, "only/a": 3, "also/a": 3})
    with pytest.raises(DataError, match=words):
        listed(*(tmp_path / name for name in names))


def test_data_may_be_repeated_and_takes_the_place_of_what_a_file_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roots = [str(fill(tmp_path / name, {"a": 5, "b": 5})) for name in ("one", "it's two")]
    words = ["look", "--data", roots[0], "--data", roots[1], "--model", "resnet81"]
    assert main(words) == 2  # after the pictures were told
    assert f"{roots[0]}, {roots[1]}: 16 pictures for training, 4 for validation" in capsys.readouterr().out
    assert main(["look", "--data", roots[0], "--data", f"{tmp_path}/gone"]) == 2
    assert "gone does not exist" in capsys.readouterr().err
    file = tmp_path / "my.yaml"
    file.write_text(f"data: {{roots: [{roots[0]}, {tmp_path}/gone]}}")
    assert main(["look", str(file), "--data", roots[0], "--model", "resnet81"]) == 2
    assert f"{roots[0]}: 8 pictures for training" in capsys.readouterr().out
    with pytest.raises(ConfigError, match=r"`data\.roots` is given, but `data\.root` is given, too"):
        load_config(file, ["data.root=x"])
