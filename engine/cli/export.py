"""`export`: write a trained model for other programs. Loads no torch until the arguments are known to be good."""

import argparse
from pathlib import Path

from engine.cli.arguments import add_model_name, checkpoint_of_model
from engine.export.formats import BATCHES, FORMATS, check_installed
from engine.export.placing import check_place, size_of
from engine.protocol.streams import print_lines, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the format, and where to write it."""
    parser.description = (
        "Write the best weights of a run, or a checkpoint, in another format. The file is loaded again in a process of "
        "its own, and kept only if it says of pictures what the checkpoint says."
    )
    formats = "; ".join(f"{name}: {form.what}" for name, form in FORMATS.items())
    add_model_name(parser)
    parser.add_argument("--format", required=True, choices=FORMATS, metavar="F", help=formats)
    parser.add_argument(
        "--output", type=Path, metavar="PATH", help="where to write it (default: here, named after RUN)"
    )
    parser.add_argument("--half", action="store_true", help="float16 weights: half the size, a little less exact")
    parser.add_argument("--data", type=Path, metavar="DIR", help="pictures to compare on (default: the run's own)")
    parser.add_argument("--force", action="store_true", help="replace what is at PATH")


def run(args: argparse.Namespace) -> int:
    """Write the file and say how far it is from the checkpoint; the exit status 0.

    Raises:
        EngineError: there is no such model or picture, the format cannot hold it, or it fails the comparison.
    """
    check_installed(args.format)
    file = checkpoint_of_model(args)
    path: Path = args.output if args.output is not None else _default(args.model, args.format)
    check_place(path, args.format, file, args.force)
    from engine.export.check_pictures import find_check_pictures
    from engine.export.writer import write_checked
    from engine.inference.trained import load_trained

    trained = load_trained(file, "cpu")
    pictures = find_check_pictures(trained, args.data)
    for line in (f"weights: {trained.description}", *pictures.notes):
        say(line)
    comparison = write_checked(trained, args.format, path, pictures, args.half)
    batches = " and ".join(map(str, BATCHES))
    size, kind = size_of(path) / 1e6, "float16" if args.half else "float32"
    print_lines(
        [
            f"{path}: {size:.1f} MB, {args.format}, weights {kind}",
            f"compared on {pictures.description}, {batches} at a time, in a process of its own",
            str(comparison),
        ]
    )
    return 0


def _default(model: str, form: str) -> Path:
    """A name in the current folder, after that of the run or of the checkpoint."""
    name = Path(model).resolve().name.removesuffix(".pt")
    return Path(f"{name}{FORMATS[form].ending or f'-{form}'}")
