"""`replay`: train a run again from its journal, with the same commands at the same places, and compare the weights."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from engine.cli.arguments import add_json_argument, add_run_name_and_dir, folder_of_run
from engine.config import RunConfig
from engine.config.resumed import before_changes, with_changes
from engine.config.sections import HooksConfig
from engine.errors import CheckpointError
from engine.protocol import (
    ArmStarted,
    Command,
    Event,
    RunFinished,
    RunStarted,
    SettingsChanged,
    Stop,
)
from engine.protocol.streams import say
from engine.steering.script import Script, done_commands
from engine.storage.choices import Choices, choices_of
from engine.storage.journal import CONFUSION, STEP, Position, Record, read_lines, records_in
from engine.storage.run_folder import load_run_config


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a run with one configuration."""

    config: RunConfig
    commands: list[tuple[Position, Command]]
    end: Position | None
    "where the run was stopped; `None` if it was not"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run to replay, and its result."""

    name: str
    folder: Path
    segments: list[Segment]
    choices: Choices
    threads: int
    "processor threads of its steps"
    finished: RunFinished


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a replay, to compare with that of the run."""

    plan: Plan
    again: RunFinished
    folder: Path
    left: int
    "number of commands whose position was never reached"

    @property
    def equal(self) -> bool:
        """Whether the weights are the same bit by bit."""
        return self.again.weights_sha256 == self.plan.finished.weights_sha256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and what to print."""
    add_json_argument(parser, "write one event a line to standard output")
    add_run_name_and_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Replay the run; 0 where the weights are equal, 1 where they differ, else as `headless.run_headless` has it.

    Raises:
        EngineError: there is no such run, or nothing to replay.
    """
    what = plan(folder_of_run(args))
    from engine.cli.headless import run_headless

    verdicts: list[Verdict | None] = []
    status = run_headless(lambda inbox, emit: verdicts.append(play(what, inbox, emit)), json_lines=args.json)
    verdict = verdicts[0] if verdicts else None
    if verdict is None:
        return status
    for line in describe(verdict):
        say(line, sys.stderr if args.json else sys.stdout)
    return status or (0 if verdict.equal else 1)


def plan(folder: Path) -> Plan:
    """Read a run's journal for a replay.

    Raises:
        CheckpointError: the journal cannot be read, or the run has not come to an end.
    """
    # Events of single steps and pictures are most of a journal, and a replay does not need them.
    records = list(records_in(line for line in read_lines(folder) if not line.startswith((STEP, CONFUSION))))
    finished = next((r.message for r in reversed(records) if isinstance(r.message, RunFinished | RunStarted)), None)
    if not isinstance(finished, RunFinished) or not finished.weights_sha256:
        raise CheckpointError("Nothing to compare", f"{folder} has not ended; go on with it first (--resume)")
    events = [r.message for r in records]
    stops = (r.at for r in reversed(records) if isinstance(r.message, Stop) and r.at is not None)
    end = None if finished.completed else next(stops, None)
    segments = _segments(folder, records, end)
    choices = choices_of(event for event in events if isinstance(event, Event))
    threads = next((event.threads for event in events if isinstance(event, RunStarted)), 0)
    return Plan(folder.resolve().name, folder, segments, choices, threads, finished)


def _segments(folder: Path, records: list[Record], end: Position | None) -> list[Segment]:
    """The parts of a run between resumes that changed settings."""
    changes = [(n, r.message) for n, r in enumerate(records) if isinstance(r.message, SettingsChanged)]
    config = before_changes(load_run_config(folder), [message for _, message in changes])
    commands = done_commands(records)
    segments: list[Segment] = []
    begun = 0
    for number, message in changes:
        started = next(r.message for r in reversed(records[:number]) if isinstance(r.message, RunStarted))
        arm = next(r.message for r in records[number:] if isinstance(r.message, ArmStarted))
        there = Position(arm.arm, arm.branch, arm.step, arm.change)
        segments.append(Segment(config, commands[begun : started.commands], there))
        config, begun = with_changes(config, message), started.commands
    return [*segments, Segment(config, commands[begun:], end)]


def play(plan: Plan, inbox: SimpleQueue[Command], emit: Callable[[Event], None]) -> Verdict | None:
    """Train the run again, as a run of its own; `None` if it failed or was stopped.

    `emit` is called with every event. Commands in `inbox` take effect, too.
    """
    import torch

    from engine.loop.run import Run

    if plan.threads:  # another number of threads adds in another order
        torch.set_num_threads(plan.threads)
    folder: Path | None = None
    finished: RunFinished | None = None
    script = Script()
    for segment in plan.segments:
        script = Script(segment.commands, plan.choices, segment.end)
        config = _replay_config(segment.config, plan)
        finished = None
        with closing(Run(config, resume=folder, script=script).events(inbox)) as events:
            for event in events:
                if isinstance(event, RunStarted):
                    folder = Path(event.path)
                if isinstance(event, RunFinished):
                    finished = event
                emit(event)
        if finished is None or (segment.end is not None and not script.ended):
            return None
    assert folder is not None and finished is not None
    return Verdict(plan, finished, folder, len(script))


def _replay_config(config: RunConfig, plan: Plan) -> RunConfig:
    """The configuration of the replay: its folder is beside that of the run; no hooks run, no trackers get it."""
    kept = config.checkpoint.model_copy(update={"dir": plan.folder.resolve().parent})
    settings = {"name": f"{plan.name[:57]}-replay", "checkpoint": kept, "hooks": HooksConfig(), "sinks": ()}
    return config.model_copy(update=settings)


def describe(verdict: Verdict) -> Iterator[str]:
    """The result as lines for people."""
    was, now = verdict.plan.finished, verdict.again
    if verdict.equal:
        yield f"{verdict.plan.name} replayed: the weights are equal bit by bit (SHA-256 {now.weights_sha256})"
    else:
        yield f"{verdict.plan.name} replayed: the weights differ"
        yield f"SHA-256 was {was.weights_sha256}, is {now.weights_sha256}"
        if was.accuracy is not None and now.accuracy is not None:
            yield f"accuracy was {was.accuracy:.2%}, is {now.accuracy:.2%}"
        yield from _distance(verdict)
    if verdict.left:
        yield f"{verdict.left} commands were not done, because their place was never reached"
    yield f"the replay is in {verdict.folder}"


def _distance(verdict: Verdict) -> Iterator[str]:
    """How much the weights differ, if both checkpoints can be read."""
    from engine.storage import checkpoint

    try:
        one, other = (
            checkpoint.load(folder / verdict.again.arm / "last.pt") for folder in (verdict.plan.folder, verdict.folder)
        )
    except CheckpointError as error:
        yield f"the difference is unknown: {error.message}"
        return
    if one["step"] != other["step"] or one["model"].keys() != other["model"].keys():
        yield f"the difference is unknown: the checkpoints are of step {one['step']} and {other['step']}"
        return
    pairs = [(one["model"][key].double(), value.double()) for key, value in other["model"].items() if value.numel()]
    most = max(float((was - now).abs().max()) for was, now in pairs)
    yield f"no weight or statistic differs by more than {most:.3g}"
