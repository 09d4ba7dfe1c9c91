"""Runs that are preempted again and again, in every phase and by every signal of a cluster, and gone on with."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

from torch import distributed

from engine.errors import EngineError
from engine.protocol import Event, decode
from tests.chaos.plan import differences, outcome
from tests.chaos.preempt_plan import COMPILED, EXIT, KINDS, PHASES, Archive, Kind, Phase, serving, write_config
from tests.chaos.table import Table
from tests.engine.backbones import NORM
from tests.engine.conftest import write_pictures, write_weights
from tests.paths import ROOT
from tests.programs import Program

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
MOST_SECONDS = 10.0
"between a signal and the end"
EARLY = ("", "loading the libraries", "waiting for the other process")
PATIENCE = 300.0
NAME = "preempted"
# In a fresh interpreter, which loads the libraries in its run, and the tests' models only then.
FRESH = """
import sys
from engine.service import host
real = host.drive
def drive(config, inbox, emit, **how):
    def told(event):
        emit(event)
        if getattr(event, "what", "") == "loading PyTorch":
            import tests.engine.backbones
    real(config, inbox, told, **how)
host.drive = drive
from engine.cli.program import main
sys.exit(main())
"""


class Process(Protocol):
    """What is needed of a process."""

    pid: int
    stdout: object

    def poll(self) -> int | None:
        """The exit status, if it has ended."""

    def kill(self) -> None:
        """End it at once."""


class Attempt:
    """The processes of a run, from a start to an end."""

    def __init__(self, processes: Sequence[Program | subprocess.Popen[str]]) -> None:
        self.phase = Phase()
        self.seen: set[str] = set()
        self._processes = processes
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def statuses(self) -> list[int | None]:
        """The exit status of each process, if it has ended."""
        return [process.poll() for process in self._processes]

    @property
    def alive(self) -> bool:
        """Whether a process has not ended."""
        return None in self.statuses

    def until(self, phase: str, folder: Path) -> None:
        """Wait until the run does something, or has ended."""
        while self.alive and phase not in self.seen:
            if phase == "saving" and any(folder.glob("*/.*.tmp")):
                self.seen.add(phase)
            time.sleep(0.001)

    def signal(self, number: int) -> float:
        """Send a signal to all processes; the seconds until all have ended, at most `MOST_SECONDS`."""
        began = time.monotonic()
        for process in self._processes:
            if process.poll() is None:
                os.kill(process.pid, number)
        return self.ended(MOST_SECONDS) or time.monotonic() - began

    def ended(self, seconds: float) -> float:
        """Wait so long for the end of all processes; when they did not end, 0."""
        began = time.monotonic()
        while self.alive:
            if time.monotonic() - began > seconds:
                return 0.0
            time.sleep(0.002)
        return time.monotonic() - began

    def close(self) -> str:
        """End what has not ended; what the processes said to people."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._reader.join(PATIENCE)
        return "".join(process.stderr.read() for process in self._processes if process.stderr is not None)

    def _read(self) -> None:
        out = self._processes[0].stdout
        assert out is not None
        for line in out:
            try:
                event = decode(line)
            except (EngineError, ValueError):
                continue
            if isinstance(event, Event):
                self.phase.fold(event)
                self.seen.add(self.phase.now)


class Preempted(NamedTuple):
    """A run from its beginning to its end."""

    home: Path
    kind: Kind
    config: Path

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.home / "runs" / NAME

    @contextmanager
    def started(self, fresh: bool = False) -> Iterator[Attempt]:
        """Begin the run, or go on with it, in processes that do not outlive this."""
        arguments = ("train", str(self.config), "--run", NAME, "--json")
        environment = os.environ | {"XDG_CACHE_HOME": str(self.home / "cache"), "no_proxy": "*"}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with ExitStack() as stack:
            processes: list[Program | subprocess.Popen[str]] = []
            for own in _ranks(self.kind.processes):
                env = environment | own
                if fresh:
                    command = [sys.executable, "-c", FRESH, *arguments]
                    processes.append(subprocess.Popen(command, env=env, cwd=ROOT, text=True, **streams))
                else:
                    processes.append(stack.enter_context(Program("engine", *arguments, env=env, **streams)))
            attempt = Attempt(processes)
            try:
                yield attempt
            finally:
                for process in processes:
                    if process.poll() is None:
                        process.kill()

    def result(self) -> dict[str, str]:
        """The weights of its checkpoints."""
        return outcome(self.folder)


_STORES: list[distributed.TCPStore] = []


def _ranks(size: int) -> list[dict[str, str]]:
    """The environment of each process, as torchrun sets it."""
    if size == 1:
        return [{}]
    store = distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    _STORES[:] = [store]
    meeting = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    meeting |= {"TORCHELASTIC_USE_AGENT_STORE": "True"}
    return [meeting | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(size)]


def preempt(root: Path, times: int, seed: int, compiled: bool, table: Table) -> None:
    """Send signals to runs `times` times altogether, and let each run end."""
    rng, longest = random.Random(f"preempt {seed}"), defaultdict[str, list[tuple[float, str]]](list)
    drawn = write_pictures(root / "drawn", {"train": 8, "val": 3, "test": 3})
    weights = write_weights(root, NORM)
    kinds = KINDS + (COMPILED if compiled else ())
    with serving(drawn) as archive:
        expected = {kind: _undisturbed(root, kind, archive, weights) for kind in kinds}
        number = 0
        while times > 0:
            kind = kinds[number % len(kinds)]
            number += 1
            run = _new(root / f"run-{number}", kind, archive, weights)
            times -= _sequence(run, archive, times, expected[kind], rng, table, longest)
    for phase, found in longest.items():
        seconds, name = max(found)
        table.note(f"{phase}: {len(found)} signals, the longest time to the end {seconds:.2f} s ({name})")


def _new(home: Path, kind: Kind, archive: Archive, weights: Path) -> Preempted:
    home.mkdir()
    return Preempted(home, kind, write_config(home, kind, archive, weights))


def _undisturbed(root: Path, kind: Kind, archive: Archive, weights: Path) -> dict[str, str]:
    run = _new(root / f"whole-{kind.name.replace(' ', '-')}", kind, archive, weights)
    with run.started() as attempt:
        assert attempt.ended(PATIENCE), "it does not end"
        said = attempt.close()
        assert set(attempt.statuses) == {0}, said
    return run.result()


def _sequence(
    run: Preempted,
    archive: Archive,
    times: int,
    expected: dict[str, str],
    rng: random.Random,
    table: Table,
    longest: dict[str, list[tuple[float, str]]],
) -> int:
    """Signal a run until it has ended, `times` times at most; how often it was."""
    sent = 0
    while True:
        wanted = rng.choice(list(PHASES)) if sent < times else ""
        if wanted == "a server that does not answer":
            archive.silent.set()
        with run.started(fresh=wanted == "loading the libraries") as attempt:
            if wanted:
                attempt.until("downloading" if archive.silent.is_set() else wanted, run.folder)
                time.sleep(rng.uniform(0.0, PHASES[wanted]))
            phase = wanted if archive.silent.is_set() else attempt.phase.now
            number = rng.choice(SIGNALS)
            hit = bool(wanted) and attempt.alive
            seconds = attempt.signal(number) if hit else attempt.ended(PATIENCE)
            in_time = not attempt.alive
            said = attempt.close()
        archive.silent.clear()
        statuses = attempt.statuses
        if hit:
            sent += 1
            name = signal.Signals(number).name
            longest[phase].append((seconds, f"{name}, {run.kind.name}"))
            print(f"{sent}: {phase}, {name}, {run.kind.name}: {seconds:.2f} s, {statuses}", file=sys.stderr, flush=True)
            # Before it handles signals, the signal itself ends a process; what the second one does is not seen.
            right = {EXIT, 0, -number} if phase in EARLY else {EXIT, 0}
            table.count(f"a signal while {phase or 'it starts'}", *_problems(statuses, right, in_time, said))
        if statuses == [0] * run.kind.processes:
            table.count(f"{run.kind.name}: weights at the end", *differences(run.result(), expected))
            return sent
        if not hit:
            table.count(f"{run.kind.name}: weights at the end", f"it ended with {statuses}: {said[-500:]}")
            return sent


def _problems(statuses: Sequence[int | None], right: set[int], in_time: bool, said: str) -> Iterator[str]:
    if not in_time:
        yield f"not ended after {MOST_SECONDS:g} s"
    elif not set(statuses) <= right:
        yield f"ended with {statuses}: {said[-500:]}"
    if "Traceback" in said:
        yield said[-1500:]
