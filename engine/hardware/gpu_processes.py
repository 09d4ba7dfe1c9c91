"""Who else computes on the GPUs of this machine."""

import os
from collections.abc import Mapping

import psutil

from engine.protocol import GpuProcess

MOST = 4
"processes that are named for each GPU"


class GpuProcesses:
    """Names processes. Before this process has been seen among them none is named.

    In a container the driver has numbers of the machine outside, which mean other processes here, or none.
    """

    def __init__(self) -> None:
        self._trusted = False
        self._known: dict[int, tuple[str, str]] = {}
        "user and program by process id"

    def others(self, computing: Mapping[int, Mapping[int, int | None]]) -> dict[int, tuple[GpuProcess, ...]]:
        """The processes that do not belong to this run, by GPU, those with the most memory first; at most `MOST` each.

        `computing` has, for each GPU, the bytes of each process id that the driver names.
        """
        self._trusted = self._trusted or any(os.getpid() in found for found in computing.values())
        if not self._trusted:
            return dict.fromkeys(computing, ())
        named = {pid for found in computing.values() for pid in found}
        self._known = {pid: self._known.get(pid) or _user_and_name(pid) for pid in named}
        own = _own(named)
        return {
            gpu: tuple(
                GpuProcess(pid, *self._known[pid], memory)
                for pid, memory in sorted(found.items(), key=lambda item: -(item[1] or 0))
                if pid not in own
            )[:MOST]
            for gpu, found in computing.items()
        }


def _own(pids: set[int]) -> set[int]:
    """This process and, where several train together, those that the same launcher started."""
    own = {os.getpid()}
    if "LOCAL_RANK" in os.environ:
        own |= {pid for pid in pids if _parent(pid) == os.getppid()}
    return own


def _parent(pid: int) -> int | None:
    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return None


def _user_and_name(pid: int) -> tuple[str, str]:
    """Empty where the system does not say."""
    try:
        process = psutil.Process(pid)
        return process.username(), process.name()
    except (psutil.Error, KeyError):
        return "", ""
