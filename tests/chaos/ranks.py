"""One of two processes that train together is stopped or killed: who says so, and whether the run goes on."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from torch import distributed

from engine.config.values import with_values
from engine.errors import EngineError
from engine.protocol import Pause, Resume
from engine.service.remote.link import SocketLink
from engine.service.status import status_of
from engine.storage.journal import JOURNAL
from tests.chaos.child import PATIENCE
from tests.chaos.plan import Progress, differences, outcome
from tests.chaos.table import Table
from tests.paths import ROOT

LIMIT = 12.0  # seconds, as `watchdog.rank_seconds`; a busy machine may take some of them for nothing
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ENGINE = ("-m", "tests.chaos.rank", "train")
BEATS = 2.5  # seconds in which each process says what it does, and the others hear it
EPOCHS = 150  # of seven steps, so that a signal does not come too late
PHASES = {
    "loading": "looking at",
    "training": '"type": "train_step"',
    "evaluating": '"type": "evaluating"',
    "paused": "",
}
"what the first process has told in each"
DOING = {"loading": ".", "paused": "paused, step"} | dict.fromkeys(
    ("training", "evaluating"), r"(training|evaluating), step \d+"
)
"what a process is said to have done: what its last beat said, and in runs this short an evaluation is over by then"
GONE = {signal.SIGSTOP: "has not answered for", signal.SIGKILL: "has ended without a word"}


class Pair:
    """Two processes of a run, what they tell, and what they say."""

    def __init__(self, progress: Progress, command: list[str], environment: dict[str, str] | None = None) -> None:
        progress.home.mkdir(exist_ok=True)
        self.folder = progress.folder
        self._out, self._err = progress.home / "out", progress.home / "err"
        environment = os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {})
        with self._out.open("a") as out, self._err.open("a") as err:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err, env=environment)

    def rank(self, number: int) -> psutil.Process:
        """The process of that rank, which torchrun has started last."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for child in psutil.Process(self.process.pid).children():
                try:
                    if child.environ().get("RANK") == str(number) and "train" in child.cmdline():
                        return child
                except psutil.Error:
                    continue
            time.sleep(0.01)
        raise AssertionError(f"there is no rank {number}")

    def until(self, come: Callable[[], bool], what: str) -> None:
        """Wait for something while the processes run."""
        end = time.monotonic() + PATIENCE
        while not come():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{what}: did not come; {self.said[-2000:]}")
            time.sleep(0.005)

    @property
    def told(self) -> str:
        """The events."""
        return self._out.read_text()

    @property
    def said(self) -> str:
        """The messages of both processes and of torchrun."""
        return self._err.read_text()


def ranks(root: Path, phases: tuple[str, ...], table: Table) -> None:
    """Stop and kill each process in each phase, with torchrun that starts them again once."""
    expected = _alone(root)
    for phase in phases:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for rank in (0, 1):
                case = number, rank, phase
                _count(table, f"{number.name} of rank {rank}, {phase}", lambda case=case: _again(root, expected, *case))
    for rank in (0, 1):
        _count(table, f"SIGSTOP of rank {rank}, SIGCONT in time", lambda rank=rank: _continued(root, expected, rank))
    _count(table, "SIGSTOP of rank 0, given up, SIGCONT: nothing is written", lambda: _woken(root))
    table.note(f"each run of two processes was given up after {LIMIT:.0f} s (`watchdog.rank_seconds`)")


def _count(table: Table, what: str, attempt: Callable[[], list[str]]) -> None:
    """Try something; what does not come, or any other problem, is a loss."""
    try:
        problems = attempt()
    except AssertionError as error:
        problems = [str(error)]
    table.count(what, *problems)
    print(f"{what}: {'LOST' if problems else 'survived'}", *problems, sep="\n  ", file=sys.stderr, flush=True)


def _alone(root: Path) -> dict[str, str]:
    """The weights of a run of two processes that nobody disturbs."""
    progress = Progress(root, root / "undisturbed")
    with _pair(progress) as pair:
        assert pair.process.wait(PATIENCE) == 0, pair.said
    return outcome(progress.folder)


def _again(root: Path, expected: dict[str, str], number: signal.Signals, rank: int, phase: str) -> list[str]:
    """Send a signal to one of them in a phase; what is wrong with what comes of it."""
    progress, host = Progress(root, root / f"{number.name}-{rank}-{phase}"), socket.gethostname()
    # While they load, torchrun ends the other one with a signal that it obeys: what was killed, only torchrun says.
    problems, said = list[str](), (number, phase) != (signal.SIGKILL, "loading")
    with _pair(progress) as pair:
        _reach(pair, phase)
        pair.rank(rank).send_signal(number)
        began = time.monotonic()
        if number == signal.SIGSTOP and phase != "loading":  # while it loads it has no folder yet
            pair.until(lambda: f"rank {rank} on {host}" in status_of(pair.folder).waits_for, "`status` names the rank")
            if time.monotonic() - began > LIMIT:
                problems.append("`status` named it too late")
        if said:
            pair.until(lambda: "A process is gone" in pair.said, "somebody says that a process is gone")
        if phase == "paused":
            pair.until(lambda: _sent(pair.folder, Resume()), "the run goes on to be trained")
        status = pair.process.wait(PATIENCE)
        named = re.search(rf"A process is gone: rank {rank} on {host} (.+); it was (.+?); (.+)", pair.said)
        if status != 0:
            problems.append(f"torchrun ended with {status}: {pair.said[-2000:]}")
        if not said:
            pass
        elif named is None or GONE[number] not in named[1]:
            problems.append(f"nobody named it: {pair.said[-2000:]}")
        elif not re.search(DOING[phase], named[2]):
            problems.append(f"it was said to be {named[2]}")
    return [*problems, *_left(progress, expected)]


def _continued(root: Path, expected: dict[str, str], rank: int) -> list[str]:
    """Stop one of them for a moment."""
    progress = Progress(root, root / f"continued-{rank}")
    with _pair(progress) as pair:
        _reach(pair, "training")
        process = pair.rank(rank)
        process.send_signal(signal.SIGSTOP)
        pair.until(lambda: f"rank {rank}" in status_of(pair.folder).waits_for, "`status` names the rank")
        process.send_signal(signal.SIGCONT)
        status = pair.process.wait(PATIENCE)
        problems = [f"it ended with {status}: {pair.said[-2000:]}"] if status else []
    return [*problems, *_left(progress, expected)]


def _woken(root: Path) -> list[str]:
    """Stop rank 0 until it is given up, without torchrun to kill it, and continue it: its folder stays as it is."""
    progress = Progress(root, root / "woken")
    store = distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    meeting = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    meeting |= {"TORCHELASTIC_USE_AGENT_STORE": "True"}
    command = [sys.executable, *ENGINE, _settings(progress), "--json"]
    pairs = [Pair(progress, command, meeting | {"RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(2)]
    try:
        _reach(pairs[0], "training")
        pairs[0].process.send_signal(signal.SIGSTOP)
        given_up = pairs[1].process.wait(PATIENCE)
        before = _contents(progress.folder)
        time.sleep(2)  # the other one has waited for a beat less than the limit
        pairs[0].process.send_signal(signal.SIGCONT)
        woken = pairs[0].process.wait(PATIENCE)
    finally:
        for pair in pairs:
            pair.process.kill()
            pair.process.wait()
    problems = [] if (given_up, woken) == (1, 1) else [f"they ended with {woken} and {given_up}"]
    changed = sorted(name for name, text in _contents(progress.folder).items() if before.get(name) != text)
    problems += [f"{name} was written" for name in changed]
    said = pairs[0].said
    return problems + ([] if "was stopped for" in said else [f"it did not say why it ended: {said[-2000:]}"])


def _reach(pair: Pair, phase: str) -> None:
    """Wait until the first process is in a phase."""
    if phase == "paused":
        pair.until(lambda: PHASES["training"] in pair.told, phase)
        pair.until(lambda: _sent(pair.folder, Pause()), "a pause")
        pair.until(lambda: '"type": "paused"' in pair.told, phase)
    else:
        pair.until(lambda: PHASES[phase] in pair.told, phase)
    if phase != "loading":
        time.sleep(BEATS)  # until the others have heard what each does
        pair.until(lambda: phase == "paused" or PHASES[phase] in pair.told.splitlines()[-1], phase)


def _sent(folder: Path, command: Pause | Resume) -> bool:
    """Send a command; whether the run took it."""
    try:
        link = SocketLink(folder, watch=False)
    except EngineError:
        return False
    link.send(command)
    link.close()
    return True


def _left(progress: Progress, expected: dict[str, str]) -> Iterator[str]:
    """What is wrong with the folder of a run that has ended."""
    yield from differences(outcome(progress.folder), expected)
    yield from (f"{file} is left over" for file in progress.folder.rglob(".*.tmp"))
    if len(runs := list(progress.folder.parent.iterdir())) != 1:
        yield f"there are {len(runs)} runs"


def _contents(folder: Path) -> dict[str, bytes]:
    names = [file for file in folder.rglob("*") if file.suffix in (".pt", ".csv", ".jsonl")]
    return {str(file): file.read_bytes() for file in names} | {JOURNAL: (folder / JOURNAL).read_bytes()}


@contextmanager
def _pair(progress: Progress) -> Iterator[Pair]:
    """Two processes under torchrun, which starts them again once; none outlives its use."""
    again = ("--max-restarts", "1")
    pair = Pair(progress, [*TORCHRUN, *again, *ENGINE, _settings(progress), "--json"])
    try:
        yield pair
    finally:
        family = psutil.Process(pair.process.pid).children(recursive=True) if pair.process.poll() is None else []
        for process in (*family, pair.process):
            process.kill()
        pair.process.wait()


def _settings(progress: Progress) -> str:
    """The run's configuration as a file."""
    values = {"watchdog.rank_seconds": LIMIT, "train.epochs": EPOCHS}
    progress.home.mkdir(exist_ok=True)
    file = progress.home / "run.yaml"
    file.write_text(with_values(progress.config(), values).to_yaml())
    return str(file)
