"""What is said of files that cannot be written: once, and again when it changes."""

from engine import protocol as p
from engine.protocol.unsaved import Unsaved


def failed(step: int, message: str = "no space left", path: str = "scratch/last.pt") -> p.CheckpointFailed:
    return p.CheckpointFailed("scratch", step, path, message)


def saved(step: int, point: str = "") -> p.CheckpointSaved:
    return p.CheckpointSaved("scratch", step, "scratch/last.pt", "epoch", 1, 0.0, point=point)


def test_the_same_failure_of_a_file_is_news_once_and_another_one_or_one_after_a_success_again() -> None:
    unsaved = Unsaved()
    events = [failed(4), failed(8), failed(8, "read-only"), saved(9), failed(12, "read-only"), failed(12, path="b")]
    assert [unsaved.fold(event) for event in events] == [True, False, True, True, True, True]
    assert unsaved.sentence == "not on the disk: scratch/last.pt of step 12, b of step 12"


def test_what_is_saved_in_the_end_is_not_missing() -> None:
    unsaved = Unsaved()
    for event in (failed(4), failed(4, path="scratch/points/1.pt"), saved(4, point="points/1.pt")):
        unsaved.fold(event)
    assert not unsaved.sentence
