"""How to attach to a run that a process of another machine trains: a command line to copy."""

import re
import shlex
from pathlib import Path

from engine.service.program import command
from engine.storage.sighting import sight

_SLURM, _POD = re.compile(r"Slurm job ([\w.+-]+)"), re.compile(r"Kubernetes pod(?:, namespace ([\w-]+))?")


def attach_words(host: str, job: str, path: str) -> list[str]:
    """The arguments that attach to the run in `path` on another machine, by way of its queue if it has one."""
    if slurm := _SLURM.fullmatch(job):
        # Of several machines of a job, the one that has the run. Without -n1 each task would start a program.
        via = ["srun", "--overlap", "--jobid", slurm[1], "-n1", "-w", host]
    elif pod := _POD.fullmatch(job):
        via = ["kubectl", "exec", "-i", *(["-n", pod[1]] if pod[1] else []), host, "--"]
    else:
        return ["attach", f"{host}:{path}"]
    return ["attach", "--via", shlex.join(via), path]


def how_to_reach(host: str, job: str, path: str) -> str:
    """The same as a line to copy."""
    return command(*attach_words(host, job, path))


def elsewhere(folder: Path) -> str:
    """Where the run in `folder` is trained, if that is on another machine, and how to reach it there; else empty."""
    found = sight(folder)
    if found is None or not found.is_elsewhere:
        return ""
    use = how_to_reach(found.holder.host, found.holder.job, str(folder.absolute()))
    return f"it is trained on {found.holder.host}, not on this machine; use {use}"
