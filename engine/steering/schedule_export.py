"""The changes that a person made in a run, as the schedule of a configuration."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, get_args

from engine.config import RunConfig
from engine.config.resumed import before_changes
from engine.config.sections import Change
from engine.protocol import (
    Arm,
    ArmStarted,
    EpochDone,
    EpochsChanged,
    GroupFrozen,
    Head,
    Message,
    MicroBatchChanged,
    RateChanged,
    Rewound,
    SettingsChanged,
    StepsChanged,
    TrainStep,
)
from engine.storage.journal import read_lines, records_in, without_most_steps
from engine.storage.run_folder import LABELS, load_run_config

Changed = RateChanged | GroupFrozen | EpochsChanged | StepsChanged | MicroBatchChanged
NEEDED = (*get_args(Changed), ArmStarted, EpochDone, Rewound, SettingsChanged, TrainStep)


class _Arms(NamedTuple):
    """The changes on each branch of each arm since its beginning, and the current branches."""

    changes: dict[tuple[Arm, int], list[Changed]]
    branch: dict[Arm, int]
    step: dict[Arm, int]
    heads: dict[tuple[Arm, int], Head]
    "what the head of each branch started from, if the configuration says something else"


def script(folder: Path) -> str:
    """A configuration, as YAML, that trains the last arm of a run as it was trained, its head included.

    Changes that a rewind took back are not in it.

    Raises:
        CheckpointError: the journal cannot be read.
        ConfigError: the run's configuration cannot be read.
    """
    messages = [record.message for record in records_in(without_most_steps(read_lines(folder)), NEEDED)]
    resumes = [message for message in messages if isinstance(message, SettingsChanged)]
    config = before_changes(load_run_config(folder), resumes)
    arms = _follow(messages)
    made = [change for arm, branch in arms.branch.items() for change in _changes(arms.changes[arm, branch])]
    # The schedule's changes at later steps are still to come.
    later = [change for change in config.schedule.changes if change.step > arms.step.get(change.arm, -1)]
    schedule = config.schedule.model_copy(update={"changes": (*made, *later)})
    head = arms.heads.get(("pretrained", arms.branch.get("pretrained", 1)), "kept")
    model = config.model if head == "kept" else config.model.model_copy(update={"head": head})
    last = next((m.arm for m in reversed(messages) if isinstance(m, ArmStarted)), config.init)
    whole = RunConfig.model_validate(
        config.model_copy(update={"schedule": schedule, "model": model, "init": last}).model_dump()
    )
    lines = [f"# {folder.resolve().name} as a script: {len(made)} changes by hand in schedule.changes"]
    lines += [f"# not in it, changed on a resume: {line}" for line in _elsewhere(resumes)]
    if (said := folder.resolve() / LABELS).exists():
        lines.append(f"# not in it, said of labels: --set data.exclude={said} counts from the beginning")
    return "\n".join(lines) + "\n" + whole.to_yaml()


def _follow(messages: Iterable[Message]) -> _Arms:
    arms = _Arms({}, {}, {}, {})
    for message in messages:
        match message:
            case ArmStarted():
                place = message.arm, message.branch
                # A crash undid later changes, and they were made again.
                arms.changes[place] = [c for c in arms.changes.get(place, []) if c.change <= message.change]
                arms.branch[message.arm] = message.branch
                arms.step[message.arm] = message.step
            case Rewound():
                before = arms.changes.get((message.arm, message.base), [])
                kept = [change for change in before if change.change <= message.change]
                arms.changes[message.arm, message.branch] = kept
                of_base = arms.heads.get((message.arm, message.base), "kept")
                arms.heads[message.arm, message.branch] = of_base if message.head == "kept" else message.head
                arms.branch[message.arm] = message.branch
            case StepsChanged(planned=True):
                pass  # the setting `train.minutes` or `train.until` does it again
            case EpochsChanged() if message.reason:
                pass  # the setting `train.patience` does it again
            case RateChanged() | GroupFrozen() | EpochsChanged() | StepsChanged() | MicroBatchChanged():
                arms.changes[message.arm, arms.branch[message.arm]].append(message)
                arms.step[message.arm] = message.step
            case TrainStep() | EpochDone() if message.arm in arms.step:
                arms.step[message.arm] = message.step
            case _:
                pass
    return arms


def _changes(changed: Iterable[Changed]) -> list[Change]:
    """The changes; of several for the same thing at the same step, the last one."""
    changes: dict[tuple[object, ...], Change] = {}
    for event in changed:
        key = (event.step, type(event), getattr(event, "group", ""))
        changes.pop(key, None)
        changes[key] = _change(event)
    return list(changes.values())


def _change(event: Changed) -> Change:
    match event:
        case RateChanged():
            what = {"group": event.group, "lr": event.base_lr}
        case GroupFrozen():
            what = {"group": event.group, "frozen": event.frozen}
        case EpochsChanged():
            what = {"epochs": event.epochs}
        case StepsChanged():
            what = {"steps": event.steps}
        case MicroBatchChanged():
            what = {"micro_batch": event.pictures}
    return Change.model_validate({"arm": event.arm, "step": event.step, **what})


def _elsewhere(resumes: Iterable[SettingsChanged]) -> list[str]:
    scheduled = ("optim.groups.", "optim.scratch_lr", "train.epochs", "train.micro_batch")
    return [
        f"{setting.key} {setting.before} -> {setting.now}"
        for changed in resumes
        for setting in changed.settings
        if setting.applied and not setting.key.startswith(scheduled)
    ]
