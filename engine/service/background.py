"""A run in a process of its own, without a terminal: what `finetune-tui start` does."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from engine.errors import EngineError, UserError
from engine.hardware.telemetry import count_gpus
from engine.service.launch import Launch
from engine.service.remote.address import is_live
from engine.storage.run_folder import create_run

OUTPUT = "output.log"
PASSED_ON = ("--signals-to-handle", "SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1,SIGUSR2")
"torchrun would die of the last two, and its processes would train on"
READY_SECONDS = 120.0  # a resumed run reads its checkpoint before anybody can attach to it
POLL_SECONDS = 0.05


class Started(NamedTuple):
    """A run in the background."""

    folder: Path
    process: "subprocess.Popen[bytes]"


def start(launch: Launch, gpus: int | None = None) -> Started:
    """Start a run, or go on with one, in a session of its own; with `gpus`, as that many processes under torchrun.

    Raises:
        UserError: the run's folder cannot be made, the run is live, or this machine has fewer GPUs.
    """
    folder = _folder(launch, gpus)
    try:
        with (folder / OUTPUT).open("ab") as output:
            process = subprocess.Popen(
                _command(folder, launch, gpus),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        if launch.resume is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise UserError("Not started", f"{folder}: {error.strerror or error}") from None
    return Started(folder, process)


def run(launch: Launch, gpus: int) -> int:
    """Replace this process by a run on so many GPUs, in the foreground.

    Raises:
        UserError: as for `start`.
    """
    folder = _folder(launch, gpus)
    sys.stdout.flush()
    os.execv(sys.executable, _command(folder, launch, gpus))


def wait_for(started: Started) -> None:
    """Wait until the run can be attached to.

    Raises:
        EngineError: it has ended already; the message says where its output is.
    """
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and not is_live(started.folder):
        status = started.process.poll()
        if status is not None:
            if status == 0:
                return  # a resumed run that had nothing left to do
            output = started.folder / OUTPUT
            lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            last = f": {lines[-1]}" if lines else ""
            raise EngineError("Run ended", f"{started.folder.name}{last} (its output is in {output})")
        time.sleep(POLL_SECONDS)


def _folder(launch: Launch, gpus: int | None) -> Path:
    if gpus is not None:
        _check_gpus(gpus, launch.config.device)
    if launch.resume is None:
        return create_run(launch.config)
    launch.begin()
    if is_live(launch.resume):  # its socket would be mistaken for that of the new process
        raise UserError("Run in use", f"{launch.resume} is being trained; attach to it, or stop it first")
    return launch.resume


def _command(folder: Path, launch: Launch, gpus: int | None) -> list[str]:
    python = [sys.executable]
    if gpus is not None:
        python += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(gpus), *PASSED_ON]
    again = ["--resume"] if launch.resume is not None else []
    settings = [word for override in launch.overrides for word in ("--set", override)]
    return [*python, "-m", "engine", "background", str(folder), *again, *settings]


def _check_gpus(wanted: int, device: str) -> None:
    if wanted < 1:
        raise UserError("Unclear arguments", f"--gpus {wanted}: at least 1 is needed")
    if device == "cpu":
        return  # any number of processes can use the processor together
    if wanted > (present := count_gpus()):
        raise UserError("Too few GPUs", f"--gpus {wanted}: this machine has {present or 'no'} NVIDIA GPUs")
