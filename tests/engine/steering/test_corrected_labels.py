"""What a person says of labels counts from the next epoch on, and is resumed, taken back and replayed exactly."""

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import torch

from engine import protocol as p
from engine.arms.arm import TrainedArm
from engine.arms.gradients import add_gradients
from engine.config import RunConfig
from engine.data.corrections import Correction, read_corrections, write_corrections
from engine.loop.run import Run
from engine.models.fitted_head import fit_head
from engine.steering import schedule_export
from engine.storage import checkpoint
from tests.engine.backbones import NORM
from tests.engine.conftest import write_pictures, write_weights
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.loop.test_resume import learned
from tests.engine.steering.test_rewind import Person

DOG, OUT, RIGHT = (
    p.CorrectLabel("train/cat/0.jpg", "wrong", "dog"),
    p.CorrectLabel("train/cat/3.jpg", "leave_out"),
    p.CorrectLabel("train/dog/2.jpg", "right"),
)
UNDO = p.CorrectLabel("train/cat/0.jpg", "undecided")


@pytest.fixture
def fed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[tuple[str, int, list[tuple[int, int]]]]]:
    """The arm, the step, and the numbers and labels of the pictures of each update."""
    seen: list[tuple[str, int, list[tuple[int, int]]]] = []
    update = TrainedArm.update

    def watched(self: TrainedArm, batch: Any, *rest: Any) -> Any:
        seen.append((self.arm, self.step + 1, list(zip(batch.numbers, batch.labels.tolist(), strict=True))))
        return update(self, batch, *rest)

    monkeypatch.setattr(TrainedArm, "update", watched)
    return lambda: seen


def labels_by_epoch(seen: list[tuple[str, int, list[tuple[int, int]]]], number: int) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for _, step, pairs in seen:
        found.setdefault((step - 1) // 4, set()).update(label for n, label in pairs if n == number)
    return found


def listed(events: list[p.Event]) -> list[Correction]:
    return list(read_corrections(Path(folder_of(events), "labels.csv")))


@pytest.mark.parametrize("step", [0, 2, 4])
def test_it_counts_from_the_next_epoch_on(small: RunConfig, fed: Callable[[], Any], step: int) -> None:
    events = play(Run(with_settings(small, train__epochs=3)), after_step(step, DOG, OUT, RIGHT))
    said = only(events, p.LabelCorrected)
    first = -(-step // 4)
    assert [(e.verdict, e.epoch, Path(e.path).name) for e in said] == [
        ("wrong", first + 1, "0.jpg"),
        ("leave_out", first + 1, "3.jpg"),
        ("right", first + 1, "2.jpg"),
    ]
    assert labels_by_epoch(fed(), 0) == {epoch: {int(epoch >= first)} for epoch in range(3)}
    assert labels_by_epoch(fed(), 3) == {epoch: {0} if epoch < first else set() for epoch in range(3)}
    assert [len(pairs) for _, _, pairs in fed()] == [4, 4, 4, 2] * 3, "another picture takes the place"
    assert [(item.picture, item.label) for item in listed(events)] == [("train/cat/0.jpg", "dog"), (OUT.picture, "")]


def test_all_other_pictures_come_where_they_came_before(small: RunConfig, fed: Callable[[], Any]) -> None:
    play(Run(small))
    plain = [pairs for _, _, pairs in fed()]
    fed().clear()
    play(Run(small), after_step(2, DOG, OUT))
    for before, after in zip(plain, (pairs for _, _, pairs in fed()), strict=True):
        assert [n for n, _ in after if n != 3][: len(before)] != [] and all(
            new[0] == old[0] or old[0] == 3 for old, new in zip(before, after, strict=True)
        )


@pytest.mark.parametrize(("step", "last"), [(1, 3), (3, 4), (3, 6), (5, 9)])
def test_a_resume_is_exact(small: RunConfig, step: int, last: int) -> None:
    config = with_settings(small, train__epochs=3)
    whole = play(Run(config), after_step(step, DOG, OUT, RIGHT))
    stopped = play(
        Run(config),
        lambda event: [*after_step(step, DOG, OUT, RIGHT)(event), *after_step(last, p.Stop())(event)],
    )
    assert not stopped[-1].completed
    resumed = play(Run(config, resume=folder_of(stopped)))
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256
    assert learned(stopped + resumed) == learned(whole)
    assert len(only(resumed, p.ArmStarted)[0].judged) == 3
    assert only(stopped + resumed, p.Suspects) == only(whole, p.Suspects) != []
    assert listed(resumed) == listed(whole)


def test_what_a_crash_undid_is_done_again(small: RunConfig) -> None:
    whole = play(Run(small), after_step(3, DOG, OUT))
    crashed = play(
        Run(small),
        lambda event: [*after_step(3, DOG, OUT)(event), *after_step(4, p.Stop(save=False))(event)],
    )
    folder = Path(folder_of(crashed))
    for file in folder.rglob("*.pt"):  # nothing that was saved after the first word is left
        if checkpoint.load(file)["step"] > 3 or checkpoint.load(file).get("judgements"):
            file.unlink()
    resumed = play(Run(small, resume=folder))
    assert [event.verdict for event in only(resumed, p.LabelCorrected)] == ["wrong", "leave_out"]
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256 and listed(resumed) == listed(whole)


def test_a_rewind_takes_it_back_and_says_so(small: RunConfig) -> None:
    plain = play(Run(small))
    events = play(
        Run(small), Person(("scratch", 1, 2, [DOG, OUT]), ("scratch", 1, 6, [p.Rewind("points/1-000002-0.pt")]))
    )
    assert only(events, p.Rewound)[0].step == 2
    assert events[-1].weights_sha256 == plain[-1].weights_sha256
    assert only(events, p.ArmStarted)[1].judged == () and listed(events) == []
    said = [event.message for event in only(events, p.PicturesNoted)][-1:]
    assert said == [
        "scratch: what was said of 2 labels is taken back by the rewind; the end of the branch that was left has it"
    ]


def test_the_branch_that_was_left_has_it(small: RunConfig) -> None:
    turns = [
        ("scratch", 1, 2, [DOG]),
        ("scratch", 1, 6, [p.Rewind("start")]),
        ("scratch", 2, 3, [p.Rewind("branch-1.pt")]),
    ]
    events = play(Run(small), Person(*turns))
    whole = play(Run(small), Person(turns[0]))
    assert events[-1].weights_sha256 == whole[-1].weights_sha256 and listed(events) == listed(whole)


def test_one_point_is_kept_for_all_that_is_said_in_an_epoch(small: RunConfig) -> None:
    events = play(Run(small), lambda e: [*after_step(1, DOG)(e), *after_step(2, OUT)(e), *after_step(5, RIGHT)(e)])
    before = [p_.name for p_ in only(events, p.RestorePoints)[-1].points if p_.reason == "before a change"]
    assert [name.split("-")[1] for name in before] == ["000001", "000005"]


def test_it_can_be_undone(small: RunConfig) -> None:
    plain = play(Run(small))
    events = play(Run(small), after_step(2, DOG, UNDO))
    assert events[-1].weights_sha256 == plain[-1].weights_sha256 and listed(events) == []


def test_both_arms_follow_one_list(small: RunConfig, weights: Path, fed: Callable[[], Any]) -> None:
    config = with_settings(small, model__weights=str(weights))
    turns = [
        ("scratch", 1, 2, [DOG, p.SwitchArm("pretrained")]),
        ("pretrained", 1, 3, [UNDO, OUT, p.SwitchArm("scratch")]),
    ]
    play(Run(config), Person(*turns))
    scratch = [row for row in fed() if row[0] == "scratch"]
    assert labels_by_epoch(scratch, 0) == {0: {0}, 1: {0}} and labels_by_epoch(scratch, 3)[1] == set()
    pretrained = [row for row in fed() if row[0] == "pretrained"]
    assert labels_by_epoch(pretrained, 0)[0] == {1}, "it begins with what was said before"


@pytest.mark.parametrize("stop", [("pretrained", 1, 3), ("pretrained", 1, 1), ("scratch", 1, 5)])
def test_switches_are_resumed_exactly(small: RunConfig, weights: Path, stop: tuple[str, int, int]) -> None:
    """What a stop without a checkpoint undid is done again, the switches and the words included."""
    config = with_settings(small, model__weights=str(weights))
    first = ("scratch", 1, 2, [DOG, p.SwitchArm("pretrained")])
    second = ("pretrained", 1, 6, [OUT, p.SwitchArm("scratch")])
    end = (*stop, [p.Stop(save=False)])
    whole = play(Run(config), Person(first, second))
    before_second = stop[0] == "pretrained"
    stopped = play(Run(config), Person(first, *([end, second] if before_second else [second, end])))
    resumed = play(Run(config, resume=folder_of(stopped)), Person(*([second] if before_second else [])))
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256 and listed(resumed) == listed(whole)


def test_the_balance_follows_the_corrected_labels(small: RunConfig, fed: Callable[[], Any]) -> None:
    config = with_settings(small, data__balance="full")
    moved = [p.CorrectLabel(f"train/cat/{number}.jpg", "wrong", "dog") for number in range(5)]
    play(Run(config), after_step(2, *moved))
    second = [label for _, step, pairs in fed() if step > 4 for _, label in pairs]
    assert second.count(0) == second.count(1) == 7


def test_cached_features_have_the_corrected_labels(small: RunConfig, weights: Path, fed: Callable[[], Any]) -> None:
    config = with_settings(
        small, init="pretrained", model__weights=str(weights), data__augment=False, optim__groups__backbone__frozen=True
    )
    play(Run(config), after_step(2, DOG, OUT, arm="pretrained"))
    assert labels_by_epoch(fed(), 0) == {0: {0}, 1: {1}} and labels_by_epoch(fed(), 3) == {0: {0}, 1: set()}


def test_the_list_of_the_run_and_what_was_said_become_one_list(small: RunConfig, tmp_path: Path) -> None:
    given = tmp_path / "list.csv"
    write_corrections(given, [Correction("train/dog/1.jpg", "", "blurred"), Correction("train/cat/0.jpg", "cat", "x")])
    config = with_settings(small, data__exclude=str(given))
    begun = play(Run(config), lambda e: [*after_step(2, DOG)(e), *after_step(6, p.Stop())(e)])
    expected = [("train/dog/1.jpg", ""), ("train/cat/0.jpg", "dog")]
    assert [(item.picture, item.label) for item in listed(begun)] == expected
    folder = Path(folder_of(begun))
    resumed = play(Run(with_settings(config, data__exclude=str(folder / "corrections.csv")), resume=folder))
    assert only(resumed, p.RunStarted)[0].train_images == 13 and resumed[-1].completed
    assert [(item.picture, item.label) for item in listed(resumed)] == expected
    again = play(Run(with_settings(small, data__exclude=str(folder / "labels.csv"))))
    assert only(again, p.RunStarted)[0].train_images == 13


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ([p.CorrectLabel("test/cat/0.jpg", "leave_out")], "test/cat/0.jpg is no training picture"),
        ([p.CorrectLabel("train/cat/0.jpg", "wrong", "cow")], "there is no class `cow`"),
        ([p.CorrectLabel("train/cat/0.jpg", "wrong", "cat")], "is of the class `cat` already"),
        ([p.CorrectLabel("train/cat/0.jpg", "right", "cat")], "only a wrong label comes with another class"),
        ([UNDO], "nothing was said of the label of train/cat/0.jpg"),
        (
            [p.CorrectLabel(f"train/cat/{number}.jpg", "leave_out") for number in range(7)],
            "`cat` would have no training picture",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(small: RunConfig, commands: list[p.Command], reason: str) -> None:
    events = play(Run(small), after_step(1, *commands))
    (refused,) = only(events, p.CommandRefused)
    assert refused.reason.endswith(reason) and events[-1].completed


def test_a_class_may_be_named_as_a_screen_shows_it(small: RunConfig, tmp_path: Path) -> None:
    odd = "c\x1bat"
    root = write_pictures(tmp_path / "odd", {"train": 7, "test": 3}, (odd, "dog"))
    config = with_settings(small, data__root=str(root))
    events = play(Run(config), after_step(1, p.CorrectLabel("train/dog/0.jpg", "wrong", r"c\x1bat")))
    assert not only(events, p.CommandRefused) and [item.label for item in listed(events)] == [odd]


def test_an_arm_that_has_done_its_epochs_still_takes_it(small: RunConfig) -> None:
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    run, events = Run(small, hold_open=lambda: not any(isinstance(e, p.LabelCorrected) for e in events)), []
    for event in run.events(inbox):
        events.append(event)
        if isinstance(event, p.ArmFinished):
            inbox.put(p.CorrectLabel(str(Path(run.config.data.root or "", "train/cat/0.jpg")), "wrong", "dog"))
    assert only(events, p.LabelCorrected)[0].epoch == 3 and [item.label for item in listed(events)] == ["dog"]


def test_the_watchdog_takes_back_nothing_that_was_said(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    real, spoilt = add_gradients, []

    def once(*batch: Any, **how: Any) -> tuple[torch.Tensor, torch.Tensor]:
        loss, right = real(*batch, **how)
        spoilt.append(loss)
        return (loss * float("nan") if len(spoilt) == 7 else loss), right

    monkeypatch.setattr("engine.arms.update.add_gradients", once)
    events = play(Run(small), Person(("scratch", 1, 6, [DOG])))
    (back,) = only(events, p.Rewound)
    started = only(events, p.ArmStarted)[-1]
    assert back.step == 6 and [word.verdict for word in started.judged] == ["wrong"]
    assert events[-1].completed and [item.label for item in listed(events)] == ["dog"]


def test_what_is_said_before_the_head_is_fitted_counts_for_it(
    small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, labels = write_weights(tmp_path, NORM), list[list[int]]()

    def watched(table: torch.Tensor, given: torch.Tensor, *rest: Any) -> Any:
        labels.append(given.tolist())
        return fit_head(table, given, *rest)

    monkeypatch.setattr("engine.loop.head_fitting.fit_head", watched)
    config = with_settings(
        small, init="pretrained", model__name=NORM, model__weights=str(weights), model__head="fitted"
    )
    events = play(Run(config), after_step(0, DOG, OUT, arm="pretrained"))
    assert events[-1].completed and labels == [[1] + [0] * 5 + [1] * 7]


def test_a_schedule_says_that_it_has_no_labels(small: RunConfig) -> None:
    folder = Path(folder_of(play(Run(small), after_step(1, DOG))))
    assert f"# not in it, said of labels: --set data.exclude={folder}/labels.csv" in schedule_export.script(folder)


def test_a_list_that_cannot_be_written_is_said(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.RunStarted):
            Path(event.path, "labels.csv").mkdir()
            Path(event.path, "labels.csv", "in the way").touch()
        return list(after_step(1, DOG)(event))

    events = play(Run(small), react)
    (failed,) = only(events, p.JournalFailed)
    assert failed.path.endswith("labels.csv") and only(events, p.LabelCorrected) and events[-1].completed
