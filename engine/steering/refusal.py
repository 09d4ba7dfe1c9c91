"""Why a command is impossible now."""

from collections.abc import Sequence

from engine.arms.arm import TrainedArm
from engine.arms.arms import Arms
from engine.arms.optimizer import describe_groups
from engine.arms.restore_points import START
from engine.protocol import (
    ALL_GROUPS,
    Command,
    CorrectLabel,
    Evaluate,
    FindRate,
    Group,
    Pause,
    Release,
    Resume,
    Rewind,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    SetSteps,
    Stop,
    StopAfterEpoch,
    SwitchArm,
    bounds,
)
from engine.protocol.printable import printable
from engine.steering.state import RunState

FREED = "the GPU is given back; go on first"


def reason(command: Command, run: RunState) -> str:
    """Why the command is impossible now; empty if it is possible."""
    arms, arm = run.arms, run.arms.current
    groups = {group.name: group for group in describe_groups(arm.optimizer)}
    match command:
        case Pause():
            return _pause(command, run)
        case Resume():
            return "" if run.paused else "training is not paused"
        case Evaluate():
            return _test(arm, run) if command.test else _evaluate(arm, run)
        case FindRate():
            return _done(arm) or _find_rate(arm, run, groups)
        case SwitchArm():
            if command.arm == arm.arm:
                return f"{arm.arm} is the current arm already"
            return f"{command.arm} has done all its epochs" if arms.is_done(command.arm) else ""
        case SetRate() | ScaleRate():
            return _done(arm) or _rate(command, groups)
        case SetFrozen():
            return _done(arm) or _freeze(command, groups)
        case SetEpochs():
            return _epochs(command, arm)
        case SetSteps():
            return _steps(command, arm)
        case SetMicroBatch():
            return _done(arm)
        case Rewind():
            return _rewind(command, arms)
        case StopAfterEpoch():
            if command.planned is run.stops_after_epoch:
                return "that is planned already" if command.planned else "no stop is planned"
            return _done(arm)
        case CorrectLabel():
            return _correct_label(command, arm, arms.classes)
        case Save() | Stop() | Release():
            return ""


def _correct_label(command: CorrectLabel, arm: TrainedArm, classes: Sequence[str]) -> str:
    name, words = printable(command.picture), arm.judgements
    index = words.index(command.picture)
    if index is None:
        return f"{name} is no training picture"
    if command.verdict == "wrong" and not words.has_class(command.label):
        return f"there is no class `{printable(command.label)}`"
    if command.verdict != "wrong" and command.label:
        return "only a wrong label comes with another class"
    if command.verdict == "undecided" and index not in words.latest():
        return f"nothing was said of the label of {name}"
    after = words.after(command.picture, command.verdict, command.label)
    if command.verdict == "wrong" and after[index].label == words.samples[index].label:
        return f"{name} is of the class `{printable(command.label)}` already"
    left = {sample.label for sample in after}
    lost = [label for label in {sample.label for sample in words.samples} if label not in left]
    return f"`{printable(classes[lost[0]])}` would have no training picture" if lost else ""


def _done(arm: TrainedArm) -> str:
    return f"{arm.arm} has done all its epochs" if arm.done else ""


def _pause(command: Pause, run: RunState) -> str:
    if command.free and not run.arms.on_gpu:
        return "this run computes on the cpu, there is no GPU to free"
    if run.paused and not (command.free and not run.freed):
        return "training is paused already"
    return _done(run.arms.current)


def _rewind(command: Rewind, arms: Arms) -> str:
    arm, point = arms.current.arm, printable(command.point)
    if not arms.checkpointer.has_point(arm, command.point):
        if arms.checkpointer.is_gone(arm, command.point):
            return f"the restore point `{point}` is gone: its file has been deleted, as `tidy` does"
        return f"{arm} has no restore point `{point}`"
    if command.head != "kept" and command.point != START:
        return f"only `{START}` can have another head, `{point}` has one that was trained"
    if command.head in ("pretrained", "fitted") and arm == "scratch":
        return (
            f"scratch has no pretrained {'classifier' if command.head == 'pretrained' else 'features'} that its "
            "head could start from"
        )
    return ""


def _test(arm: TrainedArm, run: RunState) -> str:
    if run.freed:
        return FREED
    if not run.has_validation:
        return "there are no validation pictures: the test pictures are those that are scored anyway"
    if arm.best_accuracy is None:
        return "there are no best weights yet"
    if arm.test_asked:
        return "the test pictures are being scored"
    return f"the best weights are tested already: {arm.tested:.1%}" if arm.tested is not None else ""


def _evaluate(arm: TrainedArm, run: RunState) -> str:
    if run.freed:
        return FREED
    if arm.evaluation_asked or arm.evaluation_due:
        return "an evaluation is under way"
    if arm.evaluated is not None and arm.evaluated[0] == arm.step:
        return f"step {arm.step} is evaluated already"
    return ""


def _find_rate(arm: TrainedArm, run: RunState, groups: dict[str, Group]) -> str:
    if not run.paused:
        return "training is not paused"
    if run.freed:
        return FREED
    if arm.head_due:
        return "the head is not fitted yet"
    if arm.evaluation_asked or arm.evaluation_due:
        return "an evaluation is under way"
    if run.arms.processes.size > 1:
        return "several processes train this run; find the rate with one"
    if not any(group.base_lr for group in groups.values() if not group.frozen):
        return "all trained groups have the rate 0, so the ratios of their rates are not known"
    return ""


def _rate(command: SetRate | ScaleRate, groups: dict[str, Group]) -> str:
    if isinstance(command, ScaleRate) and command.group == ALL_GROUPS:
        reasons = (_rate(ScaleRate(name, command.factor), groups) for name in groups)
        return next(filter(None, reasons), "")
    if command.group not in groups:
        return _no_group(command.group)
    if isinstance(command, SetRate):
        return bounds.rate(command.base_lr)
    before = groups[command.group].base_lr
    after = before * command.factor
    if after == 0 and before and command.factor:
        return f"the rate of `{command.group}` would become 0; `rate` says that, where it is meant"
    return bounds.rate(after)


def _freeze(command: SetFrozen, groups: dict[str, Group]) -> str:
    if command.group not in groups:
        return _no_group(command.group)
    if groups[command.group].frozen is command.frozen:
        return f"`{command.group}` is {'frozen' if command.frozen else 'trained'} already"
    if command.frozen and all(group.frozen for name, group in groups.items() if name != command.group):
        return "nothing would be trained"
    return ""


def _no_group(name: str) -> str:
    return f"there is no group `{printable(name)}`"


def _epochs(command: SetEpochs, arm: TrainedArm) -> str:
    if reason := bounds.epochs(command.epochs):
        return reason
    if command.epochs == arm.epochs:
        return f"it has {arm.epochs} epochs already"
    if command.epochs * arm.steps_per_epoch < arm.step:
        return f"epoch {arm.epoch} has begun"
    return ""


def _steps(command: SetSteps, arm: TrainedArm) -> str:
    if reason := bounds.steps(command.steps, bounds.MOST_EPOCHS * arm.steps_per_epoch):
        return reason
    if command.steps == arm.total_steps:
        return f"it has {command.steps} steps already"
    return f"step {arm.step} is done" if command.steps < arm.step else ""
