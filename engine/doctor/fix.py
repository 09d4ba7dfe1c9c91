"""Writes what a run is to leave out, as a list for `data.exclude`. The pictures are never touched."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.data.corrections import Correction, relative_name
from engine.doctor.finding import Finding
from engine.protocol.printable import printable


def corrections_of(findings: Iterable[Finding], roots: Sequence[Path]) -> list[Correction]:
    """What all findings leave out, each picture once, by its path below the `roots`."""
    found: dict[str, Correction] = {}
    for finding in findings:
        for item in finding.corrections:
            name = relative_name(item.picture, roots)
            found.setdefault(name, Correction(name, item.label, printable(item.reason)))
    return list(found.values())
