"""Calls of the system that fail, one after another, in a short run: named, and gone on with to the right weights."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from engine.protocol import (
    CheckpointFailed,
    Event,
    RunFailed,
    RunFinished,
    decode,
)
from engine.storage.lock import LOCK
from tests.chaos.fault_library import KINDS, compiled
from tests.chaos.fault_runs import Fault
from tests.chaos.plan import differences
from tests.chaos.table import Table
from tests.engine.conftest import write_pictures
from tests.paths import ROOT

ERRORS = ("ENOSPC", "EIO", "EDQUOT")
OTHERS = {"read": ("EIO",), "mmap": ("ENODEV", "EIO"), "link": ("EPERM", "ENOSPC", "EIO"), "flock": ("ENOTSUP", "EIO")}
"the errors of the other kinds of calls"
WRITING = ("write", "fsync", "rename", "ftruncate")
LACKING = {"link": "EPERM", "flock": "ENOTSUP", "mmap": "ENODEV"}
SCENARIOS = ("start", "named", "resume")
SERVERS = 2
PICTURES = "few"
Result = dict[str, Any]


def faults(root: Path, every: int, table: Table) -> None:
    """Fail each call of a short run, or each of every so many, and what is left of it is gone on with."""
    library = compiled(root)
    if library is None:
        table.note("`faults`: skipped, there is no C compiler")
        return
    write_pictures(root / PICTURES, {"train": 7, "test": 3})
    whole = undisturbed(library, root)
    calls = {fault.scenario: result["first"]["counts"] for fault, result in whole.items() if not fault.lasting}
    for fault, result in tried(library, root, list(planned(calls, every)), SERVERS):
        what = f"{fault.kind}, {fault.error}" + (", and those after it" if fault.lasting else "")
        where = f"{fault.scenario}, call {fault.call}"
        expected = whole[nothing(fault.scenario, lasting=fault.lasting)]
        table.count(what, *(f"{where}: {problem}" for problem in problems(fault, result, expected)))


def nothing(scenario: str, *, lasting: bool) -> Fault:
    """No fault."""
    return Fault(scenario, "none", 0, "EIO", lasting)


def undisturbed(library: Path, root: Path) -> dict[Fault, Result]:
    """The runs as they are when nothing fails."""
    quiet = [nothing(scenario, lasting=lasting) for scenario in SCENARIOS for lasting in (False, True)]
    return dict(tried(library, root, quiet, 1))


def planned(calls: dict[str, dict[str, int]], every: int) -> Iterator[Fault]:
    """All that is tried, if so many calls are made: the errors take turns unless each call is tried."""
    for scenario, counted in calls.items():
        for kind in KINDS:
            errors = OTHERS.get(kind, ERRORS)
            for call in range(1, counted[kind] + 1):
                for turn, error in enumerate(errors):
                    if every == 1 or (call + turn) % (every * len(errors)) == 0:
                        yield Fault(scenario, kind, call, error)
        for kind in LACKING:  # as on a file system that has none of it
            yield Fault(
                scenario, kind, 1, "EPERM" if kind == "link" else "ENOTSUP" if kind == "flock" else "ENODEV", True
            )
        for kind in ("write", "fsync", "open"):
            for call in range(1, counted[kind] + 1, max(every, counted[kind] // 10)):
                yield Fault(scenario, kind, call, "ENOSPC", True)


def problems(fault: Fault, result: Result, expected: Result) -> list[str]:
    """What is wrong with a run that had a fault, and with what came after it."""
    first, second = ([decode(line) for line in result[name]["events"]] for name in ("first", "second"))
    crashes = [result[name]["crash"] for name in ("first", "second")]
    found = [f"crashed: {crash.splitlines()[-1]}" for crash in crashes if crash]
    found += _wrong_end(first) + _untold(fault, result["first"]["failed"], first)
    if not second or not isinstance(second[-1], RunFinished) or not second[-1].completed:
        return [*found, f"then it ended with {second[-1:]}"]
    lost = differences(result["outcome"], expected["outcome"])
    told = " ".join(event.message for event in first if isinstance(event, CheckpointFailed))
    return [
        *found,
        *(text for text in lost if Path(text.split()[0]).name not in told),
        *(f"{file} is left over" for file in result["left over"]),
    ]


def _untold(fault: Fault, path: str, events: Sequence[Event]) -> list[str]:
    """Whether a file of the run was not written, and nobody was told which."""
    if fault.kind not in WRITING or "/runs/" not in path or Path(path).name == LOCK:
        return []
    name = re.sub(r"^\.(.*)\.tmp$", r"\1", Path(path).name)
    told = " ".join(f"{getattr(event, 'message', '')} {getattr(event, 'reason', '')}" for event in events)
    return [] if name in told else [f"{path} was not written, and nothing was said of it"]


def _wrong_end(events: Sequence[Event]) -> list[str]:
    """What is wrong with how a run with a fault ended: it goes on, or says which file is to blame."""
    end = events[-1] if events else None
    if isinstance(end, RunFinished):
        return []
    if not isinstance(end, RunFailed):
        return [f"it ended with {end}"]
    named = re.search(r"/(runs|cache|state)\b", end.message) is not None
    return [] if named and "report" not in end.message else [f"{end.title}: {end.message}"]


def tried(library: Path, root: Path, faults: Sequence[Fault], servers: int) -> Iterator[tuple[Fault, Result]]:
    """Each fault with what came of it, as several processes get them done."""
    results: Queue[tuple[Fault, Result]] = Queue()
    threads = [
        threading.Thread(target=_serve, args=(library, root, number, faults[number::servers], results), daemon=True)
        for number in range(servers)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or not results.empty():
        try:
            yield results.get(timeout=0.5)
        except Empty:
            continue


def _serve(library: Path, root: Path, number: int, faults: Sequence[Fault], results: Queue[Any]) -> None:
    home = root / f"server-{number}-{len(faults)}"
    home.mkdir()
    command = [sys.executable, "-m", "tests.chaos.fault_runs", str(home), str(root / PICTURES)]
    environment = os.environ | {"LD_PRELOAD": str(library)}
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        for fault in faults:
            server.stdin.write(json.dumps(fault) + "\n")
            server.stdin.flush()
            if not (line := server.stdout.readline()):
                return
            results.put((fault, json.loads(line)[1]))
