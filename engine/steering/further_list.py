"""A further list of corrections, given at a resume. What it says of training pictures becomes commands: they are in the
journal, a replay repeats them, and a rewind takes them back.

The run's own list (`data.exclude`) stays: which pictures are trained and scored on was decided with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.arms.judgements import Judgements
from engine.data.corrections import Correction, find_named, read_corrections, relative_name
from engine.protocol import Command, CorrectLabel, PicturesNoted, Verdict
from engine.protocol.printable import printable


@dataclass(frozen=True, slots=True)
class FurtherList:
    """The lines of the further list, and those of the run's own."""

    file: Path
    lines: Sequence[Correction]
    own: Sequence[Correction]

    @classmethod
    def read(cls, file: Path, own: Path | None) -> "FurtherList":
        """Read both lists; a run may have no list of its own.

        Raises:
            DataError: one cannot be read, or has mistakes.
        """
        return cls(file, read_corrections(file), read_corrections(own) if own is not None else ())

    def commands(self, words: Judgements, classes: Sequence[str]) -> list[Command]:
        """A command for each training picture of which the list says something that does not count yet."""
        indices, latest = self._training_pictures(words), words.latest()
        found: list[Command] = []
        for line in self.lines:
            index = indices.get(line.picture)
            if index is None:
                continue
            verdict: Verdict = "wrong" if line.label else "leave_out"
            word = latest.get(index)
            known = (word.verdict, word.label) if word is not None else ("wrong", classes[words.samples[index].label])
            if known != (verdict, line.label):
                found.append(CorrectLabel(line.picture, verdict, line.label))
        return found

    def notes(self, words: Judgements) -> Iterator[PicturesNoted]:
        """What is to be said of pictures that the run does not train on. What its own list leaves out is no news."""
        indices = self._training_pictures(words)
        known = {relative_name(line.picture, words.roots) for line in self.own}
        others = [
            line.picture
            for line in self.lines
            if line.picture not in indices and relative_name(line.picture, words.roots) not in known
        ]
        if others:
            yield PicturesNoted(
                f"{self.file}: {len(others):,} of its pictures are no training pictures of this run, such as "
                f"{printable(others[0])}: they stay as they were, so that scores can be compared"
            )

    def _training_pictures(self, words: Judgements) -> dict[str, int]:
        return find_named((line.picture for line in self.lines), words.samples, words.roots)
