"""How long training stands still for a checkpoint: `python -m tests.bench.saving`.

ResNet-18 from scratch on a CPU, in this process, with an autosave every few seconds. A step is `while writing` if
its middle lies between the copy of a checkpoint and the event that says it is on the disk.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from queue import SimpleQueue

from tests.bench.pictures import write_pictures

SIZE, BATCH, PICTURES = 224, 16, 192
DEFAULT_EVERY = 60.0  # seconds between autosaves where nothing is configured


def train(seconds: float, every: float) -> dict:
    """Train that long: the checkpoints' events with the time they came, each step's middle and length, the peak."""
    from engine import Run, load_config
    from engine.protocol import CheckpointSaved, RunFailed, Stop, TrainStep

    root = write_pictures(Path(tempfile.gettempdir()) / "finetune-tui-bench" / str(PICTURES), PICTURES, 64)
    saved, steps = [], []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        settings = {
            "data.root": root,
            "data.image_size": SIZE,
            "data.batch_size": BATCH,
            "init": "scratch",
            "device": "cpu",
            "train.epochs": 1000,
            "train.compile": "false",
            "checkpoint.dir": f"{folder}/runs",
            "checkpoint.every_seconds": every,
        }
        config = load_config("configs/folder.yaml", [f"{key}={value}" for key, value in settings.items()])
        inbox: SimpleQueue = SimpleQueue()
        began = None
        for event in Run(config).events(inbox):
            now = time.time()
            match event:
                case TrainStep():
                    began = now if began is None else began
                    length = BATCH / event.images_per_second
                    steps.append((now - length / 2, length))
                    if now - began > seconds:
                        inbox.put(Stop(save=False))
                        seconds = float("inf")
                        ended = now
                case CheckpointSaved():
                    saved.append((event, now))
                case RunFailed():
                    raise SystemExit(f"{event.title}: {event.message}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"saved": saved, "steps": steps, "wall": ended - began, "peak": peak}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40, help="of training")
    parser.add_argument("--every", type=float, default=3, help="seconds between two autosaves")
    options = parser.parse_args()
    result = train(options.seconds, options.every)
    saved, steps = result["saved"], result["steps"][1:]
    if not saved:
        raise SystemExit("no checkpoint was written; train for longer with --seconds")
    copies = [event.stall for event, _ in saved if event.stall]  # one of several files of one copy has it
    writing = {event.time: came for event, came in saved}
    beside = {True: [], False: []}
    for middle, length in steps:
        beside[any(copied <= middle <= came for copied, came in writing.items())].append(length)
    speeds = {key: BATCH * len(lengths) / sum(lengths) for key, lengths in beside.items() if lengths}
    stall = statistics.median(copies)
    print(f"saving: resnet18 at {SIZE}, batch {BATCH}, {os.cpu_count()} processors")
    print(f"  {result['wall']:.0f} s of training, {len(steps)} steps, {len(copies)} copies, {len(saved)} files", end="")
    print(f" of {saved[-1][0].bytes / 2**20:.1f} MiB")
    print(f"  standstill        median {1000 * stall:6.1f} ms  ({1000 * min(copies):.1f}..{1000 * max(copies):.1f})")
    here = sum(copies) / result["wall"]
    print(f"  share of time     {stall / DEFAULT_EVERY:.4%} with an autosave a minute, {here:.2%} here")
    took = statistics.median(came - copied for copied, came in writing.items())
    print(f"  written after     median {took:6.2f} s, to the end of a step")
    for key, name in ((False, "steps without"), (True, "steps beside it")):
        if key in speeds:
            ratio = f"{speeds[key] / speeds[False]:5.2f} of without" if key and False in speeds else ""
            print(f"  {name:<17} {speeds[key]:8.1f} images/s  ({len(beside[key])} steps)  {ratio}".rstrip())
    print(f"  peak memory       {result['peak'] / 2**20:8.0f} MiB")


if __name__ == "__main__":
    main()
