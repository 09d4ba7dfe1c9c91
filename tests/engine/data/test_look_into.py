"""Before training, a sample is decoded and one picture of each class and part, in one pass that a stop ends at once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import RunConfig
from engine.data.decoded import Decoded
from engine.data.listing.meanwhile import meanwhile
from engine.data.loader import Loader
from engine.data.look_into import look_into
from engine.data.pictures import Preparation
from engine.data.samples import Catalogue, Sample
from engine.errors import DataError, StoppedError
from engine.loop.input_pipeline import SkippedPictures, find_pictures
from engine.protocol import Loading
from tests.engine.driving import loader_of, with_settings


@pytest.fixture
def loader() -> Iterator[Loader]:
    made = loader_of(Preparation(16, 18), batch_size=4, seed=0, threads=2)
    yield made
    made.close()


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were decoded; those with `bad` in them cannot be."""
    paths: list[str] = []

    def check(self: Decoded, path: str, testing: bool) -> str:
        paths.append(path)
        return "damaged" if "bad" in path else ""

    monkeypatch.setattr(Decoded, "check", check)
    monkeypatch.setattr("engine.data.look_into.REPORT_SECONDS", 0.0)
    return paths


def catalogue(classes: int, train: int, val: int = 0, test: int = 0, bad: dict[str, int] | None = None) -> Catalogue:
    """So many pictures a class; `bad` has the number of unreadable ones of a part in class 0, which come first."""
    parts = {
        part: tuple(
            Sample(f"{part}/{label}/{number:04}{'bad' * (label == 0 and number < (bad or {}).get(part, 0))}", label)
            for label in range(classes)
            for number in range(count)
        )
        for part, count in (("train", train), ("val", val), ("test", test))
    }
    return Catalogue(tuple(map(str, range(classes))), parts["train"], parts["test"], parts["val"], "here")


def test_of_many_classes_one_picture_of_each_part_is_decoded_and_progress_never_goes_back(
    checked: list[str], loader: Loader
) -> None:
    found = catalogue(500, 40, val=2, test=2)
    reports = [(item.done, item.total) for item in look_into(found, 0, loader) if isinstance(item, Loading)]
    assert len(checked) == len(set(checked)) <= 256 + 3 * 500
    assert {tuple(path.split("/")[:2]) for path in checked} == {
        (part, str(label)) for part in ("train", "val", "test") for label in range(500)
    }
    assert reports == sorted(reports) and reports[-1] == (len(checked), len(checked))


def test_further_ones_are_decoded_only_where_the_first_is_unreadable(
    checked: list[str], loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.data.look_into.SAMPLE", 2)
    found = catalogue(50, 400, val=30, bad={"val": 9})
    list(look_into(found, 3, loader))
    assert not any("bad" in path for path in checked[:2]), "the sample itself is readable"
    of_class = [path for path in checked if path.startswith("val/0/")]
    assert of_class[:9] == [sample.path for sample in found.val[:9]] and 10 <= len(of_class) <= 16
    assert len(checked) <= 2 + 2 * 50 + 16


def test_a_class_without_a_readable_picture_in_one_part_is_refused(
    checked: list[str], loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.data.look_into.SAMPLE", 2)
    found = catalogue(50, 40, val=8, test=8, bad={"val": 8})
    with pytest.raises(DataError, match="no readable picture to validate on in `0`"):
        list(look_into(found, 3, loader))


def test_progress_is_told_while_something_slow_is_done_and_its_error_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.data.listing.meanwhile.REPORT_SECONDS", 0.001)
    go_on = threading.Event()

    def slow() -> int:
        assert go_on.wait(30)
        raise DataError("Slow", "it failed")

    told = meanwhile(slow, "waiting")
    assert [next(told), next(told)] == [Loading("waiting")] * 2
    go_on.set()
    with pytest.raises(DataError, match="it failed"):
        list(told)


def test_a_stop_ends_the_search_for_pictures_at_once(
    small: RunConfig, pictures: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is listed only after the test: it has not been waited for."""
    go_on, stopped = threading.Event(), [False]
    monkeypatch.setattr("engine.data.listing.meanwhile.REPORT_SECONDS", 0.001)
    monkeypatch.setattr("engine.data.folder.find_layout", lambda root: go_on.wait(30))
    found = find_pictures(with_settings(small, data__root=str(pictures)), loader, SkippedPictures(), lambda: stopped[0])
    assert [next(found), next(found)] == [Loading("looking for pictures")] * 2
    stopped[0] = True
    try:
        with pytest.raises(StoppedError):
            next(found)
    finally:
        go_on.set()
