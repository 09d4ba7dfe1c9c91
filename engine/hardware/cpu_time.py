"""The limit of processor time that a process has from its shell or its job (`ulimit -t`)."""

import contextlib
import resource

from engine.hardware.processors import usable_processors

SECONDS_TO_SAVE = 10
"by the clock, with all processors at work"
LEAST = 5
"of processor time"


def leave_time_to_save() -> None:
    """Have the signal SIGXCPU come before the end of the processor time, so that a run can save.

    `ulimit -t` sets one number for both: the signal, and the end without one. Then the signal comes earlier: by
    `SECONDS_TO_SAVE`, and by a tenth of the whole time at most, or 5 s.
    """
    with contextlib.suppress(ValueError, OSError):  # a system without this limit
        soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
        if hard != resource.RLIM_INFINITY:
            earlier = hard - min(SECONDS_TO_SAVE * usable_processors(), max(hard // 10, LEAST))
            if soft == resource.RLIM_INFINITY or soft > earlier > 0:
                resource.setrlimit(resource.RLIMIT_CPU, (earlier, hard))
