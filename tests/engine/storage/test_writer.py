"""Checkpoints are written while training goes on, and hold the step they were asked for at."""

import threading
from pathlib import Path

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.errors import SaveError
from engine.loop.run import Run
from engine.storage import checkpoint, writer
from tests.engine.driving import after_step, folder_of, only, play, with_settings


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until it is set, no checkpoint is written."""
    go_on = threading.Event()
    real = checkpoint.save
    monkeypatch.setattr(checkpoint, "save", lambda *rest: go_on.wait(30) and real(*rest))
    return go_on


def test_training_goes_on_while_a_checkpoint_is_written(small: RunConfig, held: threading.Event) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep) and event.step == 3:
            held.set()
        return [p.Save()] if isinstance(event, p.TrainStep) and event.step == 1 else []

    events = play(Run(small), react)
    order = [event for event in events if isinstance(event, p.TrainStep | p.CheckpointSaved)]
    first = next(place for place, event in enumerate(order) if isinstance(event, p.CheckpointSaved))
    assert order[first].reason == "key" and order[first].step == 1 and first >= 3
    assert events[-1].completed


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_it_holds_the_state_between_its_step_and_the_next(
    small: RunConfig, held: threading.Event, optimizer: str
) -> None:
    config = with_settings(small, optim__name=optimizer)

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep) and event.step == 4:
            held.set()
        return [p.Save()] if isinstance(event, p.TrainStep) and event.step == 2 else []

    while_training = play(Run(config), react)
    held.set()
    at_rest = play(Run(config), after_step(2, p.Pause(), p.Save(), p.Stop(save=False)))
    one, other = (
        checkpoint.load(Path(folder_of(events)) / "scratch" / "step-000002.pt") for events in (while_training, at_rest)
    )
    torch.testing.assert_close(one["model"], other["model"], rtol=0, atol=0)
    torch.testing.assert_close(one["optimizer"]["state"], other["optimizer"]["state"], rtol=0, atol=0)
    assert (one["step"], one["sums"]["images"]) == (other["step"], other["sums"]["images"]) == (2, 8)


def test_in_a_pause_it_is_told_of_without_a_step(small: RunConfig) -> None:
    inbox_after = after_step(1, p.Pause(), p.Save())

    def react(event: p.Event) -> list[p.Command]:
        return [p.Stop(save=False)] if isinstance(event, p.CheckpointSaved) else list(inbox_after(event))

    assert only(play(Run(small), react), p.CheckpointSaved)[0].reason == "key"


def test_at_most_one_copy_of_the_state_waits_to_be_written(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    copies, most = 0, 0
    real_copied, real_write = writer.copy_to_host, writer._write

    def copied(value: object) -> object:
        nonlocal copies, most
        if isinstance(value, dict) and "optimizer" in value:
            copies += 1
            most = max(most, copies)
        return real_copied(value)

    def write(*rest: object) -> object:
        nonlocal copies
        result = real_write(*rest)
        copies -= 1
        return result

    monkeypatch.setattr(writer, "copy_to_host", copied)
    monkeypatch.setattr(writer, "_write", write)
    play(Run(with_settings(small, checkpoint__every_seconds=1e-9)))
    assert most == 1 and copies == 0


def test_the_standstill_is_told_once_a_copy(small: RunConfig) -> None:
    saved = only(play(Run(small)), p.CheckpointSaved)
    assert [event.reason for event in saved[:2]] == ["best", "epoch"]
    assert saved[0].stall > 0 == saved[1].stall and saved[0].time == saved[1].time


def test_a_process_killed_between_two_names_of_a_checkpoint_has_its_best_weights(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is the newest file at that moment, it knows of no better weights than best.pt has."""
    looked, real = list[tuple[object, object]](), checkpoint.link

    def link(path: Path, other: Path) -> None:
        folder = next(parent for parent in path.parents if (parent / "config.yaml").exists())
        if (newest := checkpoint.newest(folder)) is not None:
            best = newest.path.parent.parent / newest.state["arm"] / "best.pt"
            kept = checkpoint.load(best)["best_rank"] if best.exists() else None
            looked.append((newest.state["best_rank"], kept))
        real(path, other)

    monkeypatch.setattr(checkpoint, "link", link)
    play(Run(small))
    assert len(looked) > 2
    assert all(known == kept for known, kept in looked), looked


class Weights:
    """An arm that has a step and nothing else."""

    unsaved = True

    def __init__(self) -> None:
        self.step = 0

    def state(self) -> dict[str, object]:
        kept = dict.fromkeys(checkpoint.KEYS) | {"arm": "scratch", "step": self.step}
        return kept | {"model": {"weight": torch.full((2,), float(self.step))}}


def test_best_weights_that_could_not_be_written_are_written_as_soon_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm, checkpoints, real, full = Weights(), writer.CheckpointWriter(), checkpoint.save, True
    best, last = tmp_path / "best.pt", tmp_path / "last.pt"

    def save(state: dict[str, object], path: Path) -> int:
        if full:
            raise SaveError("Checkpoint not written", "No space left on device")
        return real(state, path)

    def put(step: int, paths: dict[Path, str]) -> list[p.Event]:
        arm.step = step
        checkpoints.put(arm, {}, paths)
        return [result for result, _ in checkpoints.results(wait=True)]

    monkeypatch.setattr(checkpoint, "save", save)
    put(1, {best: "best", last: "epoch"})
    put(2, {best: "best", last: "epoch"})
    assert [type(result) for result in put(3, {last: "autosave"})] == [p.CheckpointFailed]
    full = False
    saved = put(4, {last: "autosave"})
    assert [(result.step, Path(result.path).name) for result in saved] == [(2, "best.pt"), (4, "last.pt")]
    assert checkpoint.load(best)["model"]["weight"].tolist() == [2, 2]
    assert checkpoints.last_checkpoint == str(last)
    assert len(put(5, {last: "autosave"})) == 1
    checkpoints.close()
