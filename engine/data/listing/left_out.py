"""Counts the files and folders that are no pictures to train on, while folders are listed."""

import os
from collections.abc import Iterable
from dataclasses import replace

from engine.data.listing.kinds import Kind, kind_of_file, kind_of_folder
from engine.data.samples import LeftOut
from engine.protocol.counting import counted
from engine.protocol.printable import printable

MOST_ENDINGS = 12  # kinds that are told apart by an ending that no table knows; the rest are counted together
OTHERS = "other files"


class Tally:
    """How many files and folders of each kind were left out, with an example each."""

    def __init__(self) -> None:
        self._counts: dict[Kind, int] = {}
        self._examples: dict[Kind, str] = {}

    def add(self, kind: Kind, folder: str, name: str) -> None:
        """Count a file or folder."""
        if kind not in self._counts:
            self._counts[kind] = 0
            self._examples[kind] = os.path.join(folder, name)  # noqa: PTH118 - many files
        self._counts[kind] += 1

    def add_file(self, folder: str, name: str) -> None:
        """Count a file that is no picture."""
        self.add(kind_of_file(name), folder, name)

    def add_folder(self, folder: str, name: str) -> None:
        """Count a folder that nothing is listed of."""
        self.add(kind_of_folder(name), folder, name)

    def left_out(self) -> tuple[LeftOut, ...]:
        """The kinds: those with a remedy first, then the most frequent ones."""
        known = [kind for kind in self._counts if not kind.name.startswith("`")]
        odd = sorted(self._counts.keys() - set(known), key=lambda kind: (-self._counts[kind], kind.name))
        found = [
            LeftOut(printable(kind.name), self._counts[kind], self._examples[kind], kind.remedy)
            for kind in (*known, *odd[:MOST_ENDINGS])
        ]
        if rest := odd[MOST_ENDINGS:]:
            found.append(LeftOut(OTHERS, sum(self._counts[kind] for kind in rest), self._examples[rest[0]]))
        return _in_order(found)


def merged(lists: Iterable[Iterable[LeftOut]]) -> tuple[LeftOut, ...]:
    """The kinds of several lists, each kind once."""
    found: dict[str, LeftOut] = {}
    for item in (item for one in lists for item in one):
        known = found.get(item.kind)
        found[item.kind] = item if known is None else replace(known, count=known.count + item.count)
    return _in_order(found.values())


def _in_order(items: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    return tuple(sorted(items, key=lambda item: (not item.remedy, -item.count, item.kind)))


def left_out_notes(left_out: Iterable[LeftOut]) -> tuple[str, ...]:
    """What is left out, a sentence each: those with a remedy alone, all others in one sentence."""
    items = list(left_out)
    notes = [
        f"left out: {counted(item.count, item.kind)}, such as {printable(item.example)}; {item.remedy}"
        for item in items
        if item.remedy
    ]
    if rest := [f"{counted(item.count, item.kind)} ({printable(item.example)})" for item in items if not item.remedy]:
        notes.append(f"rightly left out: {', '.join(rest)}")
    return tuple(notes)
