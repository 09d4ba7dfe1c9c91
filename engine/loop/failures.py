"""Describes an unexpected error that ends a run."""

import traceback

from torch import nn

from engine.config import RunConfig
from engine.errors import UserError, place
from engine.hardware.process_group import ProcessGroup, is_lost
from engine.hardware.torchrun import restarts_again
from engine.loop.watchdog import is_out_of_memory
from engine.protocol import RunFailed

ONE_VALUE = "Expected more than 1 value per channel when training"
"how torch's message begins if batch norm has nothing to compute a deviation of"


def describe_failure(error: Exception, config: RunConfig, processes: ProcessGroup) -> RunFailed:
    """The last event of a run."""
    if is_out_of_memory(error):
        size = config.data.batch_size
        remedy = f"use --set data.batch_size={size // 2}" if size > 1 else "use a smaller model or data.image_size"
        return RunFailed("Out of memory", f"a batch of {size} does not fit; {remedy}")
    if ONE_VALUE in str(error):
        return RunFailed("Batch too small", _one_value(error, config), UserError.exit_status)
    if processes.size > 1 and is_lost(error):
        return RunFailed("A process is gone", _lost(error, processes))
    return RunFailed("Unexpected error", f"{type(error).__name__}: {error} ({place(error)}); please report this")


def _lost(error: Exception, processes: ProcessGroup) -> str:
    """Which process is gone, what there is of the run, and how it goes on."""
    if not processes.saved:
        what, remedy = "there is no checkpoint yet", "start the run again"
    else:
        what, remedy = f"the last checkpoint is {processes.saved}", f"go on with --resume {processes.folder}"
    return f"{processes.why_lost(error)}; {what}; {'torchrun starts the run again' if restarts_again() else remedy}"


def _one_value(error: Exception, config: RunConfig) -> str:
    """Which layer of batch norm gets a single value per channel, why, and what to do."""
    layer = f"the batch norm `{name}`" if (name := _layer_of(error)) else "a batch norm"
    return (
        f"{layer} of {config.model.name} needs more than one value per channel in a training step, and a batch of one "
        f"picture has only one there at this picture size; data.batch_size is {config.data.batch_size}, and the last "
        "batch of an epoch may have fewer: use a larger data.batch_size or another one, a larger data.image_size, or "
        "model.batch_norm=frozen"
    )


def _layer_of(error: Exception) -> str:
    """The dotted name of the layer that an error arose in, from the calls that led to it; empty if it is not known."""
    modules = [
        frame.f_locals["self"]
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if isinstance(frame.f_locals.get("self"), nn.Module)
    ]
    if not modules:
        return ""
    return next((name for name, module in modules[0].named_modules() if module is modules[-1]), "")
