"""Plans the steps of an arm so that it ends after `train.minutes` or by `train.until`, evaluations and saving included.

The time of a step is measured. The number of steps is planned anew from time to time, more often towards the end, so
that the schedule of the learning rates ends with the last step. Each plan is recorded like a command, so that a replay
makes the same steps.
"""

import time
from collections.abc import Iterator

from engine.arms.arm import TrainedArm
from engine.config.deadline import Limit, clock, seconds_at
from engine.config.sections import TrainConfig
from engine.loop.end_average import SHARES
from engine.loop.input_pipeline import InputPipeline
from engine.protocol import EpochDone, EvalDone, Evaluating, Event, HeadFitted, TrainStep
from engine.steering.steering import Steering

FIRST_STEPS = 3
"measured steps that a plan needs"
GUESSED_STEP = 0.02
"seconds of a step before any is measured: less than it will take, so that the first steps belong to the warm-up"
RESERVE = 0.02
"the part of the time until a deadline that is not planned with: a step or an evaluation may take longer than before"
PART = 4
"a plan is made again after this part of the steps that are left"
BACKWARD = 3.0
"about how many times as long an update takes as a pass without gradients"


class TimeBudget:
    """Plans the current arm, if it has a time to end and nobody has set its epochs by hand."""

    def __init__(
        self,
        config: TrainConfig,
        pipeline: InputPipeline,
        steering: Steering,
        began: float,
        limit: Limit | None = None,
    ) -> None:
        """`began` is the time, of `time.perf_counter`, at which the run began; `limit` is that of its job."""
        self._minutes = config.minutes
        self._ends = _ends(config, limit, time.time()) if config.until is not None or limit is not None else []
        self._averages = len(SHARES) if config.average else 0
        self._pipeline = pipeline
        self._steering = steering
        self._processes = steering.arms.processes
        self._mark = began
        self._place: tuple[str, int] | None = None
        self._next = 0
        self._steps: list[float] = []
        self._forward: float | None = None
        self._evaluation: float | None = None
        self._evaluating = self._now()
        self._epoch_ended: float | None = None

    def observe(self, event: Event) -> None:
        """Take in an event, and with it how long something took."""
        match event:
            case HeadFitted():
                self._forward = event.seconds / len(self._pipeline.catalogue.train)
            case Evaluating(done=0):
                self._evaluating = self._now()
            case EvalDone():
                self._evaluation = self._now() - self._evaluating
            case EpochDone():
                self._epoch_ended = self._now()
            case TrainStep():
                self._steps.append(event.seconds)
                if self._epoch_ended is not None and self._evaluation is not None:  # the time of saving
                    self._evaluation += max(self._now() - self._epoch_ended - event.seconds, 0.0)
                self._epoch_ended = None
            case _:
                pass

    def before_step(self, arm: TrainedArm) -> bool:
        """Add the time since the last step to what the arm has spent. Returns whether to `plan` before the next one."""
        if not arm.timed:
            return False
        if self._place != (arm.arm, arm.branch):
            if self._place is not None or arm.step:
                self._mark = self._now()
            self._place = arm.arm, arm.branch
            self._next = arm.step if arm.steps is None else arm.step + FIRST_STEPS
            self._steps.clear()
        now = self._now()
        arm.spent += now - self._mark
        self._mark = now
        return arm.step >= self._next and not self._steering.is_scripted

    def plan(self, arm: TrainedArm) -> Iterator[Event]:
        """Plan the number of steps. All steps so far must have been observed."""
        measured = len(self._steps) >= FIRST_STEPS
        if not measured and arm.steps is not None:
            self._next = arm.step + FIRST_STEPS
            return
        seconds, reason = self._left(arm)
        left = self._processes.broadcast(self._steps_left(arm, seconds))
        self._next = arm.step + (max(left // PART, 1) if measured else FIRST_STEPS)
        self._steps.clear()
        steps = max(arm.step + left, 0 if arm.fitted else 1)
        if steps != arm.total_steps or arm.steps is None:
            basis = "" if measured else ", a first guess"
            yield from self._steering.plan_steps(steps, f"{reason}{basis}")

    def _left(self, arm: TrainedArm) -> tuple[float, str]:
        """Seconds that the arm may still take, and why."""
        found = [((end - time.time()) * (1 - RESERVE), why) for end, why in self._ends]
        if self._minutes is not None:
            found.append((self._minutes * 60 - arm.spent, f"to end after {self._minutes:g} min"))
        return min(found)

    def _steps_left(self, arm: TrainedArm, seconds: float) -> int:
        """How many steps fit into so many seconds, with the evaluation after each epoch and the end."""
        catalogue, batch_size = self._pipeline.catalogue, self._pipeline.loader.batch_size
        if self._steps:
            step = sum(self._steps) / len(self._steps)
        else:
            step = GUESSED_STEP if self._forward is None else self._forward * BACKWARD * batch_size
        scored = len(catalogue.scored)
        evaluation = step / batch_size / BACKWARD * scored if self._evaluation is None else self._evaluation
        tests = len(catalogue.test) / scored if catalogue.val else 0.0
        at_the_end = evaluation * (1 + tests + self._averages * arm.fitted)
        left = seconds - at_the_end
        return max(int(left / (step + evaluation / arm.steps_per_epoch)), 0)

    def _now(self) -> float:
        """The time, which stands still while the run waits for commands."""
        return time.perf_counter() - self._steering.waited


def time_given(config: TrainConfig, limit: Limit | None, now: float) -> tuple[float | None, str]:
    """The minutes from `now` on that an arm may take, `None` for any; and when it ends, if that is a time of day."""
    ends = [end for end, _ in _ends(config, limit, now)]
    if ends and (config.minutes is None or min(ends) < now + config.minutes * 60):
        return max(min(ends) - now, 0.0) / 60, clock(min(ends), now)
    return config.minutes, ""


def _ends(config: TrainConfig, limit: Limit | None, now: float) -> list[tuple[float, str]]:
    """The times, in seconds since 1970, by which an arm has to end, and why."""
    found: list[tuple[float, str]] = []
    if config.until is not None:
        end = seconds_at(config.until, now)
        found.append((end, f"to end by {clock(end, now)}"))
    if limit is not None and config.is_timed:
        found.append((limit.save_at, f"to end by {clock(limit.save_at, now)}, before {limit.cause}"))
    return found
