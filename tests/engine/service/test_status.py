"""Where a run stands: from its journal, whatever is left of it, and from its process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig
from engine.errors import CheckpointError
from engine.loop.run import Run
from engine.service.remote.finding import find, runs
from engine.service.remote.server import Server
from engine.service.remote.watchers import Watchers
from engine.service.status import as_plain_values, status_of
from engine.service.status_lines import describe
from engine.storage.lock import RunLock
from engine.storage.run_folder import create_run
from engine.storage.sighting import holder
from tests import programs
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.processes import training
from tests.paths import ROOT

Open = Callable[[Path], Watchers]


@pytest.fixture
def opened() -> Iterator[Open]:
    """A process has the run in a folder, and tells nothing yet."""
    servers: list[Server] = []

    def at(folder: Path) -> Watchers:
        watchers = Watchers()
        servers.append(Server(SimpleQueue(), watchers))
        watchers.set_folder(folder)
        servers[-1].open(folder)
        assert servers[-1].is_open
        return watchers

    yield at
    for server in servers:
        server.close()


def written(folder: Path, *messages: p.Message) -> Path:
    """A journal of these."""
    folder.mkdir(exist_ok=True)
    lines = [p.encode(message, at=1000.0 + number) + "\n" for number, message in enumerate(messages)]
    (folder / "journal.jsonl").write_text("".join(lines))
    return folder


GROUPS = (p.Group("backbone", 90, 1e-3), p.Group("head", 10, 1e-2))
RUN = p.RunStarted("x-1", "x-1", "scratch", "the cpu", "float32", "net", ("a", "b"), 8, 4, 2, 3, 4, 900.0)


def begun(step: int = 0, branch: int = 1, arm: p.Arm = "scratch") -> p.ArmStarted:
    return p.ArmStarted(arm, step, step // 4 + 1, 3, 4, GROUPS, "random", branch)


def step(number: int, arm: p.Arm = "scratch") -> p.TrainStep:
    return p.TrainStep(arm, number, (number - 1) // 4 + 1, 0.5, 0.5, 10.0, 0.1, {"backbone": 1e-3, "head": 1e-2})


def steps(last: int) -> list[p.TrainStep]:
    return [step(number) for number in range(1, last + 1)]


def scored(number: int, accuracy: float, arm: p.Arm = "scratch") -> p.EvalDone:
    return p.EvalDone(arm, number, (number - 1) // 4 + 1, 0.5, accuracy, 4, True)


def epoch(number: int) -> p.EpochDone:
    return p.EpochDone("scratch", 4 * number, number, 3, 0.5, 0.5, 0.5, 0.5, 10.0, 0.1, {}, 1.0)


# --- from runs ------------------------------------------------------------------------------------------


def test_a_finished_run(small: RunConfig) -> None:
    events = play(Run(small))
    (end,) = only(events, p.RunFinished)
    run = status_of(Path(folder_of(events)))
    assert (run.name, run.state, run.live, run.where, run.message) == ("small-1", "finished", False, "", "")
    assert (run.arm, run.step, run.total_steps, run.epoch, run.epochs) == ("scratch", 8, 8, 2, 2)
    assert (run.accuracy, run.best_accuracy, run.best_arm) == (end.accuracy, end.best_accuracy, "scratch")
    assert [group.name for group in run.groups] == list(run.learning_rates) == ["backbone", "head"]
    assert (run.model, run.device, run.path) == ("test/plain", "cpu", folder_of(events))
    assert run.started and run.updated and run.started < run.updated <= time.time()
    assert set(run.points) == {"start", *(saved.point for saved in only(events, p.CheckpointSaved) if saved.point)}


def test_a_run_that_was_stopped(small: RunConfig) -> None:
    run = status_of(Path(folder_of(play(Run(small), after_step(3, p.Stop())))))
    assert (run.state, run.step, run.accuracy, run.best_accuracy, run.best_arm) == ("stopped", 3, None, None, None)


def test_a_run_that_was_stopped_while_it_was_loading(small: RunConfig) -> None:
    folder, inbox = create_run(small), SimpleQueue[p.Command]()
    inbox.put(p.Stop())
    assert isinstance(list(Run(small, folder=folder).events(inbox))[-1], p.RunFinished)
    run = status_of(folder)
    assert (run.state, run.step, run.epoch) == ("stopped", 0, 0)


def test_a_run_that_failed_says_why(tmp_path: Path) -> None:
    run = status_of(written(tmp_path, RUN, begun(), p.RunFailed("Out of memory", "a batch does not fit")))
    assert (run.state, run.message) == ("failed", "Out of memory: a batch does not fit")
    assert "why         Out of memory: a batch does not fit" in describe(run)


def test_a_run_that_was_killed_is_lost(small: RunConfig, tmp_path: Path) -> None:
    with training(with_settings(small, train__epochs=5000), tmp_path / "long.yaml") as run:
        assert run.summary.where.startswith(f"process {run.process.pid} on ")
        os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait()
        assert (run.summary.state, run.summary.live, run.summary.where) == ("lost", False, "")
        assert any(line.startswith("go on with") for line in describe(run.summary))


def test_a_run_without_a_socket_is_not_lost_while_its_process_is_there(small: RunConfig) -> None:
    events = Run(small).events()
    path = next(event.path for event in events if isinstance(event, p.RunStarted))
    next(event for event in events if isinstance(event, p.TrainStep))
    run = status_of(Path(path))
    assert (run.state, run.live) == ("training", False) and run.where.startswith(f"process {os.getpid()} on ")
    events.close()


def test_a_process_that_was_given_the_number_of_the_holder_is_not_the_holder(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    assert holder(tmp_path)
    os.utime(tmp_path / "lock", (1.0, 1.0))  # before this process began
    assert holder(tmp_path) == ""
    lock.close()


# --- from a process that is loading ---------------------------------------------------------------------


def test_a_live_run_without_a_journal_is_loading(small: RunConfig, opened: Open) -> None:
    folder = create_run(small)
    assert status_of(folder).state == "lost"
    opened(folder)
    run = status_of(folder)
    assert (run.state, run.live, run.arm, run.model) == ("loading", True, "scratch", "test/plain")
    assert (run.step, run.epoch, run.epochs) == (0, 0, 2)


def test_a_run_that_is_gone_on_with_is_loading_until_it_goes_on(tmp_path: Path, opened: Open) -> None:
    folder = written(tmp_path / "x-1", RUN, begun(), *steps(3))
    watchers = opened(folder)
    assert status_of(folder).state == "loading"
    watchers.emit(RUN)
    assert status_of(folder).state == "training"


# --- from journals --------------------------------------------------------------------------------------

FINISHED = p.RunFinished("scratch", 12, True, 0.5, 0.5, "", "aa", 1.0)

LIVE = [
    ([], "loading"),
    ([RUN], "loading"),
    ([RUN, begun()], "training"),
    ([RUN, begun(), *steps(3)], "training"),
    ([RUN, begun(), *steps(4)], "evaluating"),
    ([RUN, begun(), *steps(4), scored(4, 0.5), epoch(1)], "training"),
    ([RUN, begun(), *steps(3), p.Evaluate()], "evaluating"),
    ([RUN, begun(), *steps(3), p.Evaluate(), scored(3, 0.5)], "training"),
    ([RUN, begun(), *steps(3), p.Paused("scratch", 3)], "paused"),
    ([RUN, begun(), *steps(4), p.Paused("scratch", 4)], "paused"),
    ([RUN, begun(), *steps(3), p.Paused("scratch", 3), p.Evaluate()], "evaluating"),
    ([RUN, begun(), *steps(3), p.Paused("scratch", 3), p.Evaluate(), scored(3, 0.5)], "paused"),
    ([RUN, begun(), *steps(3), p.Paused("scratch", 3), p.Resumed("scratch", 3)], "training"),
    ([RUN, begun(), *steps(3), p.Paused("scratch", 3), begun(arm="pretrained")], "training"),
    ([RUN, begun(), *steps(3), p.Paused("scratch", 3), begun(2)], "paused"),
    ([RUN, begun(), *steps(12), epoch(3), p.ArmFinished("scratch", 12, 0.5, 0.5, 1.0)], "finished"),
    ([RUN, begun(12), p.EpochsChanged("scratch", 12, 4)], "training"),
    ([RUN, begun(12)], "finished"),
    ([RUN, begun(12), FINISHED, RUN, begun(3)], "training"),
    ([RUN, begun(12), FINISHED], "finished"),
    ([RUN, begun(3), p.RunFailed("Disk", "full")], "failed"),
]


@pytest.mark.parametrize(("messages", "state"), LIVE, ids=range(len(LIVE)))
def test_the_state_of_a_live_run(tmp_path: Path, opened: Open, messages: list[p.Message], state: str) -> None:
    folder = written(tmp_path / "x-1", *messages)
    opened(folder).emit(RUN)
    assert status_of(folder).state == state


def test_what_a_crash_undid_does_not_count(tmp_path: Path) -> None:
    messages = [*steps(4), scored(4, 0.5), epoch(1), *steps(8), scored(8, 0.75), epoch(2), RUN, begun(5)]
    run = status_of(written(tmp_path, RUN, begun(), *messages))
    assert (run.step, run.epoch, run.accuracy, run.best_accuracy) == (5, 2, 0.5, 0.75)


def test_a_rewind_has_the_accuracy_of_the_branch_it_lies_on(tmp_path: Path) -> None:
    trained = [*steps(4), scored(4, 0.5), epoch(1), *steps(8), scored(8, 0.75), epoch(2)]
    back = [p.Rewound("scratch", 4, 2, 1, 1, 8, "points/1", "by hand"), begun(4, branch=2)]
    run = status_of(written(tmp_path, RUN, begun(), *trained, *back))
    assert (run.step, run.accuracy, run.best_accuracy) == (4, 0.5, 0.75)
    forth = [p.Rewound("scratch", 8, 3, 1, 2, 4, "branch-1.pt", "by hand"), begun(8, branch=3)]
    run = status_of(written(tmp_path, RUN, begun(), *trained, *back, *forth))
    assert (run.step, run.accuracy) == (8, 0.75)


def test_the_metrics_are_those_of_the_last_evaluation_on_the_branch(tmp_path: Path) -> None:
    first = replace(scored(4, 0.5), metrics={"macro_f1": 0.25, "calibration_error": 0.125, "of_the_future": 2.5})
    trained = [*steps(4), first, epoch(1), *steps(8), replace(scored(8, 0.75), metrics={"macro_f1": 0.5}), epoch(2)]
    run = status_of(written(tmp_path, RUN, begun(), *trained))
    assert run.metrics == as_plain_values(run)["metrics"] == {"macro_f1": 0.5}
    assert "metrics     macro F1 50.0%" in describe(run)
    back = p.Rewound("scratch", 4, 2, 1, 1, 8, "points/1", "by hand")
    run = status_of(written(tmp_path, RUN, begun(), *trained, back, begun(4, branch=2)))
    assert run.metrics == first.metrics
    assert "metrics     macro F1 25.0%, ECE 12.5%, of_the_future 2.5" in describe(run)


def test_the_arm_in_hand_and_the_best_one_may_differ(tmp_path: Path) -> None:
    first = [begun(arm="pretrained"), step(4, "pretrained"), scored(4, 0.9, "pretrained")]
    run = status_of(written(tmp_path, RUN, *first, begun(), *steps(4), scored(4, 0.5)))
    assert (run.arm, run.accuracy, run.best_accuracy, run.best_arm) == ("scratch", 0.5, 0.9, "pretrained")


def test_rates_and_freezing_are_those_of_now(tmp_path: Path) -> None:
    changes = [p.RateChanged("scratch", 1, "head", 0.5, "set by hand"), p.GroupFrozen("scratch", 1, "backbone", True)]
    run = status_of(written(tmp_path, RUN, begun(), step(1), *changes))
    assert [(group.name, group.base_lr, group.frozen) for group in run.groups] == [
        ("backbone", 1e-3, True),
        ("head", 0.5, False),
    ]


def test_times_are_those_of_the_first_beginning_and_of_the_last_entry(tmp_path: Path) -> None:
    run = status_of(written(tmp_path, RUN, begun(), RUN, begun(), step(1)))
    assert (run.started, run.updated) == (900.0, 1004.0)


def test_a_journal_cut_anywhere_says_what_it_can(small: RunConfig) -> None:
    folder = Path(folder_of(play(Run(small))))
    (folder / "lock").unlink()  # it names this process, which still is
    whole = (folder / "journal.jsonl").read_bytes()
    for end in range(0, len(whole), 61):
        (folder / "journal.jsonl").write_bytes(whole[:end])
        run = status_of(folder)
        assert run.state == "lost" and 0 <= run.step <= 8 and run.model == "test/plain"
        assert describe(run)


def test_a_torn_step_is_not_the_last_one(tmp_path: Path) -> None:
    folder = written(tmp_path, RUN, begun(), *steps(3))
    whole = (folder / "journal.jsonl").read_bytes()
    for torn in (whole[:-20], whole[:-20] + b"\n"):
        (folder / "journal.jsonl").write_bytes(torn)
        assert (status_of(folder).step, status_of(folder).updated) == (2, 1003.0)


@pytest.mark.parametrize("damage", ["nothing", "empty", "folder", "pipe", "noise", "beginning"])
def test_a_folder_with_whatever_in_it_has_a_summary(tmp_path: Path, damage: str) -> None:
    journal = tmp_path / "journal.jsonl"
    match damage:
        case "empty":
            journal.touch()
        case "folder":
            journal.mkdir()
        case "pipe":
            os.mkfifo(journal)
        case "noise":
            journal.write_bytes(bytes(range(256)) * 40 + b'\n{"type": "eval_done"}\n[]\n{"type": "train_step", 1}\n')
        case "beginning":  # is what is missing
            written(tmp_path, step(7), p.RateChanged("scratch", 7, "head", 0.5), scored(7, 0.5))
    (tmp_path / "config.yaml").write_text("nonsense: [")
    run = status_of(tmp_path)
    assert (run.state, run.model, run.step) == ("lost", "", 7 if damage == "beginning" else 0)
    assert describe(run)


# --- runs by their names --------------------------------------------------------------------------------


def test_a_live_run_is_found_by_its_name_from_anywhere(small: RunConfig, tmp_path: Path, opened: Open) -> None:
    folder = create_run(small)
    with pytest.raises(CheckpointError, match="No such run"):
        find("small-1", tmp_path / "elsewhere")
    opened(folder)
    assert find("small-1", tmp_path / "elsewhere") == folder.resolve()
    assert find("small-1", small.checkpoint.dir) == find(str(folder), tmp_path) == folder
    assert runs(tmp_path / "elsewhere") == runs(small.checkpoint.dir) == [folder]


def test_of_several_live_runs_of_a_name_the_paths_are_listed(small: RunConfig, tmp_path: Path, opened: Open) -> None:
    folders = [create_run(with_settings(small, checkpoint__dir=str(tmp_path / name))) for name in "ab"]
    for folder in folders:
        opened(folder)
    with pytest.raises(CheckpointError) as caught:
        find("small-1", tmp_path)
    assert all(str(folder) in caught.value.message for folder in folders)
    assert find("small-1", tmp_path / "a") == folders[0]


# --- on the command line --------------------------------------------------------------------------------


def test_status_for_people_and_for_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "x-1", RUN, begun(), *steps(4), scored(4, 0.5), epoch(1), *steps(6))
    (folder / "config.yaml").touch()
    assert main(["status", "x-1", "--dir", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["run         x-1", "state       lost"]
    assert "accuracy    50.0%" in lines and "epoch       2/3" in lines and "step        6 of 12" in lines
    assert "rates       backbone 0.001, head 0.01" in lines
    assert main(["status", str(folder), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert "metrics" not in told and not any(line.startswith("metrics") for line in lines)
    assert (told["name"], told["state"], told["accuracy"], told["best_arm"]) == ("x-1", "lost", 0.5, "scratch")
    assert told["groups"][1]["name"] == "head" and told["learning_rates"] == {"backbone": 1e-3, "head": 1e-2}


@pytest.mark.parametrize("name", ["nothing", "n" * 5000])
def test_status_of_no_run_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["status", name, "--dir", str(tmp_path)]) == 2
    out, errors = capsys.readouterr()
    assert out == "" and errors.startswith(f"No such run: {name} is no run folder") and errors.count("\n") == 1


def test_status_loads_no_torch(tmp_path: Path) -> None:
    folder = written(tmp_path, RUN, begun(), *steps(4))
    (folder / "config.yaml").touch()
    loaded = "print({'torch', 'textual'} & {*sys.modules})"
    program = f"import sys; from engine.cli.program import main; main(sys.argv[1:]); {loaded}"
    command = [sys.executable, "-c", program, "status", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_reader_that_goes_away_is_no_failure_and_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    folder = written(tmp_path, RUN, begun(), *steps(4))
    (folder / "config.yaml").touch()
    words = ("engine", "status", str(folder))
    reader, writer = os.pipe()
    os.close(reader)
    done = programs.run(*words, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
    if not Path("/dev/full").exists():
        return
    with Path("/dev/full").open("w") as full:
        done = programs.run(*words, stdout=full)
    assert done.returncode == 1 and done.stderr.startswith("Output not written: standard output: No space left")
