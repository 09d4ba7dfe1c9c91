"""Runs in which a call fails: forks of this process, which has the library and has loaded torch.

It reads a fault a line, as JSON, and answers each with what came of it.
"""

import errno
import json
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from engine.config import RunConfig
from engine.errors import EngineError
from engine.protocol import (
    ArmStarted,
    Command,
    CommandRefused,
    Event,
    Rewind,
    RunFailed,
    Save,
    SetRate,
    Stop,
    TrainStep,
    encode,
)
from engine.service.host import Host
from engine.service.launch import Launch
from engine.storage.run_folder import CONFIG, begin_run, has_checkpoint, load_run_config
from tests.chaos import fault_library
from tests.chaos.plan import outcome
from tests.engine.backbones import PLAIN

PATIENCE = 60  # seconds; only a hang takes that long
NAME = "small"
PATIENT = 3  # times that a person says something again


class Fault(NamedTuple):
    """A call of a run that fails."""

    scenario: str
    "`start`, `named` (begun as `--run NAME`) or `resume`"
    kind: str
    call: int
    "the how manieth of its kind"
    error: str
    lasting: bool = False
    "whether those after it fail, too"


class Home(NamedTuple):
    """All that a run writes to."""

    root: Path
    pictures: Path
    named: bool

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.root / "runs" / (NAME if self.named else f"{NAME}-1")

    def config(self) -> RunConfig:
        """Of the run, whenever it is started."""
        data = {"source": "folder", "root": self.pictures, "image_size": 32, "batch_size": 4, "threads": 2}
        return RunConfig.model_validate(
            {
                "name": NAME,
                "device": "cpu",
                "init": "scratch",
                "data": data,
                "model": {"name": PLAIN},
                "optim": {"scratch_lr": 0.001},
                "train": {"epochs": 2, "compile": False},
                "checkpoint": {"dir": self.root / "runs", "every_seconds": 1000},
            }
        )

    def launch(self) -> Launch:
        """As the command line has it: the run goes on where there is something of it."""
        if (self.folder / CONFIG).is_file():
            config = load_run_config(self.folder)
            return Launch(config, self.folder, begins=self.named and not has_checkpoint(self.folder))
        return Launch(self.config(), self.folder if self.named else None, begins=self.named)


class Person:
    """Says the same in each run, and again if it is refused; ends it at a step, where it is to be gone on with.

    A quiet one says nothing but that: where all fails from a call on, nothing else could be done.
    """

    def __init__(self, inbox: SimpleQueue[Command], *, stops: bool, quiet: bool) -> None:
        self.inbox = inbox
        self._left: list[tuple[int, int, Command]] = [
            *(() if quiet else ((1, 2, Save()), (1, 3, SetRate("head", 0.002)), (1, 6, Rewind("start")))),
            *([(1 if quiet else 2, 6, Stop())] if stops else []),
        ]
        self._last: Command = Save()
        self._refused = 0
        self._branch = 1
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        """Take in an event, and say what is to be said after it."""
        self.events.append(event)
        match event:
            case ArmStarted():
                self._branch = event.branch
            case CommandRefused():  # once more; what fails each time is given up, and the end is without a save
                self._refused += 1
                self.inbox.put(self._last if self._refused <= PATIENT else Stop(save=False))
            case TrainStep():
                while self._left and self._left[0][:2] == (self._branch, event.step):
                    self._last = self._left.pop(0)[2]
                    self.inbox.put(self._last)


def tried(fault: Fault, root: Path, template: Path | None, pictures: Path) -> dict[str, Any]:
    """A run with that fault, gone on with where it ended; what they told and what is left of them."""
    home = Home(root, pictures, fault.scenario == "named")
    if template is not None:
        shutil.copytree(template, root)
    else:
        root.mkdir()
    quiet = fault.lasting and fault.scenario != "resume"
    first = _forked(home, fault, stops=fault.scenario != "resume", quiet=quiet)
    before = sorted(str(file.relative_to(root)) for file in home.folder.glob("*/*.pt"))
    second = _forked(home, None, stops=False, quiet=quiet)
    left = [str(file) for file in home.folder.rglob(".*.tmp")]
    found = outcome(home.folder)
    return {"first": first, "second": second, "checkpoints": before, "outcome": found, "left over": left}


def _forked(home: Home, fault: Fault | None, *, stops: bool, quiet: bool = False) -> dict[str, Any]:
    report = home.root.with_name(f"{home.root.name}.json")
    report.unlink(missing_ok=True)
    process = os.fork()
    if process == 0:
        signal.alarm(PATIENCE)
        status = 1
        try:
            report.write_text(json.dumps(_run(home, fault, Person(SimpleQueue(), stops=stops, quiet=quiet))))
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if status or not report.exists():
        return {"events": [], "crash": f"it ended with status {status}", "counts": {}, "failed": "", "seconds": 0}
    result: dict[str, Any] = json.loads(report.read_text())
    report.unlink()
    return result


def _run(home: Home, fault: Fault | None, person: Person) -> dict[str, Any]:
    for name in ("cache", "state"):
        os.environ[f"XDG_{name.upper()}_HOME"] = str(home.root / name)
    crash, began = "", time.monotonic()
    if fault is not None:
        kind = fault.kind if fault.kind in fault_library.KINDS else None
        fault_library.arm(home.root, kind, fault.call, getattr(errno, fault.error, 0), lasting=fault.lasting)
    try:
        launch = home.launch()
        if launch.begins and launch.resume is not None:
            begin_run(launch.resume, launch.config)
        Host(launch, inbox=person.inbox).train(person)
    except EngineError as error:
        person.events.append(RunFailed(error.title, error.message, error.exit_status))
    except BaseException:
        crash = traceback.format_exc()
    counts, failed = fault_library.counts(), fault_library.failed_path()
    fault_library.arm(Path("/nowhere"), None)
    kept = [encode(event) for event in person.events if not isinstance(event, TrainStep)]
    seconds = time.monotonic() - began
    return {"events": kept, "crash": crash, "counts": counts, "failed": failed, "seconds": seconds}


def serve(root: Path, pictures: Path) -> None:
    """Answer one fault after another, until there are no more."""
    template: Path | None = None
    for number, text in enumerate(sys.stdin):
        fault = Fault(*json.loads(text))
        if fault.scenario == "resume" and template is None:
            template = root / "template"
            template.mkdir()
            _forked(Home(template, pictures, named=False), None, stops=True)
        place = root / f"{number}"
        result = tried(fault, place, template if fault.scenario == "resume" else None, pictures)
        shutil.rmtree(place, ignore_errors=True)
        print(json.dumps([fault, result]), flush=True)


if __name__ == "__main__":
    import tests.preloaded  # noqa: F401

    serve(Path(sys.argv[1]), Path(sys.argv[2]))
