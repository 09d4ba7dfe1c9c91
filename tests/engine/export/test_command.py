"""`export` on the command line: what it says, what it refuses, and what it leaves behind."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cli.program import main
from engine.export import torchscript
from engine.export.comparison import judge
from engine.export.exported import Exported
from engine.export.placing import placed


def export(*arguments: object) -> int:
    return main(["export", *map(str, arguments)])


def test_it_says_what_it_wrote_and_how_it_was_compared_in_a_fresh_interpreter(finished, tmp_path, capsys) -> None:
    assert export(finished, "--format", "torchscript", "--output", tmp_path / "a.pt") == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{tmp_path}/a.pt: 0.0 MB, torchscript, weights float32\n")
    assert "compared on 6 of 6 test pictures of the run, 1 and 5 at a time" in out
    assert "largest difference of logits " in out and out.endswith("; all 6 predicted classes agree\n")
    assert err.startswith(f"weights: {finished}/scratch/best.pt (step ")


def test_pictures_are_those_of_data_and_else_random_pixels_which_is_said(
    forked, finished: Path, pictures: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(pictures / "train", tmp_path / "mine")
    (tmp_path / "mine" / "broken.png").write_text("no picture")
    (tmp_path / "mine" / "notes.txt").write_text("no picture")
    assert export(finished, "--format", "torchscript", "--data", "mine") == 0
    out, err = capsys.readouterr()
    assert "small-1.pt: " in out and "compared on 14 of 15 pictures of mine" in out
    assert "left out: 1 text file (mine/notes.txt)" in err and "mine/broken.png cannot be read: not a picture" in err
    monkeypatch.setattr("engine.export.check_pictures.local_catalogue", lambda data, seed: _gone(data.root))
    assert export(finished, "--format", "torchscript", "--half", "--force") == 0
    out, err = capsys.readouterr()
    assert "weights float16" in out and "compared on 16 pictures of random pixels" in out
    assert "random pixels are taken: the run's own pictures cannot be used" in err and "/gone does not exist" in err


def _gone(root: Path) -> None:
    from engine.data.folder import scan

    scan(root / "gone", 0.2, 0)


@pytest.mark.parametrize("how", ["other logits", "batch of two", "no program", "other classes"])
def test_a_file_that_says_something_else_is_not_kept(
    forked, finished: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    file = tmp_path / "a.pt"
    file.write_text("the one before")

    def write(exported: Exported, path: Path) -> None:
        if how == "other logits":
            exported.model.fc.bias += 0.01
        elif how == "other classes":
            object.__setattr__(exported, "classes", ("dog", "cat"))
            write_well(exported, path)
            object.__setattr__(exported, "classes", ("cat", "dog"))
            return
        elif how == "batch of two":
            exported.model.forward = lambda images, old=exported.model.forward: old(images.reshape(2, 3, 32, 32))
        write_well(exported, path)
        if how == "no program":
            path.write_text("no program")

    write_well = torchscript.write
    monkeypatch.setattr(torchscript, "write", write)
    assert export(finished, "--format", "torchscript", "--output", file, "--force") == 1
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].startswith("Not exported: ") and "Traceback" not in err
    assert file.read_text() == "the one before" and [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_near_ties_are_counted_and_other_classes_or_large_differences_do_not_hold() -> None:
    wanted = np.array([[10, 0], [0.01, 0.002], [0.05, 0]], np.float32)
    near = np.stack([wanted, wanted + np.array([[0, 0], [-0.005, 0.005], [0, 0]], np.float32)])
    found = judge(wanted, near, 1e-3)
    assert (found.near_ties, found.disagreements, found.holds) == (1, 0, True)
    assert "1 of 3 predicted classes differ (1 of them near ties)" in str(found)
    far = np.stack([wanted + np.array([[0, 0], [0, 0], [-0.1, 0]], np.float32)])
    assert (judge(wanted, far, 1e-2).disagreements, judge(wanted, far, 1e-3).disagreements) == (0, 1)
    assert not judge(wanted, far, 1e-3).holds and not judge(wanted, near + 0.02, 1e-3).holds
    assert not judge(wanted, near * np.float32("nan"), 1e-3).holds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-run", "--format", "onnx"], "no-such-run is no run folder"),
        (["{run}", "--format", "torchscript", "--output", "{run}/none/a.pt"], "none is no folder; make it"),
        (["{run}", "--format", "torchscript", "--output", "{here}/a.onnx"], "a file of torchscript ends with .pt"),
        (["{run}", "--format", "torchscript", "--output", "{here}/there.pt"], "there.pt exists; name another"),
        (["{best}", "--format", "torchscript", "--output", "{best}", "--force"], "is the checkpoint itself"),
        (["{run}", "--format", "timm", "--output", "{here}", "--force"], "is a folder with there.pt in it"),
        (["{run}", "--format", "timm", "--output", "{here}/a"], "test/norm: timm has no model of this name; use"),
        (["{run}", "--format", "torchscript", "--output", "{here}/a.pt", "--data", "{here}/no"], "no does not exist"),
    ],
)
def test_mistakes_get_one_sentence(finished: Path, tmp_path: Path, capsys, monkeypatch, arguments, message) -> None:
    monkeypatch.setattr("engine.export.formats.find_spec", lambda name: name)
    if "timm" in arguments and "{here}/a" in arguments:
        pytest.importorskip("timm")
    (tmp_path / "there.pt").write_text("the one before")
    places = {"run": finished, "best": finished / "scratch" / "best.pt", "here": tmp_path}
    before = places["best"].read_bytes()
    assert export(*(text.format_map(places) for text in arguments)) == 2
    err = capsys.readouterr().err
    assert message in err.splitlines()[-1] and "Traceback" not in err
    assert [file.name for file in tmp_path.iterdir()] == ["there.pt"] and places["best"].read_bytes() == before


@pytest.mark.parametrize(
    ("form", "missing"), [("onnx", "onnx and onnxruntime and onnxscript"), ("hf", "timm and transformers")]
)
def test_a_missing_library_is_named_before_anything_is_read(capsys, monkeypatch, form: str, missing: str) -> None:
    monkeypatch.setattr("engine.export.formats.find_spec", lambda name: None)
    assert export("no-such-run", "--format", form) == 2
    assert f"{form} needs {missing}: pip install 'finetune-tui[{form}]'" in capsys.readouterr().err


def test_a_folder_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    for number in (1, 2):
        with placed(folder) as temporary:
            temporary.mkdir()
            (temporary / "config.json").write_text(str(number))
        assert (folder / "config.json").read_text() == str(number)
    with pytest.raises(ZeroDivisionError), placed(folder) as temporary:
        temporary.mkdir()
        raise ZeroDivisionError
    assert (folder / "config.json").read_text() == "2" and list(tmp_path.iterdir()) == [folder]


def test_a_full_disk_is_named_and_nothing_is_left(finished: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    def write(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torchscript, "write", write)
    assert export(finished, "--format", "torchscript", "--output", tmp_path / "a.pt") == 2
    assert "No space left on device; free some space" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_model_that_an_exporter_does_not_understand_is_named(finished, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(torch.jit, "trace", lambda *_: torch.zeros(2) @ torch.zeros(3))
    assert export(finished, "--format", "torchscript", "--output", tmp_path / "a.pt") == 1
    assert "test/norm cannot be written as torchscript: inconsistent tensor size" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
