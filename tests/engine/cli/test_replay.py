"""A session steered by hand is trained again from its journal, and ends with the same weights."""

from collections.abc import Callable, Iterable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, get_args

import pytest
import yaml

from engine import protocol as p
from engine.cli import replay
from engine.cli.program import main
from engine.config import RunConfig, load_config
from engine.errors import CheckpointError
from engine.loop.run import Run
from engine.steering import schedule_export
from engine.storage.journal import JOURNAL, read_journal
from tests import programs
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.steering.test_rewind import Person


def again(events: list[p.Event]) -> tuple[replay.Verdict, list[p.Event]]:
    told: list[p.Event] = []
    verdict = replay.play(replay.plan(Path(folder_of(events))), SimpleQueue(), told.append)
    assert verdict is not None, told[-1]
    return verdict, told


def session() -> list[tuple[str, int, int, list[p.Command]]]:
    """A long one, with commands of all kinds."""
    return [
        ("scratch", 1, 1, [p.SetRate("head", 5e-3)]),
        ("scratch", 1, 2, [p.SetFrozen("backbone"), p.Save()]),
        ("scratch", 1, 3, [p.Evaluate(), p.SetFrozen("backbone", False)]),
        ("scratch", 1, 5, [p.Pause(), p.FindRate(), p.Evaluate(), p.ScaleRate("backbone", 0.5), p.Resume()]),
        ("scratch", 1, 6, [p.SwitchArm("pretrained")]),
        ("pretrained", 1, 2, [p.SetMicroBatch(2), p.SetRate("backbone", 1e-4)]),
        ("pretrained", 1, 5, [p.Rewind("start")]),
        ("pretrained", 2, 3, [p.SetFrozen("head"), p.SwitchArm("scratch")]),
        ("scratch", 1, 8, [p.Rewind("step-000002.pt")]),
        ("scratch", 2, 4, [p.SetEpochs(4), p.Save()]),
        ("scratch", 2, 9, [p.Rewind("branch-1.pt")]),
        ("scratch", 3, 10, [p.SetRate("backbone", 2e-3), p.StopAfterEpoch()]),
        ("scratch", 3, 11, [p.StopAfterEpoch(planned=False), p.SetEpochs(5)]),
        ("scratch", 3, 12, [p.CorrectLabel("train/cat/0.jpg", "wrong", "dog")]),
        ("scratch", 3, 18, [p.Rewind("points/3-000010-11.pt"), p.ScaleRate("all", 3.0)]),
        ("scratch", 4, 11, [p.Pause(free=True), p.SetMicroBatch(3), p.SetSteps(14)]),
        ("scratch", 4, 12, [p.CorrectLabel("train/dog/1.jpg", "leave_out")]),
    ]


@pytest.fixture
def steered(small: RunConfig, weights: Path) -> RunConfig:
    return with_settings(small, model__weights=str(weights), schedule__name="cosine", train__epochs=3)


def test_a_session_with_commands_of_all_kinds_is_replayed_bit_by_bit(steered: RunConfig) -> None:
    person = Person(*session())
    events = play(Run(steered), person)
    folder = Path(folder_of(events))
    done = [message for message in read_journal(folder) if isinstance(message, p.Command)]
    assert person.turns == [] and events[-1].completed and len(done) >= 24
    assert {type(command) for command in done} == set(get_args(p.Command)) - {p.Stop, p.Release}
    verdict, told = again(events)
    assert verdict.equal and verdict.left == 0 and verdict.folder.name == "small-1-replay-1"
    steps = lambda all_of: [(e.arm, e.step, e.loss) for e in only(all_of, p.TrainStep)]  # noqa: E731
    assert steps(told) == steps(events)
    # And a replay is a run like any other: it can be replayed.
    verdict, _ = again(told)
    assert verdict.equal


@pytest.mark.parametrize("step", [3, 4, 7])
def test_a_session_that_was_stopped_and_resumed_is_one(steered: RunConfig, step: int) -> None:
    first = play(Run(steered), Person(("scratch", 1, 2, [p.SetRate("head", 0.01)]), ("scratch", 1, step, [p.Stop()])))
    second = play(
        Run(steered, resume=folder_of(first)), Person(("scratch", 1, 8, [p.SetFrozen("backbone"), p.SetEpochs(4)]))
    )
    assert second[-1].step == 16
    verdict, _ = again(second)
    assert verdict.equal and verdict.left == 0


def test_one_that_ended_at_a_stop_ends_there_again(steered: RunConfig) -> None:
    events = play(Run(steered), after_step(5, p.SetRate("head", 0.01), p.Stop()))
    verdict, told = again(events)
    assert verdict.equal and told[-1].step == 5 and not told[-1].completed


@pytest.mark.parametrize("crashes", [0, 1, 2])
def test_what_crashes_undid_is_done_again_at_its_steps_and_replayed_once(steered: RunConfig, crashes: int) -> None:
    """A crash while it is being done again, too."""
    turns = [
        ("scratch", 1, 5, [p.SetRate("head", 0.01)]),
        ("scratch", 1, 6, [p.SetFrozen("backbone"), p.Evaluate(), p.SwitchArm("pretrained")]),
        ("pretrained", 1, 2, [p.SetRate("backbone", 1e-3), p.SwitchArm("scratch")]),
    ]
    whole = play(Run(steered), Person(*turns))
    person = Person(*turns)
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    run = Run(steered).events(inbox)
    crashed: list[p.Event] = []
    for event in run:
        crashed.append(event)
        for command in person(event):
            inbox.put(command)
        if isinstance(event, p.TrainStep) and (event.arm, event.step) == ("scratch", 7):
            run.close()
    folder = Path(folder_of(crashed))
    # As if nothing since the first epoch had reached the disk but the journal.
    for path in [*folder.glob("*/*.pt"), *folder.glob("*/points/*.pt")]:
        if path.name != "1-000004-1.pt":
            path.unlink()
    for _ in range(crashes):
        run = Run(steered, resume=folder).events()
        for event in run:
            if isinstance(event, p.RunStarted):
                run.close()
    resumed = play(Run(steered, resume=folder))
    assert only(resumed, p.ArmStarted)[0].step == 4
    assert [(e.arm, e.step) for e in only(resumed, p.RateChanged)] == [("scratch", 5), ("pretrained", 2)]
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256
    verdict, _ = again(resumed)
    assert verdict.equal and verdict.left == 0


def test_steering_anew_after_a_crash_replaces_what_was_left_of_the_journal(steered: RunConfig) -> None:
    first = play(Run(steered), Person(("scratch", 1, 6, [p.SetRate("head", 0.01), p.Stop(save=False)])))
    folder = Path(folder_of(first))
    assert sorted(path.name for path in (folder / "scratch" / "points").iterdir()) == [
        "1-000004-1.pt",
        "1-000006-1.pt",
    ]
    (folder / "scratch" / "points" / "1-000006-1.pt").unlink()
    (folder / "scratch" / "last.pt").unlink()
    resumed = play(Run(steered, resume=folder), Person(("scratch", 1, 5, [p.SetRate("backbone", 0.002)])))
    assert [(event.step, event.group) for event in only(resumed, p.RateChanged)] == [(5, "backbone")]
    verdict, _ = again(resumed)
    assert verdict.equal and verdict.left == 0


def test_a_run_that_is_stopped_before_all_is_done_again_ends_there(steered: RunConfig) -> None:
    first = play(Run(steered), Person(("scratch", 1, 6, [p.SetRate("head", 0.01), p.Stop(save=False)])))
    folder = Path(folder_of(first))
    (folder / "scratch" / "points" / "1-000006-1.pt").unlink()
    (folder / "scratch" / "last.pt").unlink()
    second = play(Run(steered, resume=folder), after_step(5, p.Stop()))
    assert second[-1].step == 5 and not only(second, p.RateChanged)
    verdict, told = again(second)
    assert verdict.equal and told[-1].step == 5
    third = play(Run(steered, resume=folder))  # and what was not done again then is done again now
    assert [event.step for event in only(third, p.RateChanged)] == [6] and third[-1].completed


def test_settings_changed_on_a_resume_are_changed_there_again(steered: RunConfig) -> None:
    first = play(Run(steered), after_step(3, p.SetRate("head", 0.01), p.Stop()))
    changed = with_settings(steered, optim__scratch_lr=0.002, optim__weight_decay=0.1, train__epochs=4)
    second = play(Run(changed, resume=folder_of(first)), after_step(9, p.Stop()))
    third = play(Run(changed, resume=folder_of(first)))
    plan = replay.plan(Path(folder_of(first)))
    assert [segment.config.train.epochs for segment in plan.segments] == [3, 4]
    verdict, _ = again([*first, *second, *third])
    assert verdict.equal and third[-1].step == 16


def test_a_run_that_diverged_and_was_mended_is_replayed(steered: RunConfig) -> None:
    events = play(Run(steered), after_step(5, p.SetRate("head", 100.0), p.SetRate("backbone", 100.0)))
    assert only(events, p.Diverged) and events[-1].completed
    verdict, told = again(events)
    assert verdict.equal and len(only(told, p.Diverged)) == len(only(events, p.Diverged))


def test_weights_that_differ_are_told_with_how_far(steered: RunConfig, capsys: pytest.CaptureFixture[str]) -> None:
    events = play(Run(steered), after_step(2, p.SetRate("head", 0.01)))
    journal = Path(folder_of(events), JOURNAL)
    journal.write_text(journal.read_text().replace('"base_lr": 0.01', '"base_lr": 0.02'))
    assert main(["replay", folder_of(events)]) == 1
    out = capsys.readouterr().out
    assert "small-1 replayed: the weights differ" in out and "differs by more than 0.0" in out
    assert events[-1].weights_sha256 in out and "accuracy" in out


def test_a_run_that_has_not_ended_has_nothing_to_compare(
    steered: RunConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(steered).events()
    events = [next(run) for _ in range(8)]
    run.close()
    assert main(["replay", folder_of(events)]) == 2
    assert "has not ended" in capsys.readouterr().err
    with pytest.raises(CheckpointError):
        replay.plan(Path(folder_of(events)))


def test_in_a_process_of_its_own(steered: RunConfig) -> None:
    events = play(Run(steered), after_step(2, p.SetRate("head", 0.01)))
    done = programs.run("engine", "replay", "small-1", "--dir", str(steered.checkpoint.dir))
    assert done.returncode == 0, done.stderr
    assert f"equal bit by bit (SHA-256 {events[-1].weights_sha256})" in done.stdout
    assert "scratch    epoch 3/3" in done.stdout


# --- an evaluation that something comes in the way of ---------------------------------------------------


@pytest.fixture
def short(steered: RunConfig) -> RunConfig:
    return with_settings(steered, train__epochs=2)


class While:
    """Sends commands once, while the test set is scored after a step."""

    def __init__(self, step: int, *commands: p.Command) -> None:
        self.commands = list(commands)
        self._step = step

    def __call__(self, event: p.Event) -> list[p.Command]:
        if not (isinstance(event, p.Evaluating) and event.step == self._step and event.done):
            return []
        commands, self.commands = self.commands, []
        return commands


def and_then(*people: Callable[[p.Event], Iterable[p.Command]]) -> Callable[[p.Event], list[p.Command]]:
    return lambda event: [command for person in people for command in person(event)]


@pytest.mark.parametrize("step", [3, 4], ids=["asked for", "of an epoch"])
@pytest.mark.parametrize(
    "command", [p.SwitchArm("pretrained"), p.Rewind("start"), p.SetRate("head", 0.01), p.SetFrozen("backbone")]
)
def test_what_came_while_the_test_set_was_scored_comes_there_again(
    short: RunConfig, step: int, command: p.Command
) -> None:
    asked, meanwhile = Person(("scratch", 1, 3, [p.Evaluate()])), While(step, command)
    back = Person(("pretrained", 1, 2, [p.SwitchArm("scratch")]))
    events = play(Run(short), and_then(asked, meanwhile, back))
    assert not meanwhile.commands and events[-1].completed
    # An arm at rest keeps what was asked for, a rewind drops it.
    evaluated = [(e.arm, e.step) for e in only(events, p.EvalDone)]
    dropped = step == 3 and isinstance(command, p.Rewind)
    assert (("scratch", 3) in evaluated) is not dropped and ("scratch", 4) in evaluated
    verdict, told = again(events)
    assert verdict.equal and verdict.left == 0
    assert [(e.arm, e.step, e.accuracy) for e in only(told, p.EvalDone)] == [
        (e.arm, e.step, e.accuracy) for e in only(events, p.EvalDone)
    ]


def test_one_asked_for_after_a_rewind_out_of_another_one_is_done(short: RunConfig) -> None:
    events = play(Run(short), While(4, p.Rewind("start"), p.Evaluate()))
    assert [e.step for e in only(events, p.EvalDone)] == [0, 4, 8] and not only(events, p.CommandRefused)
    verdict, _ = again(events)
    assert verdict.equal and verdict.left == 0


@pytest.mark.parametrize("crashes", [False, True], ids=["stop", "crash"])
@pytest.mark.parametrize("between", [[], [p.SetRate("head", 0.01)]], ids=["nothing", "a rate"])
def test_one_that_was_not_done_yet_at_the_end_is_done_on_a_resume(
    short: RunConfig, between: list[p.Command], crashes: bool
) -> None:
    whole = play(Run(short), Person(("scratch", 1, 2, [p.Evaluate(), *between])))
    person = and_then(Person(("scratch", 1, 2, [p.Evaluate()])), While(2, *between, p.Stop(save=not crashes)))
    first = play(Run(short), person)
    assert first[-1].step == 2 and not only(first, p.EvalDone)
    if not crashes:
        verdict, told = again(first)
        assert verdict.equal and told[-1].step == 2
    second = play(Run(short, resume=folder_of(first)))
    assert [e.step for e in only(second, p.EvalDone)] == [2, 4, 8]
    assert second[-1].weights_sha256 == whole[-1].weights_sha256
    verdict, _ = again(second)
    assert verdict.equal and verdict.left == 0


@pytest.mark.parametrize("step", [2, 4, 6])
def test_one_that_ended_after_an_epoch_as_planned_ends_there_again(short: RunConfig, step: int) -> None:
    """Before the end, while its evaluation is under way, and in the last epoch."""
    planned = While(4, p.StopAfterEpoch()) if step == 4 else Person(("scratch", 1, step, [p.StopAfterEpoch()]))
    events = play(Run(short), and_then(Person(("scratch", 1, 1, [p.SetRate("head", 0.01)])), planned))
    assert events[-1].step == (8 if step == 6 else 4) and events[-1].completed is (step == 6)
    verdict, told = again(events)
    assert verdict.equal and verdict.left == 0 and told[-1].accuracy == events[-1].accuracy is not None
    assert told[-1].step == events[-1].step and told[-1].best_accuracy == events[-1].best_accuracy


# --- a session as a script ------------------------------------------------------------------------------


def scripted(events: list[p.Event], tmp_path: Path) -> RunConfig:
    file = tmp_path / "scripted.yaml"
    file.write_text(schedule_export.script(Path(folder_of(events))))
    return load_config(file)


def test_a_good_session_becomes_a_configuration_that_trains_the_same(steered: RunConfig, tmp_path: Path) -> None:
    turns = [turn for turn in session() if turn[0] == "scratch" and turn[2] not in (6, 12)]
    events = play(Run(steered), Person(*turns))
    config = scripted(events, tmp_path)
    assert [change.model_dump() for change in config.schedule.changes] == [
        {"arm": "scratch", "step": step, **what}
        for step, what in (
            (1, {"group": "head", "lr": 0.005}),
            (2, {"group": "backbone", "frozen": True}),
            (3, {"group": "backbone", "frozen": False}),
            (5, {"group": "backbone", "lr": 0.0005}),
            (10, {"group": "backbone", "lr": 0.0015}),
            (10, {"group": "head", "lr": 0.015}),
            (11, {"micro_batch": 3}),
            (11, {"steps": 14}),
        )
    ]
    assert play(Run(config))[-1].weights_sha256 == events[-1].weights_sha256


def test_rates_that_the_watchdog_halved_are_in_it(steered: RunConfig, tmp_path: Path) -> None:
    events = play(Run(steered), after_step(5, p.SetRate("head", 100.0), p.SetRate("backbone", 100.0)))
    config = scripted(events, tmp_path)
    assert [(c.step, c.group, c.lr) for c in config.schedule.changes] == [(5, "backbone", 0.0005), (5, "head", 0.0005)]
    assert play(Run(config))[-1].weights_sha256 == events[-1].weights_sha256


def test_what_a_schedule_cannot_say_is_said_beside_it(steered: RunConfig, tmp_path: Path) -> None:
    first = play(Run(steered), after_step(3, p.Stop()))
    changed = with_settings(steered, optim__weight_decay=0.1, train__epochs=4)
    events = play(Run(changed, resume=folder_of(first)))
    text = schedule_export.script(Path(folder_of(events)))
    assert "# not in it, changed on a resume: optim.weight_decay 0.001 -> 0.1\n" in text
    settings: dict[str, Any] = yaml.safe_load(text)
    assert settings["schedule"]["changes"] == [{"arm": "scratch", "step": 3, "epochs": 4}]
    assert settings["train"]["epochs"] == 3


def test_it_is_written_to_a_file_or_the_output(
    steered: RunConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = play(Run(steered), after_step(2, p.SetRate("head", 0.01)))
    assert main(["schedule", folder_of(events), "--out", str(tmp_path / "x.yaml")]) == 0
    assert main(["schedule", folder_of(events)]) == 0
    out = capsys.readouterr().out
    assert (tmp_path / "x.yaml").read_text() == out and out.startswith("# small-1 as a script: 1 changes by hand")
    assert main(["schedule", folder_of(events), "--out", str(tmp_path / "no" / "x.yaml")]) == 2
    assert "name another file" in capsys.readouterr().err
    assert main(["schedule", "gone-1", "--dir", str(tmp_path / "runs")]) == 2
    assert "there: small-1" in capsys.readouterr().err
