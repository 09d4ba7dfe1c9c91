"""The processors that a process may use, in a container or beside others."""

from pathlib import Path

import pytest

from engine.hardware import processors
from engine.hardware.processors import usable_processors


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 16 processors whose control groups a test writes."""
    monkeypatch.setattr(processors, "_allowed", lambda: 16)
    monkeypatch.setattr(processors, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(processors, "OWN_CGROUP", tmp_path / "own")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_without_control_groups_all_that_the_affinity_allows(machine: Path) -> None:
    assert usable_processors() == 16


@pytest.mark.parametrize(("limit", "expected"), [("max 100000", 16), ("250000 100000", 3), ("10000 100000", 1)])
def test_a_share_of_time_is_rounded_up(machine: Path, limit: str, expected: int) -> None:
    write(machine / "own", "0::/job/step\n")
    write(machine / "cgroup/job/step/cpu.max", limit)
    assert usable_processors() == expected


def test_the_smallest_share_of_the_groups_around_it_counts(machine: Path) -> None:
    write(machine / "own", "0::/job/step\n")
    write(machine / "cgroup/job/step/cpu.max", "800000 100000")
    write(machine / "cgroup/job/cpu.max", "400000 100000")
    assert usable_processors() == 4


def test_in_a_container_its_own_group_is_the_root(machine: Path) -> None:
    write(machine / "own", "0::/docker/0123\n")
    write(machine / "cgroup/cpu.max", "200000 100000")
    assert usable_processors() == 2


@pytest.mark.parametrize(("quota", "expected"), [("-1", 16), ("300000", 3)])
def test_the_older_version_of_control_groups_is_read(machine: Path, quota: str, expected: int) -> None:
    write(machine / "own", "4:cpu,cpuacct:/job\n")
    write(machine / "cgroup/cpu/job/cpu.cfs_quota_us", quota)
    write(machine / "cgroup/cpu/job/cpu.cfs_period_us", "100000")
    assert usable_processors() == expected


def test_the_affinity_of_this_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors.os, "sched_getaffinity", lambda process: {3}, raising=False)
    assert usable_processors() == 1
