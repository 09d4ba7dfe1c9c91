"""Use of the machine that the engine runs on. A figure that cannot be read is `None`, never an error."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psutil
import pynvml

from engine.hardware.gpu_processes import GpuProcesses
from engine.protocol import Gpu, GpuProcess, SystemSample


class Telemetry:
    """Samples of processors, memory and GPUs. Without an NVIDIA driver the list of GPUs is empty."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        psutil.cpu_percent()  # the first call starts the interval that the next one measures
        self._processes = GpuProcesses()
        self._gpus: list[tuple[int, Any, str]] = []
        for index in range(count_gpus()):
            handle = _figure(partial(pynvml.nvmlDeviceGetHandleByIndex, index))
            if handle is not None:
                name = _figure(partial(pynvml.nvmlDeviceGetName, handle)) or "GPU"
                self._gpus.append((index, handle, name if isinstance(name, str) else name.decode()))

    def sample(self) -> SystemSample:
        """Read all figures; takes a few milliseconds."""
        memory = psutil.virtual_memory()
        computing = {index: _figure(partial(_computing, handle)) or {} for index, handle, _ in self._gpus}
        others = self._processes.others(computing)
        return SystemSample(
            time=time.time(),
            cpu=psutil.cpu_percent() / 100,
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            process_memory=self._process.memory_info().rss,
            gpus=tuple(_sample_gpu(*gpu, others[gpu[0]]) for gpu in self._gpus),
        )


def count_gpus() -> int:
    """Number of NVIDIA GPUs of this machine; 0 without their driver."""
    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0


def _computing(handle: Any) -> dict[int, int | None]:  # noqa: ANN401 - NVML's opaque handle
    """The processes that compute on a GPU: process id, bytes."""
    return {int(found.pid): found.usedGpuMemory for found in pynvml.nvmlDeviceGetComputeRunningProcesses(handle)}


def _sample_gpu(index: int, handle: Any, name: str, others: tuple[GpuProcess, ...]) -> Gpu:  # noqa: ANN401 - as above
    rates = _figure(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle))
    memory = _figure(lambda: pynvml.nvmlDeviceGetMemoryInfo(handle))
    celsius = _figure(lambda: pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))
    milliwatts = _figure(lambda: pynvml.nvmlDeviceGetPowerUsage(handle))
    return Gpu(
        index=index,
        name=name,
        utilisation=None if rates is None else rates.gpu / 100,
        memory_used=None if memory is None else int(memory.used),
        memory_total=None if memory is None else int(memory.total),
        temperature=None if celsius is None else float(celsius),
        power=None if milliwatts is None else milliwatts / 1000,
        others=others,
    )


def _figure(read: Callable[[], Any]) -> Any:  # noqa: ANN401 - the type depends on the figure
    """A figure, or `None` if the driver, a MIG slice or a container does not provide it."""
    try:
        return read()
    except pynvml.NVMLError:
        return None
