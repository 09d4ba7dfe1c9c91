"""A checkpoint is whole or not there, plain data, and never costs the one before it."""

import os
import random
import resource
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

from engine import checkpoint, saving
from engine import protocol as p
from engine.config import RunConfig
from engine.errors import CheckpointError, FormatError, SaveError
from engine.journal import read_journal
from engine.run import Run
from tests.engine.driving import after_step, folder_of, only, play, with_settings


def state(time: float = 1.0, size: int = 30, **more: Any) -> dict[str, Any]:
    model = {"weight": torch.arange(float(size * size)).view(size, size), "bias": torch.ones(size)}
    plain = {"arm": "scratch", "step": 3, "classes": ["cat", "dog"], "train_images": 14, "config": {"seed": 0}}
    return plain | {"time": time, "model": model, "optimizer": {"state": {}}, "history": {"scratch": []}} | more


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return bool(one == other)


def files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "scratch" / "last.pt"
    assert checkpoint.save(state(), path) == path.stat().st_size
    return path


# --- what is in it --------------------------------------------------------------------------------------


def test_it_loads_as_it_was_saved_without_running_code(saved: Path) -> None:
    assert equal(checkpoint.load(saved), {"format": 1, **state()})
    assert equal(torch.load(saved, weights_only=True), {"format": 1, **state()})
    assert files(saved.parent) == ["last.pt"]


@pytest.mark.parametrize("name", ["squeezenet1_1", "shufflenet_v2_x0_5"])
def test_the_model_of_a_run_loads_into_a_bare_torchvision_model(small: RunConfig, name: str) -> None:
    events = play(Run(with_settings(small, model__name=name)), after_step(3, p.Save()))
    (key,) = [event for event in only(events, p.CheckpointSaved) if event.reason == "key"]
    assert key.step == 3 and key.path.endswith("scratch/step-000003.pt")
    loaded = torch.load(key.path, weights_only=True)
    torchvision.models.get_model(name, num_classes=2).load_state_dict(loaded["model"])
    assert (loaded["step"], loaded["epoch"], loaded["position"]) == (3, 1, 3)
    assert loaded["classes"] == ["cat", "dog"] and loaded["history"] == {"pretrained": [], "scratch": []}
    assert RunConfig.model_validate(loaded["config"]) == with_settings(small, model__name=name)


def test_last_and_best_are_kept_and_one_for_each_key_press(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        paused = isinstance(event, p.Paused)
        press = [p.Save(), p.SetRate("head", 0.5), p.Save(), p.Resume()]
        return press if paused else [p.Pause()] if isinstance(event, p.TrainStep) and event.step == 2 else []

    folder = Path(folder_of(play(Run(small), react)), "scratch")
    assert files(folder) == ["best.pt", "last.pt", "step-000002-2.pt", "step-000002.pt"]
    rates = [
        torch.load(folder / name, weights_only=True)["optimizer"]["param_groups"][1]["base_lr"]
        for name in ("step-000002.pt", "step-000002-2.pt")
    ]
    assert rates == [0.001, 0.5]


def test_best_is_the_most_accurate_and_the_earlier_one_of_equals(small: RunConfig) -> None:
    events = play(Run(with_settings(small, train__epochs=4)))
    folder = Path(folder_of(events), "scratch")
    rows = checkpoint.load(folder / "last.pt")["history"]["scratch"]
    best = max(rows, key=lambda row: row["test_accuracy"])
    assert checkpoint.load(folder / "best.pt")["step"] == best["step"]
    assert [event.step for event in only(events, p.EvalDone) if event.best][-1] == best["step"]


# --- which is the newest --------------------------------------------------------------------------------


def test_the_newest_is_the_one_saved_last_whatever_the_times_of_the_files(tmp_path: Path) -> None:
    for name, time in (("a", 2.0), ("b", 3.0), ("c", 1.0)):
        checkpoint.save(state(time), tmp_path / "scratch" / f"{name}.pt")
    os.utime(tmp_path / "scratch" / "b.pt", (1, 1))
    checkpoint.save(state(9.0), tmp_path / "pretrained" / "last.pt")
    found = checkpoint.newest(tmp_path, "scratch")
    assert found is not None and found.path.name == "b.pt" and found.damaged == []
    everywhere = checkpoint.newest(tmp_path)
    assert everywhere is not None and everywhere.path == tmp_path / "pretrained" / "last.pt"


def test_a_clock_set_back_does_not_make_a_later_checkpoint_older(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = play(Run(small), after_step(2, p.Save(), p.Stop()))
    monkeypatch.setattr(saving.time, "time", lambda: 1000.0)
    resumed = play(Run(small, resume=folder_of(stopped)), after_step(3, p.Stop()))
    found = checkpoint.newest(Path(folder_of(resumed)))
    assert found is not None and found.state["step"] == 3


def test_damaged_ones_are_passed_over_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    for time, name in enumerate(("a", "b", "c")):
        checkpoint.save(state(float(time)), folder / f"{name}.pt")
    flip(folder / "c.pt", (folder / "c.pt").read_bytes().index(state()["model"]["weight"].numpy().tobytes()) + 50)
    (folder / "b.pt").write_bytes(b"")
    found = checkpoint.newest(tmp_path)
    assert found is not None and found.path.name == "a.pt"
    assert sorted(path.name for path, _ in found.damaged) == ["b.pt", "c.pt"]
    (folder / "a.pt").write_bytes(b"nothing")
    with pytest.raises(CheckpointError) as caught:
        checkpoint.newest(tmp_path)
    assert all(name in caught.value.message for name in ("a.pt", "b.pt", "c.pt"))


def test_a_checkpoint_of_another_version_is_not_passed_over(saved: Path) -> None:
    checkpoint.save(state(0.0), saved.with_name("older.pt"))
    torch.save(state() | {"format": 2}, saved)
    with pytest.raises(FormatError, match="format 2, this version reads 1"):
        checkpoint.newest(saved.parent.parent)


def test_a_folder_without_checkpoints_has_no_newest(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path) is None


# --- damaged and foreign files --------------------------------------------------------------------------


def flip(path: Path, position: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def test_a_flipped_bit_is_noticed_wherever_it_matters(saved: Path) -> None:
    content, noticed = saved.read_bytes(), 0
    rng = random.Random(5)
    positions = [rng.randrange(len(content)) for _ in range(150)]
    # The end of the file is its table of contents: all of that.
    for position in positions + list(range(len(content) - 250, len(content))):
        flip(saved, position, rng.randrange(8))
        try:
            assert equal(checkpoint.load(saved), {"format": 1, **state()}), position
        except CheckpointError as error:
            assert str(saved) in error.message
            noticed += 1
        saved.write_bytes(content)
    assert noticed > 150


def test_a_truncated_file_is_damaged(saved: Path) -> None:
    content = saved.read_bytes()
    for length in range(0, len(content), 97):
        saved.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match="is damaged or no checkpoint"):
            checkpoint.load(saved)


class Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_a_file_with_code_in_it_is_refused_and_the_code_not_run(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / "scratch" / "last.pt"
    path.parent.mkdir()
    torch.save({"format": 1, **state(), "extra": Payload(marker)}, path)
    for read in (lambda: checkpoint.load(path), lambda: checkpoint.newest(tmp_path)):
        with pytest.raises(CheckpointError, match="more than plain data"):
            read()
    assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists()  # the payload is a real one


@pytest.mark.parametrize(
    "content, message",
    [([1, 2], "no checkpoint of this program"), ({"state_dict": {}}, "no checkpoint"), ({"format": 1}, "lacks arm")],
)
def test_a_file_of_another_program_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(tmp_path / "x.pt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"x\.pt does not exist"):
        checkpoint.load(tmp_path / "x.pt")


# --- full disks and folders that cannot be written ------------------------------------------------------


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """The system refuses to write more than `size` bytes to a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system of its own at `folder`; skips where this user may not have one."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("limit", [0, 1000, 3000])
def test_where_a_write_fails_the_older_one_is_whole_and_nothing_is_left_over(saved: Path, limit: int) -> None:
    with file_size_limit(limit), pytest.raises(SaveError, match="File too large; the one before it is whole"):
        checkpoint.save(state(2.0), saved)
    assert equal(checkpoint.load(saved), {"format": 1, **state(1.0)})
    assert files(saved.parent) == ["last.pt"]


def test_what_a_crash_left_is_overwritten_and_is_no_checkpoint(saved: Path) -> None:
    saved.with_name(".last.pt.tmp").write_bytes(b"half a checkpoint")
    found = checkpoint.newest(saved.parent.parent)
    assert found is not None and found.path == saved and found.damaged == []
    checkpoint.save(state(2.0), saved)
    assert files(saved.parent) == ["last.pt"]


def test_on_a_full_disk_training_goes_on_and_the_older_checkpoint_is_intact(small: RunConfig, tmp_path: Path) -> None:
    disk = tmp_path / "disk"

    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep) and event.step == 5:
            with (disk / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
                while True:
                    file.write(bytes(4096))
        return []

    with mounted(disk, "size=20m"):  # room for `last`, `best` and the one being written
        events = play(Run(with_settings(small, checkpoint__dir=disk / "runs")), react)
        assert events[-1].completed and events[-1].step == 8
        failed = only(events, p.CheckpointFailed)
        assert failed and all("No space left on device" in event.message for event in failed)
        assert "the one before it is whole" in failed[0].message
        assert len(only(events, p.JournalFailed)) == 1
        assert files(Path(folder_of(events), "scratch")) == ["best.pt", "last.pt"]
        assert [
            checkpoint.load(Path(folder_of(events), "scratch", name))["step"] for name in ("best.pt", "last.pt")
        ] == [
            4,
            4,
        ]
        (disk / "filler").unlink()
        resumed = play(Run(small, resume=folder_of(events)))
        assert only(resumed, p.TrainStep)[0].step == 5 and resumed[-1].completed
        assert len(list(read_journal(Path(folder_of(events))))) > len(resumed)


def test_a_folder_that_is_read_only_is_an_event_and_training_goes_on(small: RunConfig) -> None:
    with ExitStack() as mounts:

        def react(event: p.Event) -> list[p.Command]:
            if isinstance(event, p.RunStarted):
                mounts.enter_context(mounted(Path(event.path, "scratch"), "ro"))
            return []

        events = play(Run(small), react)
        assert "Read-only file system" in only(events, p.CheckpointFailed)[0].message
        assert events[-1].completed and not only(events, p.CheckpointSaved)


def test_a_folder_that_cannot_be_made_is_an_event_and_training_goes_on(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.RunStarted):
            Path(event.path, "scratch").write_text("a file where the folder has to be")
        return []

    events = play(Run(small), react)
    assert only(events, p.CheckpointFailed) and not only(events, p.CheckpointSaved)
    assert "File exists" in only(events, p.CheckpointFailed)[0].message
    assert events[-1].completed and events[-1].checkpoint == ""


def test_a_stop_that_cannot_be_saved_is_refused_and_training_goes_on(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.RunStarted):
            Path(event.path, "scratch").write_text("in the way")
        return [p.Stop()] if isinstance(event, p.TrainStep) and event.step == 2 else []

    events = play(Run(small), react)
    (refused,) = only(events, p.CommandRefused)
    assert (refused.command, refused.step) == ("stop", 2)
    assert "File exists" in refused.reason and "training goes on" in refused.reason
    assert events.index(only(events, p.CheckpointFailed)[0]) == events.index(refused) - 1
    assert events[-1].completed


def test_a_stop_without_saving_always_stops(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.Stop(save=False)))
    assert events[-1].step == 2 and not only(events, p.CheckpointSaved)
