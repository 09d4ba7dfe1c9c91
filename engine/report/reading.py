"""The facts of a run, from its journal, its configuration and its files."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from engine.config import RunConfig
from engine.errors import CheckpointError, EngineError
from engine.figures.arm import ArmView, fold_into
from engine.protocol import Arm, ArmStarted, Event, ImageSkipped, RunFinished, RunStarted
from engine.report.deeds import Deeds
from engine.report.facts import ArmFacts, Deed, RunFacts
from engine.service.status import status_of
from engine.storage.journal import CONFUSION, JOURNAL, STEP, Record, read_lines, record_of, records_in
from engine.storage.run_folder import load_run_config

BEST = "best.pt"
MOST_STEPS = 4000  # that are read of a long run, evenly spaced: a curve has fewer points


def read_run(folder: Path, pace: Callable[[Iterable[bytes]], Iterable[bytes]] = iter) -> RunFacts:
    """All that is known of the run in `folder`, whatever state it is in.

    The lines of the journal go through `pace`, which may slow down the reading.

    Raises:
        CheckpointError: its journal cannot be read, or contradicts itself.
    """
    status = status_of(folder)
    told = _Told(pace)
    try:
        for record in told.records(folder):
            told.fold(record)
    except (ArithmeticError, LookupError, ValueError, TypeError) as error:
        # No crash damages a journal like this, but somebody may have edited it.
        reason = f"{folder / JOURNAL} contradicts itself ({type(error).__name__}); put back a copy of it"
        raise CheckpointError("No report", reason) from None
    config, problem = _config(folder)
    return RunFacts(
        folder=folder,
        status=status,
        run=told.run,
        finished=told.finished,
        config=config,
        config_problem=problem,
        arms={arm: told.arm_facts(folder, arm) for arm in told.views},
        deeds=tuple(told.deeds.found),
        resumes=told.deeds.resumes,
        skipped=told.skipped,
        unreadable=told.unreadable,
    )


def read_deeds(folder: Path) -> tuple[Deed, ...]:
    """What was done in the run in `folder`, oldest first: faster than all that is known of it.

    Raises:
        CheckpointError: its journal cannot be read.
    """
    told = _Told(iter)
    for record in records_in(line for line in read_lines(folder) if not line.startswith((STEP, CONFUSION))):
        with suppress(KeyError, TypeError, ValueError):  # somebody edited it
            told.fold(record)
    return tuple(told.deeds.found)


class _Told:
    """What a journal tells, folded record by record."""

    def __init__(self, pace: Callable[[Iterable[bytes]], Iterable[bytes]]) -> None:
        self._pace = pace
        self.run: RunStarted | None = None
        self.finished: RunFinished | None = None
        self.views: dict[Arm, ArmView] = {}
        self.deeds = Deeds()
        self.skipped = 0
        self.unreadable = 0
        self._init: dict[Arm, str] = {}

    def records(self, folder: Path) -> Iterator[Record]:
        """The records of the journal, of very many steps only some."""
        stride = 1 + sum(line.startswith(STEP) for line in self._pace(read_lines(folder))) // MOST_STEPS
        seen = 0
        for line in self._pace(read_lines(folder)):
            if line.startswith(STEP):
                seen += 1
                if seen % stride:
                    continue
            try:
                yield record_of(line.decode(errors="replace"))
            except (EngineError, KeyError, TypeError, ValueError):
                self.unreadable += bool(line.strip())

    def fold(self, record: Record) -> None:
        """Take in a record."""
        event = record.message
        arm: Arm | None = getattr(event, "arm", None) if record.at is None else record.at.arm
        view = self.views.get(arm) if arm is not None else None
        steps_per_epoch, branch = (view.steps_per_epoch, view.branch) if view is not None else (0, 1)
        self.deeds.fold(record, steps_per_epoch, branch)
        if not isinstance(event, Event):
            return
        fold_into(self.views, event)
        match event:
            case RunStarted():
                self.run, self.finished = event, None
            case ArmStarted():
                self._init.setdefault(event.arm, event.init)
            case RunFinished():
                self.finished = event
            case ImageSkipped():
                self.skipped = event.count
            case _:
                pass

    def arm_facts(self, folder: Path, arm: Arm) -> ArmFacts:
        """The facts of an arm that has begun."""
        file = f"{arm}/{BEST}"
        try:
            size = (folder / file).stat().st_size
        except OSError:
            size = None
        return ArmFacts(arm, self._init.get(arm, ""), self.views[arm], file, size)


def _config(folder: Path) -> tuple[RunConfig | None, str]:
    """The configuration, or why it cannot be read."""
    try:
        return load_run_config(folder), ""
    except EngineError as error:
        return None, error.message
