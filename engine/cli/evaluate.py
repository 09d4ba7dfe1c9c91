"""`evaluate`: score a trained model on pictures whose classes are known, or compare two models on them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.arguments import add_json_argument, add_model_arguments, checkpoint_of_model
from engine.cli.progress_line import ProgressLine
from engine.errors import UserError
from engine.protocol.printable import json_line, printable
from engine.protocol.streams import print_lines, say

if TYPE_CHECKING:
    from engine.inference.labelled import Labelled  # the rest of the room loads torch
    from engine.inference.scoring import Scored
    from engine.inference.trained import TrainedModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the pictures, and where the answers go."""
    parser.description = (
        "Score the best weights of a run on pictures in a folder per class, by default its own test pictures. With a "
        "second run, both are scored on the same pictures and compared."
    )
    add_model_arguments(parser)
    parser.add_argument("other", nargs="?", metavar="OTHER", help="another run or checkpoint to compare with")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a folder per class, or a folder with `test` in it")
    parser.add_argument("--tta", action="store_true", help="average each picture with its mirror image: half the speed")
    parser.add_argument("--pictures-csv", type=Path, metavar="FILE", help="write a line a picture")
    parser.add_argument("--confusion-csv", type=Path, metavar="FILE", help="write the confusion matrix")
    add_json_argument(parser, "write an object to standard output")
    parser.add_argument("--mistakes", action="store_true", help="with --json: add what the model gets wrong, by class")


def run(args: argparse.Namespace) -> int:
    """Print the scores; the exit status is 0.

    Raises:
        EngineError: there is no such model, folder or device, or an answer cannot be written.
    """
    if args.other is not None and (args.pictures_csv or args.confusion_csv):
        raise UserError("Unclear arguments", "the CSV files are those of one model; leave out OTHER with them")
    if args.mistakes and not args.json:
        raise UserError("Unclear arguments", "--mistakes adds to the object of --json; give both")
    from engine.cli.evaluation_tables import (
        comparison_of,
        confusion_csv,
        evaluation_of,
        lines,
        mistakes_of,
        pictures_csv,
        write,
    )

    files = [checkpoint_of_model(args)]
    if args.other is not None:
        files.append(checkpoint_of_model(argparse.Namespace(**vars(args) | {"model": args.other})))
    from engine.inference.trained import load_trained

    models = [load_trained(file, args.device) for file in files]
    if len(models) > 1 and set(models[0].classes) != set(models[1].classes):
        raise UserError("Classes differ", f"{files[0]} and {files[1]} know other classes; compare models of the same")
    pictures = _pictures(args, models[0])
    for note in pictures.notes:
        say(note)
    scores = [_score(args, model, pictures, models[0]) for model in models]
    answers = [evaluation_of(model, pictures.where, scored) for model, scored in zip(models, scores, strict=True)]
    if args.mistakes:
        answers = [
            answer | {"mistakes": mistakes_of(model, scored, pictures.part)}
            for answer, model, scored in zip(answers, models, scores, strict=True)
        ]
    if args.pictures_csv:
        write(args.pictures_csv, pictures_csv(scores[0].predictions, models[0].classes))
    if args.confusion_csv:
        write(args.confusion_csv, confusion_csv(scores[0].predictions, models[0].classes))
    comparison = comparison_of(*(scored.predictions for scored in scores)) if len(scores) > 1 else None
    if args.json:
        both = {"models": answers, "comparison": comparison} if comparison is not None else answers[0]
        print_lines([json_line(both)])
    else:
        print_lines(lines(answers, comparison))
    return 0


def _pictures(args: argparse.Namespace, trained: "TrainedModel") -> "Labelled":
    from engine.inference.labelled import labelled_pictures, pictures_of_run

    if args.data is not None:
        return labelled_pictures(args.data, trained.classes)
    return pictures_of_run(trained.config, trained.classes, trained.file)


def _score(args: argparse.Namespace, trained: "TrainedModel", pictures: "Labelled", first: "TrainedModel") -> "Scored":
    """Score one model; labels are indices of the classes of the first one."""
    from engine.data.reading.notes import Notes
    from engine.data.samples import Sample
    from engine.inference.scoring import score

    order = [trained.classes.index(name) for name in first.classes]
    samples = [Sample(sample.path, order[sample.label]) for sample in pictures.samples]
    with ProgressLine(sys.stderr, "scoring", len(samples)) as progress:
        notes = Notes()
        scored = score(trained, samples, mirrored=args.tta, batch_size=args.batch_size, progress=progress, notes=notes)
    for lost in scored.unreadable:
        say(f"{printable(lost.path)} cannot be read: {lost.reason}")
    for line in notes.unsaid(all_known=True):
        say(line)
    return scored
