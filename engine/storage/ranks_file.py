"""A file in the run's folder that says which of its processes do not answer: for `status`, which asks none of them."""

import contextlib
import json
import time
from pathlib import Path
from typing import NamedTuple

from engine.protocol import RankSilent
from engine.protocol.ages import age
from engine.storage.atomic import atomic_write

RANKS = "ranks.json"


class RanksNote(NamedTuple):
    """What the file says."""

    waits_for: str = ""
    "which processes do not answer, and for how long"
    failure: str = ""
    "why the run has ended, if its first process could not say so"


def write_silent(folder: Path, silent: tuple[RankSilent, ...]) -> None:
    """Say that these processes do not answer. If the folder cannot be written, nothing is said."""
    now = time.time()
    rows = [{"rank": r.rank, "host": r.host, "doing": r.doing, "since": now - r.seconds} for r in silent]
    _write(folder, {"silent": rows})


def write_failure(folder: Path, failure: str) -> None:
    """Say why the run has ended."""
    _write(folder, {"failure": failure})


def clear(folder: Path) -> None:
    """All processes answer."""
    with contextlib.suppress(OSError):
        (folder / RANKS).unlink(missing_ok=True)


def read_note(folder: Path) -> RanksNote:
    """What is said. Of a file that cannot be read, nothing."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        said = json.loads((folder / RANKS).read_bytes())
        now = time.time()
        rows = [f"rank {r['rank']} on {r['host']} for {age(now - r['since'])}" for r in said.get("silent", ())]
        return RanksNote(", ".join(rows), str(said.get("failure", "")))
    return RanksNote()


def _write(folder: Path, said: dict[str, object]) -> None:
    with contextlib.suppress(OSError), atomic_write(folder / RANKS) as temporary:
        temporary.write_text(json.dumps(said), encoding="utf-8")
        temporary.replace(folder / RANKS)
