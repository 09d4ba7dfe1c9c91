"""What drawing takes, by how much has been logged: `python -m tests.bench.drawing`.

The whole screen on a terminal that only counts what it is sent. Times are the thread's own, on one processor, with
layout, compositing and encoding; a step's draw is of numbers and plots after one more step was folded.
"""

import argparse
import asyncio
import math
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from engine import protocol as p
from tests.bench.screen import SIZES
from tests.bench.switched import STYLES
from tests.tui.story import RUN_STARTED, ScriptedSession, differing, gpu, started, system
from tui.app import Dashboard
from tui.state import UiState
from tui.terminal.driver import TerminalDriver
from tui.theme import DARK, LIGHT

STEPS = (1_000, 100_000, 1_000_000)
EPOCHS, REST, AT_ONCE = 20, 0.1, 1000


class Count:
    """In the place of the thread that writes to a terminal: takes everything, and counts it."""

    def __init__(self) -> None:
        self.sent = 0

    def write(self, text: str) -> None:
        """Take it."""
        self.sent += len(text.encode())

    def stop(self) -> None:
        """There is nothing to wait for."""


class Paper(HeadlessDriver, TerminalDriver):
    """The program's own way to a terminal, with none at its end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._writer_thread = self.count = Count()  # type: ignore[assignment]

    @property
    def is_headless(self) -> bool:
        """Textual is to send what it would to a real one."""
        return False

    def write(self, data: str) -> None:
        """As to a real one."""
        TerminalDriver.write(self, data)


class Still(Dashboard):
    """The dashboard, drawn only when it is asked to be."""

    CSS_PATH = STYLES
    asked = False

    def tick(self) -> None:
        """Nothing happens by itself."""

    def draw(self, plots: bool = False) -> None:
        """Draw only as `drawn` wants it."""
        if self.asked:
            super().draw(plots)


@dataclass
class Draw:
    """A draw in figures: milliseconds, cells, bytes."""

    milliseconds: float
    cells: int
    sent: int


def told(steps: int) -> Iterator[p.Event]:
    """Two arms, half of the steps each, in which the loss falls and the noise stays."""
    per_epoch, noise = steps // 2 // EPOCHS, random.Random(0)
    yield from (system(gpu()), RUN_STARTED)
    for arm in p.ARMS:
        yield replace(started(arm), epochs=EPOCHS + 1, steps_per_epoch=per_epoch)
        for step in range(1, EPOCHS * per_epoch + 1):
            yield step_of(arm, step, per_epoch, noise)
            if step % per_epoch == 0:
                accuracy = 1 - 0.5 * math.exp(-3 * step / per_epoch / EPOCHS)
                yield p.EvalDone(arm, step, step // per_epoch, 0.3, accuracy, 400, best=True)


def step_of(arm: p.Arm, step: int, per_epoch: int, noise: random.Random) -> p.TrainStep:
    """A step, a bit better than those before it."""
    missing = math.exp(-3 * step / per_epoch / EPOCHS)
    rates = {"backbone": 5e-5, "head": 5e-4}
    return p.TrainStep(
        arm,
        step,
        (step - 1) // per_epoch + 1,
        0.1 + missing * noise.uniform(0.8, 1.2),
        1 - 0.5 * missing * noise.uniform(0.8, 1.2),
        noise.gauss(312.0, 10),
        0.04,
        rates,
        noise.uniform(0.5, 1.5),
    )


def folded(steps: int) -> tuple[UiState, float]:
    """The state after so many steps, and microseconds an event."""
    state, events, seconds, number = UiState(), told(steps), 0.0, 0
    while some := [event for _, event in zip(range(AT_ONCE), events, strict=False)]:
        began = time.thread_time()
        for event in some:
            state.fold(event)
        seconds += time.thread_time() - began
        number += len(some)
    return state, 1e6 * seconds / number


def draws(state: UiState, size: tuple[int, int], times: int) -> tuple[list[Draw], list[Draw]]:
    """Draws of everything, and of one more step each."""
    app, whole, steps = Still(lambda: ScriptedSession([]), driver=Paper), list[Draw](), list[Draw]()
    app.state = state

    async def play(pilot: Pilot[Any]) -> None:
        await pilot.pause(5 * REST)
        for _ in range(3):  # what is shown may change the places of the panes
            await drawn(pilot)
        for number in range(times):
            app.theme = (LIGHT, DARK)[number % 2].name  # so that nothing on the screen is as it is to be
            await pilot.pause(REST)
            whole.append(await drawn(pilot))
        view, noise = state.view, random.Random(size[0])
        assert view is not None
        for _ in range(times):
            state.fold(step_of(view.arm, view.step + 1, view.steps_per_epoch, noise))
            steps.append(await drawn(pilot))
        app.exit()

    async def drawn(pilot: Pilot[Any]) -> Draw:
        driver = app._driver
        assert isinstance(driver, Paper)
        before, sent = app.screen._compositor.render_strips(), driver.count.sent
        began = time.thread_time()
        app.asked = True
        app.draw(plots=True)
        app.asked = False
        await pilot.pause(REST)
        took = time.thread_time() - began
        rows = zip(before, app.screen._compositor.render_strips(), strict=True)
        cells = sum(len(differing(*row)) for row in rows)
        return Draw(1000 * took, cells, driver.count.sent - sent)

    asyncio.run(app.run_async(size=size, auto_pilot=play))
    return whole, steps


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--most", type=int, default=STEPS[-1], help="logged steps, at most")
    parser.add_argument("--times", type=int, default=20, help="each draw")
    options = parser.parse_args()
    os.environ["TERM"] = "xterm-256color"  # of which the codes for colours depend
    os.environ.pop("COLORTERM", None)
    logged = [steps for steps in STEPS if steps <= options.most]
    print(f"drawing: {os.cpu_count()} processors, medians of {options.times}\n")
    print("| steps logged | fold an event | size | all panes | one more step | cells | bytes |")
    print("|---|---|---|---|---|---|---|")
    figures: dict[tuple[int, tuple[int, int]], list[float]] = {}
    for steps in logged:
        state, fold = folded(steps)
        for size in SIZES:
            whole, step = draws(state, size, options.times)
            all_panes, one_step, cells, sent = figures[steps, size] = [
                _median(whole, lambda draw: draw.milliseconds),
                _median(step, lambda draw: draw.milliseconds),
                _median(step, lambda draw: draw.cells),
                _median(step, lambda draw: draw.sent),
            ]
            row = f"{fold:.1f} µs | {size[0]}x{size[1]} | {all_panes:.1f} ms | {one_step:.1f} ms"
            print(f"| {steps:,} | {row} | {cells:.0f} | {sent:.0f} |", flush=True)
    print(f"\n{logged[-1]:,} steps against {logged[0]:,}:")
    for size in SIZES:
        (most, most_step, *_), (least, least_step, *_) = figures[logged[-1], size], figures[logged[0], size]
        print(f"  {size[0]}x{size[1]}: all panes {most / least:.2f}, one more step {most_step / least_step:.2f}")


def _median(found: list[Draw], what: Callable[[Draw], float]) -> float:
    return statistics.median(what(draw) for draw in found)


if __name__ == "__main__":
    main()
