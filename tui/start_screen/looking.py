"""What a run would train on, what it would start from, and how long it would take."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from textual.message import Message

from engine.cli.first_weights import Weights
from engine.cli.preview import ClassCount, Estimate, Pictures
from engine.data.samples import LeftOut
from engine.errors import EngineError
from engine.protocol.printable import printable
from tui.start_screen.engine_process import EngineProcess, failure

Found = Pictures | Weights | Estimate | EngineError


class Look(EngineProcess):
    """Runs `python -m engine look`."""

    def __init__(self, words: Sequence[str], report: Callable[["Look", Found], object]) -> None:
        """`report` is called, in a thread, with what is found, or with the error."""

        def ended(status: int, said: str) -> None:
            if status:
                report(self, failure(status, said, "No estimate"))

        super().__init__(["look", "--json", *words], lambda line: report(self, parse(line)), ended)


class Reported(Message):
    """A look has found something."""

    def __init__(self, look: Look, found: Found) -> None:
        super().__init__()
        self.look, self.found = look, found


def parse(line: str) -> Pictures | Weights | Estimate:
    """A line of `look --json`, with the names of classes as they are shown."""
    fields: dict[str, Any] = json.loads(line)
    kind = fields.pop("type")
    if kind == "estimate":
        return Estimate(frozen=tuple(fields.pop("frozen")), **fields)
    if kind == "weights":
        return Weights(**fields)
    classes = tuple(ClassCount(**item | {"name": printable(item["name"])}) for item in fields.pop("classes"))
    samples, notes = tuple(fields.pop("samples")), tuple(map(printable, fields.pop("notes")))
    left_out = tuple(LeftOut(**item) for item in fields.pop("left_out"))
    return Pictures(classes=classes, samples=samples, notes=notes, left_out=left_out, **fields)
