"""`finetune-tui predict`: labels pictures, on a terminal with a thumbnail of each beside its answer."""

import argparse
from collections.abc import Iterator, Sequence
from functools import partial

from rich.console import Console

from engine.cli import predict
from engine.cli.prediction_lines import UNSURE, Answer
from engine.protocol.printable import printable
from tui.commands.thumbnail_lines import THUMBNAIL, add_thumbnails_argument, console_of, picture_lines
from tui.format import bar, ending, percent

GAP = "  "
BAR = 20  # columns


def main(argv: Sequence[str]) -> int:
    """Label pictures; the exit status: 0, 1 if no picture could be read, 2 for a mistake of the user.

    Raises:
        EngineError: there is no such model, picture or device, or the answers cannot be written.
    """
    parser = argparse.ArgumentParser(prog="finetune-tui predict")
    predict.add_arguments(parser)
    add_thumbnails_argument(parser)
    args = parser.parse_intermixed_args(argv)
    console = console_of(args)
    return predict.run(args, partial(_beside_a_thumbnail, console) if console is not None else None)


def _beside_a_thumbnail(console: Console, path: str, answer: Answer) -> str:
    """The lines of a small picture with its path and the most probable classes beside it, and an empty line."""
    picture = picture_lines(path, console)
    room = console.width - THUMBNAIL[0] - len(GAP)
    beside = ["", ending(answer.path, room), *_bars(answer, room)]
    beside += [""] * (len(picture) - len(beside))
    picture += [" " * THUMBNAIL[0]] * (len(beside) - len(picture))
    return "\n".join([*(f"{left}{GAP}{right}".rstrip() for left, right in zip(picture, beside, strict=True)), ""])


def _bars(answer: Answer, room: int) -> Iterator[str]:
    """A line a class: its name, a bar, its probability."""
    top = [(printable(name), probability) for name, probability in answer.top]
    names = min(max(len(name) for name, _ in top), room - BAR - 10)
    for number, (name, probability) in enumerate(top):
        unsure = f"  {UNSURE}" if answer.unsure and number == 0 else ""
        yield f"{name[:names]:<{names}}  {''.join(bar(probability, BAR))} {percent(probability):>7}{unsure}"
