"""`lr-find`: a rate before a run starts, and nothing of it is kept."""

from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.program import main
from engine.config import RunConfig


@pytest.fixture
def file(small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The file of the small run; a sweep is short."""
    monkeypatch.setattr("engine.loop.rate_sweep.STEPS", 12)
    return str(tmp_path / "small.yaml")


@pytest.fixture
def suggested(monkeypatch: pytest.MonkeyPatch) -> float:
    """What every sweep suggests for its group."""
    monkeypatch.setattr("engine.loop.rate_sweep.RateCurve.suggestion", lambda self: (0.003, ""))
    return 0.003


def test_it_prints_the_curve_and_the_argument_and_keeps_nothing(file, suggested, tmp_path, capsys) -> None:
    assert main(["lr-find", file]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("rate of head") and "<- suggested" in out
    assert out.endswith("train with --set optim.scratch_lr=0.003\n")
    assert "suggested base rate of head: 0.003" in err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("recipe", "given"),
    [
        ("lesson", "--set optim.groups.backbone.lr=0.0003 --set optim.groups.head.lr=0.003"),
        ("auto", "--set optim.lr=0.003"),
    ],
)
def test_the_argument_is_that_of_the_recipe(file, suggested, weights: Path, capsys, recipe: str, given: str) -> None:
    arguments = ["--init", "pretrained", "--recipe", recipe, "--set", f"model.weights={weights}"]
    assert main(["lr-find", file, *arguments, "--set", "data.split_val=false"]) == 0
    out, err = capsys.readouterr()
    assert out.endswith(f"train with {given}\n")
    assert ("with the head alone" in err or "head" in err) if recipe == "auto" else True


def test_with_json_each_line_is_an_event_and_the_last_one_is_the_curve(file, capsys) -> None:
    status = main(["lr-find", file, "--json"])
    events = [p.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert isinstance(events[-1], p.RatesSwept) and any(isinstance(event, p.SweepingRates) for event in events)
    assert status == (0 if events[-1].suggestion is not None else 1)


def test_without_a_suggestion_it_says_why(file, monkeypatch, capsys) -> None:
    monkeypatch.setattr("engine.loop.rate_sweep.RateCurve.suggestion", lambda self: (None, "the loss did not fall"))
    assert main(["lr-find", file]) == 1
    out, err = capsys.readouterr()
    assert "train with" not in out and "no learning rate is suggested: the loss did not fall" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "nowhere does not exist"),
        (["--resume", "demo-1"], "send RUN find-rate"),
        (["--set", "optim.nothing=1"], "optim.nothing"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], said: str, capsys) -> None:
    assert main(["lr-find", *arguments]) == 2
    out, err = capsys.readouterr()
    assert said in err and out == "" and len(err.splitlines()) == 1


def test_a_run_that_fails_ends_with_its_status(file, capsys) -> None:
    assert main(["lr-find", file, "--model", "resnet0"]) == 2
    assert "resnet0" in capsys.readouterr().err
