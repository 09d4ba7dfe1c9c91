"""The commands that halt a run: pause and go on, and stop."""

from collections.abc import Iterator

from engine.protocol import Event, Pause, Paused, Resumed, Stop
from engine.steering.state import RunState


def pause(run: RunState, command: Pause) -> Iterator[Event]:
    """Wait for commands, with the GPU's memory given back if the command says so."""
    arm = run.arms.current
    run.record(command)
    run.paused = True
    if command.free:
        run.arms.free_device_memory()
        run.freed = True
    yield Paused(arm.arm, arm.step, run.freed)


def end_pause(run: RunState) -> Iterator[Event]:
    """Go on with training."""
    arm = run.arms.current
    run.take_back_gpu()
    run.paused = False
    yield Resumed(arm.arm, arm.step)


def stop(run: RunState, command: Stop) -> Iterator[Event]:
    """End the run. Where the command asks for a checkpoint and it cannot be written, the command is refused."""
    if command.save:
        run.arms.checkpointer.save(run.arms.current, {"last": "stop"})
        if failure := (yield from run.wait_for_checkpoints()):
            yield run.refused(command, f"{failure}; training goes on")
            return
    run.record(command)
    run.stopped, run.stop_cause = True, command.cause
