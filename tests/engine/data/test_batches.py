"""Batches: what is in them depends on the seed, the epoch and the picture, and on nothing else."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.data import loader as loader_module
from engine.data.batches import Batch, Waiting
from engine.data.loader import BATCHES_AHEAD
from engine.data.pictures import Preparation
from engine.data.samples import Sample
from engine.errors import DataError
from tests.engine.driving import come, loader_of
from tests.engine.pair import in_fork

PREPARED = Preparation(16, 18)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    root = tmp_path_factory.mktemp("batches")
    found = []
    for number in range(13):
        path = root / f"{number}.png"
        Image.effect_noise((24 + number, 20), 80).convert("RGB").save(path)
        found.append(Sample(str(path), number % 2))
    return found


def training(samples: list[Sample], threads: int = 2, seed: int = 0, epoch: int = 0, start: int = 0) -> list[Batch]:
    loader = loader_of(PREPARED, batch_size=4, seed=seed, threads=threads)
    try:
        return list(come(loader.training(samples, epoch, start)))
    finally:
        loader.close()


def equal(a: list[Batch], b: list[Batch]) -> bool:
    return len(a) == len(b) and all(
        torch.equal(x.images, y.images) and torch.equal(x.labels, y.labels) for x, y in zip(a, b, strict=True)
    )


def test_a_batch_is_uint8_pictures_and_int64_labels(samples: list[Sample]) -> None:
    batch = training(samples)[0]
    assert batch.images.shape == (4, 3, 16, 16) and batch.images.dtype == torch.uint8
    assert batch.labels.shape == (4,) and batch.labels.dtype == torch.int64


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_the_number_of_threads_changes_nothing(samples: list[Sample], threads: int) -> None:
    assert equal(training(samples, threads=threads), training(samples))


def test_the_state_of_the_global_generators_changes_nothing(samples: list[Sample]) -> None:
    torch.manual_seed(1)
    first = training(samples)
    torch.manual_seed(2)
    assert equal(training(samples), first)


def test_seed_and_epoch_each_change_order_and_crops(samples: list[Sample]) -> None:
    first = training(samples)
    assert not equal(first, training(samples, epoch=1))
    assert not equal(first, training(samples, seed=1))


@pytest.mark.parametrize("start", [0, 1, 2])
def test_an_epoch_taken_up_in_the_middle_goes_on_with_the_same_batches(samples: list[Sample], start: int) -> None:
    assert equal(training(samples, start=start), training(samples)[start:])


def test_every_picture_is_in_an_epoch_once(samples: list[Sample]) -> None:
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=2)
    tagged = [Sample(sample.path, number) for number, sample in enumerate(samples[:12])]
    seen = torch.cat([batch.labels for batch in come(loader.training(tagged, 0, 0))])
    loader.close()
    assert sorted(seen.tolist()) == list(range(12))


@pytest.mark.parametrize(
    ("pictures", "sizes"), [(8, [4, 4]), (9, [4, 4]), (10, [4, 4, 2]), (1, [1]), (3, [3]), (5, [4])]
)
def test_a_last_batch_of_one_picture_is_left_out_for_batch_norm_unless_it_is_all_there_is(
    samples: list[Sample], pictures: int, sizes: list[int]
) -> None:
    assert [len(batch.labels) for batch in training(samples[:pictures])] == sizes
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=1)
    assert loader.steps_per_epoch(pictures) == len(sizes)
    loader.close()


def test_the_picture_left_out_is_another_one_each_epoch(samples: list[Sample]) -> None:
    tagged = [Sample(sample.path, number) for number, sample in enumerate(samples[:9])]
    left_out = set()
    for epoch in range(12):
        seen = torch.cat([batch.labels for batch in training(tagged, epoch=epoch)])
        left_out |= set(range(9)) - set(seen.tolist())
    assert len(left_out) > 3


def test_all_test_pictures_come_in_order_the_last_one_too(samples: list[Sample]) -> None:
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=2)
    batches = list(come(loader.testing(samples)))
    loader.close()
    assert [len(batch.labels) for batch in batches] == [4, 4, 4, 1]
    assert torch.cat([batch.labels for batch in batches]).tolist() == [sample.label for sample in samples]


# --- files that break while training --------------------------------------------------------------------------


@pytest.fixture
def fragile(samples: list[Sample], tmp_path: Path) -> list[Sample]:
    copies = [Sample(str(tmp_path / Path(sample.path).name), sample.label) for sample in samples[:9]]
    for sample, copy in zip(samples, copies, strict=False):
        Path(copy.path).write_bytes(Path(sample.path).read_bytes())
    return copies


def test_another_picture_takes_the_place_of_a_file_that_vanishes_always_the_same_one(fragile: list[Sample]) -> None:
    Path(fragile[3].path).unlink()
    tagged = [Sample(sample.path, number) for number, sample in enumerate(fragile[:8])]
    batches = training(tagged)
    bad = [item for batch in batches for item in batch.unreadable]
    assert {(item.path, item.reason) for item in bad} == {(fragile[3].path, "No such file or directory")}
    seen = torch.cat([batch.labels for batch in batches]).tolist()
    assert len(seen) == 8 and set(seen) == {0, 1, 2, 4, 5, 6, 7}
    assert equal(batches, training(tagged, threads=3))


def test_a_test_picture_that_vanishes_is_named_and_left_out(fragile: list[Sample]) -> None:
    Path(fragile[3].path).unlink()
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=2)
    batches = list(come(loader.testing(fragile[:8])))
    loader.close()
    bad = [item for batch in batches for item in batch.unreadable]
    assert [(item.path, item.reason) for item in bad] == [(fragile[3].path, "No such file or directory")]
    assert [len(batch.labels) for batch in batches] == [3, 4]


def test_a_test_batch_without_a_readable_picture_is_empty_and_the_evaluation_goes_on(fragile: list[Sample]) -> None:
    Path(fragile[8].path).unlink()
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=2)
    last = list(come(loader.testing(fragile)))[-1]
    loader.close()
    assert last.images.shape == (0, 3, 16, 16) and last.labels.shape == (0,)
    assert [item.path for item in last.unreadable] == [fragile[8].path]


def test_a_lost_folder_stops_training_and_evaluation_with_an_error_that_names_a_file(fragile: list[Sample]) -> None:
    for sample in fragile:
        Path(sample.path).unlink()
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=2)
    for batches in (loader.training(fragile, 0, 0), loader.testing(fragile)):
        with pytest.raises(DataError, match=r"not one of \d+ files can be read any more, such as .*png") as caught:
            list(batches)
        assert caught.value.title == "Pictures lost"
    loader.close()


def test_memory_is_bounded_however_slowly_batches_are_taken(samples: list[Sample], monkeypatch) -> None:
    loader = loader_of(PREPARED, batch_size=2, seed=0, threads=2)
    decoded: list[str] = []
    real = loader.decoded.get
    monkeypatch.setattr(loader.decoded, "get", lambda path, testing: decoded.append(path) or real(path, testing))
    batches = come(loader.training(samples, 0, 0))
    for taken in range(1, 4):
        next(batches)
        loader._pool.submit(lambda: None).result()  # all that was asked for before it has been begun
        assert len(decoded) <= (taken + BATCHES_AHEAD) * 2
    loader.close()


# --- files that do not come -----------------------------------------------------------------------------


@pytest.fixture
def stuck(fragile: list[Sample], monkeypatch: pytest.MonkeyPatch) -> Iterator[Sample]:
    """A picture whose file gives nothing, as on a network drive that is gone: a pipe that nobody writes to."""
    monkeypatch.setattr("engine.data.loader.CLOSE_SECONDS", 0.1)
    sample = fragile[3]
    Path(sample.path).unlink()
    os.mkfifo(sample.path)
    yield sample
    let_go(sample)


def let_go(sample: Sample) -> None:
    """The thread that reads from the pipe, if there is one."""
    with suppress(OSError):
        os.close(os.open(sample.path, os.O_WRONLY | os.O_NONBLOCK))
    for thread in threading.enumerate():
        if thread.name.startswith("decode"):
            thread.join(5)


@pytest.mark.parametrize("testing", [False, True])
def test_a_batch_that_does_not_come_is_waited_for_aloud_and_comes_in_the_end(
    fragile: list[Sample], stuck: Sample, samples: list[Sample], testing: bool
) -> None:
    loader = loader_of(PREPARED, batch_size=8, seed=0, threads=2)
    batches = loader.testing(fragile[:8]) if testing else loader.training(fragile[:8], 0, 0)
    waits = []
    for _ in range(8):
        waits.append(next(batches))
        assert isinstance(waits[-1], Waiting)
    assert waits[-1].paths == (stuck.path,)
    assert [item.seconds for item in waits] == sorted(item.seconds for item in waits)
    assert waits[-1].seconds > 0.7
    with Path(stuck.path).open("wb") as pipe:  # it comes after all, and then is no picture: a pipe cannot be sought in
        pipe.write(b"nothing")
    (batch,) = come(batches)
    assert [item.path for item in batch.unreadable] == [stuck.path]
    loader.close()
    assert loader.decoded.files_in_progress() == []


def test_the_file_that_has_taken_longest_is_named_first_as_text_whatever_its_name_is_made_of(
    fragile: list[Sample], stuck: Sample, tmp_path: Path
) -> None:
    strange = Sample(os.fsdecode(bytes(tmp_path) + b"/\xff.png"), 0)
    os.mkfifo(strange.path)
    loader = loader_of(PREPARED, batch_size=2, seed=0, threads=2)
    batches = loader.testing([stuck, strange])
    first = next(batches)
    while not (isinstance(first, Waiting) and len(first.paths) == 2):
        first = next(batches)
    assert first.paths[1].isprintable() and first.paths[0] == stuck.path
    began = time.monotonic()
    loader.close()
    assert time.monotonic() - began < 30
    with suppress(OSError):
        os.close(os.open(strange.path, os.O_WRONLY | os.O_NONBLOCK))


def test_a_loader_is_closed_and_its_process_ends_while_a_file_does_not_come(
    fragile: list[Sample], stuck: Sample, tmp_path: Path
) -> None:
    ended = in_fork(tmp_path, close_a_loader_that_waits, fragile)
    assert (ended.status, ended.messages) == (0, "")
    assert ended.out == f"{(stuck.path,)}\nclosed\n"


def close_a_loader_that_waits(samples: list[Sample]) -> int:
    loader_module.CLOSE_SECONDS = 0.1
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=2)
    print(next(item for item in loader.training(samples, 0, 0) if isinstance(item, Waiting)).paths, flush=True)
    loader.close()
    print("closed", flush=True)
    return 0


def test_a_check_of_pictures_can_be_left_while_a_file_does_not_come(fragile: list[Sample], stuck: Sample) -> None:
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=2)
    found = loader.check([(sample, False) for sample in fragile])
    assert [next(found) for _ in range(6)][-1] == (3, None)
    assert loader.decoded.files_in_progress() == [stuck.path]
    found.close()
    loader.close()


def test_an_ended_loader_leaves_no_thread(samples: list[Sample]) -> None:
    before = set(threading.enumerate())
    loader = loader_of(PREPARED, batch_size=4, seed=0, threads=3)
    next(come(loader.training(samples, 0, 0)))
    assert len(set(threading.enumerate()) - before) == 3
    loader.close()
    assert not set(threading.enumerate()) - before
