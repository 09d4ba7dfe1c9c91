"""`python -m engine train` in processes of its own: streams, signals and exit statuses."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.cli.headless import _Headless
from engine.cli.program import main
from engine.service.ending import Ending
from tests.engine.driving import only
from tests.paths import ROOT
from tests.programs import Program

PATIENCE = 120


@pytest.fixture
def settings(small: Any, tmp_path: Path) -> Path:
    """The configuration file of the small run."""
    return tmp_path / "small.yaml"


def training(settings: Path, *arguments: str, out: Any = subprocess.PIPE) -> Program:
    return Program("engine", "train", str(settings), *arguments, stdout=out, stderr=subprocess.PIPE)


def end(process: Program) -> tuple[str, str, int]:
    out, messages = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in messages
    return out, messages, process.returncode


def read_until(process: Program, kind: str) -> list[dict[str, Any]]:
    assert process.stdout is not None
    events = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["type"] == kind:
            return events
    raise AssertionError(f"no {kind} in {events[-3:]}: {process.stderr and process.stderr.read()}")


def test_with_json_the_output_is_an_event_a_line_and_nothing_else(settings: Path) -> None:
    """In a fresh interpreter: what loading itself has to say would be here, too."""
    command = [sys.executable, "-m", "engine", "train", str(settings), "--json", "--model", "squeezenet1_1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE)
    events, messages = [p.decode(line) for line in done.stdout.splitlines()], done.stderr
    assert done.returncode == 0
    assert only(events, p.RunStarted) and len(only(events, p.TrainStep)) == 8
    assert isinstance(events[-1], p.RunFinished) and events[-1].completed
    assert "\nsmall-1: squeezenet1_1 on cpu (float32), 2 classes" in messages and "finished at step 8" in messages


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_after_a_checkpoint(settings: Path, number: int, status: int) -> None:
    with training(settings, "--json", "--epochs", "100000") as process:
        read_until(process, "train_step")
        process.send_signal(number)
        out, _, returned = end(process)
    events = [p.decode(line) for line in out.splitlines()]
    assert returned == status
    saved, finished = only(events, p.CheckpointSaved)[-1], events[-1]
    assert saved.reason == "stop" and isinstance(finished, p.RunFinished) and not finished.completed
    assert torch.load(saved.path, weights_only=True)["step"] == saved.step == finished.step


def test_a_signal_ends_it_too_where_the_checkpoint_cannot_be_written_and_the_last_good_one_is_named(
    settings: Path,
) -> None:
    with training(settings, "--json", "--epochs", "100000") as process:
        events = read_until(process, "epoch_done")
        saved = read_until(process, "checkpoint_saved")[-1]["path"]
        folder = Path(saved).parent
        for number in count():  # training goes on, and the next checkpoint may make the folder anew meanwhile
            folder.rename(folder.with_name(f"elsewhere-{number}"))
            with contextlib.suppress(IsADirectoryError):
                folder.write_text("in the way")
                break
        process.send_signal(signal.SIGINT)
        out, messages, status = end(process)
    assert status == 130 and events
    refused = [event for event in map(json.loads, out.splitlines()) if event["type"] == "command_refused"]
    assert [event["command"] for event in refused] == ["stop"]
    assert "stopping without saving; the last good checkpoint is " + str(folder) in messages


def test_a_reader_that_goes_away_ends_it_quietly_and_nothing_is_lost(settings: Path, tmp_path: Path) -> None:
    with training(settings, "--json", "--epochs", "100000") as process:
        read_until(process, "train_step")
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        messages = process.stderr.read()
        assert process.wait(PATIENCE) == 1
    assert "Traceback" not in messages and "Broken" not in messages and "Exception" not in messages
    state = torch.load(tmp_path / "runs" / "small-1" / "scratch" / "last.pt", weights_only=True)
    assert f"saved {tmp_path / 'runs' / 'small-1' / 'scratch' / 'last.pt'} at step {state['step']}" in messages


def test_a_full_disk_under_the_output_is_said_and_training_goes_on(settings: Path) -> None:
    with Path("/dev/full").open("w") as full, training(settings, "--json", out=full) as process:
        _, messages, status = end(process)
    assert status == 0 and "finished at step 8" in messages
    assert messages.count("output not written: No space left on device; training goes on without it") == 1


# --- in this process ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "chosen", "refused", "status"),
    [
        (signal.SIGUSR1, None, False, 138),
        (signal.SIGUSR1, 85, False, 85),
        (signal.SIGTERM, 0, False, 0),
        (signal.SIGTERM, 85, True, 143),
        (signal.SIGINT, 85, False, 130),
    ],
)
def test_a_status_can_be_chosen_for_the_end_by_a_signal_of_a_cluster_if_the_state_is_safe(
    number: int, chosen: int | None, refused: bool, status: int
) -> None:
    inbox = SimpleQueue[p.Command]()
    ending = Ending(inbox, lambda event: None)

    def train(inbox: SimpleQueue[p.Command], emit: Callable[[p.Event], None]) -> None:
        os.kill(os.getpid(), number)
        stop = inbox.get(timeout=PATIENCE)
        if refused:
            emit(p.CommandRefused("scratch", 3, "stop", "the disk is full"))
            stop = inbox.get(timeout=PATIENCE)
        assert isinstance(stop, p.Stop)
        emit(p.RunFinished("scratch", 3, False, None, None, "", "", 0.0, cause=stop.cause))
        ending.done()

    assert _Headless(False, inbox, ending, chosen).run(train) == status


@pytest.mark.parametrize(("cause", "completed", "status"), [("", True, 0), ("SIGUSR1", False, 85)])
def test_a_signal_after_the_end_changes_nothing(cause: str, completed: bool, status: int) -> None:
    """One of several processes may be told of the end before its own signal comes."""
    inbox = SimpleQueue[p.Command]()
    ending = Ending(inbox, lambda event: None)

    def train(inbox: SimpleQueue[p.Command], emit: Callable[[p.Event], None]) -> None:
        emit(p.RunFinished("scratch", 3, completed, None, None, "", "", 0.0, cause=cause))
        os.kill(os.getpid(), signal.SIGUSR1)
        inbox.get(timeout=PATIENCE)
        ending.done()

    assert _Headless(False, inbox, ending, 85).run(train) == status


def test_without_json_there_is_a_line_an_epoch_and_messages_go_to_stderr(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(settings)]) == 0
    out, messages = capsys.readouterr()
    assert [line.split()[:3] for line in out.splitlines()] == [["scratch", "epoch", "1/2"], ["scratch", "epoch", "2/2"]]
    assert "\r" not in messages and "random weights; learning rates: backbone 0.001" in messages


@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_a_run_that_fails_exits_1_and_says_why_on_stderr(
    settings: Path, capsys: pytest.CaptureFixture[str], flag: list[str]
) -> None:
    assert main(["train", str(settings), "--set", "optim.scratch_lr=100", *flag]) == 1
    out, messages = capsys.readouterr()
    assert messages.count("left the weights alone") == 3 and "is not finite: scratch, step " in messages
    assert not flag or json.loads(out.splitlines()[-1])["type"] == "run_failed"


@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_a_mistake_of_the_user_exits_2_and_nothing_is_on_stdout(
    settings: Path, capsys: pytest.CaptureFixture[str], flag: list[str]
) -> None:
    assert main(["train", str(settings), "--set", "optim.nam=sgd", *flag]) == 2
    out, messages = capsys.readouterr()
    assert out == "" and "optim.nam" in messages


def test_a_mistake_found_in_the_run_exits_2(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(settings), "--set", "device=cuda:97"]) == 2
    assert "cuda:97" in capsys.readouterr().err


def test_a_run_is_resumed_by_its_name_and_initialised_as_asked(
    settings: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pretrained = ["--init", "pretrained", "--set", f"model.weights={weights}", "--epochs", "1"]
    assert main(["train", str(settings), *pretrained]) == 0
    assert capsys.readouterr().out.startswith("pretrained epoch 1/1")
    assert main(["train", "--resume", "small-1", "--epochs", "2", "--set", f"checkpoint.dir={tmp_path / 'runs'}"]) == 0
    out, messages = capsys.readouterr()
    assert out.startswith("pretrained epoch 2/2") and "resumed from" in messages


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_help_loads_neither_torch_nor_a_screen(arguments: list[str]) -> None:
    program = f"""
import sys
from engine.cli.program import main
try:
    main({arguments!r})
except SystemExit as end:
    assert end.code == 0
heavy = {{"torch", "torchvision", "numpy", "PIL", "textual", "plotext"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "finetune-tui" in done.stdout or "usage: python -m engine" in done.stdout
