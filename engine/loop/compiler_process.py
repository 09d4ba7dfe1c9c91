"""Compiles a training step in a process of its own, while training goes on.

What that process compiles stays in torch's cache on the disk. The compilation in the training process then only traces
the model and loads the code: seconds instead of minutes. A second thread of the training process could not do it:
while torch traces a model it keeps the state of the random numbers and puts it back at the end, under the steps that
are trained meanwhile. The process can be killed at any time; it is the first that the system ends where memory runs
out.

`python -m engine.loop.compiler_process` is that process. It reads a pickled `Job` from its input, and writes the
reason of a failure, or nothing, to its output. It ends when its input does, so it does not outlive the run. Where it
cannot do its work (a model that it cannot load, too little memory), the run compiles the step itself.
"""

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch

from engine.arms.trial_step import TrialStep, why

NICE = 5
"how far the process stands back behind training"


@dataclass(frozen=True, slots=True)
class Job:
    """A step, and torch's settings in the training process. They are part of the key of torch's cache."""

    step: TrialStep
    threads: int = field(default_factory=torch.get_num_threads)
    deterministic: bool = field(default_factory=torch.are_deterministic_algorithms_enabled)
    warn_only: bool = field(default_factory=torch.is_deterministic_algorithms_warn_only_enabled)
    matmul_precision: str = field(default_factory=torch.get_float32_matmul_precision)

    def set_torch(self) -> None:
        """Give torch these settings in this process."""
        torch.set_num_threads(self.threads)
        torch.use_deterministic_algorithms(self.deterministic, warn_only=self.warn_only)
        if self.matmul_precision != torch.get_float32_matmul_precision():  # a value once set has another key
            torch.set_float32_matmul_precision(self.matmul_precision)


class CompilerProcess:
    """The process, from the view of the run."""

    def __init__(self, step: TrialStep) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
            Exception: the model cannot be pickled.
        """
        self.failure = ""
        "why the step cannot be compiled, once it is known; empty where the process was ended, or had too little memory"
        job = pickle.dumps(Job(step), pickle.HIGHEST_PROTOCOL)
        self._began = time.perf_counter()
        self.seconds = 0.0
        "how long it took, once it is over"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine.loop.compiler_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # its compilers can be ended with it; Ctrl-C in the terminal stops the run
        )
        self._over = threading.Event()
        threading.Thread(target=self._follow, args=(job,), name="compiler", daemon=True).start()

    def wait(self, seconds: float = 0.0) -> bool:
        """Wait at most so long for its end. Returns whether it is over."""
        return self._over.wait(seconds)

    def close(self) -> None:
        """End it, with the compilers that it has started."""
        if not self._over.is_set():
            with contextlib.suppress(OSError):  # it has just ended
                os.killpg(self._process.pid, signal.SIGKILL)

    def _follow(self, job: bytes) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(OSError):  # it has ended
            self._process.stdin.write(job)
            self._process.stdin.flush()
        said = self._process.stdout.read().decode(errors="replace")
        self._process.wait()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        self.failure = said.strip()
        self.seconds = time.perf_counter() - self._began
        self._over.set()


def main() -> None:
    """Compile the step on the standard input."""
    os.nice(NICE)
    with contextlib.suppress(OSError):  # not on Linux
        Path("/proc/self/oom_score_adj").write_text("1000")
    out, sys.stdout = sys.stdout, sys.stderr  # libraries print, too
    job: Job = pickle.load(sys.stdin.buffer)  # an error here says nothing of the compiler: the run tries it itself
    try:
        threading.Thread(target=_end_with_input, daemon=True).start()
        job.set_torch()
        job.step.compile()
    except Exception as error:  # the compiler and its tools raise many kinds of errors
        if not isinstance(error, MemoryError | torch.OutOfMemoryError):
            out.write(why(error))
    out.flush()
    logging.shutdown()
    os._exit(0)  # at once: the threads and processes of the compiler have nothing left to do


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
