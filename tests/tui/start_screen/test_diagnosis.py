"""The look for what is wrong with pictures, in a process of its own."""

import json
import threading
from pathlib import Path

import pytest

from tests.engine.conftest import write_pictures
from tui.start_screen.diagnosis import Complaint, Diagnosis, complained, complaints


def finding(severity: str, message: str) -> str:
    return json.dumps({"type": "finding", "severity": severity, "message": message})


def test_notes_are_no_complaints_and_the_worst_one_is_said() -> None:
    found = complaints([finding("bad", "one\x1b"), finding("warning", "two"), finding("note", "three")])
    assert found == [Complaint("bad", "one\x1b"), Complaint("warning", "two")]
    assert complained(found, ["--data", "a", "--data", "b"]) == "one\\x1b; 1 more: finetune-tui doctor a b"
    assert complained(found[1:], ["mine.yaml"]) == "two: finetune-tui doctor mine.yaml"
    assert complained([], ["a"]) == ""


def test_a_process_looks_and_reports_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root, told, done = write_pictures(tmp_path / "few", {"train": 3, "test": 2}), [], threading.Event()

    def report(diagnosis: Diagnosis, found: list[Complaint]) -> None:
        told.extend(found)
        done.set()

    Diagnosis(["--data", str(root), "--set", "data.image_size=32"], report)
    assert done.wait(120)
    assert "fewer than 20 training pictures: `cat`, `dog`" in told[0].message
