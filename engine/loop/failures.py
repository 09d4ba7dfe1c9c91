"""Describes an unexpected error that ends a run."""

from engine.config import RunConfig
from engine.errors import place
from engine.hardware.process_group import is_lost
from engine.loop.watchdog import is_out_of_memory
from engine.protocol import RunFailed


def describe_failure(error: Exception, config: RunConfig, processes: int) -> RunFailed:
    """The last event of a run. `processes` is the number of processes."""
    if is_out_of_memory(error):
        size = config.data.batch_size
        remedy = f"use --set data.batch_size={size // 2}" if size > 1 else "use a smaller model or data.image_size"
        return RunFailed("Out of memory", f"a batch of {size} does not fit; {remedy}")
    if processes > 1 and is_lost(error):
        message = "another process of this run has ended; its last messages say why; go on with --resume"
        return RunFailed("A process is gone", message)
    return RunFailed("Unexpected error", f"{type(error).__name__}: {error} ({place(error)}); please report this")
