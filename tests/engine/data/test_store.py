"""Decoded pictures on the disk: whole, checked, bounded, and never a reason to stop."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.data.encoded import decode, encode
from engine.data.store import RECORD, Store, fingerprint

ROOM = 1 << 20


def picture(number: int, height: int = 5, width: int = 7) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prepared" / "mine"


def filled(folder: Path, count: int = 4) -> None:
    store = Store(folder, count, ROOM)
    for number in range(count):
        assert store.put(number, encode(picture(number, height=number + 1), "raw"))
    store.close()


def test_what_was_put_in_comes_out_in_this_process_and_in_the_next(folder: Path) -> None:
    store = Store(folder, 3, ROOM)
    assert store.put(1, encode(picture(1), "raw")) and 1 in store and 0 not in store
    assert np.array_equal(store.get(1), picture(1)) and store.get(0) is None
    store.close()
    again = Store(folder, 3, ROOM)
    assert np.array_equal(again.get(1), picture(1)) and again.stored == 1
    assert again.put(0, encode(picture(0), "raw")) and np.array_equal(again.get(0), picture(0))
    again.close()


@pytest.mark.parametrize("byte", [0, 20, 60, -1])
def test_a_damaged_picture_is_not_handed_out_and_can_be_put_in_anew(folder: Path, byte: int) -> None:
    filled(folder)
    pixels = bytearray((folder / "pixels").read_bytes())
    pixels[byte] ^= 1
    (folder / "pixels").write_bytes(pixels)
    store = Store(folder, 4, ROOM)
    damaged = [number for number in range(4) if store.get(number) is None]
    assert len(damaged) == 1 and damaged[0] not in store
    assert store.put(damaged[0], encode(picture(9), "raw")) and np.array_equal(store.get(damaged[0]), picture(9))
    store.close()


@pytest.mark.parametrize("name", ["pixels", "index"])
def test_a_file_cut_short_loses_the_pictures_behind_the_cut_and_no_other(folder: Path, name: str) -> None:
    filled(folder)
    size = (folder / name).stat().st_size
    os.truncate(folder / name, size // 2)
    store = Store(folder, 4, ROOM)
    found = [store.get(number) for number in range(4)]
    assert found[0] is not None and found[3] is None
    assert all(np.array_equal(kept, picture(n, height=n + 1)) for n, kept in enumerate(found) if kept is not None)
    store.close()


def test_what_a_crash_left_of_a_picture_is_not_in_it(folder: Path) -> None:
    filled(folder)
    with (folder / "pixels").open("ab") as file:
        file.write(b"half a picture")
    store = Store(folder, 5, ROOM)
    assert store.get(4) is None
    assert store.put(4, encode(picture(8), "raw")) and np.array_equal(store.get(4), picture(8))
    assert np.array_equal(store.get(3), picture(3, height=4))
    store.close()


def test_without_room_a_picture_is_not_kept_and_the_reason_is_told(folder: Path) -> None:
    store = Store(folder, 4, budget=2 * (picture(0).nbytes + RECORD.itemsize))
    assert [store.put(number, encode(picture(number), "raw")) for number in range(3)] == [True, True, False]
    assert "data.cache_gib" in store.full and store.stored == 2
    store.close()


def test_a_full_disk_is_a_reason_too_and_leaves_what_is_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, 2)
    store = Store(folder, 4, ROOM)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.data.store.os.pwrite", full)
    assert not store.put(3, encode(picture(3), "raw")) and store.full == f"{store.folder}: No space left on device"
    assert np.array_equal(store.get(1), picture(1, height=2))
    store.close()


def test_two_processes_fill_one_store_and_see_what_the_other_has_put_in(folder: Path) -> None:
    first, second = Store(folder, 40, ROOM), Store(folder, 40, ROOM)  # a lock of its own each, as in two processes

    def fill(store: Store, numbers: range) -> None:
        for number in numbers:
            assert store.put(number, encode(picture(number), "raw"))

    threads = [threading.Thread(target=fill, args=part) for part in ((first, range(30)), (second, range(10, 40)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in (first, second):
        assert all(np.array_equal(store.get(number), picture(number)) for number in range(40))
        assert store.bytes == 40 * (picture(0).nbytes + RECORD.itemsize)  # none is in it twice
        store.close()


def test_a_picture_damaged_on_the_disk_is_put_in_anew_and_seen_by_the_next_process(folder: Path) -> None:
    filled(folder)
    with (folder / "pixels").open("r+b") as file:
        file.write(b"\xff" * 8)
    store = Store(folder, 4, ROOM)
    assert store.get(0) is None and store.get(0) is None and 0 not in store
    assert store.put(0, encode(picture(0), "raw")) and np.array_equal(store.get(0), picture(0))
    store.close()
    again = Store(folder, 4, ROOM)
    assert np.array_equal(again.get(0), picture(0))
    again.close()


def test_the_stores_used_longest_ago_make_room_but_not_one_in_use(tmp_path: Path) -> None:
    for age, name in ((300, "oldest"), (200, "busy"), (100, "newer")):
        filled(tmp_path / name)
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    busy = Store(tmp_path / "busy", 4, ROOM)
    os.utime(tmp_path / "busy", (1e9 - 400, 1e9 - 400))
    size = (tmp_path / "newer" / "pixels").stat().st_size
    Store(tmp_path / "mine", 4, budget=4 * size).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["busy", "mine", "newer"]
    busy.close()


def test_another_file_another_size_or_other_settings_have_another_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"one")
    first = fingerprint([str(file)], (64,))
    assert first == fingerprint([str(file)], (64,)) != fingerprint([str(file)], (65,))
    assert first != fingerprint([str(file), str(file)], (64,))
    file.write_bytes(b"two!")
    assert first != fingerprint([str(file)], (64,))
    file.unlink()
    assert fingerprint([str(file)], (64,)) != first


def test_a_record_is_written_after_its_pixels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    real = os.pwrite
    monkeypatch.setattr(
        "engine.data.store.os.pwrite",
        lambda handle, data, offset: written.append(len(data)) or real(handle, data, offset),
    )
    store = Store(folder, 1, ROOM)
    store.put(0, encode(picture(0), "raw"))
    store.close()
    assert written == [picture(0).nbytes, RECORD.itemsize, RECORD.itemsize]


def test_jpeg_and_pixels_lie_side_by_side(folder: Path) -> None:
    smooth = np.linspace(0, 255, 40 * 30 * 3).reshape(40, 30, 3).astype(np.uint8)
    store = Store(folder, 2, ROOM)
    as_jpeg = encode(smooth, "jpeg")
    assert store.put(0, as_jpeg) and store.put(1, encode(smooth, "raw"))
    store.close()
    again = Store(folder, 2, ROOM)
    assert np.array_equal(again.get(0), decode(as_jpeg)) and np.array_equal(again.get(1), smooth)
    assert again.bytes == as_jpeg.data.nbytes + smooth.nbytes + 2 * RECORD.itemsize
    again.close()


@pytest.mark.parametrize("left", [0, 30, -8])
def test_a_file_cut_short_under_an_open_store_loses_pictures_and_nothing_else(folder: Path, left: int) -> None:
    store = Store(folder, 4, ROOM)
    for number in range(4):
        store.put(number, encode(picture(number), "raw"))
    assert all(store.get(number) is not None for number in range(4))  # their checksums are known to be right
    os.truncate(folder / "pixels", left % store.bytes)
    assert store.get(3) is None and store.damage == "the file was cut short"
    for number in (3, 2, 1, 0):  # what comes first lies now where the first picture was
        kept = store.get(number)
        assert kept is None or np.array_equal(kept, picture(number))
        assert store.put(number, encode(picture(number), "raw"))
    assert all(np.array_equal(store.get(number), picture(number)) for number in range(4)) and not store.full
    store.close()


def test_pictures_of_a_file_that_another_process_has_begun_anew_are_not_mixed_up(folder: Path) -> None:
    filled(folder)
    first, second = Store(folder, 4, ROOM), Store(folder, 4, ROOM)
    assert all(store.get(number) is not None for store in (first, second) for number in range(4))
    os.truncate(folder / "pixels", 0)
    for number in (3, 2, 1, 0):
        assert second.get(number) is None and second.put(number, encode(picture(number, height=number + 1), "raw"))
    for number in range(4):
        kept = first.get(number)  # the file is as long as it was
        assert kept is None or np.array_equal(kept, picture(number, height=number + 1))
    assert first.damage == "the file was changed"
    first.close()
    second.close()


def test_an_io_error_costs_the_picture_and_a_second_one_ends_storing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder)
    store = Store(folder, 5, ROOM)

    def broken(*_: object) -> int:
        raise OSError(5, "Input/output error")

    for name in ("preadv", "pread"):
        monkeypatch.setattr(f"engine.data.store.os.{name}", broken)
    assert store.get(0) is None and store.damage == "Input/output error" and store.get(4) is None and not store.full
    assert store.put(0, encode(picture(0), "raw"))
    assert store.get(0) is None and "Input/output error" in store.full
    assert not store.put(0, encode(picture(0), "raw"))
    monkeypatch.undo()
    assert np.array_equal(store.get(1), picture(1, height=2))
    store.close()


def test_files_removed_or_an_index_cut_short_under_an_open_store_do_no_harm(folder: Path) -> None:
    filled(folder)
    store = Store(folder, 5, ROOM)
    os.truncate(folder / "index", 0)
    assert store.get(4) is None and np.array_equal(store.get(2), picture(2, height=3))
    for name in ("index", "pixels"):
        (folder / name).unlink()
    assert store.put(4, encode(picture(4), "raw")) and np.array_equal(store.get(4), picture(4))
    store.close()


def test_room_is_made_for_what_is_needed(tmp_path: Path) -> None:
    for age, name in ((300, "old"), (100, "newer")):
        filled(tmp_path / name)
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    size = (tmp_path / "newer" / "pixels").stat().st_size
    Store(tmp_path / "mine", 4, budget=4 * size, needed=3 * size).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "newer"]
    Store(tmp_path / "mine", 4, budget=4 * size, needed=99 * size).close()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_picture_that_two_threads_lose_at_once_is_lost_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder)
    store = Store(folder, 4, ROOM)
    both = threading.Barrier(2)

    def broken(*_: object) -> int:
        both.wait()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("engine.data.store.os.preadv", broken)
    threads = [threading.Thread(target=store.get, args=(0,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert store.damage and not store.full
    assert store.put(0, encode(picture(0), "raw")) and np.array_equal(store.get(0), picture(0))
    store.close()
