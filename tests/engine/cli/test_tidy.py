"""`tidy`: says what it deletes and what stays, and leaves a run alone that is being trained."""

from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.storage.lock import RunLock
from tests.tui.journals import begun, write_run
from tests.tui.story import started, trained

TRAINED = [begun("x-1"), started(), *trained("pretrained", 1, 14)]
STOPPED = [*TRAINED, p.RunFinished("pretrained", 14, False, 0.94, 0.94, "x-1/pretrained/last.pt", "aa", 9.0)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = write_run(tmp_path / "x-1", *STOPPED)
    (folder / "pretrained" / "points").mkdir(parents=True)
    for name in ("last", "best", "points/1-000010-0", "points/1-000014-0"):
        (folder / "pretrained" / f"{name}.pt").write_bytes(bytes(2**20))
    return folder


def test_it_says_what_it_would_do_then_does_it_once(run: Path, capsys):
    kept = "x-1: kept pretrained/best.pt, pretrained/last.pt\n"
    assert main(["tidy", str(run), "--dry-run"]) == 0
    assert capsys.readouterr().out == "x-1: would delete 2 restore points, which frees 2.0 MiB\n" + kept
    assert len(list(run.glob("*/points/*.pt"))) == 2
    assert main(["tidy", "x-1", "--dir", str(run.parent)]) == 0
    assert capsys.readouterr().out == "x-1: deleted 2 restore points, which freed 2.0 MiB\n" + kept
    assert sorted(path.name for path in run.glob("pretrained/**/*.pt")) == ["best.pt", "last.pt"]
    assert main(["tidy", str(run)]) == 0
    assert capsys.readouterr().out == "x-1: no restore points to delete\n" + kept


def test_a_run_that_a_process_trains_is_left_alone(run: Path, capsys):
    write_run(run.parent / "y-1", *TRAINED).joinpath("journal.jsonl").replace(run / "journal.jsonl")
    lock = RunLock(run)
    assert main(["tidy", str(run)]) == 2
    lock.close()
    told = capsys.readouterr().err
    assert told == f"Not tidied: {run} is training, and rewinds need its restore points; tidy it when it has ended\n"
    assert len(list(run.glob("*/points/*.pt"))) == 2


def test_no_such_run_is_a_sentence(tmp_path: Path, capsys):
    assert main(["tidy", "none-1", "--dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("No such run: none-1")
