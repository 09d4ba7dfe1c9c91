"""`finetune-tui doctor` has small pictures of its examples on a terminal."""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from engine.doctor.finding import Finding
from tui.cli import main
from tui.commands import doctor
from tui.terminal.half_blocks import UPPER_HALF


def finding(tmp_path: Path) -> Finding:
    paths = []
    for name, colour in (("a", "red"), ("b", "blue")):
        Image.new("RGB", (40, 40), colour).save(tmp_path / f"{name}.png")
        paths.append(str(tmp_path / f"{name}.png"))
    return Finding("mine", "bad", 1, "found", "mend it", (tuple(paths), (paths[0], str(tmp_path / "gone.png"))))


@pytest.mark.parametrize(("width", "pictures"), [(100, 3), (60, 2), (20, 0)])
def test_as_many_examples_as_fit_are_shown_beside_each_other(tmp_path: Path, width: int, pictures: int) -> None:
    console = Console(width=width, color_system="truecolor", force_terminal=True)
    lines = doctor._with_thumbnails(console, finding(tmp_path), (tmp_path,)).splitlines()
    assert lines[:3] == ["bad      found", "         mend it", "         a.png = b.png"]
    drawn = lines[4:]
    assert sum(line.count(UPPER_HALF) for line in drawn) == pictures * 50
    assert len(drawn) == (5 if pictures else 0)


def test_without_a_terminal_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for part in ("train", "test"):
        for name in ("red", "blue"):
            (tmp_path / "set" / part / name).mkdir(parents=True)
            Image.new("RGB", (40, 40), name).save(tmp_path / "set" / part / name / "a.png")
    shutil.copy(tmp_path / "set/train/red/a.png", tmp_path / "set/test/red/b.png")
    assert main(["doctor", str(tmp_path / "set"), "--set", "data.image_size=32", "--set", "recipe=lesson"]) == 1
    out = capsys.readouterr().out
    assert "test pictures are training pictures, too" in out and UPPER_HALF not in out
