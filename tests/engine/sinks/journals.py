"""Journals to follow, and a tracker that keeps what it gets."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from engine import protocol as p
from engine.sinks.tracking import Branch, Note, Scalars, Wanted
from engine.storage.journal import Position
from tests.engine.report import told

CONFIG = "data: {source: demo}\nhooks: {failed: [curl, https://secret.example]}\n"
REWOUND = p.Rewound("pretrained", 4, 2, 1, 1, 8, "points/1-000004-0.pt", "by hand")
BRANCHED: list[told.Told] = [
    told.run(),
    told.begun(),
    *told.epoch(1, 0.25),
    (p.SetRate("head", 0.5), Position("pretrained", 1, 4, 0)),
    *told.epoch(2, 0.75),
    REWOUND,
    told.begun(step=4, branch=2),
    *told.epoch(2, 0.5, best=False),
    *told.epoch(3, 0.875),
    p.ArmFinished("pretrained", 12, 0.875, 0.875, 30.0, "val"),
    told.finished(),
]
"two epochs of 4 steps, then back to the end of the first one, and from there two other epochs"


def write(folder: Path, *messages: told.Told) -> Path:
    """A run's folder with these in its journal."""
    return told.write_run(folder, *messages, config=CONFIG)


def append(folder: Path, *messages: p.Message) -> None:
    with (folder / "journal.jsonl").open("a") as file:
        file.writelines(p.encode(message, at=2000.0) + "\n" for message in messages)


class Kept:
    """A tracker; `failures` are raised first."""

    place, continues = "here", True

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.items: dict[str, list[Scalars | Note]] = {}
        self.settings: dict[str, Mapping[str, object]] = {}
        self.keys: set[str] = set()
        self.closed: list[bool] = []

    def open(self, branch: Branch, settings: Mapping[str, object], key: str) -> "KeptRun":
        self.settings[branch.name] = settings
        self.keys.add(key)
        return KeptRun(self, branch.name)

    def series(self, run: str, name: str) -> list[tuple[int, float]]:
        scalars = [item for item in self.items[run] if isinstance(item, Scalars)]
        return [(item.step, item.values[name]) for item in scalars if name in item.values]

    def notes(self, run: str) -> list[tuple[int, str]]:
        return [(item.step, item.text) for item in self.items[run] if isinstance(item, Note)]


CONNECTED: list[tuple[Wanted, Kept]] = []


def connect(wanted: Wanted) -> Kept:
    """As the module of a tracker has it."""
    CONNECTED.append((wanted, Kept()))
    return CONNECTED[-1][1]


class KeptRun:
    def __init__(self, kept: Kept, name: str) -> None:
        self._kept, self._name = kept, name

    def send(self, items: Iterable[Scalars | Note]) -> None:
        if self._kept.failures:
            raise self._kept.failures.pop(0)
        self._kept.items.setdefault(self._name, []).extend(items)

    def close(self, failed: bool) -> None:
        self._kept.closed.append(failed)
