"""Verdicts on runs that are made to have a fault, and on sound ones. `tests.bench.verdicts` has longer runs."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine import protocol as p
from engine.config import RunConfig, load_config
from engine.figures.arm import ArmView, fold_into
from engine.figures.verdicts import VERDICTS, Verdict, sentence, verdicts_of, waiting
from engine.loop.run import Run
from engine.service.judging import verdict_in
from tests.engine.backbones import NORM
from tests.engine.conftest import SMALL, write_pictures, write_weights
from tests.engine.driving import folder_of, only, play, with_settings
from tests.markdown import cells, document

Judge = Callable[..., list[list[str]]]
PLAIN = {"model__name": NORM, "data__augment": False, "train__compile": False}


def judged(events: list[p.Event]) -> list[list[Verdict]]:
    """The verdicts after each epoch."""
    arms: dict[p.Arm, ArmView] = {}
    (run,), found = only(events, p.RunStarted), []
    for event in events:
        fold_into(arms, event)
        if isinstance(event, p.EpochDone):
            found.append(verdicts_of(run, arms[event.arm]))
    return found


@pytest.fixture
def judge(small: RunConfig) -> Judge:
    """The names of the verdicts after each epoch of a run with other settings."""

    def made(**settings: object) -> list[list[str]]:
        events = play(Run(with_settings(small, **PLAIN | settings)))
        assert isinstance(events[-1], p.RunFinished), events[-1]
        return [[verdict.name for verdict in found] for found in judged(events)]

    return made


def noise(root: Path, parts: dict[str, dict[str, int]], size: int = 40, ending: str = "jpg") -> Path:
    """Pictures that say nothing of their classes."""
    for part, classes in parts.items():
        for name, count in classes.items():
            (root / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = random.Random(f"{part}/{name}/{number}").randbytes(3 * size * size)
                Image.frombytes("RGB", (size, size), pixels).save(root / part / name / f"{number}.{ending}")
    return root


# --- runs with a fault --------------------------------------------------------------------------------------


def test_a_rate_too_small_for_anything(judge: Judge) -> None:
    found = judge(optim__scratch_lr=1e-8, train__epochs=3)
    assert found[0] == [] and found[1][0] == found[2][0] == "rate-too-small"


def test_a_rate_that_destroys_the_weights(judge: Judge) -> None:
    found = judge(optim__scratch_lr=50.0, train__epochs=4, watchdog__not_finite=False)
    assert found[-1][0] == "rate-too-large"


def test_a_head_that_stays_random(judge: Judge, tmp_path: Path) -> None:
    weights = str(write_weights(tmp_path, NORM))
    rates = {"optim__groups__backbone__lr": 1e-6, "optim__groups__head__lr": 1e-4}
    assert judge(init="pretrained", model__weights=weights, **rates)[1][0] == "head-not-fitted"


def test_a_handful_of_steps(judge: Judge) -> None:
    assert judge()[1] == ["few-steps"]


def test_pictures_learnt_by_heart(judge: Judge, tmp_path: Path) -> None:
    root = noise(tmp_path / "noise", {"train": {"a": 8, "b": 8}, "test": {"a": 30, "b": 30}})
    found = judge(data__root=root, train__epochs=18, optim__name="adamw", optim__scratch_lr=0.03, data__batch_size=16)
    assert found[-1] == ["overfitting"]


def test_a_class_with_hardly_a_picture(judge: Judge, tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "uneven", {"train": 16, "test": 12})
    for file in sorted((root / "train" / "dog").iterdir())[2:]:
        file.unlink()
    write_pictures(root, {"train": 16, "test": 12}, ("black", "ant"))  # two classes that look alike
    found = judge(data__root=root, train__epochs=10, optim__scratch_lr=0.1)
    assert "never-predicted" in found[-1]


def test_labels_that_are_wrong(judge: Judge, tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "swapped", {"train": 40, "test": 20})
    for number in range(0, 40, 4):
        one, other = (root / "train" / name / f"{number}.jpg" for name in ("cat", "dog"))
        kept = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(kept)
    found = judge(data__root=root, data__batch_size=16, train__epochs=8, optim__scratch_lr=0.1)
    assert any(names[:1] == ["val-above-train"] for names in found)


def test_pictures_that_take_long_to_decode(judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SECONDS", 0.0)  # whatever the machine
    root = noise(tmp_path / "large", {"train": {"a": 1, "b": 1}, "test": {"a": 1, "b": 1}}, 300, "png")
    for number, name in itertools.product(range(1, 20), ("a", "b")):
        (root / "train" / name / f"{number}.png").symlink_to(root / "train" / name / "0.png")
    found = judge(data__root=root, data__batch_size=2, data__prepare=False, data__threads=1, optim__scratch_lr=1e-4)
    assert "data-waits" in found[-1]


# --- sound runs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"optim__scratch_lr": 0.03}, {"optim__scratch_lr": 0.03, "data__augment": True}])
def test_a_sound_run_has_no_verdict(judge: Judge, settings: dict[str, object]) -> None:
    assert judge(train__epochs=8, **settings) == [[]] * 8


# --- what they rest on --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> list[p.Event]:
    """The events of a run whose rate is too small."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "slow.yaml").write_text(SMALL.format(root=pictures, runs=folder / "runs"))
    config = with_settings(load_config(folder / "slow.yaml"), **PLAIN, optim__scratch_lr=1e-8, train__epochs=3)
    return play(Run(config))


def last(events: list[p.Event], *more: p.Event) -> list[str]:
    """The names of the verdicts after these events and further ones."""
    arms: dict[p.Arm, ArmView] = {}
    for event in (*events, *more):
        fold_into(arms, event)
    return [verdict.name for verdict in verdicts_of(only(events, p.RunStarted)[0], arms["scratch"])]


def test_a_command_that_may_mend_it_takes_a_verdict_back(slow: list[p.Event]) -> None:
    assert last(slow)[0] == "rate-too-small"
    assert "rate-too-small" not in last(slow, p.RateChanged("scratch", 12, "head", 1e-3))
    assert "rate-too-small" not in last(slow, p.Rewound("scratch", 4, 2, 1, 1, 12, "epoch-1", "by hand"))


def test_a_frozen_group_does_not_count(slow: list[p.Event]) -> None:
    frozen = p.GroupFrozen("scratch", 0, "backbone", frozen=True)
    started = next(number for number, event in enumerate(slow) if isinstance(event, p.ArmStarted))
    assert last([*slow[: started + 1], frozen, *slow[started + 1 :]])[0] == "rate-too-small"


def test_older_journals_do_not_say_how_far_the_weights_move(slow: list[p.Event]) -> None:
    older = [replace(event, update_ratios={}) if isinstance(event, p.TrainStep) else event for event in slow]
    assert last(older) == ["few-steps"]


def test_a_journal_on_the_disk_has_the_same_verdict(slow: list[p.Event]) -> None:
    found = verdict_in(Path(folder_of(slow)))
    assert found is not None and [found.name] == last(slow)[:1]
    assert "moves" in sentence(found) and sentence(found, over=True).endswith("; next time: larger rates")


def test_most_steps_are_not_measured(slow: list[p.Event]) -> None:
    measured = [step.step for step in only(slow, p.TrainStep) if step.update_ratios]
    assert measured == [1, 2, 4, 8]


def test_the_table_in_the_documents_has_every_verdict() -> None:
    table = document("docs/steering.md").section("Why is it flat?")
    assert [cells(line)[0].strip("`") for line in table.splitlines() if line.startswith("| `")] == list(VERDICTS)
