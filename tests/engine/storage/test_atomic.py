"""Temporary files: none is left over, whatever becomes of the write."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.storage.atomic import atomic_write, clean, discard
from tests.paths import ROOT


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_renamed_stays_and_what_is_not_is_removed(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a") as temporary:
        temporary.write_text("new")
        assert names(tmp_path) == [".a.tmp"]
        temporary.replace(tmp_path / "a")
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "b") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    with atomic_write(tmp_path / "c"):
        pass
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "new"


def test_those_of_all_threads_are_discarded_and_finished_files_are_not(tmp_path: Path) -> None:
    written, go_on = threading.Barrier(4), threading.Event()

    def write(name: str) -> None:
        with atomic_write(tmp_path / name) as temporary:
            temporary.write_text("half")
            written.wait(60)
            go_on.wait(60)

    (tmp_path / "0").write_text("whole")
    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(3)]
    for thread in threads:
        thread.start()
    written.wait(60)
    assert names(tmp_path) == [".0.tmp", ".1.tmp", ".2.tmp", "0"]
    discard()
    assert names(tmp_path) == ["0"]
    go_on.set()
    for thread in threads:
        thread.join()
    assert names(tmp_path) == ["0"]


def test_what_a_killed_process_left_is_cleaned_and_nothing_else(tmp_path: Path) -> None:
    program = """
import os, signal, sys
from contextlib import ExitStack
from pathlib import Path
from engine.storage.atomic import atomic_write
with ExitStack() as stack:
    for name in ("metrics.csv", "scratch/last.pt", "scratch/points/000004.pt"):
        path = Path(sys.argv[1], name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("whole")
        stack.enter_context(atomic_write(path)).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=False)
    others = ["notes.tmp", ".hidden", "scratch/points/deep/.mine.tmp"]
    (tmp_path / "scratch" / "points" / "deep").mkdir()
    for name in others:
        (tmp_path / name).write_text("somebody's")
    whole = ["metrics.csv", "scratch/last.pt", "scratch/points/000004.pt"]
    assert len(names(tmp_path)) == 2 * len(whole) + len(others)
    clean(tmp_path)
    assert names(tmp_path) == sorted(whole + others)
