"""What steering costs: `python -m tests.bench.steering`.

How long each command takes from the end of a step to its acknowledgement, and what looking at each gradient adds to a
step, in turns with steps without it, within one process.
"""

import statistics
import tempfile
import time
from queue import SimpleQueue
from typing import Any
from unittest import mock

from tests.bench.configs import config_of

TIMES, STEPS = 5, 60
MODELS = {
    "ShuffleNetV2 x0.5 at 64, batch 64": ("shufflenet_v2_x0_5", 64, 64),
    "ResNet-18 at 224, batch 16": ("resnet18", 224, 16),
}


def commands(config: Any) -> dict[str, float]:
    """Median seconds from a command to what acknowledges it, the step that may come between left out."""
    from engine import Run
    from engine import protocol as p

    rounds = [
        ("set a rate", p.SetRate("head", 1e-3), p.RateChanged),
        ("freeze the backbone", p.SetFrozen("backbone"), p.GroupFrozen),
        ("train it again", p.SetFrozen("backbone", False), p.GroupFrozen),
        ("save (training goes on at once)", p.Save(), p.CheckpointSaved),
        ("rewind", p.Rewind("step-000001.pt"), p.ArmStarted),
    ]
    todo = [turn for _ in range(TIMES) for turn in rounds]
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    took: dict[str, list[float]] = {name: [] for name, _, _ in rounds}
    waiting: tuple[str, type] | None = None
    events = Run(config).events(inbox)
    began = time.perf_counter()
    for event in events:
        now = time.perf_counter()
        if isinstance(event, p.TrainStep):
            if event.step == 1:
                inbox.put(p.Save())  # for the rewinds
            elif waiting is None and todo:
                name, command, kind = todo.pop(0)
                waiting = name, kind
                inbox.put(command)
            elif waiting is None:
                inbox.put(p.Stop(save=False))
            began = time.perf_counter()  # a step that comes between is not the command's
        elif waiting is not None and isinstance(event, waiting[1]):
            if not isinstance(event, p.CheckpointSaved) or event.reason == "key":
                stall = event.stall if isinstance(event, p.CheckpointSaved) else now - began
                took[waiting[0]].append(stall)
                waiting = None
        elif isinstance(event, p.CommandRefused | p.RunFailed):
            raise SystemExit(str(event))
    return {name: statistics.median(times) for name, times in took.items()}


def looking(config: Any) -> tuple[float, float]:
    """Median seconds of a step without and with the length of its gradient."""
    import torch

    from engine import Run
    from engine import protocol as p
    from engine.arms import update

    real = update.get_total_norm
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    took: dict[bool, list[float]] = {True: [], False: []}
    looks = True
    with mock.patch.object(update, "get_total_norm", lambda gradients: real(gradients) if looks else torch.zeros(())):
        for event in Run(config).events(inbox):
            if isinstance(event, p.TrainStep):
                took[looks].append(config.data.batch_size / event.images_per_second * (1 - event.data_wait))
                looks = not looks
                if event.step == 2 * STEPS:
                    inbox.put(p.Stop(save=False))
    return statistics.median(took[False][5:]), statistics.median(took[True][5:])


def main() -> None:
    for title, (model, size, batch) in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            settings = ("train.epochs=10000", "train.compile=false", f"checkpoint.dir={folder}/runs")
            config = config_of(model, size, batch, *settings)
            without, with_it = looking(config)
            print(f"**{title}**: a step takes {with_it / without:.3f} times as long with a look at its gradient\n")
            for name, seconds in commands(config).items():
                print(f"- {name}: {seconds * 1000:.1f} ms")
            print()


if __name__ == "__main__":
    main()
