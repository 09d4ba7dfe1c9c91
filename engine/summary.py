"""Where a run stands, in a few figures: from its journal, and from its process if it has one."""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine import lock
from engine.errors import EngineError
from engine.journal import JOURNAL, read_lines
from engine.protocol import Arm, Group, RunFailed, RunFinished
from engine.remote.address import is_live
from engine.remote.link import SocketLink
from engine.runfolder import CONFIG, load_run_config
from engine.tally import ArmTally, Tally

State = Literal["loading", "training", "evaluating", "paused", "finished", "stopped", "failed", "lost"]
PATIENCE = 1.0  # seconds for a word from the run's process


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in a few figures. Times are seconds since the epoch, accuracies shares; `None` is what is not known."""

    name: str
    path: str
    state: State
    """`finished`: the arm in hand has done all its epochs, and the run is over or waits for commands;
    `lost`: no process of this machine has it, and its journal has no end: it was killed, or is on another machine"""
    live: bool
    "whether it can be attached to, and be sent commands"
    where: str
    "the process that has it"
    model: str
    device: str
    arm: Arm | None
    "the one in hand, as are the figures that follow"
    step: int
    total_steps: int
    epoch: int
    epochs: int
    accuracy: float | None
    "on the test set at the last evaluation"
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
    "the time of the last entry in the journal"
    message: str
    "why it failed"


def summarize(folder: Path) -> Summary:
    """Where the run in `folder` stands, as far as it can be known; nothing is raised."""
    live = is_live(folder)  # before the journal is read: what is journaled last is the run's end
    tally = _tally(folder)
    where = lock.noted(folder) if live else lock.holder(folder) if tally.end is None else ""
    state = _state(tally, live=live, held=bool(where), begun=live and _begun(folder, tally))
    config = None
    with contextlib.suppress(EngineError, OSError, ValueError):
        config = load_run_config(folder)
    arm, run, hand = tally.arm, tally.run, tally.hand
    if arm is None and config is not None:
        arm, hand = config.init, ArmTally(epochs=config.train.epochs)
    best = max(
        ((known.best, name) for name, known in tally.arms.items() if known.best is not None), default=(None, None)
    )
    return Summary(
        name=folder.resolve().name,
        path=str(folder.absolute()),
        state=state,
        live=live,
        where=where,
        model=run.model if run is not None else config.model.name if config is not None else "",
        device=run.device if run is not None else "",
        arm=arm,
        step=hand.step,
        total_steps=hand.total_steps,
        epoch=hand.epoch if tally.arm is not None else 0,
        epochs=hand.epochs,
        accuracy=hand.accuracy,
        groups=tuple(hand.groups.values()),
        learning_rates=hand.rates,
        points=_points(folder, tally.arm),
        best_accuracy=best[0],
        best_arm=best[1],
        started=tally.started if tally.started is not None else _changed(folder / CONFIG),
        updated=tally.written or _changed(folder / JOURNAL) or _changed(folder / CONFIG),
        message=f"{tally.end.title}: {tally.end.message}" if isinstance(tally.end, RunFailed) else "",
    )


def describe(run: Summary) -> list[str]:
    """The same in aligned lines for people."""
    rows = [
        ("run", run.name),
        ("state", run.state + (f", {run.where}" if run.where else "")),
        ("why", run.message),
        ("folder", run.path),
        ("model", " on ".join(filter(None, (run.model, run.device)))),
    ]
    if run.epoch:
        rows += [
            ("arm", run.arm or ""),
            ("epoch", f"{run.epoch}/{run.epochs}"),
            ("step", f"{run.step} of {run.total_steps}"),
            ("accuracy", _percent(run.accuracy)),
            ("best", f"{_percent(run.best_accuracy)} ({run.best_arm})" if run.best_arm else ""),
            ("rates", ", ".join(f"{group.name} {group.base_lr:g}{_frozen(group)}" for group in run.groups)),
        ]
    rows += [("started", _clock(run.started)), ("last entry", _clock(run.updated))]
    if run.state == "lost":
        rows.append(("go on with", f"finetune-tui --resume {run.path}"))
    return [f"{name:<11} {text}" for name, text in rows if text]


def _state(tally: Tally, *, live: bool, held: bool, begun: bool) -> State:
    if live and not begun:
        return "loading"
    if isinstance(tally.end, RunFailed):
        return "failed"
    if isinstance(tally.end, RunFinished):
        return "finished" if tally.end.completed else "stopped"
    if not live and not held:
        return "lost"
    if tally.arm is None:
        return "loading"
    if tally.evaluating:
        return "evaluating"
    return "paused" if tally.paused else "finished" if tally.hand.finished else "training"


def _begun(folder: Path, tally: Tally) -> bool:
    """Whether the process that has the run goes on where its journal ends; one resumed is loading before."""
    if tally.run is None:
        return False
    try:
        link = SocketLink(folder, watch=False, control=False, patience=PATIENCE)
    except EngineError:  # it is too busy to answer, or of another version
        return True
    link.close()
    return link.begun


def _tally(folder: Path) -> Tally:
    tally = Tally()
    with contextlib.suppress(EngineError):  # what stands there is the user's
        tally.read(read_lines(folder))
    return tally


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


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _frozen(group: Group) -> str:
    return " frozen" if group.frozen else ""


def _clock(seconds: float | None) -> str:
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
