"""The state of a run in a few figures, from its journal, and from its process if it has one."""

import contextlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.errors import EngineError
from engine.figures.verdicts import Verdict
from engine.protocol import Arm, Group, RunFailed, RunFinished
from engine.protocol.ages import age
from engine.service.arm_status import ArmStatus, arm_statuses
from engine.service.remote.address import is_live
from engine.service.remote.link import SocketLink
from engine.storage.journal import JOURNAL, read_lines
from engine.storage.ranks_file import read_note
from engine.storage.run_folder import CONFIG, load_run_config
from engine.storage.sighting import last_holder, sight
from engine.storage.summary import ArmSummary, RunSummary

State = Literal["loading", "training", "evaluating", "paused", "finished", "stopped", "failed", "lost"]
IF_KNOWN = ("metrics", "verdict", "waits_for")
PATIENCE = 1.0  # seconds for an answer of the run's process


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run in a few figures. Times are seconds since 1970, accuracies are in 0..1, and `None` means not known."""

    name: str
    path: str
    state: State
    """`finished`: the current arm has done all its epochs, and the run is over or waits for commands;
    `lost`: the journal has no end, but no process of this machine trains the run, and none of another machine has shown
    a sign of life for a minute"""
    live: bool
    "whether one can attach to it and send it commands, from this machine"
    where: str
    "the process that trains it"
    model: str
    device: str
    arm: Arm | None
    "the current arm, which the next figures are of"
    step: int
    total_steps: int
    epoch: int
    epochs: int
    accuracy: float | None
    "at the last evaluation, on the pictures that choose"
    groups: tuple[Group, ...]
    learning_rates: dict[str, float]
    "rate of each group in the last update"
    points: tuple[str, ...]
    "restore points that a rewind can go back to"
    best_accuracy: float | None
    "of both arms"
    best_arm: Arm | None
    started: float | None
    updated: float | None
    "when the last line of the journal was written"
    message: str
    "why it failed, empty if it did not"
    metrics: dict[str, float] = field(default_factory=dict)
    "further metrics of the last evaluation, by name"
    verdict: Verdict | None = None
    "why the current arm learns nothing, or not what it should, where that is sure; only `status` looks for it"
    arms: tuple[ArmStatus, ...] = ()
    "those that have begun"
    waits_for: str = ""
    "processes of the run that do not answer the others, and for how long; empty if all do"
    sent_step: int | None = None
    "step of the last checkpoint that the command `hooks.saved` has sent"
    sent_name: str = ""
    "its file, below the run's folder"
    sent_at: float | None = None
    "when the command had ended"
    host: str = ""
    "the machine of the process that trains it, or did last; empty if not known"
    job: str = ""
    "what the queue of that machine calls it; empty without one"
    seen: float | None = None
    """seconds since the last sign of life of a process that cannot be looked up here, as it is on another machine;
    `None` if it can be, or if the run has an end"""


def status_of(folder: Path) -> RunStatus:
    """The status of the run in `folder`, as far as it is known. Raises nothing."""
    live = is_live(folder)  # first: a run that ends meanwhile has its end in the journal
    summary = _summary(folder)
    sighting, ranks = sight(folder), read_note(folder)
    held = sighting is not None and sighting.alive and summary.end is None
    where = last_holder(folder) if live else str(sighting.holder) if sighting is not None and held else ""
    state = _state(summary, live=live, held=held, begun=live and _begun(folder, summary))
    config = None
    with contextlib.suppress(EngineError, OSError, ValueError):
        config = load_run_config(folder)
    arm, run, current, sent = summary.arm, summary.run, summary.current, summary.sent
    if arm is None and config is not None:
        arm, current = config.init, ArmSummary(epochs=config.train.epochs)
    best = max(
        ((known.best, name) for name, known in summary.arms.items() if known.best is not None), default=(None, None)
    )
    return RunStatus(
        name=folder.resolve().name,
        path=str(folder.absolute()),
        state=state,
        live=live,
        where=where,
        model=run.model if run is not None else config.model.name if config is not None else "",
        device=run.device if run is not None else "",
        arm=arm,
        step=current.step,
        total_steps=current.total_steps,
        epoch=current.epoch if summary.arm is not None else 0,
        epochs=current.epochs,
        accuracy=current.accuracy,
        groups=tuple(current.groups.values()),
        learning_rates=current.rates,
        points=_points(folder, summary.arm),
        best_accuracy=best[0],
        best_arm=best[1],
        started=summary.started if summary.started is not None else _changed(folder / CONFIG),
        updated=summary.written or _changed(folder / JOURNAL) or _changed(folder / CONFIG),
        message=f"{summary.end.title}: {summary.end.message}" if isinstance(summary.end, RunFailed) else ranks.failure,
        metrics=current.metrics,
        arms=arm_statuses(summary.arms),
        waits_for=ranks.waits_for if where else "",
        sent_step=sent.step if sent is not None else None,
        sent_name="/".join(Path(sent.path).parts[-2:]) if sent is not None else "",
        sent_at=sent.time if sent is not None else None,
        host=sighting.holder.host if sighting is not None else "",
        job=sighting.holder.job if sighting is not None else "",
        seen=sighting.silent if sighting is not None and not live and summary.end is None else None,
    )


def is_trained(run: RunStatus) -> bool:
    """Whether a process has the run, on this machine or on another one."""
    return run.live or bool(run.where)


def in_words(run: RunStatus) -> str:
    """The state; where the run's process is on another machine with that, and when it was last seen."""
    if run.seen is None:
        return run.state
    if run.state == "lost":
        return f"lost: last seen on {run.host} {age(run.seen)} ago"
    return f"{run.state} on {run.host}, {age(run.seen)} ago"


def as_plain_values(run: RunStatus) -> dict[str, Any]:
    """The fields by name, for JSON. Those of `IF_KNOWN` are left out if there are none, as in events."""
    return {name: value for name, value in asdict(run).items() if name not in IF_KNOWN or value}


def _state(summary: RunSummary, *, live: bool, held: bool, begun: bool) -> State:
    if live and not begun:
        return "loading"
    if isinstance(summary.end, RunFailed):
        return "failed"
    if isinstance(summary.end, RunFinished):
        return "finished" if summary.end.completed else "stopped"
    if not live and not held:
        return "lost"
    if summary.arm is None:
        return "loading"
    if summary.evaluating:
        return "evaluating"
    return "paused" if summary.paused else "finished" if summary.current.finished else "training"


def _begun(folder: Path, summary: RunSummary) -> bool:
    """Whether the run's process is at the end of the journal; after a resume it is loading before."""
    if summary.run is None:
        return False
    try:
        link = SocketLink(folder, watch=False, control=False, patience=PATIENCE)
    except EngineError:  # its process is too busy to answer, or is of another version
        return True
    link.close()
    return link.begun


def _summary(folder: Path) -> RunSummary:
    summary = RunSummary()
    with contextlib.suppress(EngineError):  # the file may be anything
        summary.read(read_lines(folder))
    return summary


def _points(folder: Path, arm: Arm | None) -> tuple[str, ...]:
    if arm is None:
        return ()
    place = folder / arm
    files = sorted([*place.glob("points/*.pt"), *place.glob("[sb]*-*.pt")])
    return ("start", *(file.relative_to(place).as_posix() for file in files))


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
