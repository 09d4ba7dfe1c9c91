"""`choose`: try several backbones on a folder of pictures, and say which one suits it."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from engine.cli.arguments import add_json_argument
from engine.errors import UserError
from engine.protocol import bounds
from engine.protocol.streams import print_lines, say
from engine.service.launch import add_data_argument, data_settings
from engine.service.program import command

if TYPE_CHECKING:
    from engine.cli.probing import Probe
    from engine.config import RunConfig

UNKNOWN = "-"
USUAL = "mobilenet_v3_small,resnet18,efficientnet_b0,convnext_tiny"

Start = Callable[[Sequence[str]], int]
"starts the program with these arguments; its exit status"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The pictures, the models, and how long it may take."""
    parser.description = (
        "Fit the last layer of each model to your pictures, which takes one pass over them, and compare the models on "
        "validation pictures. The first model also decodes the pictures; no model is fine-tuned, and nothing is kept."
    )
    add_data_argument(parser, required=True)
    parser.add_argument(
        "--models", default=USUAL, metavar="A,B,C", help=f"names, or NAME=FILE with a file of weights; default: {USUAL}"
    )
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M", help="how long it may take; default: 10")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:N or mps")
    parser.add_argument(
        "--set", action="append", default=[], metavar="A.B=C", help="change any setting of the runs; may be repeated"
    )
    add_json_argument(parser, "write an object a model to standard output")


def run(args: argparse.Namespace, start: Start | None = None) -> int:
    """Print the table; the exit status: 0, 1 if no model could be tried, 128 + N after signal N.

    On a terminal, `start` is called for the best model if the user agrees.

    Raises:
        EngineError: the arguments cannot be followed.
    """
    if not 0 < args.minutes * 60 <= bounds.MOST_SECONDS:
        raise UserError("Unclear arguments", f"--minutes must be above 0 and no more than {bounds.MOST_SECONDS // 60}")
    configs = [_config(args, text) for text in filter(None, (part.strip() for part in args.models.split(",")))]
    if not configs:
        raise UserError("Unclear arguments", "--models names no model; write --models resnet18,efficientnet_b0")
    from engine.cli.probing import probe_all

    probes, status = probe_all(configs, args.minutes * 60)
    probes.sort(key=lambda probe: -1.0 if probe.accuracy is None else probe.accuracy, reverse=True)
    print_lines([json.dumps(asdict(probe)) for probe in probes] if args.json else _table(probes))
    best = probes[0] if probes and probes[0].accuracy is not None else None
    if status or best is None:
        return status or 1
    words = [
        *(word for place in args.data for word in ("--data", place)),
        *_arguments(best),
        *(f"--set={text}" for text in args.set),
    ]
    if start is None or args.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        say(f"to train it: {command(*words)}")
        return 0
    try:
        input(f"Enter trains {best.model}, Ctrl-C leaves. ")
    except (KeyboardInterrupt, EOFError):
        print()
        return 0
    return start(words)


def _config(args: argparse.Namespace, text: str) -> "RunConfig":
    """The run that tries one model: the head is fitted, and nothing else is trained."""
    from engine.config import load_config, shipped_config

    name, _, weights = text.partition("=")
    given = [f"model.weights='{weights}'"] if weights else ["model.weights=default"]
    settings = [*data_settings(args.data), f"model.name='{name}'", *given, *args.set]
    fixed = ["recipe=auto", "init=pretrained", "model.head=fitted", "train.epochs=0", f"device={args.device}"]
    return load_config(shipped_config("folder"), [*settings, *fixed])


def _arguments(probe: "Probe") -> Iterator[str]:
    yield from ("--model", probe.model)
    if probe.weights != "default":
        yield f"--set=model.weights={probe.weights}"


def _table(probes: Sequence["Probe"]) -> Iterator[str]:
    width = max(len("model"), *(len(probe.model) for probe in probes))
    yield f"{'model':<{width}}  accuracy  95 % interval     images/s   memory"
    for probe in probes:
        if probe.accuracy is None:
            yield f"{probe.model:<{width}}  {UNKNOWN:>8}  {probe.failure}"
            continue
        interval = f"{probe.low:.1%} to {probe.high:.1%}"
        memory = UNKNOWN if probe.memory_bytes is None else f"{probe.memory_bytes / 2**30:.1f} GiB"
        speed = UNKNOWN if probe.images_per_second is None else f"{probe.images_per_second:.0f}"
        yield f"{probe.model:<{width}}  {probe.accuracy:>8.1%}  {interval:<16}  {speed:>8}  {memory:>7}"
    known = [probe for probe in probes if probe.accuracy is not None]
    if len(known) > 1 and known[1].high is not None and known[0].low is not None and known[1].high > known[0].low:
        yield "the intervals of the first two overlap: on so few pictures either may be the better one"
