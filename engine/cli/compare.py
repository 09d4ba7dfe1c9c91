"""`compare`: several runs beside each other: settings that differ, and results with intervals. Loads no torch."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.arguments import add_json_argument
from engine.protocol.printable import json_line
from engine.protocol.streams import print_lines
from engine.service.places import add_dir_argument, runs_folder

if TYPE_CHECKING:
    from engine.figures.best import Best, Score
    from engine.report.facts import ArmFacts
    from engine.report.runs_compared import Against, Compared, RunsCompared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and how to print the answer."""
    parser.description = (
        "Say in what settings runs differ and what each arm came to, with the difference of their best accuracies and "
        "its 95 %% interval in points. Runs may be live."
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run: its name or its folder; two or more")
    add_json_argument(parser, "write one object to standard output")
    add_dir_argument(parser)


def run(args: argparse.Namespace, show: Callable[[Sequence[Path]], int] | None = None) -> int:
    """Print the comparison, or let `show` show it; the exit status.

    Raises:
        UserError: there is no such run, its journal cannot be read, or there are not two.
        EngineError: the answer cannot be written.
    """
    from engine.service.remote.finding import find

    root = runs_folder(args)
    folders = list({folder.resolve(): folder for folder in (find(name, root) for name in args.runs)}.values())
    if show is not None and not args.json and len(folders) > 1:
        return show(folders)
    from engine.report.reading import read_run
    from engine.report.runs_compared import compare_runs

    compared = compare_runs([read_run(folder) for folder in folders])
    print_lines([json_line(as_plain_values(compared))] if args.json else lines(compared))
    return 0


def lines(compared: "RunsCompared") -> Iterator[str]:
    """The tables and the notes."""
    from engine.report.runs_tables import settings_table, tables

    for table in tables(compared):
        yield from (table.title, *table.lines(), "")
    if compared.notes:
        yield from (*compared.notes, "")
    settings = settings_table(compared)
    yield settings.title
    if settings.rows:
        yield from settings.lines()


def as_plain_values(compared: "RunsCompared") -> dict[str, Any]:
    """The comparison for JSON. Accuracies and differences are in 0..1 and -1..1, times in seconds."""
    base = compared.base
    return {
        "runs": [_run(one) for one in compared.runs],
        "settings": [{"key": one.key, "values": list(one.values)} for one in compared.settings],
        "base": None if base is None else {"run": base[0].letter, "arm": base[1]},
        "differences": [_against(one) for one in compared.against],
        "notes": list(compared.notes),
    }


def _run(one: "Compared") -> dict[str, Any]:
    facts, parts = one.facts, one.facts.parts
    return {
        "run": one.letter,
        "name": facts.name,
        "path": facts.status.path,
        "state": facts.status.state,
        "live": facts.status.live,
        "model": facts.status.model,
        "train_images": parts.get("training"),
        "val_images": parts.get("validation"),
        "test_images": parts.get("test"),
        "changes_by_hand": one.by_hand,
        "arms": [_arm(arm) for arm in one.arms],
    }


def _arm(arm: "ArmFacts") -> dict[str, Any]:
    last = arm.newest
    return {
        "arm": arm.arm,
        "best": None if arm.best is None else _best(arm.best),
        "last": None if last is None else {"epoch": arm.view.curves.evaluations[-1].epoch, **_score(last)},
        "epochs_done": len(arm.view.curves.history),
        "epochs": arm.view.epochs,
        "seconds": arm.seconds,
    }


def _best(best: "Best") -> dict[str, Any]:
    tested = None if best.tested is None else _score(best.tested)
    return {"epoch": best.epoch, "step": best.step, **_score(best.chosen), "tested": tested}


def _score(score: "Score") -> dict[str, Any]:
    low, high = score.interval or (None, None)
    return {"part": score.part, "accuracy": score.accuracy, "low": low, "high": high, "images": score.images}


def _against(one: "Against") -> dict[str, Any]:
    found = one.difference
    return {
        "run": one.run.letter,
        "arm": one.arm,
        "part": None if found is None else found.part,
        "difference": None if found is None else found.by,
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "may_be_chance": None if found is None else found.may_be_chance,
        "same_pictures": one.same_pictures,
    }
