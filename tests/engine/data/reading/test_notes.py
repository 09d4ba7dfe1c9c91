"""What is done to pictures is said once per run, with and without the store."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import protocol as p
from engine.config import RunConfig
from engine.data import catalogue
from engine.data.reading.notes import Note, Notes
from engine.loop.run import Run
from tests.engine.driving import only, play, with_settings


def test_a_note_is_said_once_and_counts_files_once() -> None:
    notes = Notes()
    assert notes.unsaid() == []
    for path in ("a", "b", "a"):
        notes.add(path, [Note.TONES])
    notes.add("c", [])
    assert [line.startswith("at least 2 pictures have 16 bits") for line in notes.unsaid()] == [True]
    notes.add("d", [Note.TONES, Note.FIRST])
    (line,) = notes.unsaid(all_known=True)
    assert line == "1 picture has several frames or pages: the first one is taken (such as d)"
    assert notes.unsaid() == []
    notes.add("e", [Note.REDUCED])
    (line,) = notes.unsaid(all_known=True)
    assert line == "1 picture has more than 64 megapixels and is decoded at a reduced scale (such as e)"


@pytest.fixture
def deep(small: RunConfig, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunConfig:
    """A run of which three training pictures have 12 bits in 16."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = shutil.copytree(pictures, tmp_path / "deep")
    for number in range(3):
        ramp = np.linspace(0, 4095, 24 * 20).reshape(20, 24).astype(np.uint16)
        Image.fromarray(ramp).save(root / "train" / "cat" / f"{number}.jpg", "PNG")
    return with_settings(small, data__root=str(root))


def said(events: list[p.Event]) -> list[str]:
    return [event.message for event in only(events, p.PicturesNoted) if "16 bits" in event.message]


def test_a_run_says_it_once_with_an_example_and_so_does_the_next_one_with_stored_pictures(deep: RunConfig) -> None:
    for _ in range(2):
        (line,) = said(play(Run(deep)))
        assert line.startswith("3 pictures have 16 bits") and "deep/train/cat/" in line


def test_what_is_first_found_in_training_is_said_too(deep: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "look_into", lambda *_: iter(()))  # before training
    (line,) = said(play(Run(deep)))
    assert line.startswith("at least ")
