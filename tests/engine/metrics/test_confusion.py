"""An evaluation says which classes are taken for which others, and which pictures it is most wrong about."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.arms.network import Network
from engine.config import RunConfig
from engine.hardware.process_group import ProcessGroup
from engine.loop.run import Run
from engine.metrics.confusion import MAX_MISTAKES, MAX_PAIRS
from engine.metrics.confusion import confusion as confusion_of
from engine.metrics.predictions import Collector
from engine.storage.journal import read_journal
from tests.engine.conftest import write_pictures
from tests.engine.driving import after_step, folder_of, only, play, with_settings


@pytest.fixture
def more(small: RunConfig, tmp_path: Path) -> RunConfig:
    """30 test pictures, in batches of 4."""
    return with_settings(small, data__root=write_pictures(tmp_path / "more", {"train": 7, "test": 15}))


@pytest.fixture
def logits(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """What the network makes of test pictures, a tensor a batch."""
    seen: list[torch.Tensor] = []
    real = Network.test_logits

    def test_logits(self: Network, *given: Any) -> torch.Tensor:
        seen.append(real(self, *given))
        return seen[-1]

    monkeypatch.setattr(Network, "test_logits", test_logits)
    return seen


def first_one(config: RunConfig) -> p.Confusion:
    """Of a run that is stopped there."""
    events = play(Run(config), lambda event: [p.Stop()] if isinstance(event, p.Confusion) else [])
    (confusion,) = only(events, p.Confusion)
    return confusion


def compare(labels: list[int], answers: list[tuple[int, float]], classes: int = 3) -> p.Confusion:
    """Of pictures `0.jpg`, `1.jpg` and so on."""
    collector = Collector([f"{number}.jpg" for number in range(len(labels))], labels, classes)
    collector.add(list(range(len(answers))), described(torch.tensor(answers).reshape(-1, 2), classes))
    return confusion_of(collector.gather(ProcessGroup()), "scratch", 5)


def described(answers: torch.Tensor, classes: int) -> torch.Tensor:
    """Predicted class and its probability (N, 2), as in `prediction_rows`; the other figures do not matter here."""
    rows = torch.zeros(1 + len(answers), 3 + classes)
    rows[1:, :2] = answers
    return rows


def test_every_evaluation_is_followed_by_what_it_gets_wrong(small: RunConfig) -> None:
    events = play(Run(small), after_step(2, p.Evaluate()))
    assert [(event.arm, event.step) for event in only(events, p.Confusion)] == [("scratch", n) for n in (2, 4, 8)]
    for done, confusion in zip(only(events, p.EvalDone), only(events, p.Confusion), strict=True):
        assert events.index(confusion) == events.index(done) + 1


def test_it_adds_up_to_the_test_pictures_and_their_accuracy(more: RunConfig) -> None:
    events = play(Run(more))
    for done, confusion in zip(only(events, p.EvalDone), only(events, p.Confusion), strict=True):
        assert confusion.images == (15, 15) and sum(confusion.correct) / done.images == done.accuracy
        for label in (0, 1):
            wrong = sum(count for wanted, _, count in confusion.confused if wanted == label)
            assert confusion.correct[label] + wrong == confusion.images[label]


@pytest.mark.parametrize("micro_batch", [None, 2])
def test_the_mistakes_are_named_with_class_prediction_and_confidence_the_most_confident_first(
    more: RunConfig, logits: list[torch.Tensor], micro_batch: int | None
) -> None:
    confusion = first_one(with_settings(more, train__micro_batch=micro_batch))
    confidence, predicted = torch.cat(logits).softmax(1).max(1)
    files = sorted(f"{number}.jpg" for number in range(15))
    paths = [more.data.root / "test" / name / file for name in ("cat", "dog") for file in files]
    expected = [
        (str(path), number // 15, int(predicted[number]), pytest.approx(float(confidence[number])))
        for number, path in enumerate(paths)
        if predicted[number] != number // 15
    ]
    mistakes = confusion.mistakes
    assert 0 < len(expected) <= MAX_MISTAKES
    assert sorted((m.path, m.label, m.predicted, m.confidence) for m in mistakes) == sorted(
        expected, key=lambda e: e[0]
    )
    assert [m.confidence for m in mistakes] == sorted((m.confidence for m in mistakes), reverse=True)


def test_a_run_that_is_over_has_them_in_its_journal(small: RunConfig) -> None:
    events = play(Run(small))
    assert only(read_journal(Path(folder_of(events))), p.Confusion) == only(events, p.Confusion)


def test_a_model_whose_figures_are_not_finite_is_sure_of_nothing(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Network, "test_logits", lambda *_: torch.full((2, 2), torch.nan))
    confusion = first_one(with_settings(small, data__batch_size=2))
    assert confusion.images == (3, 3) and {mistake.confidence for mistake in confusion.mistakes} == {0.0}


def test_pictures_that_were_not_seen_do_not_count() -> None:
    confusion = compare([0, 1, 2, 0], [(0, 0.9), (0, 0.5), (2, 0.4)])
    assert (confusion.images, confusion.correct, confusion.predicted) == ((1, 1, 1), (1, 0, 1), (2, 0, 1))
    assert confusion.confused == ((1, 0, 1),) and confusion.mistakes == (p.Mistake("1.jpg", 1, 0, 0.5),)


def test_without_a_mistake_there_is_none() -> None:
    confusion = compare([0, 1], [(0, 0.9), (1, 0.9)])
    assert (confusion.correct, confusion.confused, confusion.mistakes) == ((1, 1, 0), (), ())


def test_pairs_come_in_the_order_of_their_frequency() -> None:
    confusion = compare([0, 0, 2, 2, 2, 1], [(1, 0.5), (1, 0.5), (0, 0.5), (0, 0.5), (0, 0.5), (2, 0.5)])
    assert confusion.confused == ((2, 0, 3), (0, 1, 2), (1, 2, 1))


def test_equally_confident_mistakes_come_in_the_order_of_their_paths_and_the_rest_is_left_out() -> None:
    confusion = compare([0] * 40, [(1, 0.5)] * 39 + [(2, 0.75)])
    paths = sorted(f"{number}.jpg" for number in range(39))
    assert [m.path for m in confusion.mistakes] == ["39.jpg", *paths][:MAX_MISTAKES]


def test_of_very_many_classes_the_most_frequent_confusions_are_told() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(1000).repeat(50)
    predicted = (labels + torch.randint(0, 400, labels.shape, generator=generator)) % 1000
    answers = torch.stack((predicted, torch.rand(labels.shape, generator=generator)), dim=1)
    collector = Collector([f"{number}.jpg" for number in range(len(labels))], labels.tolist(), 1000)
    for start in range(0, len(labels), 4096):
        numbers = list(range(start, min(start + 4096, len(labels))))
        collector.add(numbers, described(answers[numbers], 1000))
    confusion = confusion_of(collector.gather(ProcessGroup()), "scratch", 5)
    counts = [count for _, _, count in confusion.confused]
    assert len(counts) == MAX_PAIRS and counts == sorted(counts, reverse=True)
    assert confusion.predicted == tuple(predicted.bincount(minlength=1000).tolist())
    assert confusion.images == (50,) * 1000 and sum(confusion.correct) == int((labels == predicted).sum())
    assert p.decode(p.encode(confusion)) == confusion
