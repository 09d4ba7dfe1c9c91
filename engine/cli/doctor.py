"""`doctor`: say what is wrong with pictures before they are trained on.

Loads torch only to ask the model for the size of its pictures.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.arguments import add_json_argument
from engine.cli.doctor_lines import Look, finding_json, finding_text, headline, verdict
from engine.cli.preview import find
from engine.cli.progress_line import ProgressLine
from engine.config import RunConfig
from engine.data.corrections import apply_corrections, read_corrections
from engine.data.samples import Catalogue
from engine.data.sources import SOURCES, folders
from engine.errors import ConfigError, DataError
from engine.protocol.streams import Stream, output_failed, print_lines, say
from engine.recipes.choices import complete
from engine.service.launch import NAMED, TABLES, add_data_argument, add_run_arguments, plan

if TYPE_CHECKING:
    from engine.doctor.finding import Finding


Show = Callable[["Finding", tuple[Path, ...]], str]
"a finding as lines for people; paths are shown below the folders"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the pictures are, and what is done with the answer."""
    parser.description = (
        "Look at pictures before they are trained on: copies between and within parts, damaged files, classes, sizes, "
        "and more. Nothing is changed. The exit status is 1 if something is bad."
    )
    parser.add_argument(
        "pictures", nargs="*", metavar="DIR|CONFIG", help="what `--data` takes, or a configuration (a YAML file)"
    )
    add_data_argument(parser)
    parser.add_argument("--model", metavar="NAME", help="the model whose size pictures are compared with")
    parser.add_argument(
        "--set", action="append", default=[], metavar="A.B=C", help="change any setting; may be repeated"
    )
    parser.add_argument(
        "--fix", type=Path, metavar="FILE", help="write a list of pictures to leave out, or add to it (excluded.csv)"
    )
    add_json_argument(parser, "write an object a line to standard output")


def run(args: argparse.Namespace, show: Show | None = None) -> int:
    """Print what is wrong with the pictures; the exit status: 0, or 1 if something is bad.

    `show` makes, of a finding, what is printed for people.

    Raises:
        EngineError: the arguments cannot be followed, there are no such pictures, or the list cannot be written.
    """
    config = _config(args)
    from engine.data.adding import kept_lines

    kept = kept_lines(args.fix, "--fix") if args.fix is not None else ()  # before the work
    catalogue = find(config)
    if catalogue is None:
        missing = SOURCES[config.data.source].missing
        raise DataError("No pictures", f"{missing}; train once, or name a folder of pictures")
    look = _examine(catalogue, config)
    print_lines(headline(look, args.json))
    from engine.doctor.diagnose import diagnose

    findings = diagnose(catalogue, look.examined, _image_size(config))
    output = Stream(sys.stdout, output_failed)
    for item in findings:
        # Names of files are made printable in `show`; the escape sequences of small pictures have to stay.
        text = finding_json(item) if args.json else f"\n{(show or finding_text)(item, look.roots)}"
        print(text, file=output, flush=True)
    print_lines([verdict(findings, args.json)] if args.json else ["", verdict(findings, args.json)])
    if args.fix is not None:
        from engine.data.adding import add_lines
        from engine.doctor.fix import corrections_of

        new = add_lines(args.fix, kept, corrections_of(findings, look.roots), "--fix")
        say(
            f"{args.fix}: {new:,} pictures more to leave out, {len(kept) + new:,} lines in all; train with "
            f"--set data.exclude={args.fix}"
        )
        _check_fix(args.fix, catalogue, look.roots)
    return int(any(finding.severity == "bad" for finding in findings))


def _check_fix(file: Path, catalogue: Catalogue, roots: tuple[Path, ...]) -> None:
    """Say why no run would train with the list, such as a class that loses all its pictures."""
    try:
        apply_corrections(catalogue, read_corrections(file), roots, file)
    except DataError as error:
        say(f"a run will refuse this list: {error.message}")


def _config(args: argparse.Namespace) -> RunConfig:
    """The configuration whose pictures are looked at."""
    places = [word for word in args.pictures if not _is_config(word)]
    configs = [word for word in args.pictures if _is_config(word)]
    places += args.data or []
    if not places and not configs:
        raise ConfigError("No pictures", "name a folder of pictures: doctor DIR")
    if len(configs) > 1:
        raise ConfigError("Unclear arguments", f"{configs[1]}: one configuration at a time")
    words = [*configs, *(f"--data={place}" for place in places), *(f"--set={text}" for text in args.set)]
    if args.model is not None:
        words.append(f"--model={args.model}")
    parser = argparse.ArgumentParser()
    add_run_arguments(parser)
    return plan(parser.parse_args(words)).config


def _is_config(word: str) -> bool:
    """Whether a word names a configuration, and no pictures."""
    is_place = word.startswith(NAMED) or word.lower().endswith(TABLES) or not word.lower().endswith((".yaml", ".yml"))
    return not is_place and not Path(word).is_dir()


def _examine(catalogue: Catalogue, config: RunConfig) -> Look:
    """Measure the pictures, with a progress bar on a terminal."""
    from engine.doctor.examine import examine

    began = time.monotonic()
    steps = examine(catalogue, config.data.threads)
    with ProgressLine(sys.stderr, "pictures looked at", len(catalogue.pictures)) as progress:
        while True:
            try:
                progress(next(steps).done)
            except StopIteration as end:
                return Look(catalogue.where, folders(config.data), end.value, time.monotonic() - began)


def _image_size(config: RunConfig) -> int:
    """The side of the picture that the model sees."""
    if config.data.image_size is not None:
        return config.data.image_size
    from engine.models import preparation

    return preparation(complete(config).model, None).image_size
