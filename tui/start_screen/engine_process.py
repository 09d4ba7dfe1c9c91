"""A process of `python -m engine` that answers line by line: only such a process loads torch."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

from engine.errors import EngineError, UserError


class EngineProcess:
    """Runs a subcommand of `python -m engine`; what it writes is handed on in a thread."""

    def __init__(
        self, words: Sequence[str], take: Callable[[str], object], ended: Callable[[int, str], object]
    ) -> None:
        """`take` gets each line of its output; `ended` its exit status and what it wrote to standard error."""
        self._take, self._ended = take, ended
        self._process = subprocess.Popen(
            [sys.executable, "-m", "engine", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        threading.Thread(target=self._read, name=words[0], daemon=True).start()

    def end(self) -> None:
        """End the process; it removes what it has not written to the end."""
        self._process.terminate()  # then the thread that reads it ends, too

    def _read(self) -> None:
        assert self._process.stdout is not None and self._process.stderr is not None
        with self._process.stdout as output, self._process.stderr as errors:
            for line in output:
                self._take(line)
            said = errors.read()
        self._ended(self._process.wait(), said)


def failure(status: int, said: str, usual: str) -> EngineError:
    """Why a process failed, from its last line of output; `usual` is the title where that has none."""
    title, _, message = (said.strip().splitlines() or [f"status {status}"])[-1].partition(": ")
    kind = UserError if status == UserError.exit_status else EngineError
    return kind(title, message) if message else kind(usual, title)
