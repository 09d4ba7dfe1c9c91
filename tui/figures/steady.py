"""Figures that change on the screen only when they have moved visibly, so that an idle machine sends nothing."""

from dataclasses import replace
from typing import TypeVar

from engine.protocol import Gpu, SystemSample

SHARE = 0.03  # of a processor's time
MEMORY = 2**30 / 10  # bytes; or a hundredth of the shown figure, where that is more
DEGREES = 2.0
POWER, SPEED = 0.05, 0.02  # of the shown figure

Figure = TypeVar("Figure", int, float)


def steady(shown: Figure | None, now: Figure | None, least: float) -> Figure | None:
    """`shown` as long as `now` is less than `least` away from it, else `now`; `None` is a figure that is not known."""
    # A little less is enough: with floats, 0.87 - 0.84 is slightly less than 0.03.
    return shown if shown is not None and now is not None and abs(now - shown) < least * (1 - 1e-9) else now


def steady_sample(shown: SystemSample | None, now: SystemSample) -> SystemSample:
    """The sample, with the shown figures in place of those that have not moved visibly."""
    if shown is None:
        return now
    before = {gpu.index: gpu for gpu in shown.gpus}
    return replace(
        now,
        cpu=_known(shown.cpu, now.cpu, SHARE),
        memory_used=_known(shown.memory_used, now.memory_used, _memory(shown.memory_used)),
        process_memory=_known(shown.process_memory, now.process_memory, _memory(shown.process_memory)),
        gpus=tuple(_gpu(before[gpu.index], gpu) if gpu.index in before else gpu for gpu in now.gpus),
    )


def _gpu(shown: Gpu, now: Gpu) -> Gpu:
    return replace(
        now,
        utilisation=steady(shown.utilisation, now.utilisation, SHARE),
        memory_used=steady(shown.memory_used, now.memory_used, _memory(shown.memory_used or 0)),
        temperature=steady(shown.temperature, now.temperature, DEGREES),
        power=steady(shown.power, now.power, POWER * (shown.power or 0.0)),
    )


def _known(shown: Figure, now: Figure, least: float) -> Figure:
    figure = steady(shown, now, least)
    assert figure is not None
    return figure


def _memory(shown: int) -> float:
    return max(MEMORY, shown / 100)
