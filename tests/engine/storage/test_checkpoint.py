"""A checkpoint is whole or not there, plain data, and never costs the one before it."""

import hashlib
import os
import random
import resource
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import torch
import torchvision

from engine import protocol as p
from engine.config import RunConfig
from engine.errors import CheckpointError, FormatError, SaveError
from engine.loop.run import Run
from engine.storage import checkpoint, writer
from engine.storage.journal import read_journal
from tests.engine.driving import after_step, folder_of, only, play, with_settings


def state(at: float = 1.0, size: int = 30, **more: Any) -> dict[str, Any]:
    model = {"weight": torch.arange(float(size * size)).view(size, size), "bias": torch.ones(size)}
    place = {"branch": 1, "change": 0, "epoch": 1, "reason": "epoch", "commands": 0, "evaluated": None}
    plain = {"arm": "scratch", "step": 3, "classes": ["cat", "dog"], "train_images": 14, "config": {"seed": 0}}
    return place | plain | {"time": at, "model": model, "optimizer": {"state": {}}, "history": {"scratch": []}} | more


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return bool(one == other)


def files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.is_file()) if folder.exists() else []


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "scratch" / "last.pt"
    assert checkpoint.save(state(), path) == path.stat().st_size
    return path


# --- what is in it --------------------------------------------------------------------------------------


def test_where_files_cannot_be_mapped_it_is_read(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = torch.load

    def read(*given: Any, mmap: bool = False, **how: Any) -> Any:
        if mmap:
            raise RuntimeError("unable to mmap: No such device (19)")
        return load(*given, **how)

    monkeypatch.setattr(torch, "load", read)
    assert checkpoint.peek(saved)["step"] == 3


def test_it_loads_as_it_was_saved_without_running_code(saved: Path) -> None:
    assert equal(checkpoint.load(saved), {"format": checkpoint.FORMAT, **state()})
    assert equal(torch.load(saved, weights_only=True), {"format": checkpoint.FORMAT, **state()})
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
    # the run keeps the format that it has chosen for its pictures
    trained = with_settings(small, model__name=name, data__cache_format="raw")
    assert RunConfig.model_validate(loaded["config"]) == trained


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


def test_best_is_the_most_accurate_and_of_equals_the_one_with_the_lower_loss(small: RunConfig) -> None:
    events = play(Run(with_settings(small, train__epochs=4)))
    folder = Path(folder_of(events), "scratch")
    rows = checkpoint.load(folder / "last.pt")["history"]["scratch"]
    best = max(rows, key=lambda row: (row["test_accuracy"], -row["test_loss"]))
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
    monkeypatch.setattr(writer.time, "time", lambda: 1000.0)
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
    torch.save(state() | {"format": 77}, saved)
    checkpoint.seal(saved)
    for read in (lambda: checkpoint.load(saved), lambda: checkpoint.newest(saved.parent.parent)):
        with pytest.raises(FormatError, match="format 77, this version reads 2; resume with the version that wrote it"):
            read()
    assert equal(torch.load(saved, weights_only=True), state() | {"format": 77})


def test_a_damaged_number_of_the_format_is_damage_and_not_another_version(saved: Path) -> None:
    checkpoint.save(state(0.0), saved.with_name("older.pt"))
    torch.save(state(9.0) | {"format": 77}, saved)  # without a checksum
    found = checkpoint.newest(saved.parent.parent)
    assert found is not None and found.path.name == "older.pt"
    assert [path for path, _ in found.damaged] == [saved]


def test_restore_points_count_and_of_equally_late_ones_the_last_is_taken_then_one_beside_it(tmp_path: Path) -> None:
    arm = tmp_path / "scratch"
    for time, names in ((5.0, ("points/000004.pt", "step-000004.pt", "last.pt")), (1.0, ("points/000001.pt",))):
        for name in names:
            checkpoint.save(state(time), arm / name)
    for expected in ("last.pt", "step-000004.pt", "points/000004.pt", "points/000001.pt"):
        for pattern in ("scratch", "*"):
            found = checkpoint.newest(tmp_path, pattern)
            assert found is not None and found.path == arm / expected
        found.path.unlink()
    assert checkpoint.newest(tmp_path) is None


def test_a_folder_without_checkpoints_has_no_newest(tmp_path: Path) -> None:
    assert checkpoint.newest(tmp_path) is None


# --- damaged files --------------------------------------------------------------------------------------


def flip(path: Path, position: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def test_a_flipped_bit_is_noticed_wherever_it_is(saved: Path) -> None:
    content = saved.read_bytes()
    rng = random.Random(5)
    # The end of the file is its table of contents and the checksum: all of that.
    positions = [rng.randrange(len(content)) for _ in range(200)] + list(range(len(content) - 400, len(content)))
    for position in positions:
        flip(saved, position, rng.randrange(8))
        with pytest.raises(CheckpointError, match="is damaged or no checkpoint of this program") as caught:
            checkpoint.load(saved)
        assert str(saved) in caught.value.message
        saved.write_bytes(content)
    assert equal(checkpoint.load(saved), {"format": checkpoint.FORMAT, **state()})


def test_a_flipped_bit_in_the_newest_is_noticed_wherever_it_is_before_an_older_one_is_taken(saved: Path) -> None:
    older = saved.with_name("older.pt")
    checkpoint.save(state(0.5), older)
    content = saved.read_bytes()
    rng = random.Random(6)
    for _ in range(200):
        flip(saved, rng.randrange(len(content)), rng.randrange(8))
        found = checkpoint.newest(saved.parent.parent)
        assert found is not None and found.path == older
        assert [path for path, _ in found.damaged] == [saved]
        saved.write_bytes(content)


def test_a_file_cut_short_anywhere_or_with_something_after_it_is_damaged(saved: Path) -> None:
    content = saved.read_bytes()
    rng = random.Random(7)
    lengths = [0, 1, 2, 63, 64, 65, *(rng.randrange(len(content)) for _ in range(200))]
    lengths += range(len(content) - 200, len(content))
    for changed in [*(content[:length] for length in lengths), content + b"0", content + content]:
        saved.write_bytes(changed)
        with pytest.raises(CheckpointError, match="is damaged or no checkpoint") as caught:
            checkpoint.load(saved)
        assert str(saved) in caught.value.message


def test_the_checksum_is_that_of_all_bytes_before_it_and_other_programs_read_the_file(saved: Path) -> None:
    content = saved.read_bytes()
    assert content[-64:].decode() == hashlib.sha256(content[:-64]).hexdigest()
    assert zipfile.is_zipfile(saved) and zipfile.ZipFile(saved).testzip() is None
    assert equal(torch.load(saved, weights_only=True, mmap=True), {"format": checkpoint.FORMAT, **state()})


def test_a_checkpoint_is_verified_without_being_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.pt"
    checkpoint.save(state(size=3000), path)
    assert path.stat().st_size > 30 * checkpoint.BUFFER
    tracemalloc.start()
    checkpoint._verify(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * checkpoint.BUFFER


# --- another name for one --------------------------------------------------------------------------------


def test_a_link_is_the_checkpoint_under_another_name_and_outlives_it(saved: Path) -> None:
    other = saved.parent / "points" / "000003.pt"
    checkpoint.link(saved, other)
    assert saved.samefile(other)
    checkpoint.link(saved, other)  # once more does no harm
    checkpoint.save(state(2.0), saved)
    assert equal(checkpoint.load(other), {"format": checkpoint.FORMAT, **state(1.0)})
    assert equal(checkpoint.load(saved), {"format": checkpoint.FORMAT, **state(2.0)})
    assert files(other.parent) == ["000003.pt"] and files(saved.parent) == ["last.pt"]


def test_a_link_replaces_what_had_the_name_and_what_a_crash_left(saved: Path) -> None:
    other = saved.with_name("best.pt")
    checkpoint.save(state(0.1), other)
    other.with_name(".best.pt.tmp").write_bytes(b"half a checkpoint")
    checkpoint.link(saved, other)
    assert equal(checkpoint.load(other), checkpoint.load(saved)) and files(saved.parent) == ["best.pt", "last.pt"]


def test_where_the_file_system_has_no_such_names_a_link_is_a_copy(saved: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "elsewhere", "size=1m"):
        other = tmp_path / "elsewhere" / "best.pt"
        checkpoint.link(saved, other)
        assert equal(checkpoint.load(other), checkpoint.load(saved)) and files(other.parent) == ["best.pt"]


def test_a_link_that_cannot_be_made_costs_neither_file(saved: Path, tmp_path: Path) -> None:
    checkpoint.save(state(size=200), saved)
    with mounted(tmp_path / "full", "size=64k"):
        other = tmp_path / "full" / "best.pt"
        checkpoint.save(state(0.1, size=2), other)
        with pytest.raises(SaveError, match=r"best\.pt: No space left on device; the one before it is whole"):
            checkpoint.link(saved, other)
        assert checkpoint.load(other)["time"] == 0.1 and files(other.parent) == ["best.pt"]
    assert checkpoint.load(saved)["time"] == 1.0
    with pytest.raises(SaveError, match="No such file"):
        checkpoint.link(saved.with_name("none.pt"), saved)
    assert checkpoint.load(saved)["time"] == 1.0 and files(saved.parent) == ["last.pt"]


# --- foreign files ---------------------------------------------------------------------------------------


class Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_a_file_with_code_in_it_is_refused_and_the_code_not_run(tmp_path: Path) -> None:
    marker, path = tmp_path / "ran", tmp_path / "scratch" / "last.pt"
    path.parent.mkdir()
    torch.save({"format": checkpoint.FORMAT, **state(), "extra": Payload(marker)}, path)
    checkpoint.seal(path)
    for read in (lambda: checkpoint.load(path), lambda: checkpoint.newest(tmp_path)):
        with pytest.raises(CheckpointError, match="more than plain data"):
            read()
    assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists()  # the payload is a real one


@pytest.mark.parametrize(
    "content, message",
    [([1, 2], "no checkpoint of this program"), ({"state_dict": {}}, "no checkpoint"), ({"format": 2}, "lacks arm")],
)
def test_a_file_of_another_program_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "x.pt"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=r"x\.pt is damaged or no checkpoint of this program"):
        checkpoint.load(path)
    checkpoint.seal(path)
    with pytest.raises(CheckpointError, match=message):
        checkpoint.load(path)


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
    assert equal(checkpoint.load(saved), {"format": checkpoint.FORMAT, **state(1.0)})
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
            while files(disk / "runs" / "small-1" / "scratch") != ["best.pt", "last.pt"]:
                sleep(0.01)  # those of the epoch are still being written
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
