"""The sums of margin and loss of each training picture."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from engine import protocol as p
from engine.arms import label_record
from engine.arms.label_record import Answer, LabelRecord, label_rows
from engine.arms.suspects import find_suspects
from engine.config import RunConfig
from engine.data.samples import Sample
from engine.hardware.process_group import ProcessGroup
from engine.loop.run import Run
from engine.storage import checkpoint
from tests.engine.driving import after_step, folder_of, only, play, with_settings

LOGITS = torch.tensor([[2.0, 1.0, -1.0], [0.5, 3.0, 2.5], [0.0, 0.0, 0.0]])
LABELS = torch.tensor([0, 2, 1])


def test_a_row_has_the_margin_the_loss_and_the_largest_other_class() -> None:
    rows = label_rows(LOGITS, LABELS, LABELS)
    assert rows[:, 0].tolist() == [1.0, -0.5, 0.0] and rows[:, 2].tolist() == [1.0] * 3
    torch.testing.assert_close(rows[:, 1], cross_entropy(LOGITS, LABELS, reduction="none"))
    assert rows[:2, 3].tolist() == [1.0, 1.0] and rows[2, 3] != 1


def test_a_picture_that_is_less_than_half_of_a_mixed_one_does_not_count() -> None:
    targets = torch.tensor([[0.9, 0.1, 0.0], [0.6, 0.0, 0.4], [0.5, 0.5, 0.0]])
    assert label_rows(LOGITS, LABELS, targets)[:, 2].tolist() == [1.0, 0.0, 0.0]
    assert label_rows(LOGITS, LABELS, targets)[1:, :3].tolist() == [[0.0] * 3] * 2


def test_the_lowest_mean_margin_comes_first_and_what_is_judged_is_left_out() -> None:
    sums = torch.tensor([[-2.0, 4.0, 2.0], [-3.0, 3.0, 1.0], [1.0, 0.1, 1.0], [-9.0, 9.0, 3.0], [0.0, 0.0, 0.0]])
    samples = [Sample(f"{number}.jpg", 0) for number in range(5)]
    found, count = find_suspects((sums, torch.ones(5, dtype=torch.int32)), samples, [])
    assert [(one.path, one.margin, one.loss, one.seen, one.other) for one in found] == [
        ("1.jpg", -3.0, 3.0, 1, 1),
        ("3.jpg", -3.0, 3.0, 3, 1),
        ("0.jpg", -1.0, 2.0, 2, 1),
    ]
    assert count == 3
    found, count = find_suspects((sums, torch.ones(5, dtype=torch.int32)), samples, [1], 1)
    assert [one.path for one in found] == ["3.jpg"] and count == 2


def test_each_picture_is_counted_each_time_that_it_is_trained_on(small: RunConfig) -> None:
    events = play(Run(small))
    state = checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))["label_record"]
    assert state["sums"][:, 2].tolist() == [2.0] * 14
    mean = sum(event.loss * size for event, size in zip(only(events, p.TrainStep), [4, 4, 4, 2] * 2, strict=True)) / 28
    assert state["sums"][:, 1].sum().item() / 28 == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize("settings", [{"train__micro_batch": 2}, {"train__mixup": 0.2}, {"train__cutmix": 1.0}])
def test_it_counts_what_was_seen_of_small_and_mixed_batches(small: RunConfig, settings: dict[str, Any]) -> None:
    events = play(Run(with_settings(small, **settings)))
    times = checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))["label_record"]["sums"][:, 2]
    if "train__micro_batch" in settings:
        assert times.tolist() == [2.0] * 14
    else:
        assert 0 < times.sum() < 28 and times.max() <= 2


def test_a_step_that_is_tried_again_for_want_of_memory_counts_once(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, failed = "engine.arms.network.Network.training_logits", []
    from engine.arms.network import Network

    real = Network.training_logits

    def short(self: Network, inputs: torch.Tensor, features: bool) -> torch.Tensor:
        if len(inputs) > 2:
            failed.append(len(inputs))
            raise torch.OutOfMemoryError
        return real(self, inputs, features)

    monkeypatch.setattr(network, short)
    events = play(Run(small))
    assert failed
    sums = checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))["label_record"]["sums"]
    assert sums[:, 2].tolist() == [2.0] * 14


def test_a_sweep_over_learning_rates_leaves_it_as_it_was(small: RunConfig) -> None:
    def folder(*commands: p.Command) -> dict[str, torch.Tensor]:
        events = play(Run(small), lambda event: [*after_step(2, *commands)(event), *go_on(event)])
        found: dict[str, torch.Tensor] = checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))["label_record"]
        return found

    def go_on(event: p.Event) -> list[p.Command]:
        return [p.Resume()] if isinstance(event, p.RatesSwept) else []

    plain, swept = folder(), folder(p.Pause(), p.FindRate())
    assert all(torch.equal(plain[name], swept[name]) for name in plain)


def test_a_checkpoint_of_an_older_version_begins_without_it(small: RunConfig) -> None:
    stopped = play(Run(small), after_step(4, p.Stop()))
    for file in Path(folder_of(stopped)).rglob("*.pt"):
        state = checkpoint.load(file)
        del state["label_record"], state["format"]
        checkpoint.save(state, file)
    resumed = play(Run(small, resume=folder_of(stopped)))
    state = checkpoint.load(Path(folder_of(resumed), "scratch", "last.pt"))["label_record"]
    assert resumed[-1].completed and state["sums"][:, 2].tolist() == [1.0] * 14


def test_nothing_is_kept_of_more_pictures_than_there_is_room_for(
    small: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_record, "MAX_PICTURES", 13)
    events = play(Run(small))
    assert events[-1].completed and not only(events, p.Suspects)
    assert "label_record" not in checkpoint.load(Path(folder_of(events), "scratch", "last.pt"))
    assert [event.message for event in only(events, p.PicturesNoted)][-1:] == [
        "labels are not followed: of 14 training pictures, more than 13"
    ]


def test_the_sums_move_with_the_arm(small: RunConfig) -> None:
    record = LabelRecord(3, torch.device("cpu"))
    record.move(torch.device("meta"))
    assert record._sums.is_meta and record._other.is_meta


def test_the_pictures_of_all_processes_are_in_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes with two pictures and one of a batch of three: each adds all three."""

    class Group:
        size = 2

        def __init__(self, rank: int, others: Callable[[], torch.Tensor]) -> None:
            self.rank, self._others = rank, others

        def all_reduce(self, figures: torch.Tensor) -> torch.Tensor:
            sent[self.rank] = figures.clone()
            return figures + self._others() if 1 - self.rank in sent else figures

    class Part:
        global_size, weight = 3, 1.0

        def __init__(self, *numbers: int) -> None:
            self.numbers = list(numbers)

    sent: dict[int, torch.Tensor] = {}

    def answers(*numbers: int) -> list[Answer]:
        return [Answer(LOGITS[list(numbers)], LABELS[list(numbers)], LABELS[list(numbers)])]

    whole = LabelRecord(5, torch.device("cpu"))
    one: Any = Group(0, lambda: sent[1])
    one.size = 1
    whole.add(Part(4, 0, 2), answers(0, 1, 2), torch.zeros(3), one)  # type: ignore[arg-type]
    first, second = (Group(rank, lambda rank=rank: sent[1 - rank]) for rank in (0, 1))  # type: ignore[misc]
    LabelRecord(5, torch.device("cpu")).add(Part(0), answers(1), torch.ones(3), second)  # type: ignore[arg-type]
    record = LabelRecord(5, torch.device("cpu"))
    figures = record.add(Part(4, 2), answers(0, 2), torch.ones(3), first)  # type: ignore[arg-type]
    assert figures.tolist() == [2.0] * 3
    assert all(torch.equal(a, b) for a, b in zip(record.figures(), whole.figures(), strict=True))


def test_the_arms_keep_their_own(small: RunConfig, weights: Path) -> None:
    config = with_settings(small, model__weights=str(weights))
    events = play(Run(config), after_step(4, p.SwitchArm("pretrained")))
    folder = Path(folder_of(events))
    times = {
        arm: checkpoint.load(folder / arm / "last.pt")["label_record"]["sums"][:, 2].sum().item()
        for arm in ("scratch", "pretrained")
    }
    assert times == {"scratch": 14.0, "pretrained": 28.0}


def test_the_sums_do_not_depend_on_when_they_are_computed() -> None:
    class Part:
        def __init__(self, numbers: list[int]) -> None:
            self.numbers = numbers

    alone: Any = ProcessGroup()
    generator = torch.Generator().manual_seed(0)
    steps = []
    for _ in range(20):
        logits = torch.randn(7, 5, generator=generator)
        labels = torch.randint(5, (7,), generator=generator)
        numbers = torch.randint(9, (7,), generator=generator).tolist()  # some come twice in a step
        steps.append(
            (
                Part(numbers),
                [Answer(*pair) for pair in zip(*[x.split(4) for x in (logits, labels, labels)], strict=True)],
            )
        )
    records = [LabelRecord(9, torch.device("cpu")) for _ in range(3)]
    for number, (batch, answers) in enumerate(steps):
        for every, record in zip((1, 3, 100), records, strict=True):
            record.add(batch, answers, torch.zeros(3), alone)  # type: ignore[arg-type]
            if number % every == 0:
                record.state()
    first, *others = (record.figures() for record in records)
    assert all(torch.equal(a, b) for other in others for a, b in zip(first, other, strict=True))
