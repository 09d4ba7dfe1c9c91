"""The newest runs as the first page shows them: how their accuracy went, and their best. Loads no Textual."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError
from engine.protocol import EvalDone
from engine.protocol.ages import age
from engine.service.remote.address import is_live
from engine.service.remote.reaching import attach_words
from engine.storage.journal import read_lines
from engine.storage.sighting import Sighting, sight
from engine.storage.summary import ArmSummary, RunSummary
from tui.aside import paced
from tui.format import percent, short_name, sparkline
from tui.runs import LINES, from_here, newest

MOST = 5
NAME, CURVE, BEST, HOST = 19, 12, 15, 8  # cells


@dataclass(frozen=True, slots=True)
class Recent:
    """A run in a line."""

    folder: Path
    live: bool
    "whether one can attach to it, on this machine"
    accuracies: tuple[float, ...]
    "of the better arm, evaluation by evaluation, in 0..1"
    best: float | None
    "of both arms; `None` where nothing was scored"
    part: str
    "the pictures that it is of: `val` or `test`"
    written: float | None
    "when its journal was written, in seconds since 1970"

    finished: bool
    "whether its current arm has done all its epochs"
    away: Sighting | None = None
    "the process of another machine that trains it"

    @property
    def words(self) -> list[str]:
        """The most likely command for it."""
        if self.away is not None:
            return attach_words(self.away.holder.host, self.away.holder.job, str(self.folder.absolute()))
        return words_for(str(self.folder), live=self.live, finished=self.finished)

    def cells(self, now: float) -> tuple[str, str, str, str]:
        """Name, curve, best, and how old it is."""
        best = f"{percent(self.best)} {self.part}" if self.best is not None else "no accuracy"
        old = "live" if self.live else age(now - self.written) if self.written is not None else ""
        if self.away is not None:
            old = f"on {short_name(self.away.holder.host, HOST)}, {age(self.away.silent or 0.0)} ago"
        return short_name(self.folder.name, NAME - 1), sparkline(self.accuracies, CURVE), best, old


def words_for(folder: str, *, live: bool, finished: bool) -> list[str]:
    """The most likely command for a run: watch it, look at it again, or go on with it."""
    return [*(["attach"] if live else ["view"] if finished else ["--resume"]), from_here(folder)]


def recent_runs(root: Path) -> Iterator[Recent]:
    """The newest runs below `root`, and those that are live elsewhere; the live ones first."""
    for folder in newest(root)[:MOST]:
        summary = RunSummary()
        with suppress(EngineError):  # the file may be anything
            summary.read(paced(read_lines(folder), LINES))
        arm = max(summary.arms.values(), key=lambda arm: arm.best or 0.0, default=ArmSummary())
        scored = [item for item in arm.bests if isinstance(item, EvalDone)]
        live = is_live(folder)
        found = sight(folder) if not live and summary.end is None else None
        yield Recent(
            folder=folder,
            live=live,
            accuracies=tuple(item.accuracy for item in arm.evaluations.get(arm.branch, ())),
            best=arm.best,
            part=scored[-1].part if scored else "",
            written=summary.written,
            finished=summary.current.finished,
            away=found if found is not None and found.is_elsewhere else None,
        )
