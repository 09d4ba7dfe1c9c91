"""What torchrun says to the processes that it starts, in their environment."""

import os


def launcher() -> str:
    """An identifier of this launch by torchrun, the same after its restarts; empty without torchrun."""
    run = os.environ.get("TORCHELASTIC_RUN_ID")
    if run is None:
        return ""
    return run if run != "none" else f"{os.uname().nodename} {os.getppid()}"


def restarts() -> int:
    """How often torchrun has restarted the processes of this run after a failure."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


def restarts_again() -> bool:
    """Whether torchrun starts the processes of this run again when one has failed (`--max-restarts`)."""
    return restarts() < int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0"))
