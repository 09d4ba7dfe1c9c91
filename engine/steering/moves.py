"""The commands that change which state is trained: the other arm, or an earlier state of the current one."""

from collections.abc import Iterator, Mapping

from engine.arms.checkpointer import position
from engine.arms.judgements import Judgement
from engine.errors import EngineError
from engine.protocol import ALL_GROUPS, ArmSuspended, Event, Head, Rewind, Rewound, ScaleRate, SwitchArm
from engine.steering import changes
from engine.steering.label_list import taken_back, write_label_list
from engine.steering.pausing import end_pause
from engine.steering.state import RunState

REWOUND: dict[Head, str] = {
    "kept": "by hand",
    "random": "by hand, with a random head",
    "fitted": "by hand, with a fitted head",
    "pretrained": "by hand, with the pretrained classifier's rows in the head",
}
"why an arm is taken back, by what its head is to start from"


def begin(run: RunState) -> Iterator[Event]:
    """Tell where the current arm is, which of its settings a resume changed, and its restore points."""
    yield run.arm_started()
    write_label_list(run)
    yield from run.arms.apply_changed_settings()
    yield run.arms.checkpointer.points(run.arms.current.arm)


def switch(run: RunState, command: SwitchArm) -> Iterator[Event]:
    """Suspend the current arm, saved if that can be done, and make the other one current."""
    before = run.arms.current
    at = position(before)
    run.take_back_gpu()
    run.arms.checkpointer.save(before, {"last": "switch"})
    try:
        yield from run.arms.switch(command.arm)
    except EngineError as error:
        yield run.refused(command, f"{error.title}: {error.message}")
        return
    run.record(command, at)
    run.paused = False
    # One list for both arms: what was said while the other arm was current counts for this one, too.
    run.arms.current.take_over_judgements(before.judgements.latest())
    yield ArmSuspended(before.arm, before.step)
    yield from begin(run)


def rewind(run: RunState, command: Rewind) -> Iterator[Event]:
    """Save the end of the current branch, and take the arm back to a restore point."""
    arm, checkpointer = run.arms.current, run.arms.checkpointer
    try:
        yield from run.arms.check_head(command.head)  # first: no branch is saved if it is not left
        checkpointer.save_branch(arm)
        if failure := (yield from run.wait_for_checkpoints()):
            yield run.refused(command, f"{failure}; training goes on")
            return
        yield from _take_back(run, command.point, REWOUND[command.head], command)
    except EngineError as error:
        yield run.refused(command, f"{error.title}: {error.message}")
        return
    checkpointer.save(arm, {"last": "rewind"})
    if run.paused:
        yield from end_pause(run)


def recover(run: RunState, point: str, reason: str, factor: float) -> Iterator[Event]:
    """Take the current arm back to a restore point, and multiply the base rates that it had there by `factor`.

    Raises:
        EngineError: the point cannot be read or built again; the arm stays where it is.
    """
    said = run.arms.current.judgements.latest()
    yield from _take_back(run, point, reason, said=said)
    arm = run.arms.current
    arm.recovered = arm.step
    for change in changes.by_group(ScaleRate(ALL_GROUPS, factor), arm):
        yield changes.make(change, arm, "halved by the watchdog")
    run.arms.checkpointer.save(arm, {"last": "rewind"})


def _take_back(
    run: RunState,
    point: str,
    reason: str,
    command: Rewind | None = None,
    said: Mapping[int, Judgement] | None = None,
) -> Iterator[Event]:
    """Take the current arm back to a restore point, by a command or without one.

    What was said of labels since then is taken back, too, unless `said` has the words that are to stay.

    Raises:
        EngineError: the point or the head cannot be read or built; the arm stays where it is.
    """
    arm = run.arms.current
    at, words = position(arm), len(arm.judgements.latest())
    run.take_back_gpu()
    for event in run.arms.rewind(point, reason, command.head if command is not None else "kept"):
        if command is not None and isinstance(event, Rewound):
            run.record(command, at)
            command = None
        yield event
    if said is not None:
        arm.take_over_judgements(said)
    yield run.arm_started()
    yield from taken_back(words, arm)
    write_label_list(run)
