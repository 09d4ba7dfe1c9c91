"""A rewind goes back to a restore point and on from there as a new branch; what was left can be had back."""

from pathlib import Path

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from engine.storage import checkpoint
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.loop.test_resume import learned


class Person:
    """Sends commands after steps of branches, each once and in this order."""

    def __init__(self, *turns: tuple[str, int, int, list[p.Command]]) -> None:
        self.turns = list(turns)
        self._branch: dict[str, int] = {}

    def __call__(self, event: p.Event) -> list[p.Command]:
        if isinstance(event, p.ArmStarted):
            self._branch[event.arm] = event.branch
        if self.turns and isinstance(event, p.TrainStep | p.ArmStarted):
            arm, branch, step, commands = self.turns[0]
            if (event.arm, self._branch[event.arm], event.step) == (arm, branch, step):
                self.turns.pop(0)
                return commands
        return []


def points(events: list[p.Event]) -> dict[str, p.RestorePoint]:
    return {point.name: point for point in only(events, p.RestorePoints)[-1].points}


def test_going_back_and_on_without_a_change_learns_the_same_again(small: RunConfig) -> None:
    plain = play(Run(small))
    events = play(Run(small), Person(("scratch", 1, 2, [p.Save()]), ("scratch", 1, 6, [p.Rewind("step-000002.pt")])))
    (rewound,) = only(events, p.Rewound)
    assert (rewound.step, rewound.branch, rewound.base, rewound.left, rewound.left_step) == (2, 2, 1, 1, 6)
    started = only(events, p.ArmStarted)[1]
    assert (started.step, started.branch) == (2, 2)
    assert [event.step for event in only(events, p.TrainStep)] == [1, 2, 3, 4, 5, 6, 3, 4, 5, 6, 7, 8]
    again = learned(events[events.index(rewound) :])
    assert again == [row for row in learned(plain) if row[1] > 2]
    assert events[-1].weights_sha256 == plain[-1].weights_sha256


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_a_change_can_be_taken_back_with_all_that_came_of_it(small: RunConfig, name: str) -> None:
    config = with_settings(small, optim__name=name)
    plain = play(Run(config))
    change = [p.SetRate("head", 0.05), p.SetFrozen("backbone"), p.SetEpochs(5)]
    # The point before a change is kept without being asked for: branch 1, step 3, after no other change.
    events = play(Run(config), Person(("scratch", 1, 3, change), ("scratch", 1, 6, [p.Rewind("points/1-000003-0.pt")])))
    assert only(events, p.Rewound)[0].step == 3
    assert events[-1].step == 8 and events[-1].weights_sha256 == plain[-1].weights_sha256
    groups = only(events, p.ArmStarted)[1].groups
    assert [(group.base_lr, group.frozen, group.why) for group in groups] == [(0.001, False, "configuration")] * 2


def test_the_beginning_is_always_a_restore_point(small: RunConfig) -> None:
    plain = play(Run(small))
    events = play(Run(small), Person(("scratch", 1, 3, [p.SetRate("head", 0.1), p.Rewind("start")])))
    assert only(events, p.Rewound)[0].step == 0 and events[-1].weights_sha256 == plain[-1].weights_sha256


def test_the_branch_that_was_left_can_be_returned_to(small: RunConfig) -> None:
    plain = play(Run(small))
    turns = Person(
        ("scratch", 1, 5, [p.Rewind("start")]),
        ("scratch", 2, 2, [p.SetRate("head", 0.1)]),
        ("scratch", 2, 3, [p.Rewind("branch-1.pt")]),
    )
    events = play(Run(small), turns)
    back = only(events, p.Rewound)[1]
    assert (back.step, back.branch, back.base, back.left, back.left_step) == (5, 3, 1, 2, 3)
    assert events[-1].weights_sha256 == plain[-1].weights_sha256
    folder = Path(folder_of(events), "scratch")
    assert [checkpoint.load(folder / f"branch-{n}.pt")["step"] for n in (1, 2)] == [5, 3]
    assert points(events)["branch-1.pt"].reason == "end of branch 1"


def test_the_best_of_all_branches_stays_the_best(small: RunConfig) -> None:
    """Nothing that was good is overwritten by a branch that is worse."""
    config = with_settings(small, train__epochs=3, optim__scratch_lr=0.1)
    worse = [p.SetRate("head", 0.0), p.SetRate("backbone", 0.0)]
    events = play(Run(config), Person(("scratch", 1, 11, [p.Rewind("start")]), ("scratch", 2, 0, worse)))
    best = max(only(events, p.EvalDone), key=lambda event: (event.accuracy, -event.loss))
    first_branch = events[: events.index(only(events, p.Rewound)[0])]
    assert best in only(first_branch, p.EvalDone) and best.accuracy > only(events, p.EvalDone)[-1].accuracy
    saved = checkpoint.load(Path(folder_of(events), "scratch", "best.pt"))
    assert (saved["step"], saved["branch"]) == (best.step, 1) and events[-1].best_accuracy == best.accuracy


def test_the_list_says_step_accuracy_and_why(small: RunConfig) -> None:
    events = play(Run(small), Person(("scratch", 1, 2, [p.Save()]), ("scratch", 1, 6, [p.SetRate("head", 0.1)])))
    rows = [(point.step, point.accuracy is None, point.reason) for point in points(events).values()]
    assert rows == [
        (0, True, "the beginning"),
        (2, True, "saved by hand"),
        (4, False, "best so far, epoch done"),
        (6, True, "before a change"),
        (8, False, rows[-1][2]),
    ]
    assert "epoch done" in rows[-1][2]
    resumed = play(Run(small, resume=folder_of(events)))
    assert shown(resumed) == shown(events)


def shown(events: list[p.Event]) -> list[tuple[str, float | None, str]]:
    return [(point.name, point.accuracy, point.reason) for point in points(events).values()]


def test_a_state_saved_before_its_evaluation_has_no_accuracy_of_another_step(small: RunConfig) -> None:
    save: list[p.Command] = [p.Save(), p.Evaluate()]
    # By hand: at an epoch's last step, which has no score yet, and at the next, whose score comes after it.
    events = play(Run(small), Person(("scratch", 1, 4, [p.Save()]), ("scratch", 1, 5, save), ("scratch", 1, 8, save)))
    found = {name: point.accuracy for name, point in points(events).items() if name.startswith("step")}
    assert found == {"step-000004.pt": None, "step-000005.pt": None, "step-000008.pt": None}
    scores = {(event.step, event.accuracy) for event in only(events, p.EvalDone)}
    scored = {(point.step, point.accuracy) for point in points(events).values() if point.accuracy is not None}
    assert scored and scored <= scores
    assert shown(play(Run(small, resume=folder_of(events)))) == shown(events)


def test_the_ring_is_bounded_in_bytes_and_what_was_asked_for_is_kept(small: RunConfig) -> None:
    # Its points are other names of the checkpoints where the file system has such.
    first = Path(folder_of(play(Run(small), after_step(1, p.Stop()))), "scratch", "last.pt")
    room = 2.25 * first.stat().st_size
    config = with_settings(small, checkpoint__points_gib=room / 2**30, train__epochs=6)
    events = play(Run(config), Person(("scratch", 1, 2, [p.Save()]), ("scratch", 1, 3, [p.Rewind("start")])))
    folder = Path(folder_of(events), "scratch")
    ring = sorted(path.name for path in (folder / "points").iterdir())
    assert len(ring) == 2 and sum(path.stat().st_size for path in (folder / "points").iterdir()) < room
    assert {"step-000002.pt", "branch-1.pt", "start"} <= set(points(events)) and len(points(events)) == 5
    none = play(Run(with_settings(config, checkpoint__points_gib=0.0)))
    assert len(list(Path(folder_of(none), "scratch", "points").iterdir())) == 1  # the newest one stays


def test_in_a_pause_it_ends_the_pause(small: RunConfig) -> None:
    events = play(Run(small), Person(("scratch", 1, 3, [p.Pause(), p.Rewind("start")])))
    assert [event.step for event in only(events, p.Resumed)] == [0] and events[-1].completed


def test_in_an_evaluation_it_is_obeyed_at_once(small: RunConfig) -> None:
    sent: list[p.Command] = [p.Rewind("start")]
    events = play(Run(small), lambda e: [sent.pop()] if isinstance(e, p.Evaluating) and e.done == 4 and sent else [])
    assert only(events, p.Rewound)[0].left_step == 4 and len(only(events, p.EvalDone)) == 2


def test_the_arm_at_rest_is_left_alone(small: RunConfig, weights: Path) -> None:
    config = with_settings(small, model__weights=str(weights))
    alone = {arm: play(Run(with_settings(config, init=arm)))[-1].weights_sha256 for arm in p.ARMS}
    turns = Person(
        ("scratch", 1, 3, [p.SwitchArm("pretrained")]),
        ("pretrained", 1, 5, [p.Rewind("start")]),
        ("pretrained", 2, 2, [p.SwitchArm("scratch")]),
        ("scratch", 1, 7, [p.SwitchArm("pretrained")]),
    )
    events = play(Run(config), turns)
    assert events[-1].arm == "pretrained" and events[-1].weights_sha256 == alone["pretrained"]
    finished = play(Run(config, resume=folder_of(events), hold_open=lambda: True), back_to_scratch)
    assert [e.arm for e in only(finished, p.ArmFinished)] == ["scratch"]
    assert finished[-1].weights_sha256 == alone["scratch"]


def back_to_scratch(event: p.Event) -> list[p.Command]:
    if isinstance(event, p.ArmStarted) and event.arm == "pretrained":
        return [p.SwitchArm("scratch")]
    return [p.Stop()] if isinstance(event, p.ArmFinished) else []


def test_a_point_that_is_damaged_is_named_and_training_goes_on(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.CheckpointSaved) and event.reason == "key":
            Path(event.path).write_bytes(Path(event.path).read_bytes()[:-100])
            return [p.Rewind("step-000002.pt")]
        return [p.Save()] if isinstance(event, p.TrainStep) and event.step == 2 else []

    plain = play(Run(small))
    events = play(Run(small), react)
    refused = only(events, p.CommandRefused)[0].reason
    assert "step-000002.pt is damaged" in refused and not only(events, p.Rewound)
    assert events[-1].weights_sha256 == plain[-1].weights_sha256


def test_where_the_branch_cannot_be_saved_it_is_not_left(small: RunConfig) -> None:
    def react(event: p.Event) -> list[p.Command]:
        if isinstance(event, p.TrainStep) and event.step == 2:
            Path(folder_of([*seen]), "scratch").write_text("in the way")
            return [p.Rewind("start")]
        return []

    seen: list[p.Event] = []
    events = play(Run(small), lambda e: [seen.append(e), react(e)][1])  # type: ignore[func-returns-value]
    assert "File exists" in only(events, p.CommandRefused)[0].reason and not only(events, p.Rewound)
    assert events[-1].completed and len(only(events, p.TrainStep)) == 8


@pytest.mark.parametrize("stop", [("scratch", 2, 3), ("scratch", 2, 2), ("scratch", 3, 5), ("scratch", 3, 7)])
def test_a_resume_after_rewinds_is_exact(small: RunConfig, stop: tuple[str, int, int]) -> None:
    def turns(*last: tuple[str, int, int, list[p.Command]]) -> Person:
        steps = [
            ("scratch", 1, 2, [p.Save()]),
            ("scratch", 1, 5, [p.Rewind("step-000002.pt"), p.SetRate("head", 0.01)]),
            ("scratch", 2, 4, [p.SetFrozen("backbone"), p.Rewind("branch-1.pt")]),
        ]
        return Person(*sorted([*steps, *last], key=lambda turn: (turn[1], turn[2])))

    whole = play(Run(small), turns())
    stopped = play(Run(small), turns((*stop, [p.Stop()])))
    assert not stopped[-1].completed
    rest = Person(("scratch", 2, 4, [p.SetFrozen("backbone"), p.Rewind("branch-1.pt")])) if stop[1] == 2 else Person()
    resumed = play(Run(small, resume=folder_of(stopped)), rest)
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256
    assert only(resumed, p.ArmStarted)[0].branch == stop[1]


def test_a_state_of_the_optimizer_goes_back_too(small: RunConfig) -> None:
    events = play(
        Run(small), Person(("scratch", 1, 2, [p.Save()]), ("scratch", 1, 4, [p.Rewind("step-000002.pt"), p.Stop()]))
    )
    folder = Path(folder_of(events), "scratch")
    one, other = checkpoint.load(folder / "step-000002.pt"), checkpoint.load(folder / "last.pt")
    torch.testing.assert_close(one["optimizer"]["state"], other["optimizer"]["state"], rtol=0, atol=0)
    assert (one["branch"], other["branch"]) == (1, 2)


@pytest.mark.parametrize("left", [0, 1000])
def test_a_damaged_checkpoint_by_hand_is_written_again_under_its_name(small: RunConfig, left: int) -> None:
    changed = ("scratch", 1, 1, [p.SetRate("head", 0.01)])  # which keeps a restore point to go on from
    folder = folder_of(play(Run(small), Person(changed, ("scratch", 1, 2, [p.Save(), p.Stop(save=False)]))))
    saved = Path(folder, "scratch", "step-000002.pt")
    saved.write_bytes(saved.read_bytes()[:left])
    resumed = play(Run(small, resume=folder))
    assert [event.path for event in only(resumed, p.CheckpointDamaged)] == [str(saved)]
    assert only(resumed, p.ArmStarted)[0].step == 1 and checkpoint.load(saved)["step"] == 2
    assert [path.name for path in saved.parent.glob("step-*.pt")] == [saved.name]


def test_a_point_that_somebody_has_deleted_is_gone_and_training_goes_on(small: RunConfig) -> None:
    name, seen = "points/1-000002-0.pt", list[p.Event]()

    def person(event: p.Event) -> list[p.Command]:
        seen.append(event)
        if not isinstance(event, p.TrainStep) or event.step != 2:
            return []
        if len([step for step in only(seen, p.TrainStep) if step.step == 2]) == 1:
            return [p.SetRate("head", 0.05), p.Rewind("start")]  # the point before the change is written before
        (Path(folder_of(seen)) / "scratch" / name).unlink()
        return [p.Rewind(name), p.Rewind("none")]

    events = play(Run(small), person)
    assert name in {point.name for told in only(events, p.RestorePoints) for point in told.points}
    assert [event.reason for event in only(events, p.CommandRefused)] == [
        f"the restore point `{name}` is gone: its file has been deleted, as `tidy` does",
        "scratch has no restore point `none`",
    ]
    assert events[-1].completed and name not in points(events)
