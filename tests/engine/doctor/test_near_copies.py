"""Pictures that show the same are found, however they were saved or turned, and others are not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.doctor.candidates import candidates
from engine.doctor.measure import measure
from engine.doctor.near_copies import near_pairs
from engine.doctor.perceptual_hash import hashes, oriented
from engine.doctor.record import RECORD, Rows
from tests.engine.doctor.drawn import draw

TURNS = [None, *Image.Transpose]


def rows_of(folder: Path, *pictures: Image.Image) -> Rows:
    rows = []
    for number, picture in enumerate(pictures):
        picture.save(folder / f"{number}.png")
        rows.append(measure(str(folder / f"{number}.png")))
    return np.stack(rows)


def pairs(rows: Rows, groups=None) -> list[tuple[int, int]]:
    places = np.arange(len(rows)) if groups is None else np.array(groups)
    return [tuple(pair) for pair in near_pairs(rows, places).tolist()]


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_a_smaller_copy_is_found_in_each_orientation(tmp_path: Path, turn) -> None:
    picture = draw("a", (300, 200))
    copy = picture.resize((150, 100)) if turn is None else picture.resize((150, 100)).transpose(turn)
    assert pairs(rows_of(tmp_path, picture, draw("b", (300, 200)), copy)) == [(0, 2)]


@pytest.mark.parametrize("orientation", range(8))
def test_hashes_of_orientations_are_those_of_turned_pictures(orientation: int) -> None:
    grey = np.asarray(draw("a").convert("L").resize((32, 32)))
    turned = np.ascontiguousarray(oriented(grey, orientation))
    differ = np.bitwise_count(hashes(grey[None])[0, orientation] ^ hashes(turned[None])[0, 0])
    assert differ == 0


def test_a_copy_saved_with_loss_is_found_and_one_with_another_detail_or_colour_is_not(tmp_path: Path) -> None:
    picture = draw("a", (120, 90))
    picture.save(tmp_path / "lossy.jpg", quality=60)
    marked, coloured = picture.copy(), Image.merge("RGB", [picture.split()[number] for number in (2, 1, 0)])
    marked.paste((255, 255, 255) if sum(picture.getpixel((60, 45))) < 380 else (0, 0, 0), (50, 35, 75, 55))
    found = pairs(rows_of(tmp_path, picture, Image.open(tmp_path / "lossy.jpg"), marked, coloured))
    assert found == [(0, 1)]


def test_pictures_of_one_colour_are_no_copies_of_each_other(tmp_path: Path) -> None:
    grey = [Image.new("RGB", (64, 64), (value,) * 3) for value in (0, 3, 90, 255)]
    assert pairs(rows_of(tmp_path, *grey)) == []


def test_other_shapes_of_the_whole_picture_are_no_copies(tmp_path: Path) -> None:
    picture = draw("a", (200, 100))
    assert pairs(rows_of(tmp_path, picture, picture.resize((100, 100)))) == []


def test_pairs_within_a_group_are_those_that_connect_it_and_between_groups_all(tmp_path: Path) -> None:
    frames = [draw("a", (100, 80))] * 6
    rows = rows_of(tmp_path, *frames)
    within = pairs(rows, [0] * 6)
    assert len(within) < 15 and {number for pair in within for number in pair} == set(range(6))
    assert len(pairs(rows)) == 15


def test_candidates_are_all_pairs_within_seven_bits() -> None:
    rng = np.random.default_rng(0)
    own = rng.integers(0, 2**63, 60, dtype=np.uint64)
    for number in range(0, 60, 2):
        flipped = np.uint64(sum(1 << int(bit) for bit in rng.choice(64, number // 4, replace=False)))
        own[number + 1] = own[number] ^ flipped
    table = np.repeat(own[:, None], 8, axis=1)
    found = {
        pair for block in candidates(table) for pair in zip(block.first.tolist(), block.second.tolist(), strict=True)
    }
    distance = np.bitwise_count(own[:, None] ^ own[None])
    assert found == {(a, b) for a, b in np.argwhere(distance <= 7).tolist() if a < b} and len(found) == 16


def test_nothing_is_found_among_no_pictures() -> None:
    assert pairs(np.empty(0, RECORD)) == []
