"""How many processors this process may use: a container or a scheduler often gives it fewer than the machine has."""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def usable_processors() -> int:
    """The processors that this process may run on, or fewer if its control group has a share of time, rounded up."""
    return max(min(_allowed(), *_quotas()), 1)


def _allowed() -> int:
    """Those of the process's affinity, where the system has that."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas() -> Iterator[int]:
    """The limits of the process's own control group and of those around it."""
    yield _allowed()
    with suppress(OSError, ValueError):
        for line in OWN_CGROUP.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:  # version 2: a path of one tree
                yield from _limits(CGROUPS, path, _version_2)
            elif "cpu" in controllers.split(","):
                yield from _limits(CGROUPS / "cpu", path, _version_1)


def _limits(root: Path, path: str, read: Callable[[Path], tuple[float, float]]) -> Iterator[int]:
    # In a container the path may be that of the machine, while the root is already the container's own.
    folder = root / path.strip("/")
    for place in (folder, *folder.parents):
        if not place.is_relative_to(root):
            return
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = read(place)
            if quota > 0:
                yield math.ceil(quota / period)


def _version_2(folder: Path) -> tuple[float, float]:
    """Raises `ValueError` where there is no limit: the file has `max`."""
    quota, period = (folder / "cpu.max").read_text().split()
    return float(quota), float(period)


def _version_1(folder: Path) -> tuple[float, float]:
    quota, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    return float(quota), float(period)
