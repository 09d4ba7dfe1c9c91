"""From command-line arguments to a run that is ready to start, or to where runs are. Loads no torch."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from engine.config import RunConfig, load_config, shipped_config
from engine.errors import ConfigError, DataError, WeightsError
from engine.protocol import ARMS
from engine.storage.run_folder import find_run, load_run_config


@dataclass(frozen=True)
class Launch:
    """A run to start, or to go on with: its configuration and, to go on, its folder."""

    config: RunConfig
    resume: Path | None = None
    prepared: Path | None = None
    "the folder of a new run, where it has been made already"
    overrides: tuple[str, ...] = ()
    "what `config` has other than the run that is gone on with, as `a.b=c`"


def is_first() -> bool:
    """Whether this process, of those that torchrun started, owns the run's folder and tells what happens."""
    return os.environ.get("RANK", "0") == "0"


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what to train."""
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="a YAML file; default: the embedded demo")
    parser.add_argument("--demo", action="store_true", help="train the embedded demo")
    parser.add_argument("--data", metavar="DIR", help="a folder of pictures, a folder per class")
    parser.add_argument("--model", metavar="NAME", help="a torchvision classification model, such as resnet18")
    parser.add_argument("--init", choices=ARMS, help="the arm that is trained first")
    parser.add_argument("--epochs", type=int, metavar="N", help="times through the training pictures")
    parser.add_argument(
        "--set", action="append", default=[], metavar="A.B=C", help="change any setting; may be repeated"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with a run: its name or its folder")


def add_dir_argument(parser: argparse.ArgumentParser) -> None:
    """Where the runs are that are looked for."""
    parser.add_argument("--dir", metavar="DIR", help="where runs are kept (checkpoint.dir)")


def runs_folder(args: argparse.Namespace) -> Path:
    """What `--dir` names, or else the default of `checkpoint.dir`."""
    return Path(args.dir) if args.dir is not None else load_config().checkpoint.dir


def plan(args: argparse.Namespace) -> Launch:
    """What the arguments ask for, checked as far as it can be without loading torch.

    Raises:
        EngineError: they cannot be followed; the message says what to change.
    """
    overrides = []
    if args.data is not None:
        overrides += ["data.source=folder", f"data.root={_quoted(args.data)}"]
    if args.model is not None:
        overrides.append(f"model.name={_quoted(args.model)}")
        if args.config is None:
            overrides.append("model.weights=default")
    if args.init is not None:
        overrides.append(f"init={args.init}")
    if args.epochs is not None:
        overrides.append(f"train.epochs={args.epochs}")
    overrides += args.set
    if args.resume is not None:
        return _plan_resume(args, overrides)
    if args.demo and (args.config is not None or args.data is not None):
        raise ConfigError("Unclear arguments", "--demo trains the demo; leave out CONFIG and --data with it")
    file = args.config
    if file is None and args.data is not None:
        file = shipped_config("folder")
    config = load_config(file, overrides)
    _check_paths(config)
    return Launch(config)


def _plan_resume(args: argparse.Namespace, overrides: list[str]) -> Launch:
    if args.config is not None or args.demo or args.init is not None:
        raise ConfigError(
            "Unclear arguments",
            "--resume goes on with the run's own configuration and arm; leave out CONFIG, --demo and --init",
        )
    # --set checkpoint.dir says where runs are kept, so it also says where to look.
    root = load_config(None, [text for text in overrides if text.startswith("checkpoint.")]).checkpoint.dir
    folder = find_run(args.resume, root)
    config = load_run_config(folder, overrides)
    _check_paths(config)
    return Launch(config, folder, overrides=tuple(overrides))


def _check_paths(config: RunConfig) -> None:
    """What takes no time to see before a screen opens."""
    root = config.data.root
    if config.data.source == "folder" and root is not None and (reason := _why_no_folder(root)):
        raise DataError("No pictures", f"data.root {root} {reason}; name your folder of pictures with --data DIR")
    weights = config.model.weights
    if weights not in ("default", "demo") and not Path(weights).is_file():
        raise WeightsError("Weights not found", f"model.weights {weights} does not exist; correct the path")


def _why_no_folder(path: Path) -> str:
    try:
        return "" if path.is_dir() else "is not a folder" if path.exists() else "does not exist"
    except OSError as error:  # below a folder that may not be entered
        return f"cannot be read ({error.strerror})"


def _quoted(text: str) -> str:
    """A command-line argument as a YAML string, whatever it looks like."""
    return "'" + text.replace("'", "''") + "'"
