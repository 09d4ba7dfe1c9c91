"""A run is a generator: `next` and a command in the inbox between two events, no thread and no sleep."""

from pathlib import Path
from queue import SimpleQueue

import pytest
import torch
import torchvision

from engine import protocol as p
from engine.config import RunConfig
from engine.journal import read_journal
from engine.run import Run

STEPS_PER_EPOCH = 4  # 14 pictures in batches of 4, the last one of 2
STEPS = 2 * STEPS_PER_EPOCH


def last(run: Run, inbox: "SimpleQueue[p.Command] | None" = None) -> p.Event:
    return list(run.events(inbox))[-1]


def run_with(config: RunConfig, commands: dict[int, list[p.Command]], **options: object) -> list[p.Event]:
    """All events, with commands put into the inbox after given steps."""
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events = []
    for event in Run(config, **options).events(inbox):
        events.append(event)
        if isinstance(event, p.TrainStep):
            for command in commands.pop(event.step, []):
                inbox.put(command)
    return events


def only(events: list[p.Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_a_run_trains_every_step_evaluates_every_epoch_and_finishes(small_run: Run) -> None:
    events = list(small_run.events())
    assert [event.step for event in only(events, p.TrainStep)] == list(range(1, STEPS + 1))
    assert [event.epoch for event in only(events, p.EvalDone)] == [1, 2]
    assert all(event.images == 6 for event in only(events, p.EvalDone))
    finished = events[-1]
    assert isinstance(finished, p.RunFinished) and finished.completed and finished.step == STEPS


def test_two_runs_of_one_seed_end_with_equal_weights_and_another_seed_with_others(small: RunConfig) -> None:
    first, second = (
        last(Run(small)),
        last(Run(small.model_copy(update={"data": small.data.model_copy(update={"threads": 5})}))),
    )
    other = last(Run(small.model_copy(update={"seed": 1})))
    assert first.weights_sha256 == second.weights_sha256 != other.weights_sha256


@pytest.mark.parametrize("stop_after", range(1, STEPS))
def test_resuming_from_a_stop_at_any_step_equals_an_uninterrupted_run(small: RunConfig, stop_after: int) -> None:
    whole = last(Run(small))
    stopped = run_with(small, {stop_after: [p.Stop()]})
    assert stopped[-1].step == stop_after and not stopped[-1].completed
    folder = only(stopped, p.RunStarted)[0].path
    resumed = list(Run(small, resume=folder).events())
    assert [event.step for event in only(resumed, p.TrainStep)] == list(range(stop_after + 1, STEPS + 1))
    assert resumed[-1].weights_sha256 == whole.weights_sha256
    assert resumed[-1].accuracy == whole.accuracy


def test_an_arm_goes_on_exactly_where_it_was_after_switching_away_and_back(small: RunConfig, tmp_path) -> None:
    model = torchvision.models.get_model("squeezenet1_1", weights=None)
    torch.save(model.state_dict(), tmp_path / "w.pth")
    config = small.model_copy(update={"model": small.model.model_copy(update={"weights": str(tmp_path / "w.pth")})})
    whole = last(Run(config))
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events, switched = [], False
    for event in Run(config).events(inbox):
        events.append(event)
        if isinstance(event, p.TrainStep):
            if event.arm == "scratch" and event.step == 3 and not switched:
                inbox.put(p.SwitchArm("pretrained"))
                switched = True
            if event.arm == "pretrained" and event.step == 2:
                inbox.put(p.SwitchArm("scratch"))
    steps = [(event.arm, event.step) for event in only(events, p.TrainStep)]
    assert steps[:6] == [
        ("scratch", 1),
        ("scratch", 2),
        ("scratch", 3),
        ("pretrained", 1),
        ("pretrained", 2),
        ("scratch", 4),
    ]
    assert events[-1].weights_sha256 == whole.weights_sha256


def test_a_pause_waits_and_resuming_goes_on(small_run: Run) -> None:
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events = []
    for event in small_run.events(inbox):
        events.append(event)
        if isinstance(event, p.TrainStep) and event.step == 2:
            inbox.put(p.Pause())
        if isinstance(event, p.Paused):
            assert event.step == 2
            inbox.put(p.Resume())
    assert [event.step for event in only(events, p.Resumed)] == [2]
    assert events[-1].completed


def test_a_changed_rate_is_in_force_from_the_next_step_and_survives_a_resume(small: RunConfig) -> None:
    events = run_with(small, {2: [p.SetRate("head", 0.123)], 4: [p.Stop()]})
    rates = {event.step: event.learning_rates["head"] for event in only(events, p.TrainStep)}
    assert rates[2] == 0.001 and rates[3] == 0.123
    resumed = list(Run(small, resume=only(events, p.RunStarted)[0].path).events())
    assert all(event.learning_rates["head"] == 0.123 for event in only(resumed, p.TrainStep))


@pytest.mark.parametrize(
    "command", [p.Resume(), p.SetRate("neck", 0.1), p.SetRate("head", float("nan")), p.SwitchArm("scratch")]
)
def test_an_impossible_command_is_refused_with_a_reason(small: RunConfig, command: p.Command) -> None:
    refused = only(run_with(small, {1: [command]}), p.CommandRefused)
    assert len(refused) == 1 and refused[0].reason and refused[0].step == 1


def test_a_checkpoint_is_plain_data_and_its_model_loads_into_a_bare_torchvision_model(small: RunConfig) -> None:
    events = run_with(small, {3: [p.Save()]})
    saved = next(event for event in only(events, p.CheckpointSaved) if event.reason == "key")
    assert saved.step == 3 and saved.path.endswith("step-000003.pt")
    state = torch.load(saved.path, weights_only=True)
    torchvision.models.squeezenet1_1(num_classes=2).load_state_dict(state["model"])
    assert state["step"] == 3 and state["position"] == 3 and state["config"]["seed"] == 0


def test_an_unwritable_folder_is_an_event_and_training_goes_on(small: RunConfig) -> None:
    events, broken = [], False
    for event in Run(small).events():
        events.append(event)
        if isinstance(event, p.TrainStep) and not broken:
            folder = only(events, p.RunStarted)[0].path
            Path(folder, "scratch").write_text("in the way")  # a file where the folder has to be
            broken = True
    assert only(events, p.CheckpointFailed) and not only(events, p.CheckpointSaved)
    assert events[-1].completed


def test_the_journal_holds_events_and_commands_with_their_steps(small: RunConfig) -> None:
    events = run_with(small, {2: [p.Save()], 5: [p.Stop()]})
    journal = read_journal(Path(only(events, p.RunStarted)[0].path))
    assert [message for message in journal if not isinstance(message, p.Command)] == [
        event for event in events if not isinstance(event, p.Loading | p.Evaluating)
    ]
    assert [message for message in journal if isinstance(message, p.Command)] == [p.Save(), p.Stop()]


def test_a_loss_that_is_not_finite_ends_the_run_before_the_weights_are_hit(small: RunConfig) -> None:
    events = run_with(small, {1: [p.SetRate("head", 100.0), p.SetRate("backbone", 100.0)]})
    assert isinstance(events[-1], p.RunFailed) and events[-1].title == "Loss is not finite"
    assert events[-1].exit_status == 1


def test_with_hold_open_a_done_arm_waits_for_the_next_command(small: RunConfig) -> None:
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events = []
    for event in Run(small, hold_open=True).events(inbox):
        events.append(event)
        if isinstance(event, p.ArmFinished):
            inbox.put(p.Pause())
            inbox.put(p.Stop())
    assert only(events, p.CommandRefused)[0].command == "pause"
    assert events[-1].completed
