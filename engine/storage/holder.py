"""Who holds a run's folder: a process, its machine and its job, as one line of text in the file `lock`."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

LOCK = "lock"
JOBS = {"SLURM_JOB_ID": "Slurm job", "PBS_JOBID": "PBS job", "LSB_JOBID": "LSF job"}
NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
KERNEL, PIDS = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
LONGEST = 4096  # bytes of the file that are read
# Older versions wrote `process 123 on host` and nothing else.
_LINE = re.compile(
    r"process (?P<process>\d{1,18}) on (?P<host>.*?)(?: \((?P<job>.*)\))?"
    r"(?:, kernel (?P<kernel>\w+)/(?P<pids>\w+))?(?P<ended>, ended)?"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds, or last held, a run's folder."""

    process: int
    host: str
    job: str = ""
    "what a queue calls it: `Slurm job 4711`, or `Kubernetes pod, namespace ml`; empty without a queue"
    kernel: str = ""
    "tells apart machines, and containers that share none, whatever their names are; empty if not known"
    pids: str = ""
    "tells apart containers on one machine, which number their processes each for itself"
    ended: bool = False
    "whether it has given the folder back"

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}" + (f" ({self.job})" if self.job else "")

    @property
    def line(self) -> str:
        """The line of the file; `parse` reads it."""
        kernel = f", kernel {self.kernel}/{self.pids}" if self.kernel and self.pids else ""
        return f"{self}{kernel}{', ended' if self.ended else ''}\n"

    @property
    def at_its_end(self) -> Self:
        """The same process when it has given the folder back."""
        return replace(self, ended=True)

    @property
    def on_this_kernel(self) -> bool:
        """Whether it is, or was, a process of this machine."""
        here = this_process()
        if self.kernel and here.kernel:
            return self.kernel == here.kernel
        return self.host == here.host

    @property
    def visible(self) -> bool:
        """Whether its number means the same process here: not in another container of this machine."""
        here = this_process()
        return self.on_this_kernel and (not self.pids or not here.pids or self.pids == here.pids)


def parse(text: str) -> Holder | None:
    """The holder in the text of a lock, also of an older version; `None` if it names none."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        return None
    job, kernel, pids = (found[name] or "" for name in ("job", "kernel", "pids"))
    return Holder(int(found["process"]), found["host"], job, kernel, pids, ended=found["ended"] is not None)


def this_process() -> Holder:
    """This process as a holder."""
    kernel = _read(KERNEL).replace("-", "")[:12]
    try:
        pids = "".join(filter(str.isdigit, os.fspath(PIDS.readlink())))  # pid:[4026531836]
    except OSError:  # not Linux
        pids = ""
    return Holder(os.getpid(), socket.gethostname(), job_of(os.environ), kernel, pids)


def job_of(environment: Mapping[str, str]) -> str:
    """What the queue that started a process with this environment calls it; empty without a queue."""
    for name, kind in JOBS.items():
        if number := " ".join(environment.get(name, "").split()):
            return f"{kind} {number}"
    if "KUBERNETES_SERVICE_HOST" in environment:  # the name of the pod is that of the host
        namespace = " ".join((environment.get("POD_NAMESPACE") or _read(NAMESPACE)).split())
        return "Kubernetes pod" + (f", namespace {namespace}" if namespace else "")
    return ""


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
