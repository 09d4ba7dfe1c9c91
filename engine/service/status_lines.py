"""The status of a run as lines for people."""

import time

from engine.figures.verdicts import sentence
from engine.metrics import METRICS
from engine.protocol import Group
from engine.service.program import command
from engine.service.remote.reaching import how_to_reach
from engine.service.status import RunStatus, in_words


def describe(run: RunStatus) -> list[str]:
    """The status in aligned lines for people."""
    rows = [
        ("run", run.name),
        ("state", in_words(run) + (f", {run.where}" if run.where and run.seen is None else "")),
        ("process", run.where.removeprefix("process ") if run.seen is not None else ""),
        ("waits for", run.waits_for),
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
            ("metrics", ", ".join(_metric(name, value) for name, value in run.metrics.items())),
            ("best", f"{_percent(run.best_accuracy)} ({run.best_arm})" if run.best_arm else ""),
            ("verdict", sentence(run.verdict, over=not run.live) if run.verdict is not None else ""),
            ("rates", ", ".join(f"{group.name} {group.base_lr:g}{_frozen(group)}" for group in run.groups)),
        ]
    if run.sent_step is not None:
        rows.append(("bucket", f"{run.sent_name} of step {run.sent_step}, {_clock(run.sent_at)}"))
    rows += [("started", _clock(run.started)), ("last entry", _clock(run.updated))]
    if run.state == "lost":
        rows.append(("go on with", command("--resume", run.path)))
    elif run.seen is not None:
        rows.append(("attach with", how_to_reach(run.host, run.job, run.path)))
    return [f"{name:<11} {text}" for name, text in rows if text]


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f"{fraction:.1%}"


def _metric(name: str, value: float) -> str:
    known = METRICS.get(name)
    return f"{name} {value:g}" if known is None else f"{known.title(name)} {known.text(value)}"


def _frozen(group: Group) -> str:
    return " frozen" if group.frozen else ""


def _clock(seconds: float | None) -> str:
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
