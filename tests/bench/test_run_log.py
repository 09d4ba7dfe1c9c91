"""A benchmark's log: what is in it is not measured again."""

from pathlib import Path

import pytest

from tests.bench import run_log
from tests.bench.run_log import Case, RunLog, run_cases

CASES = [Case("recipes", "mnist", side, seed, "--epochs=5") for seed in (0, 1) for side in ("auto", "lesson")]


def test_an_interrupted_benchmark_goes_on_after_the_last_line(tmp_path: Path, monkeypatch) -> None:
    measured, told = [], []

    def measure(command):
        if len(measured) == 3:
            raise KeyboardInterrupt
        measured.append(command)
        return {"accuracy": len(measured) / 10}

    monkeypatch.setattr(run_log, "_measured", measure)
    log = RunLog(tmp_path / "log.jsonl")
    with pytest.raises(KeyboardInterrupt):
        run_cases(CASES, log, lambda case: [case.side, str(case.seed)], lambda: told.append(len(measured)))
    assert told == [2]  # the table of the first seed
    measured.clear()
    again = RunLog(tmp_path / "log.jsonl")
    run_cases(CASES, again, lambda case: [case.side, str(case.seed)], lambda: told.append(len(measured)))
    assert measured == [["lesson", "1"]]
    assert told == [2, 0, 1]
    assert again.by_seed("recipes", "mnist", "auto", "--epochs=5", "accuracy") == {0: 0.1, 1: 0.3}
    assert again.by_seed("recipes", "mnist", "auto", "--epochs=8", "accuracy") == {}


def test_a_process_may_print_before_its_figures(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "chatty.py").write_text(
        "import os; print('hello'); print('{\"threads\": %s}' % os.environ['OMP_NUM_THREADS'])"
    )
    monkeypatch.chdir(tmp_path)
    log = RunLog(None)
    run_cases(CASES[:1], log, lambda _: ["chatty"], lambda: None)
    assert log.by_seed("recipes", "mnist", "auto", "--epochs=5", "threads") == {0: 1}
