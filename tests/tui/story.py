"""A run told as events, and a session that a test plays the engine for."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import zip_longest

from textual.pilot import Pilot
from textual.strip import Strip

from engine import protocol as p
from tui.app import Dashboard
from tui.looks import Looks
from tui.screens.summary import SummaryScreen

TRUE_COLOUR = Looks(theme="finetune")  # whatever the terminal that the tests run in can show
NOW = 1_800_000_000.0
EPOCHS, STEPS_PER_EPOCH = 3, 10


class ScriptedSession:
    """Hands out the events a test puts in, and keeps the commands the screen sends."""

    def __init__(self, events: list[p.Event]) -> None:
        self.events = list(events)
        self.sent: list[p.Command] = []

    def poll(self) -> list[p.Event]:
        events, self.events = self.events, []
        return events

    def send(self, command: p.Command) -> None:
        self.sent.append(command)

    def close(self, timeout: float) -> bool:
        return True


def started(arm: p.Arm = "pretrained", step: int = 0) -> p.ArmStarted:
    rates = (5e-5, 5e-4) if arm == "pretrained" else (5e-4, 5e-4)
    return p.ArmStarted(
        arm=arm,
        step=step,
        epoch=step // STEPS_PER_EPOCH + 1,
        epochs=EPOCHS,
        steps_per_epoch=STEPS_PER_EPOCH,
        groups=(p.Group("backbone", 11_176_512, rates[0]), p.Group("head", 1026, rates[1])),
        init="torchvision's default weights" if arm == "pretrained" else "random weights",
    )


def step_of(arm: p.Arm, step: int, loss: float = 0.0) -> p.TrainStep:
    """A step of an arm, with so much more `loss` than usual."""
    slow = 1 if arm == "pretrained" else 3
    return p.TrainStep(
        arm=arm,
        step=step,
        epoch=(step - 1) // STEPS_PER_EPOCH + 1,
        loss=loss + 0.1 + 0.6 / (1 + step / (3 * slow)),
        accuracy=1 - 0.5 / (1 + step / (2 * slow)),
        images_per_second=312.0,
        data_wait=0.04,
        learning_rates={"backbone": 5e-5, "head": 5e-4} if arm == "pretrained" else {"backbone": 5e-4, "head": 5e-4},
        gradient_norm=0.5 + 4 / (1 + step / 4),
        seconds=64 / 312,
        optimizer=0.06,
    )


def epoch_of(arm: p.Arm, epoch: int) -> list[p.Event]:
    """The evaluation after an epoch, and what follows it."""
    step = epoch * STEPS_PER_EPOCH
    accuracy = (0.93 if arm == "pretrained" else 0.6) + 0.01 * epoch
    metrics = {"balanced_accuracy": accuracy, "macro_f1": accuracy - 0.002}
    metrics |= {"calibration_error": 0.0812, "calibration_error_scaled": 0.0141}
    evaluation = p.EvalDone(
        arm, step, epoch, 0.3 / epoch, accuracy, 400, best=True, seconds=0.4, metrics=metrics, temperature=1.6
    )
    done = p.EpochDone(
        arm=arm,
        step=step,
        epoch=epoch,
        epochs=EPOCHS,
        train_loss=0.2,
        train_accuracy=0.9,
        test_loss=0.3 / epoch,
        test_accuracy=accuracy,
        images_per_second=312.0,
        data_wait=0.04,
        learning_rates={"backbone": 5e-5, "head": 5e-4},
        seconds=4.5 * epoch,
        metrics=metrics,
    )
    wrong = round(400 * (1 - accuracy))
    confusion = p.Confusion(
        arm=arm,
        step=step,
        images=(200, 200),
        correct=(200 - wrong // 3, 200 - (wrong - wrong // 3)),
        confused=((1, 0, wrong - wrong // 3), (0, 1, wrong // 3)),
        mistakes=(
            p.Mistake("pictures/test/not_hot_dog/0042.jpg", 1, 0, 0.987),
            p.Mistake("pictures/test/hot_dog/0007.jpg", 0, 1, 0.912),
        ),
        predicted=(200 - wrong // 3 + wrong - wrong // 3, 200 - (wrong - wrong // 3) + wrong // 3),
    )
    saved = p.CheckpointSaved(arm, step, f"checkpoints/demo-1/{arm}/last.pt", "epoch", 1_500_000, NOW - 12)
    return [p.Evaluating(arm, step, 0, 400), p.Evaluating(arm, step, 400, 400), evaluation, confusion, done, saved]


def trained(arm: p.Arm, first: int, last: int) -> list[p.Event]:
    """Steps `first` to `last` of an arm, evaluations included."""
    events: list[p.Event] = []
    for step in range(first, last + 1):
        events.append(step_of(arm, step))
        if step % STEPS_PER_EPOCH == 0:
            events += epoch_of(arm, step // STEPS_PER_EPOCH)
    return events


def gpu(index: int = 0, **figures: float | int | None) -> p.Gpu:
    known = {
        "utilisation": 0.87,
        "memory_used": 31 * 2**30,
        "memory_total": 80 * 2**30,
        "temperature": 61.0,
        "power": 420.0,
    }
    return p.Gpu(index=index, name="NVIDIA H100", **(known | figures))


def system(*gpus: p.Gpu) -> p.SystemSample:
    return p.SystemSample(NOW, 0.42, 6 * 2**30, 24 * 2**30, 2**30, gpus)


RUN_STARTED = p.RunStarted(
    name="demo-1",
    path="checkpoints/demo-1",
    arm="pretrained",
    device="cuda:0",
    precision="bfloat16",
    model="resnet18",
    classes=("hot_dog", "not_hot_dog"),
    train_images=600,
    test_images=400,
    batch_size=64,
    epochs=EPOCHS,
    steps_per_epoch=STEPS_PER_EPOCH,
    time=NOW - 60,
)

BEGUN: list[p.Event] = [system(gpu()), RUN_STARTED, started()]
"a run that is about to train its first step"

TRAINING: list[p.Event] = [*BEGUN, *trained("pretrained", 1, 14)]
"a run in its second epoch"

BOTH_ARMS: list[p.Event] = [
    *TRAINING,
    p.ArmSuspended("pretrained", 14),
    started("scratch"),
    *trained("scratch", 1, 25),
]
"the other arm taken up, too"


def rewound(step: int, branch: int, base: int, left_step: int, arm: p.Arm = "pretrained") -> list[p.Event]:
    """A rewind from the branch before `branch`, and the arm going on."""
    point = f"{arm}-{base}-{step}"
    back = p.Rewound(arm, step, branch, base, branch - 1, left_step, point, "asked for by a key")
    return [back, replace(started(arm, step), branch=branch)]


POINTS = p.RestorePoints(
    "pretrained",
    (
        p.RestorePoint("start", 0, 1, 1, None, "the start of the arm", NOW - 4000),
        p.RestorePoint("epoch-1", 10, 1, 1, 0.94, "epoch 1 was done", NOW - 130),
        p.RestorePoint("left-1", 14, 2, 1, 0.94, "left by the rewind to step 5", NOW - 50),
        p.RestorePoint("key", 1_048_576, 12_000, 12, 0.955, "saved by a key", NOW - 4),
    ),
)

SWEPT = p.RatesSwept(
    arm="pretrained",
    step=14,
    group="head",
    rates=tuple(1e-7 * 10 ** (step / 10) for step in range(60)),
    losses=tuple(
        0.7 + 0.02 * math.sin(step) - 0.02 * max(step - 35, 0) + 2.0 ** max(step - 55, 0) - 1 for step in range(60)
    ),
    suggestion=2e-3,
)
"a sweep over learning rates in the pause after step 14"

STEERED: list[p.Event] = [
    *TRAINING,
    p.RateChanged("pretrained", 14, "head", 1e-3),
    *trained("pretrained", 15, 18),
    *rewound(5, branch=2, base=1, left_step=18),
    p.GroupFrozen("pretrained", 5, "backbone", frozen=True),
    *(step_of("pretrained", step, loss=0.15) for step in (6, 7)),
    p.Diverged("pretrained", 7, "gradient", math.nan, 1),
    *(step_of("pretrained", step, loss=0.15) for step in (8, 9)),
    p.ArmSuspended("pretrained", 9),
    started("scratch"),
    *trained("scratch", 1, 22),
    *rewound(20, branch=2, base=1, left_step=22, arm="scratch"),
    *rewound(10, branch=3, base=1, left_step=20, arm="scratch"),
    *(step_of("scratch", step, loss=-0.1) for step in (11, 12, 13)),
    p.EvalDone("scratch", 13, 2, 0.35, 0.64, 400, best=True),
    p.EpochsChanged("scratch", 13, 4),
    p.GroupFrozen("scratch", 13, "backbone", frozen=True),
    p.StopPlanned("scratch", 13, 2, planned=True),
]
"both arms rewound, and steered in other ways"


def differing(old: Strip, new: Strip) -> list[int]:
    """The cells in which two rows differ."""
    one, other = ([(text, style) for part, style, _ in row for text in part] for row in (old, new))
    return [x for x, (a, b) in enumerate(zip_longest(one, other)) if a != b]


class Screen:
    """The dashboard in a terminal that is not there, and the test in the place of the engine."""

    def __init__(self, events: list[p.Event], looks: Looks = TRUE_COLOUR, *, summary: bool = False) -> None:
        """`summary`: that of a run that has ended is left open."""
        self.summary = summary
        self.session = ScriptedSession(events)
        self.app = Dashboard(lambda: self.session, looks=looks)

    @asynccontextmanager
    async def shown(self, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
        """The dashboard on a terminal of `size`, with what the engine has said so far."""
        async with self.app.run_test(size=size) as pilot:
            while self.app.session is None:
                await pilot.pause()
            await self.feed(pilot)
            await self.feed(pilot)  # what was said may have changed the sizes
            yield pilot

    async def feed(self, pilot: Pilot[None], *events: p.Event) -> None:
        """Let the engine say something and the screen show it."""
        self.session.events += events
        self.app.tick()
        self.app.draw(plots=True)
        await pilot.pause()
        if isinstance(self.app.screen, SummaryScreen) and not self.summary:
            self.app.screen.dismiss()
            await pilot.pause()

    def text(self) -> str:
        """What a person reads on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
