"""Figures of the machine: what a driver, a MIG slice or a container does not give is `None`, never an error."""

import os
from types import SimpleNamespace
from typing import Any

import psutil
import pynvml
import pytest

from engine import protocol as p
from engine.hardware import telemetry
from engine.hardware.telemetry import Telemetry


class Driver:
    """Stands in for the driver: figures of each GPU, and those that it refuses."""

    NVMLError = pynvml.NVMLError
    NVML_TEMPERATURE_GPU = pynvml.NVML_TEMPERATURE_GPU

    def __init__(self, gpus: int, refused: tuple[str, ...] = ()) -> None:
        self._gpus = gpus
        self.computing: dict[int, int | None] = {}
        self._refused = refused

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            if name in self._refused:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            index = args[0] if args else 0
            return {
                "nvmlInit": None,
                "nvmlDeviceGetCount": self._gpus,
                "nvmlDeviceGetHandleByIndex": index,
                "nvmlDeviceGetName": f"GPU number {index}",
                "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=40 + index),
                "nvmlDeviceGetMemoryInfo": SimpleNamespace(used=(1 + index) << 30, total=8 << 30),
                "nvmlDeviceGetTemperature": 60 + index,
                "nvmlDeviceGetPowerUsage": 150_500,
                "nvmlDeviceGetComputeRunningProcesses": [
                    SimpleNamespace(pid=pid, usedGpuMemory=memory) for pid, memory in self.computing.items()
                ],
            }[name]

        return call


def sample(monkeypatch: pytest.MonkeyPatch, driver: Driver) -> p.SystemSample:
    monkeypatch.setattr(telemetry, "pynvml", driver)
    return Telemetry().sample()


def test_every_gpu_is_sampled_in_the_units_of_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sample(monkeypatch, Driver(2)).gpus == (
        p.Gpu(0, "GPU number 0", 0.40, 1 << 30, 8 << 30, 60.0, 150.5),
        p.Gpu(1, "GPU number 1", 0.41, 2 << 30, 8 << 30, 61.0, 150.5),
    )


@pytest.mark.parametrize(
    "call, fields",
    [
        ("nvmlDeviceGetUtilizationRates", ["utilisation"]),  # a MIG slice has none
        ("nvmlDeviceGetMemoryInfo", ["memory_used", "memory_total"]),
        ("nvmlDeviceGetTemperature", ["temperature"]),
        ("nvmlDeviceGetPowerUsage", ["power"]),
    ],
)
def test_a_figure_that_is_refused_is_none_and_the_others_are_there(
    monkeypatch: pytest.MonkeyPatch, call: str, fields: list[str]
) -> None:
    (gpu,) = sample(monkeypatch, Driver(1, refused=(call,))).gpus
    figures = ["utilisation", "memory_used", "memory_total", "temperature", "power"]
    assert [field for field in figures if getattr(gpu, field) is None] == fields


def test_a_gpu_without_a_name_is_called_gpu_and_one_that_may_not_be_opened_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (gpu,) = sample(monkeypatch, Driver(1, refused=("nvmlDeviceGetName",))).gpus
    assert gpu.name == "GPU"
    assert sample(monkeypatch, Driver(1, refused=("nvmlDeviceGetHandleByIndex",))).gpus == ()


def test_other_processes_on_a_gpu_are_named_once_this_one_is_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    driver, parent = Driver(1), psutil.Process(os.getppid())
    monkeypatch.setattr(telemetry, "pynvml", driver)
    watch = Telemetry()
    driver.computing = {parent.pid: 3 << 30, 2**22 + 1: None}  # no process can have the second number
    assert watch.sample().gpus[0].others == (), "in a container these may be numbers of the machine outside"
    driver.computing[os.getpid()] = 1 << 30
    named = p.GpuProcess(parent.pid, parent.username(), parent.name(), 3 << 30)
    assert watch.sample().gpus[0].others == (named, p.GpuProcess(2**22 + 1, "", "", None))


@pytest.mark.parametrize("call", ["nvmlInit", "nvmlDeviceGetCount"])
def test_without_a_driver_there_are_no_gpus_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    measured = sample(monkeypatch, Driver(2, refused=(call,)))
    assert measured.gpus == ()
    assert 0 <= measured.cpu <= 1 and 0 < measured.memory_used < measured.memory_total
    assert 0 < measured.process_memory < measured.memory_total


def test_on_this_machine_a_sample_is_a_message_like_any_other() -> None:
    measured = Telemetry().sample()
    assert p.decode(p.encode(measured)) == measured
