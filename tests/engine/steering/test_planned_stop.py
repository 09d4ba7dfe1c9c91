"""A stop planned for the end of an epoch is kept in mind by a run that is killed before, and by no other one."""

from pathlib import Path
from queue import SimpleQueue

import pytest
import torch

from engine import protocol as p
from engine.config import RunConfig
from engine.loop.run import Run
from engine.protocol import decode
from engine.storage.journal import JOURNAL
from tests.engine.driving import after_step, folder_of, only, play, with_settings
from tests.engine.steering.test_rewind import Person

Turn = tuple[str, int, int, list[p.Command]]
PLAN, UNPLAN = p.StopAfterEpoch(), p.StopAfterEpoch(planned=False)
PLANNED: Turn = ("scratch", 1, 5, [PLAN])
"in epoch 2, which ends at step 8"
RATE = p.SetRate("head", 0.01)
"before which a restore point is kept, to go on from"


@pytest.fixture
def four(small: RunConfig, weights: Path) -> RunConfig:
    """Four epochs: it matters at the end of which one a run stops."""
    return with_settings(small, model__weights=str(weights), train__epochs=4)


def killed(run: Run, person: Person, arm: p.Arm, step: int, branch: int = 1) -> list[p.Event]:
    """The events until a step of a branch is told of: then it is as if the process had been killed."""
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    told: list[p.Event] = []
    for event in (events := run.events(inbox)):
        told.append(event)
        done = isinstance(event, p.TrainStep) and (event.arm, event.step) == (arm, step)
        if done and only(told, p.ArmStarted)[-1].branch == branch:
            events.close()
        for command in person(event):
            inbox.put(command)
    return told


def stopped(events: list[p.Event]) -> tuple[str, int] | None:
    """Where a run stopped, unless it came to its end."""
    return None if events[-1].completed else (events[-1].arm, events[-1].step)


@pytest.mark.parametrize(
    "later",
    [[], [("scratch", 1, 6, [RATE])], [("scratch", 1, 6, [UNPLAN]), ("scratch", 1, 7, [PLAN])]],
    ids=["saved before", "saved after", "planned twice"],
)
def test_it_stops_there_however_often_it_was_killed(four: RunConfig, later: list[Turn]) -> None:
    folder = folder_of(killed(Run(four), Person(PLANNED, *later), "scratch", 8))
    again = killed(Run(four, resume=folder), Person(), "scratch", 8)
    resumed = play(Run(four, resume=folder))
    for events in (again, resumed):
        assert [(e.epoch, e.planned) for e in only(events, p.StopPlanned)] == [(2, True)]
    assert stopped(resumed) == ("scratch", 8)
    assert stopped(play(Run(four, resume=folder))) is None  # what was carried out is planned no more


@pytest.mark.parametrize("command", [UNPLAN, p.Stop(), p.Stop(save=False)])
def test_one_that_was_taken_back_or_forestalled_is_forgotten(four: RunConfig, command: p.Command) -> None:
    first = killed(Run(four), Person(PLANNED, ("scratch", 1, 6, [command])), "scratch", 7)
    resumed = play(Run(four, resume=folder_of(first)))
    assert stopped(resumed) is None and not only(resumed, p.StopPlanned)


def test_where_more_than_the_epoch_was_lost_it_is_planned_when_its_step_comes(four: RunConfig) -> None:
    first = killed(Run(four), Person(("scratch", 1, 1, [RATE]), ("scratch", 1, 9, [PLAN])), "scratch", 10)
    for path in Path(folder_of(first), "scratch").rglob("*.pt"):
        if torch.load(path, weights_only=True)["step"] != 1:
            path.unlink()
    resumed = play(Run(four, resume=folder_of(first)))
    assert only(resumed, p.ArmStarted)[0].step == 1
    assert [event.step for event in only(resumed, p.StopPlanned)] == [9] and stopped(resumed) == ("scratch", 12)


@pytest.mark.parametrize("later", [[], [("pretrained", 1, 1, [RATE])]], ids=["before the switch", "after it"])
def test_it_holds_for_the_arm_that_is_switched_to(four: RunConfig, later: list[Turn]) -> None:
    person = Person(PLANNED, ("scratch", 1, 6, [p.SwitchArm("pretrained")]), *later)
    first = killed(Run(four), person, "pretrained", 2)
    assert stopped(play(Run(four, resume=folder_of(first)))) == ("pretrained", 4)


@pytest.mark.parametrize("later", [[], [("scratch", 2, 1, [RATE])]], ids=["its start", "a change"])
def test_it_holds_for_the_branch_that_a_rewind_begins(four: RunConfig, later: list[Turn]) -> None:
    person = Person(PLANNED, ("scratch", 1, 6, [p.Rewind("start")]), *later)
    first = killed(Run(four), person, "scratch", 2, branch=2)
    resumed = play(Run(four, resume=folder_of(first)))
    assert only(resumed, p.ArmStarted)[0].branch == 2 and stopped(resumed) == ("scratch", 4)


def test_an_epoch_that_had_ended_and_was_saved_has_had_its_stop(four: RunConfig) -> None:
    """A kill in the middle of the stop itself."""
    events = play(Run(four), after_step(5, PLAN))
    journal = Path(folder_of(events), JOURNAL)
    lines = journal.read_text().splitlines(keepends=True)
    end = next(number for number, line in enumerate(lines) if isinstance(decode(line), p.Stop))
    journal.write_text("".join(lines[:end]))
    resumed = play(Run(four, resume=folder_of(events)))
    assert only(resumed, p.ArmStarted)[0].step == 8 and stopped(resumed) is None
