"""The best weights are never lost without a word: whichever attempt to save fails, what is said is on the disk."""

import errno
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import protocol as p
from engine.cli.headless import run_headless
from engine.config import RunConfig
from engine.data.folder import scan
from engine.figures.arm import ArmView, fold_into
from engine.inference.scoring import score
from engine.inference.trained import load_trained
from engine.loop.run import Run
from engine.protocol.best import is_best_file
from engine.service.status import status_of
from engine.storage import checkpoint
from tests.engine.driving import folder_of, only, play, with_settings

WRITES = 9  # that the run attempts if none fails: two names and a point for each of three epochs


@pytest.fixture
def improving(small: RunConfig) -> RunConfig:
    """Each epoch is better than the one before, by its loss."""
    return with_settings(small, model__name="test/norm", train__epochs=3, train__metric="loss")


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int, Path], bool]], list[Path]]:
    """Lets writes of checkpoints fail, each by its number from 0 and its path; returns all that are attempted."""

    def fail_where(fails: Callable[[int, Path], bool]) -> list[Path]:
        asked: list[Path] = []
        real = checkpoint.atomic_write

        @contextmanager
        def full(path: Path) -> Iterator[Path]:
            asked.append(path)
            if fails(len(asked) - 1, path):
                raise OSError(errno.ENOSPC, "No space left on device")
            with real(path) as temporary:
                yield temporary

        monkeypatch.setattr(checkpoint, "atomic_write", full)
        return asked

    return fail_where


def check(run: Run) -> list[p.Event]:
    """Play a run; at each word of what is best, and at the end, the file is what was said. All events."""
    views: dict[p.Arm, ArmView] = {}
    accuracies: dict[int, float] = {}

    def look(event: p.Event) -> tuple[()]:
        fold_into(views, event)
        if isinstance(event, p.EvalDone):
            accuracies[event.step] = event.accuracy
        if isinstance(event, p.CheckpointSaved) and is_best_file(event):
            kept = checkpoint.load(Path(event.path))
            assert kept["step"] >= event.step
            assert kept["best_accuracy"] == kept["evaluated"][1]
        if isinstance(event, p.ArmFinished | p.RunFinished):
            assert run.folder is not None
            file = run.folder / event.arm / "best.pt"
            view, told = views[event.arm], event.best_accuracy
            assert told == (view.best.accuracy if view.best is not None else None)
            if told is None:
                assert not file.exists()
            else:
                assert checkpoint.load(file)["step"] == view.best.step and accuracies[view.best.step] == told
        return ()

    return play(run, look)


def accuracy_of(file: Path, config: RunConfig) -> float:
    trained = load_trained(file, "cpu")
    predictions = score(trained, scan(config.data.root, 0.2, 0).test, mirrored=False, batch_size=4).predictions
    return (predictions.labels == predictions.predicted).float().mean().item()


def test_so_many_writes_are_attempted(improving: RunConfig, attempts: Callable[..., list[Path]]) -> None:
    asked = attempts(lambda number, path: False)
    events = check(Run(improving))
    assert len(asked) == WRITES and [e.best for e in only(events, p.EvalDone)] == [True] * 3


@pytest.mark.parametrize(("first", "last"), [(n, n) for n in range(WRITES)] + [(n, n + 2) for n in range(0, WRITES, 2)])
def test_a_disk_that_fails_for_a_while_loses_nothing(
    improving: RunConfig, attempts: Callable[..., list[Path]], first: int, last: int
) -> None:
    asked = attempts(lambda number, path: first <= number <= last)
    events = check(Run(improving))
    failed = {Path(e.path).name for e in only(events, p.CheckpointFailed)}
    assert {path.name for path in asked[first : last + 1]} <= failed
    end, evaluations = events[-1], only(events, p.EvalDone)
    assert end.completed and end.best_accuracy == evaluations[-1].accuracy
    best = Path(folder_of(events)) / "scratch" / "best.pt"
    assert checkpoint.load(best)["step"] == evaluations[-1].step
    assert accuracy_of(best, improving) == pytest.approx(end.best_accuracy)


@pytest.mark.parametrize("since", range(0, WRITES, 3))
def test_a_disk_that_stays_full_is_said_and_what_is_on_it_counts(
    improving: RunConfig, attempts: Callable[..., list[Path]], since: int, capsys: pytest.CaptureFixture[str]
) -> None:
    attempts(lambda number, path: number >= since)
    told: list[p.Event] = []
    status = run_headless(lambda inbox, emit: [(told.append(e), emit(e)) for e in check(Run(improving))])
    evaluations, end = only(told, p.EvalDone), told[-1]
    known = [None, *(e.accuracy for e in evaluations)][since // 3]
    assert (status, end.completed, end.best_accuracy) == (1, True, known)
    assert status_of(Path(folder_of(told))).best_accuracy == known
    assert only(told, p.ArmFinished)[-1].best_accuracy == known
    text = "".join(capsys.readouterr())
    names = ["best.pt", "last.pt"]
    assert all(f"not saved: {folder_of(told)}/scratch/{name}: No space left on device" in text for name in names)
    assert ("no best weights are on the disk" in text) == (known is None)
    assert ("there is none before it" in text) == (since == 0)
    said = [line for line in text.splitlines() if line.startswith("not saved: ")]
    assert len(said) == len(set(said))  # once, and again only if it fails in another way
    places = [f"{folder_of(told)}/scratch/{name} of step 12" for name in names]
    assert text.splitlines()[-1] == f"not on the disk: {', '.join(places)}"
    failed = [(event.path, event.step) for event in only(told, p.CheckpointFailed)]
    assert len(failed) == len(set(failed))
    assert end.best_epoch == (None if known is None else since // 3)


def test_only_the_best_fails_and_a_resume_knows_of_nothing_better_than_the_file(
    improving: RunConfig, attempts: Callable[..., list[Path]]
) -> None:
    """As after a crash: `last.pt` is written, `best.pt` is not."""
    attempts(lambda number, path: path.name == "best.pt" and number > 2)
    events = check(Run(improving))
    folder = Path(folder_of(events)) / "scratch"
    first, *_ = only(events, p.EvalDone)
    last, best = checkpoint.load(folder / "last.pt"), checkpoint.load(folder / "best.pt")
    assert last["step"] == 12 and best["step"] == first.step
    assert (last["best_rank"], last["best_accuracy"]) == (best["best_rank"], best["best_accuracy"])
    assert events[-1].best_accuracy == first.accuracy


def test_the_weights_wait_for_room_across_saves_and_are_tried_at_each(
    improving: RunConfig, attempts: Callable[..., list[Path]]
) -> None:
    """The case that was found: full while the best is saved, room again later, nothing better after that."""
    config = with_settings(improving, checkpoint__every_seconds=1e-9)
    counter = itertools.count()
    asked = attempts(lambda number, path: path.name == "best.pt" and next(counter) < 4)
    events = check(Run(config))
    assert [path.name for path in asked].count("best.pt") >= 5
    saved = [e for e in only(events, p.CheckpointSaved) if is_best_file(e)]
    assert saved[0].step == only(events, p.EvalDone)[0].step
