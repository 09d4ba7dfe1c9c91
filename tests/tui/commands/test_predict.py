"""On a terminal each picture stands beside its answer."""

from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from engine.cli.prediction_lines import Answer
from tui.commands.predict import THUMBNAIL, _beside_a_thumbnail
from tui.terminal.half_blocks import UPPER_HALF, half_blocks


def console(colours: str = "truecolor") -> Console:
    return Console(force_terminal=True, color_system=colours, width=50)


def test_a_picture_keeps_its_shape_and_its_colours() -> None:
    picture = Image.new("RGB", (12, 4), (200, 0, 0))
    picture.paste((0, 0, 200), (0, 2, 12, 4))
    lines = half_blocks(picture, 12, 5, console())
    cells = [line.count(UPPER_HALF) for line in lines]
    assert cells == [0, 12, 12, 0, 0]  # 12 cells wide, 4 half cells high
    assert lines[1].count("38;2;200;0;0") == 12 and lines[2].count("48;2;0;0;200") == 12


def test_beside_it_are_the_end_of_the_path_the_classes_and_what_is_unsure(tmp_path: Path) -> None:
    file = tmp_path / f"{'long' * 20}.png"
    Image.new("RGB", (8, 8), (0, 200, 0)).save(file)
    answer = Answer(str(file), [("cat", 0.755), ("dog", 0.245)], unsure=True)
    text = _beside_a_thumbnail(console("256"), str(file), answer)
    assert "…" in text and "long.png" in text and str(file) not in text
    assert " 75.5 %  unsure" in text and " 24.5 %\n" in text
    assert len(text.split("\n")) == THUMBNAIL[1] + 1


@pytest.mark.parametrize("classes", [1, 9])
def test_without_a_picture_and_with_many_classes_nothing_is_lost(classes: int) -> None:
    answer = Answer("gone.jpg", [(f"class {number}", 0.1) for number in range(classes)], unsure=False)
    text = _beside_a_thumbnail(console(), "gone.jpg", answer)
    assert "gone.jpg" in text and text.count("10.0 %") == classes
