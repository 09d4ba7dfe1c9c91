"""Asks a process of its own what a run's best weights say of a picture, so that the screen loads no torch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.protocol.printable import printable
from tui.calling import Call

TOP = 5  # classes


@dataclass(frozen=True, slots=True)
class Label:
    """The answer for a picture."""

    weights: str
    "which weights answered, in one line"
    top: Sequence[tuple[str, float]]
    "the most probable classes, each with its probability"


class Labelling(Call):
    """One question. `answer` may be called in a thread; `stop` ends it from another one."""

    def __init__(self, run: Path, picture: Path) -> None:
        # On the processor: a paused run may have the GPU's memory, and one picture takes no time.
        super().__init__("predict", str(run), str(picture), "--json", "--top-k", str(TOP), "--device", "cpu")

    def answer(self) -> Label | str:
        """The answer, or why there is none."""
        done = self.wait()
        found = [json.loads(line) for line in done.said]
        if len(found) == 1 and "top" in found[0]:
            top = [(printable(item["class"]), item["probability"]) for item in found[0]["top"]]
            return Label(printable(next(iter(done.messages), "")).removeprefix("weights: "), top)
        if found and "error" in found[0]:
            return f"it cannot be read: {printable(found[0]['error'])}"
        return done.reason
