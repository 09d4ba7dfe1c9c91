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
    Confusion,
    Evaluating,
    Event,
    RunFinished,
    RunStarted,
    SettingsChanged,
    Stop,
    TrainStep,
)
from engine.steering.script import Script, done_commands
from engine.storage.choices import Choices, choices_of
from engine.storage.journal import Position, Record, read_records
from engine.storage.run_folder import load_run_config

HELP = "train a run again from its journal and compare the weights"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a run with one configuration."""

    config: RunConfig
    commands: list[tuple[Position, Command]]
    end: Position | None
    "where it was stopped; none where it was done"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done again, and what came of it."""

    name: str
    folder: Path
    stretches: list[Stretch]
    choices: Choices
    threads: int
    "processor threads that it was computed with"
    finished: RunFinished


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a replay ended with the weights of the run."""

    plan: Plan
    again: RunFinished
    folder: Path
    left: int
    "commands whose place never came"

    @property
    def equal(self) -> bool:
        """Whether they are the same bit by bit."""
        return self.again.weights_sha256 == self.plan.finished.weights_sha256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and what to print."""
    add_json_argument(parser, "write one event a line to standard output")
    add_run_name_and_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Replay the run; 0 where the weights are equal, 1 where they differ, else as `headless.follow` has it.

    Raises:
        EngineError: there is no such run, or nothing to replay.
    """
    what = plan(folder_of_run(args))
    from engine.cli.headless import follow

    verdicts: list[Verdict | None] = []
    status = follow(lambda inbox, emit: verdicts.append(play(what, inbox, emit)), json_lines=args.json)
    verdict = verdicts[0] if verdicts else None
    if verdict is None:
        return status
    for line in describe(verdict):
        print(line, file=sys.stderr if args.json else sys.stdout)
    return status or (0 if verdict.equal else 1)


def plan(folder: Path) -> Plan:
    """Read what there is to replay.

    Raises:
        CheckpointError: the journal cannot be read, or the run has not come to an end.
    """
    # What tells of single steps and pictures is most of a journal, and of no use here.
    records = [r for r in read_records(folder) if not isinstance(r.message, TrainStep | Evaluating | Confusion)]
    finished = next((r.message for r in reversed(records) if isinstance(r.message, RunFinished | RunStarted)), None)
    if not isinstance(finished, RunFinished) or not finished.weights_sha256:
        raise CheckpointError("Nothing to compare", f"{folder} has not ended; go on with it first (--resume)")
    events = [r.message for r in records]
    stops = (r.at for r in reversed(records) if isinstance(r.message, Stop) and r.at is not None)
    end = None if finished.completed else next(stops, None)
    stretches = _stretches(folder, records, end)
    choices = choices_of(event for event in events if isinstance(event, Event))
    threads = next((event.threads for event in events if isinstance(event, RunStarted)), 0)
    return Plan(folder.resolve().name, folder, stretches, choices, threads, finished)


def _stretches(folder: Path, records: list[Record], end: Position | None) -> list[Stretch]:
    """The parts between which a resume changed settings."""
    changes = [(n, r.message) for n, r in enumerate(records) if isinstance(r.message, SettingsChanged)]
    config = before_changes(load_run_config(folder), [message for _, message in changes])
    commands = done_commands(records)
    stretches: list[Stretch] = []
    begun = 0
    for number, message in changes:
        started = next(r.message for r in reversed(records[:number]) if isinstance(r.message, RunStarted))
        arm = next(r.message for r in records[number:] if isinstance(r.message, ArmStarted))
        there = Position(arm.arm, arm.branch, arm.step, arm.change)
        stretches.append(Stretch(config, commands[begun : started.commands], there))
        config, begun = with_changes(config, message), started.commands
    return [*stretches, Stretch(config, commands[begun:], end)]


def play(plan: Plan, inbox: SimpleQueue[Command], emit: Callable[[Event], None]) -> Verdict | None:
    """Train it again in a run of its own; `None` where that came to no end of its own.

    Every event is handed to `emit`; commands in `inbox` take effect, too.
    """
    import torch

    from engine.loop.run import Run

    if plan.threads:  # another number adds in another order
        torch.set_num_threads(plan.threads)
    folder: Path | None = None
    finished: RunFinished | None = None
    script = Script()
    for stretch in plan.stretches:
        script = Script(stretch.commands, plan.choices, stretch.end)
        config = _elsewhere(stretch.config, plan)
        finished = None
        with closing(Run(config, resume=folder, script=script).events(inbox)) as events:
            for event in events:
                if isinstance(event, RunStarted):
                    folder = Path(event.path)
                if isinstance(event, RunFinished):
                    finished = event
                emit(event)
        if finished is None or (stretch.end is not None and not script.ended):
            return None
    assert folder is not None and finished is not None
    return Verdict(plan, finished, folder, len(script))


def _elsewhere(config: RunConfig, plan: Plan) -> RunConfig:
    """The configuration of a run beside the one that is replayed, of which nobody has to be told."""
    kept = config.checkpoint.model_copy(update={"dir": plan.folder.resolve().parent})
    settings = {"name": f"{plan.name[:57]}-replay", "checkpoint": kept, "hooks": HooksConfig()}
    return config.model_copy(update=settings)


def describe(verdict: Verdict) -> Iterator[str]:
    """What came of it, in lines."""
    was, now = verdict.plan.finished, verdict.again
    if verdict.equal:
        yield f"{verdict.plan.name} replayed: the weights are equal bit by bit (SHA-256 {now.weights_sha256})"
    else:
        yield f"{verdict.plan.name} replayed: the weights differ"
        yield f"SHA-256 {was.weights_sha256} was, {now.weights_sha256} is"
        if was.accuracy is not None and now.accuracy is not None:
            yield f"accuracy {was.accuracy:.2%} was, {now.accuracy:.2%} is"
        yield from _distance(verdict)
    if verdict.left:
        yield f"{verdict.left} commands never came to their place"
    yield f"the replay is in {verdict.folder}"


def _distance(verdict: Verdict) -> Iterator[str]:
    """How far apart the weights are, where both are on the disk."""
    from engine.storage import checkpoint

    try:
        one, other = (
            checkpoint.load(folder / verdict.again.arm / "last.pt") for folder in (verdict.plan.folder, verdict.folder)
        )
    except CheckpointError as error:
        yield f"by how much cannot be said: {error.message}"
        return
    if one["step"] != other["step"] or one["model"].keys() != other["model"].keys():
        yield f"by how much cannot be said: the checkpoints are of step {one['step']} and {other['step']}"
        return
    pairs = [(one["model"][key].double(), value.double()) for key, value in other["model"].items() if value.numel()]
    most = max(float((was - now).abs().max()) for was, now in pairs)
    yield f"no weight or statistic differs by more than {most:.3g}"
