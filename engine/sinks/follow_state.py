"""What a process that follows a run has sent so far, in the run's folder, so that the next one goes on from there."""

import contextlib
import fcntl
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.storage.atomic import atomic_write


@dataclass(slots=True)
class Sent:
    """How much of a journal a place has."""

    place: str
    key: str
    "begins the keys of the runs there"
    sent: int = 0
    "bytes of the journal, whole lines"


class FollowState:
    """`follow-NAME.json`, which is written whole or not at all, and `follow-NAME.lock`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file = folder / f"follow-{name}.json"
        self._lock = folder / f"follow-{name}.lock"

    @contextlib.contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Wait until no other process sends this run to this tracker; `waiting` is called first if one does."""
        with self._lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError:
                pass  # the file system has no locks
            yield

    def load(self, place: str) -> Sent:
        """What this place has: nothing, if it is new or the file is damaged."""
        known = self._places().get(place)
        if isinstance(known, dict) and isinstance(known.get("key"), str) and isinstance(known.get("sent"), int):
            return Sent(place, known["key"], known["sent"])
        return Sent(place, secrets.token_hex(4))

    def save(self, state: Sent) -> None:
        """Replace the file; other places stay in it. Raises `OSError`."""
        places = self._places() | {state.place: {"key": state.key, "sent": state.sent}}
        with atomic_write(self._file) as temporary:
            temporary.write_text(json.dumps(places), encoding="utf-8")
            temporary.replace(self._file)

    def _places(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            places = json.loads(self._file.read_text(encoding="utf-8"))
            if isinstance(places, dict):
                return places
        return {}
