"""Command-line arguments that several programs have: what to train, and where runs are. Loads no torch."""

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.config import RunConfig, load_config, shipped_config
from engine.config.deadline import clock, job_limit, seconds_at
from engine.config.resumed import as_yaml, with_given
from engine.config.values import flat, given_keys
from engine.errors import ConfigError, DataError, WeightsError
from engine.protocol import ARMS
from engine.recipes.choices import complete
from engine.sinks.trackers import check_trackers
from engine.storage.run_folder import CONFIG, begin_run, find_run, has_checkpoint, load_run_config

TABLES = (".csv", ".tsv")
NAMED = ("torchvision:", "huggingface:")


def is_first() -> bool:
    """Whether this is the first of the processes that torchrun started, which writes the run's folder and prints."""
    return os.environ.get("RANK", "0") == "0"


@dataclass(frozen=True)
class Launch:
    """A run to start, or to go on with: its configuration and, to go on, its folder."""

    config: RunConfig
    resume: Path | None = None
    prepared: Path | None = None
    "the folder of a new run, if it exists already"
    overrides: tuple[str, ...] = ()
    "the settings of `config` that the command line changes, as `a.b=c`"
    begins: bool = False
    "whether the run in `resume` has no checkpoint yet; its folder may still have to be made, by `begin`"

    def begin(self) -> None:
        """Make the folder of a run that begins under a name of its own, with its configuration.

        Raises:
            UserError: the folder cannot be written, or another process trains the run.
        """
        if self.begins and self.resume is not None and is_first():
            begin_run(self.resume, self.config)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what to train."""
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="a YAML file; default: the embedded demo")
    parser.add_argument("--demo", action="store_true", help="train the embedded demo")
    add_data_argument(parser)
    parser.add_argument("--model", metavar="NAME", help="a model, such as resnet18 or timm/convnext_tiny.fb_in22k")
    parser.add_argument("--init", choices=ARMS, help="the arm that is trained first")
    parser.add_argument("--recipe", metavar="NAME", help="auto: a good classifier soon; lesson: the lesson's rates")
    parser.add_argument("--epochs", type=int, metavar="N", help="times through the training pictures")
    parser.add_argument("--minutes", type=float, metavar="M", help="how long each arm is trained, all included")
    parser.add_argument("--until", metavar="TIME", help="when each arm is to be done: 18:00 or 2026-03-01T18:00")
    parser.add_argument(
        "--set", action="append", default=[], metavar="A.B=C", help="change any setting; may be repeated"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with a run: its name or its folder")
    parser.add_argument("--run", metavar="NAME", help="begin the run NAME, or go on with it if there is one")


def add_data_argument(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add `--data`: where the pictures are."""
    parser.add_argument(
        "--data",
        action="append",
        required=required,
        metavar="DIR|FILE.csv|LIBRARY:NAME",
        help="a folder of pictures, a folder per class (may be repeated), a table of pictures, or a data set of "
        "torchvision or huggingface by its name",
    )


def plan(args: argparse.Namespace) -> Launch:
    """The run that the arguments ask for, checked as far as is possible without loading torch.

    Raises:
        EngineError: they ask for something impossible; the message says what to change.
    """
    overrides = []
    if args.data is not None:
        overrides += data_settings(args.data)
    if args.model is not None:
        overrides.append(f"model.name={_quoted(args.model)}")
        if args.config is None:
            overrides.append("model.weights=default")
    if args.init is not None:
        overrides.append(f"init={args.init}")
    if args.recipe is not None:
        overrides.append(f"recipe={_quoted(args.recipe)}")
    if args.epochs is not None:
        overrides.append(f"train.epochs={args.epochs}")
    if args.minutes is not None:
        overrides.append(f"train.minutes={args.minutes}")
    if args.until is not None:
        overrides.append(f"train.until={_quoted(args.until)}")
    overrides += args.set
    if args.resume is not None and args.run is not None:
        raise ConfigError("Unclear arguments", "--run goes on with a run by itself; leave out --resume")
    if args.resume is not None:
        return _plan_resume(args, overrides)
    if args.demo and (args.config is not None or args.data is not None):
        raise ConfigError("Unclear arguments", "--demo trains the demo; leave out CONFIG and --data with it")
    launch = Launch(_configured(args, overrides)) if args.run is None else _plan_named(args, overrides)
    if launch.resume is None or launch.begins:
        _check_until(launch.config)
    _check_now(launch.config)
    return launch


def data_settings(places: Sequence[str]) -> list[str]:
    """The settings that `--data` stands for. They replace other places that a configuration has.

    Raises:
        ConfigError: a table or a data set is given beside another place.
    """
    named = [place for place in places if place.startswith(NAMED)]
    if named and len(places) > 1:
        raise ConfigError("Unclear arguments", f"--data {named[0]} is a data set; leave out the other --data with it")
    if named:
        source, _, dataset = named[0].partition(":")
        return [f"data.source={source}", f"data.dataset={_quoted(dataset)}", "data.root=", "data.roots=[]"]
    tables = [place for place in places if place.lower().endswith(TABLES) and not Path(place).is_dir()]
    if tables and len(places) > 1:
        raise ConfigError("Unclear arguments", f"--data {tables[0]} is a table; leave out the other --data with it")
    if tables:
        return ["data.source=csv", f"data.csv={_quoted(tables[0])}", "data.root=", "data.roots=[]"]
    if len(places) > 1:
        roots = ", ".join(map(_quoted, places))
        return ["data.source=folder", "data.root=", f"data.roots=[{roots}]"]
    return ["data.source=folder", f"data.root={_quoted(places[0])}", "data.roots=[]"]


def _configured(args: argparse.Namespace, overrides: list[str]) -> RunConfig:
    """The configuration of a new run."""
    file = args.config
    if file is None and args.data is not None:
        file = shipped_config("folder")
    config = load_config(file, overrides)
    complete(config)  # raises where the settings do not go together
    return config


def _plan_named(args: argparse.Namespace, overrides: list[str]) -> Launch:
    """The run of `--run NAME`: a new one, or one that goes on with the given settings where it can."""
    new = args.demo or args.config is not None or args.data is not None
    given = _configured(args, [f"name={_quoted(args.run)}", *overrides]) if new else None
    root = given.checkpoint.dir if given is not None else _runs_root(overrides)
    folder = root / args.run
    if given is None:
        if not (folder / CONFIG).is_file():
            raise ConfigError(
                "No such run", f"there is no run {folder} yet; say what it is to train: --data DIR, CONFIG or --demo"
            )
        own = load_run_config(folder, overrides)
        return Launch(own, folder, overrides=tuple(overrides), begins=not has_checkpoint(folder))
    if not has_checkpoint(folder):
        return Launch(given, folder, begins=True)
    values = flat(given)
    settings = tuple(f"{key}={as_yaml(values[key])}" for key in given_keys(given))
    return Launch(with_given(load_run_config(folder), given), folder, overrides=settings)


def _runs_root(overrides: list[str]) -> Path:
    """Where to look for a run: `--set checkpoint.dir` says that, too."""
    return load_config(None, [text for text in overrides if text.startswith("checkpoint.")]).checkpoint.dir


def _plan_resume(args: argparse.Namespace, overrides: list[str]) -> Launch:
    if args.config is not None or args.demo or args.init is not None:
        raise ConfigError(
            "Unclear arguments",
            "--resume goes on with the run's own configuration and arm; leave out CONFIG, --demo and --init",
        )
    folder = find_run(args.resume, _runs_root(overrides))
    config = load_run_config(folder, overrides)
    _check_now(config)
    return Launch(config, folder, overrides=tuple(overrides))


def _check_until(config: RunConfig) -> None:
    """Refuse to begin a run whose time is over. One that goes on then ends at once, in order."""
    until, now = config.train.until, time.time()
    if until is not None and (end := seconds_at(until, now)) <= now:
        raise ConfigError("Too late", f"train.until {until} was at {clock(end, now)}; give a later time")


def _check_now(config: RunConfig) -> None:
    """Check the paths and the trackers now: it takes no time, and no screen is open yet."""
    job_limit()
    check_trackers(config.sinks)
    data = config.data
    if data.source == "folder":
        for key, root in [("root", data.root), *(("roots", root) for root in data.roots)]:
            if root is not None and (reason := _why_no_folder(root)):
                raise DataError(
                    "No pictures", f"data.{key} {root} {reason}; name your folder of pictures with --data DIR"
                )
    if data.source == "csv" and data.csv is not None and not data.csv.is_file():
        raise DataError("No pictures", f"data.csv {data.csv} is not a file; name your table with --data FILE.csv")
    weights = config.model.weights
    if weights not in ("default", "demo") and not Path(weights).is_file():
        raise WeightsError("Weights not found", f"model.weights {weights} does not exist; correct the path")


def _why_no_folder(path: Path) -> str:
    try:
        return "" if path.is_dir() else "is not a folder" if path.exists() else "does not exist"
    except OSError as error:  # a folder above it may not be entered
        return f"cannot be read ({error.strerror})"


def _quoted(text: str) -> str:
    """A command-line argument as a YAML string, whatever it looks like."""
    return "'" + text.replace("'", "''") + "'"
