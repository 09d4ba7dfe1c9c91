"""The table of runs: which there are, in which order, and how it fits the terminal."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine import protocol as p
from engine.service.arm_status import ArmStatus
from engine.service.remote.server import Server
from engine.service.remote.watchers import Watchers
from engine.service.status import RunStatus, status_of
from tui.commands import runs_table
from tui.commands.runs import NEWEST, main
from tui.commands.runs_table import Listed

NOW = 1_000_000.0


def table(found: list[RunStatus], width: int | None, now: float) -> list[str]:
    return runs_table.table([Listed(run) for run in found], width, now)


RUN = RunStatus(
    name="birds-3",
    path="/data/runs/birds-3",
    state="training",
    live=True,
    where="process 12345 on box",
    model="resnet18",
    device="CUDA",
    arm="pretrained",
    step=30,
    total_steps=200,
    epoch=3,
    epochs=20,
    accuracy=0.953,
    groups=(),
    learning_rates={},
    points=(),
    best_accuracy=0.9612,
    best_arm="pretrained",
    started=NOW - 500,
    updated=NOW - 245,
    message="",
    arms=(ArmStatus("pretrained", False, 3, 20, 0.953, 0.9612, "val"),),
)
DONE = (ArmStatus("pretrained", True, 20, 20, 0.953, 0.9612, "val"),)
OVER = replace(RUN, name="birds-2", path="/data/runs/birds-2", state="finished", live=False, where="", arms=DONE)
NEW = replace(RUN, name="cats-1", state="loading", where="", epoch=0, arms=(), updated=NOW)


def test_a_row_a_run():
    assert table([RUN, OVER, NEW], 120, NOW) == [
        "name     state     arm         epoch  last acc.  best acc.  on     age  where",
        "birds-3  training  pretrained   3/20     95.3 %     96.1 %  val  4 min  12345 on box",
        "birds-2  finished  pretrained  20/20     95.3 %     96.1 %  val  4 min  /data/runs/birds-2",
        "cats-1   loading   pretrained   0/20          –          –         0 s  /data/runs/birds-3",
    ]


def test_a_run_with_both_arms_has_a_row_for_each_with_its_own_figures():
    scratch = ArmStatus("scratch", False, 7, 9, 0.4, 0.5, "test")
    pretrained = ArmStatus("pretrained", True, 20, 20, 0.9, 0.95, "test")
    both = replace(RUN, arm="scratch", arms=(pretrained, scratch), best_accuracy=0.95)
    assert [line.split()[:9] for line in table([both], 120, NOW)[1:]] == [
        ["birds-3", "training", "scratch", "7/9", "40.0", "%", "50.0", "%", "test"],
        ["birds-3", "finished", "pretrained", "20/20", "90.0", "%", "95.0", "%", "test"],
    ]
    waiting = replace(both, arm="pretrained")
    assert [line.split()[1:3] for line in table([waiting], 120, NOW)[1:]] == [
        ["training", "pretrained"],
        ["suspended", "scratch"],
    ]


def test_a_run_of_another_machine_says_where_it_is_and_when_it_was_seen():
    away = replace(RUN, live=False, where="process 12345 on n12 (Slurm job 4711)", host="n12", seen=8.2)
    lost = replace(OVER, state="lost", host="n12", seen=3 * 3600.0, arms=RUN.arms)
    wide = table([away, lost], None, NOW)
    assert "birds-3  training on n12, 8 s ago " in wide[1] and wide[1].endswith("12345 on n12 (Slurm job 4711)")
    assert "birds-2  lost: last seen on n12 3 h ago " in wide[2] and len(wide) == 3
    assert table([away, lost], 80, NOW)[1:] == [
        "birds-3  training  pretrained   3/20     95.3 %     96.1 %  val  4 min",
        "birds-2  lost      pretrained   3/20     95.3 %     96.1 %  val  4 min",
        "birds-3: training on n12, 8 s ago",
        "birds-2: lost: last seen on n12 3 h ago",
    ]


def test_on_a_terminal_what_is_too_long_is_cut_but_for_the_number_of_a_run_and_the_end_of_a_folder():
    name = "all-the-birds-of-the-northern-hemisphere-12"
    long = replace(OVER, name=name, path=f"/very/long/way/to/{name}", state="evaluating")
    host = replace(RUN, name="birds-13", where="process 12345 on a-machine-with-a-long-name.example.org")
    assert table([host, long], 100, NOW)[1:] == [
        "birds-13          training    pretrained   3/20     95.3 %     96.1 %  val  4 min  12345 on a-machi…",
        "all-the-bir…e-12  evaluating  pretrained  20/20     95.3 %     96.1 %  val  4 min  …rn-hemisphere-12",
    ]
    assert table([host, long], 80, NOW)[1:] == [
        "birds-13         training    pretrained   3/20     95.3 %     96.1 %  val  4 min",
        "all-the-bi…e-12  evaluating  pretrained  20/20     95.3 %     96.1 %  val  4 min",
    ]


def test_in_a_pipe_nothing_is_cut(tmp_path: Path, capsys):
    folder = written(tmp_path / ("n" * 120), 50.0)
    assert main(["--dir", str(tmp_path)]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split()[0] == folder.name and line.endswith(str(folder))


@pytest.mark.parametrize("width", range(80, 200, 7))
def test_it_fits(width: int):
    rows = [replace(RUN, name="n" * 300), replace(OVER, path="/p" * 300), NEW]
    assert max(map(len, table(rows, width, NOW))) <= width


# --- from folders ---------------------------------------------------------------------------------------


def written(folder: Path, at: float, *messages: p.Message) -> Path:
    """A run's folder with a journal of these."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("name: x")
    run = p.RunStarted(folder.name, str(folder), "scratch", "the cpu", "float32", "net", ("a",), 8, 4, 2, 3, 4, at)
    lines = [p.encode(message, at=at) + "\n" for message in (run, *messages)]
    (folder / "journal.jsonl").write_text("".join(lines))
    return folder


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Path]:
    """A live run in another folder, older than all others."""
    folder, watchers = written(tmp_path / "elsewhere" / "live-1", 1.0), Watchers()
    server = Server(SimpleQueue(), watchers)
    server.open(folder)
    yield folder
    server.close()


def test_live_runs_come_first_wherever_they_are_then_the_newest(tmp_path: Path, live: Path, capsys):
    end = p.RunFinished("scratch", 12, True, 0.5, 0.5, "", "aa", 1.0)
    for name, at in (("x-1", 50.0), ("x-2", 70.0), ("y-1", 60.0)):
        written(tmp_path / "runs" / name, at, end)
    (tmp_path / "runs" / "no run").mkdir()
    assert main(["--dir", str(tmp_path / "runs")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["name", "state"],
        ["live-1", "loading"],
        ["x-2", "finished"],
        ["y-1", "finished"],
        ["x-1", "finished"],
    ]
    assert main(["--dir", str(tmp_path / "runs"), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [run["name"] for run in told] == ["live-1", "x-2", "y-1", "x-1"]
    assert told[0]["path"] == str(status_of(live).path) and told[0]["live"]


def test_runs_are_those_of_the_configured_folder_by_default(tmp_path: Path, monkeypatch, capsys):
    written(tmp_path / "checkpoints" / "x-1", 50.0)
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("checkpoints/x-1")


def test_of_very_many_runs_the_newest_are_shown(tmp_path: Path, capsys):
    for number in range(NEWEST + 2):
        written(tmp_path / f"x-{number}", 50.0 + number)
    assert main(["--dir", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == NEWEST + 2 and lines[-1] == "and 2 older ones, with --all"
    for everything in ("--all", "--json"):
        assert main(["--dir", str(tmp_path), everything]) == 0
        assert sum("x-" in line for line in capsys.readouterr().out.splitlines()) == NEWEST + 2


def test_no_runs_are_a_sentence(tmp_path: Path, capsys):
    for folder in (tmp_path, tmp_path / "nothing"):
        assert main(["--dir", str(folder)]) == 0
        assert capsys.readouterr().out == f"No runs in {folder}, and no live ones elsewhere.\n"
        assert main(["--dir", str(folder), "--json"]) == 0
        assert capsys.readouterr().out == ""


def test_it_is_shown_without_torch_and_without_the_screen(tmp_path: Path):
    written(tmp_path / "x-1", 50.0)
    program = (
        "import sys; from tui.commands.runs import main; main(sys.argv[1:]);"
        "print(sorted({'torch', 'textual', 'plotext'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, "--dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
