"""Checkpoints are sent by a command: of each name the newest, whole whatever is saved meanwhile."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from engine.service.status import status_of
from engine.service.status_lines import describe
from engine.storage import checkpoint, uploads
from engine.storage.uploads import Uploads
from tests.engine.driving import after_step, folder_of, only, play, with_settings

PATIENCE = 60.0


class Bucket:
    """A place that takes nothing until it is opened."""

    def __init__(self) -> None:
        self.open, self.began = threading.Event(), threading.Event()
        self.got: list[tuple[int, str, bytes]] = []
        self.problem = ""

    def send(self, saved: p.CheckpointSaved, path: Path) -> str:
        self.began.set()
        self.open.wait(PATIENCE)
        self.got.append((saved.step, path.name, path.read_bytes()))
        return self.problem


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    bucket = Bucket()
    yield bucket
    bucket.open.set()


def saved(folder: Path, step: int, name: str = "last.pt") -> p.CheckpointSaved:
    temporary = folder / "new"
    temporary.write_bytes(f"step {step}".encode())
    temporary.replace(folder / name)
    return p.CheckpointSaved("scratch", step, str(folder / name), "epoch", 6, float(step))


def test_while_a_command_is_under_way_only_the_newest_of_each_name_waits(tmp_path: Path, bucket: Bucket) -> None:
    there = Uploads(bucket.send)
    there.add(saved(tmp_path, 1))
    assert bucket.began.wait(PATIENCE)
    for step in (2, 3, 4):
        there.add(saved(tmp_path, step))
        there.add(saved(tmp_path, step, "best.pt"))
    bucket.open.set()
    sent = only(there.finish(PATIENCE), p.CheckpointSent)
    assert [(step, name) for step, name, _ in bucket.got] == [(1, "last.pt"), (4, "last.pt"), (4, "best.pt")]
    assert bucket.got[0][2] == b"step 1"  # though the file has been replaced three times since
    assert [(event.step, Path(event.path).name) for event in sent] == [(1, "last.pt"), (4, "last.pt"), (4, "best.pt")]
    assert not there.busy and sorted(file.name for file in tmp_path.iterdir()) == ["best.pt", "last.pt"]


def test_without_hard_links_the_file_itself_is_sent(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    bucket.open.set()
    there = Uploads(bucket.send)
    there.add(saved(tmp_path, 1))
    assert len(list(there.finish(PATIENCE))) == 1 and bucket.got == [(1, "last.pt", b"step 1")]


def test_what_is_not_sent_at_the_end_is_said(tmp_path: Path, bucket: Bucket) -> None:
    there = Uploads(bucket.send)
    there.add(saved(tmp_path, 1))
    assert bucket.began.wait(PATIENCE)
    there.add(saved(tmp_path, 2, "best.pt"))
    told = [event.message for event in only(there.finish(0.0), p.HookFailed)]
    assert told == [
        f"{tmp_path / 'last.pt'} of step 1 was waited for no longer",
        f"{tmp_path / 'best.pt'} of step 2 was waited for no longer",
    ]


def test_a_run_sends_its_checkpoints_and_status_has_the_last_one(small: RunConfig, tmp_path: Path) -> None:
    there = tmp_path / "bucket"
    command = ["install", "-D", "{path}", f"{there}/{{run}}/{{name}}"]
    events = play(Run(with_settings(small, hooks__saved=command)), after_step(2, p.Save()))
    folder = Path(folder_of(events))
    names = ("best.pt", "last.pt", "step-000002.pt")
    assert sorted(file.name for file in there.rglob("*.pt")) == sorted(names)
    for name in names:
        assert (there / "small-1" / "scratch" / name).read_bytes() == (folder / "scratch" / name).read_bytes()
    last = only(events, p.CheckpointSent)[-1]
    status = status_of(folder)
    assert (status.sent_step, status.sent_at) == (last.step, last.time)
    assert any(line.startswith(f"bucket      {status.sent_name} of step {last.step}") for line in describe(status))
    assert checkpoint.load(there / "small-1" / "scratch" / "last.pt")["step"] == events[-1].step


def test_a_command_that_fails_is_said_and_training_goes_on(small: RunConfig) -> None:
    events = play(Run(with_settings(small, hooks__saved=["false", "{path}"])))
    assert events[-1].completed and not only(events, p.CheckpointSent)
    failed = only(events, p.HookFailed)[0]
    assert failed.hook == uploads.HOOK and "was not sent: `false` ended with status 1" in failed.message
