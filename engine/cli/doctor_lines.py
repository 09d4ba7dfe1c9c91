"""What `doctor` says: for people, and as JSON. Loads no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.corrections import relative_name
from engine.protocol.printable import json_line, printable

if TYPE_CHECKING:
    from engine.doctor.examine import Examined
    from engine.doctor.finding import Finding

SEVERITY_COLUMNS = 9
INDENT = " " * SEVERITY_COLUMNS


@dataclass(frozen=True, slots=True)
class Look:
    """An examination that is over."""

    where: str
    "the folders or the table of the pictures"
    roots: tuple[Path, ...]
    examined: "Examined"
    seconds: float


def headline(look: Look, as_json: bool) -> list[str]:
    """How many pictures were looked at, and how long that took."""
    counts = {part: int(number) for part, number in zip(("train", "val", "test"), _counts(look), strict=True)}
    examined = look.examined
    if as_json:
        values: dict[str, Any] = {"type": "examined", "where": look.where, "pictures": len(examined.paths), **counts}
        values |= {"known": examined.known, "seconds": round(look.seconds, 2), "failure": examined.failure}
        return [json_line(values)]
    parts = ", ".join(f"{part} {count:,}" for part, count in counts.items() if count)
    known = f", {examined.known:,} of them were known" if examined.known else ""
    first = f"{look.where}: {len(examined.paths):,} pictures ({parts}) looked at in {look.seconds:.1f} s{known}"
    return [first, *([f"what was measured is not kept: {examined.failure}"] if examined.failure else [])]


def finding_text(finding: "Finding", roots: Sequence[Path]) -> str:
    """The lines of a finding for people: how bad it is and what, what to do, examples."""
    examples = (" = ".join(printable(relative_name(path, roots)) for path in paths) for paths in finding.examples)
    first = f"{finding.severity:<{SEVERITY_COLUMNS}}{printable(finding.message)}"
    return "\n".join([first, *(f"{INDENT}{line}" for line in (printable(finding.remedy), *examples))])


def finding_json(finding: "Finding") -> str:
    """The object of a finding."""
    values: dict[str, Any] = {
        "type": "finding",
        "check": finding.check,
        "severity": finding.severity,
        "count": finding.count,
        "message": finding.message,
        "remedy": finding.remedy,
        "examples": finding.examples,
        "leaves_out": len(finding.corrections),
    }
    return json_line(values)


def verdict(findings: Sequence["Finding"], as_json: bool) -> str:
    """How many findings of each kind there are."""
    bad, warnings, notes = (
        sum(finding.severity == severity for finding in findings) for severity in ("bad", "warning", "note")
    )
    if as_json:
        return json_line({"type": "verdict", "bad": bad, "warnings": warnings, "notes": notes})
    if not findings:
        return "nothing is wrong with these pictures as far as doctor can see"
    return f"{bad:,} bad, {warnings:,} warning{'s' * (warnings != 1)}, {notes:,} note{'s' * (notes != 1)}"


def _counts(look: Look) -> list[int]:
    return [int((look.examined.parts == part).sum()) for part in range(3)]
