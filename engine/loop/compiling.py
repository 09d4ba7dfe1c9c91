"""Decides whether to compile the training step. Compiling costs a minute or two once and makes each step faster."""

import statistics
from collections import deque
from typing import Literal

from engine.arms.arm import TrainedArm
from engine.protocol import Arm, CompileChosen
from engine.storage.choices import Choices

# Measured with ResNet-18 at 224 and ShuffleNetV2 x0.5 at 64 on 2 CPU cores: compiling took 29 and 34 s, and steps were
# 1.16 to 1.23 times as fast. Other models took 136 s. What it took last on this machine is remembered.
COMPILE_SECONDS = 40.0
"what compiling takes if this machine has not compiled the step before"
SAVED_FRACTION = 0.13
"fraction of the time of all later steps that a compiled step saves"
WORTH_FACTOR = 2.0
"the saved time must exceed the compile time by this factor"
MEASURED_STEPS = 10
"number of steps that are timed before the choice"


class CompileChoice:
    """Decides once for each arm and each set of trained parameter groups."""

    def __init__(
        self, setting: Literal["auto"] | bool, before: Choices | None = None, known: float | None = None
    ) -> None:
        """`before` has the choices of the run that is repeated: the step is compiled where it was compiled then.

        `known`: the seconds that compiling took last.
        """
        self._known = known
        self._setting = setting
        self._before = before
        self._chosen: set[tuple[Arm, frozenset[str]]] = set()
        self._seconds: deque[float] = deque(maxlen=MEASURED_STEPS)

    def add_step_time(self, arm: TrainedArm, seconds: float) -> None:
        """Record the time of a step, unless the choice for this arm has been made."""
        if (arm.arm, arm.network.trained_groups) not in self._chosen:
            self._seconds.append(seconds)

    def decide(self, arm: TrainedArm) -> CompileChosen | None:
        """The choice, or `None` if it has been made or needs more timed steps."""
        if (arm.arm, arm.network.trained_groups) in self._chosen:
            return None
        if self._before is not None:
            due = (arm.arm, arm.branch, arm.step) in self._before.compiled
            return self._choose(arm, True, "it was compiled here") if due else None
        if self._setting is False:
            return None
        if self._setting is True:
            return self._choose(arm, True, "train.compile is true")
        if arm.was_compiled:  # otherwise a resumed run would compute other bits than an uninterrupted one
            return self._choose(arm, True, "it was compiled before")
        if len(self._seconds) < MEASURED_STEPS:
            return None
        left = statistics.median(self._seconds) * arm.steps_left
        price, saved = COMPILE_SECONDS if self._known is None else self._known, SAVED_FRACTION * left
        worth = saved > WORTH_FACTOR * price
        compared = "more than" if worth else "less than"
        reason = (
            f"about {price:.0f} s to compile{'' if self._known is None else ', as the last time'}, about {saved:.0f} s "
            f"saved of {left:.0f} s left; {compared} {WORTH_FACTOR:.0f} times as much"
        )
        return self._choose(arm, worth, reason, waits=False)

    def forget(self, name: Arm) -> None:
        """Decide again for an arm, because its compilation was dropped."""
        self._chosen = {(arm, groups) for arm, groups in self._chosen if arm != name}

    def compiled(self, seconds: float) -> None:
        """Take note that compiling took so long."""
        self._known = seconds

    def _choose(self, arm: TrainedArm, worth: bool, reason: str, waits: bool = True) -> CompileChosen:
        self._chosen.add((arm.arm, arm.network.trained_groups))
        self._seconds.clear()
        return CompileChosen(arm.arm, arm.step, worth, reason, waits and worth)
