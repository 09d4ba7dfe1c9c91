"""`predict`: label pictures with a trained model. Loads no torch until the pictures are found."""

import argparse
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.arguments import add_json_argument, add_model_arguments, checkpoint_of_model, positive
from engine.cli.prediction_lines import UNSURE, Answer, CsvLines, JsonLines, Lines, TextLines
from engine.data.listing.left_out import left_out_notes
from engine.errors import UserError
from engine.inference.picture_list import find_pictures
from engine.inference.sorting import Sorter
from engine.protocol.printable import printable
from engine.protocol.streams import Stream, output_failed, say

if TYPE_CHECKING:
    from engine.inference.predictor import Prediction  # which loads torch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the pictures, and how to print the answers."""
    parser.description = (
        "Label pictures with the best weights of a run, or with a checkpoint. Pictures that cannot be read are named "
        "and skipped."
    )
    add_model_arguments(parser)
    parser.add_argument(
        "pictures", nargs="+", metavar="PICTURES", help="files, folders, patterns like '*.jpg', or - for names on stdin"
    )
    form = parser.add_mutually_exclusive_group()
    add_json_argument(form, "write an object a picture to standard output")
    form.add_argument("--csv", action="store_true", help="write a line a picture, with commas, to standard output")
    parser.add_argument("--top-k", type=positive, default=1, metavar="K", help="name the K most probable classes")
    parser.add_argument("--tta", action="store_true", help="average each picture with its mirror image: half the speed")
    parser.add_argument(
        "--threshold", type=_share, default=0.0, metavar="P", help=f"say `{UNSURE}` below this probability, 0 to 1"
    )
    parser.add_argument("--sort-into", type=Path, metavar="DIR", help="copy each picture into a folder of its class")
    parser.add_argument("--link", action="store_true", help="with --sort-into: symbolic links in place of copies")


def run(args: argparse.Namespace, show: Callable[[str, Answer], str] | None = None) -> int:
    """Print an answer for each picture; the exit status: 0, or 1 if no picture could be read.

    `show` makes, of a picture's path and its answer, what is printed for people.

    Raises:
        EngineError: there is no such model, picture or device, or the answers cannot be written.
    """
    if args.link and args.sort_into is None:
        raise UserError("Unclear arguments", "--link says how --sort-into DIR is filled; add it, or leave out --link")
    found = find_pictures(args.pictures, sys.stdin)
    file = checkpoint_of_model(args)
    sorter = Sorter(args.sort_into, args.link) if args.sort_into is not None else None
    from engine.inference.trained import load_trained

    trained = load_trained(file, args.device)
    say(f"weights: {trained.description}")
    for note in left_out_notes(found.left_out):
        say(note)
    form = JsonLines if args.json else CsvLines if args.csv else TextLines
    writer = _Writer(form(found.files, trained.classes, args.top_k), args.threshold, sorter)
    if form is TextLines and show is not None:
        writer.show = show
    from engine.data.reading.notes import Notes
    from engine.inference.predictor import predict

    notes = Notes()
    for prediction in predict(trained, found.files, mirrored=args.tta, batch_size=args.batch_size, notes=notes):
        writer.write(prediction)
    for line in notes.unsaid(all_known=True):
        say(line)
    if unreadable := len(found.files) - writer.readable:
        say(f"{unreadable} of {len(found.files)} pictures could not be read")
    return 0 if writer.readable else 1


class _Writer:
    """Prints answers as they come, and sorts the pictures."""

    def __init__(self, lines: Lines, threshold: float, sorter: Sorter | None) -> None:
        self.readable = 0
        "number of pictures that could be read"
        self.show: Callable[[str, Answer], str] = lambda path, answer: lines.line(answer)
        self._lines, self._threshold, self._sorter = lines, threshold, sorter
        self._output = Stream(sys.stdout, output_failed)
        self._print(lines.header())

    def write(self, prediction: "Prediction") -> None:
        """Print the answer for a picture, or why there is none."""
        if prediction.probabilities is None:
            say(f"{printable(prediction.path)} cannot be read: {prediction.error}")
            self._print(self._lines.unreadable(prediction.path, prediction.error))
            return
        self.readable += 1
        answer = self._lines.answer_of(prediction, self._threshold)
        self._print(self.show(prediction.path, answer))
        if self._sorter is not None:
            self._sorter.put(Path(prediction.path), answer.label)

    def _print(self, text: str) -> None:
        if text:
            print(text, file=self._output, flush=True)


def _share(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= (share := float(text)) <= 1:
            return share
    raise argparse.ArgumentTypeError(f"{text} is no number from 0 to 1")
